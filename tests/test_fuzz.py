"""Input that nobody would write: one line each, no traceback, no hang, nothing written.

Studies that ship are mutated at random places with odd values; command lines are put
together at random; valid files are cut, altered and spliced before they are read. The
number of examples is small here; HYPOTHESIS_EXAMPLES=20000 searches longer.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import MICRO, Plain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mfplug
from mfplug.cli.main import main
from mfplug.contracts.plugin import fields_of
from mfplug.errors import MfplugError
from mfplug.registry import create, current
from mfplug.studies.load import shipped_folder
from mfplug.studies.store import load_field, save_field

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "60"))
SEARCH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="HYPOTHESIS_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = [
    None, True, False, 0, -1, 1, 2, 10**9, 10**400, 0.0, -0.0, 1e-320, 1e308, -1e308,
    0.1, float("nan"), float("inf"), "", " ", "0", "nan", "gaussian", "leapfrog",
    "../../etc/passwd", "/", "a" * 5000, "\x00", "\x1b[31mred\x1b[0m", "é\u202e😀",
    "\ud800", "<script>", "{x}", "%s", "[bold]", [], [[]], [0], [1.0, 0.5], {}, {"": 1},
    {"name": "gaussian"}, {"name": None}, {"times": 1.0, "N": 1e9},
    {"label": "x", "set": {}}, {"name": "gaussian", "qq": -1.0}, {0: 1},
    datetime.date(2020, 1, 2), b"\xff",
]  # fmt: skip
odd = st.sampled_from(ODD) | st.floats() | st.integers() | st.text(max_size=8)
SEEDS = [yaml.safe_load(MICRO)] + [
    yaml.safe_load((shipped_folder() / f"{name}.yaml").read_text())
    for name in ("chaos", "external", "empirical", "growth", "counting")
]


def ask(*words):
    """Return (status, standard error) of one command; whatever else escapes fails."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    return int(status or 0), err.getvalue()


def one_line(status, text):
    """Check an answer: fine, or one line that a terminal can show."""
    if status == 0:
        return
    assert status in (1, 2)
    assert text.startswith("mfplug: error: ")
    assert text.count("\n") == 1
    assert text.rstrip("\n").isprintable(), ascii(text)
    assert len(text) < 2000


def refused(act):
    """Do something and return its value, or nothing where it is refused in a line."""
    try:
        return act()
    except MfplugError as error:
        text = str(error)
    if "\n" in text:
        pytest.fail(f"more than a line: {text!r}")
    return None


def places(data, path=()):
    """Yield the place of every value in nested data."""
    yield path
    pairs = ()
    if isinstance(data, dict):
        pairs = data.items()
    elif isinstance(data, list):
        pairs = enumerate(data)
    for key, value in pairs:
        yield from places(value, (*path, key))


def changed(data, path, value, rename):
    """Return a copy with another value, or another key, at a place."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    if len(path) == 1 and rename and isinstance(copy, dict):
        copy[str(value)] = copy.pop(path[0])
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], value, rename)
    return copy


@SEARCH
@given(st.data())
def test_studies_with_odd_values(tmp_path, data):
    study = data.draw(st.sampled_from(SEEDS))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(places(study))))
        study = changed(study, place, data.draw(odd), data.draw(st.booleans()))
    path = tmp_path / "odd.yaml"
    text = yaml.dump(study, Dumper=Plain, allow_unicode=True, sort_keys=False)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    profile = data.draw(st.sampled_from(["smoke", "quick", "paper"]))
    began = time.process_time()
    one_line(*ask("run", path, "--plan", "--profile", profile, "--out", tmp_path / "o"))
    assert time.process_time() - began < 30
    assert not (tmp_path / "o").exists()


@SEARCH
@given(st.data())
def test_parameters_of_plugins_with_odd_values(data):
    kinds = ("potential", "external", "distribution", "integrator", "solver", "metric")
    kind = data.draw(st.sampled_from(kinds))
    name = data.draw(st.sampled_from(current().names(kind)))
    known = [f.name for f in fields_of(current().entry(kind, name).cls)]
    given_ = data.draw(st.dictionaries(st.sampled_from([*known, "other"]), odd))
    refused(lambda: create(kind, name, **given_))


WORDS = [
    "run", "solve", "measure", "plot", "diff", "studies", "theory", "plugins", "check",
    "report", "alpha", "phase", "--out", "--profile", "--cores", "--executor", "--set",
    "--memory", "--plan", "--dry-run", "--plugin", "--block", "--snapshots", "--json",
    "slurm", "local", "quick", "-1", "0", "1e99", "4G", "nan", "jobs=0", "=", "x=y", "",
    "nowhere", "nowhere.yaml", "a\x00b", "../..", "/dev/null", "é😀", "-", "--", "-h",
]  # fmt: skip


@SEARCH
@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_command_lines(tmp_path, words):
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        status, text = ask(*words)
    finally:
        os.chdir(before)
    if words:
        one_line(status, text)


def spoilt(draw, content):
    """Return bytes with a piece cut out, doubled or overwritten."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        size = draw(st.sampled_from([1, 4, 64, len(content)]))
        piece = draw(st.binary(max_size=8) | st.just(bytes(content[start:][:size])))
        content[start : start + size] = piece * draw(st.sampled_from([1, 2]))
    return bytes(content)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of each kind that mfplug reads, as they should be."""
    folder = tmp_path_factory.mktemp("files")
    system = mfplug.System(potential={"name": "harmonic", "strength": 2.0})
    save_field(
        folder / "field.npz", mfplug.solve_mean_field(system, [0, 1], "harmonic-exact")
    )
    cloud = mfplug.simulate(system, 5, 2, [0.0, 0.5], 0.1)
    for name in ("cloud.npz", "cloud.h5"):
        mfplug.write_snapshots(folder / name, cloud)
    (folder / "law.csv").write_text("n1,n2,weight\n2,0,0.5\n1,1,0.5\n")
    return system, {f.name: f.read_bytes() for f in folder.iterdir()}


@SEARCH
@given(st.data())
def test_spoilt_files(files, tmp_path, data):
    system, contents = files
    name = data.draw(st.sampled_from(sorted(contents)))
    path = tmp_path / name
    path.write_bytes(spoilt(data.draw, contents[name]))
    read = {
        "field.npz": lambda: load_field(path),
        "cloud.npz": lambda: mfplug.read_snapshots(path, system),
        "cloud.h5": lambda: mfplug.read_snapshots(path, system),
    }
    if name == "law.csv":
        one_line(*ask("alpha", path, "--cells", "0.25,0.75"))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = refused(read[name])
    # What is accepted is whole: numbers, of a shape that fits.
    if found is not None and name.startswith("cloud"):
        assert np.isfinite(found.q).all()
