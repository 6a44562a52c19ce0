"""What several test files share: distributions made on the spot, and the command line.

The fixtures leave no trace: the registry, the environment and the imported modules are
afterwards what they were before.
"""

from __future__ import annotations

import importlib
import os
import sys
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from mfplug import registry
from mfplug.cli.main import main
from mfplug.registry import fingerprint

#: Programs of their own, which read the command line.
collect_ignore = ["fuzz"]


def pytest_collection_modifyitems(items):
    """Deal the files to the workers, those with slow tests first.

    ``--dist worksteal`` gives each worker a stretch of this order, as many tests as any
    other; so what is left to share at the end is quick. Files of one subject,
    ``test_SUBJECT_*.py``, stay together, for what their tests share.
    """
    files = {}
    for item in items:
        subject = item.path.stem.split("_")[:2]
        files.setdefault((item.path.parent, *subject), []).append(item)

    def slow(file):
        return sum(item.get_closest_marker("slow") is not None for item in files[file])

    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    hands, loads = [[] for _ in range(workers)], [0] * workers
    for file in sorted(files, key=slow, reverse=True):
        sizes = [len(hand) for hand in hands]
        weights = loads if slow(file) else sizes
        k = weights.index(min(weights))
        hands[k] += files[file]
        loads[k] += slow(file)
    items[:] = [item for hand in hands for item in hand]


POTENTIAL = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from mfplug import RadialPotential, hookimpl, param

@dataclass(frozen=True)
class Made(RadialPotential):
    '''A potential made by a test.'''
    name: ClassVar[str] = {name!r}
    regularity: ClassVar[str] = "C_b^2"
    strength: float = param(1.5)
    width: float = param(0.8, above=0.0)

    def profile(self, s):
        return self.strength * np.exp(-s / (2 * self.width**2)){extra}

@hookimpl
def mfplug_potentials():
    return [Made]
"""


def potential_source(name, extra=""):
    """Return the text of a module with one radial potential."""
    return POTENTIAL.format(name=name, extra=extra)


class Site:
    """A folder on the path, in which distributions can be installed by hand."""

    def __init__(self, folder):
        self.folder = folder

    def install(self, name, points, version="1.0", **modules):
        """Write modules and the metadata that name them; ``points`` by name."""
        for module, source in modules.items():
            (self.folder / f"{module}.py").write_text(textwrap.dedent(source))
        lines = "\n".join(f"{k} = {v}" for k, v in points.items())
        self.metadata(name, version, f"[mfplug]\n{lines}\n")

    def metadata(self, name, version, entry_points):
        """Write the metadata of a distribution, as an installer does."""
        for old in self.folder.glob(f"{name.replace('-', '_')}-*.dist-info"):
            (old / "entry_points.txt").unlink()
            (old / "METADATA").unlink()
            old.rmdir()
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(head)
        (info / "entry_points.txt").write_text(entry_points)
        look_again()

    def plugin(self, name, source, version="1.0"):
        """Install one distribution ``mfplug-NAME`` with one module."""
        module = f"made_{name.replace('-', '_')}"
        self.install(f"mfplug-{name}", {name: module}, version, **{module: source})


def look_again():
    """Let the next question find what lies on the path now."""
    importlib.invalidate_caches()
    registry.reset()
    fingerprint._file_hash.cache_clear()


def forget_modules(folder):
    """Drop the imported modules that lie below a folder."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name.startswith("mfplug_local_") or file.startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """A registry of its own, without the switches of the environment."""
    for key in [k for k in os.environ if k.startswith("MFPLUG_")]:
        if key != "MFPLUG_CACHE_DIR":
            monkeypatch.delenv(key)
    # Set and taken away, so that what a test sets by the command line goes as well.
    monkeypatch.setenv("MFPLUG_PLUGIN_FILES", "")
    look_again()
    yield monkeypatch
    forget_modules(tmp_path)
    look_again()


@pytest.fixture
def site(clean, tmp_path):
    """A folder on the path for distributions made by the test."""
    folder = tmp_path / "site"
    folder.mkdir()
    clean.setattr(sys, "path", [str(folder), *sys.path])
    return Site(folder)


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    def refused(self, *words, status=1, after=0):
        """Check for one line that has the words, and an exit status that is not 0.

        ``after`` lines of progress may stand before it.
        """
        lines = self.err.splitlines()
        assert self.status == status, (self.status, self.err)
        assert len(lines) == 1 + after, f"expected {1 + after} lines: {self.err!r}"
        assert lines[-1].startswith("mfplug: error: ")
        for word in words:
            assert word in lines[-1], f"{word!r} is not in {lines[-1]!r}"
        return lines[-1]


@pytest.fixture
def mfplug_cli(clean, capsys):
    """Run the command line in this process."""

    def run(*words):
        look_again()
        capsys.readouterr()
        try:
            status = main([str(w) for w in words])
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return Answer(int(status or 0), said.out, said.err)

    return run


MICRO = """
title: A study of a second
system:
  potential: {name: harmonic, strength: 0.7}
  initial: {name: gaussian, qq: 1.3, pp: 0.6}
sweep: {N: [4, 8, 16]}
times: [0.0, 0.5]
replicas: 6
step: 0.1
solver: harmonic-exact
metrics: [coupling, energy-drift]
fits:
  - {name: coupling, metric: coupling-mean, predicted: -0.5}
verdicts:
  - claim: micro
    checks: [{rule: exponent, fit: coupling}]
"""


class Plain(yaml.SafeDumper):
    """Writes equal values out, where the usual dumper makes aliases."""

    def ignore_aliases(self, data):
        return True


def merged(base, changes):
    """Return a mapping with changes; None removes a key."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


@pytest.fixture(scope="session")
def smoke_folder(tmp_path_factory):
    """A folder that the workers of a run share, for ``smoke`` of atlas.py."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "smoke"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def studies(smoke_folder):
    """Return shipped studies by name, computed."""
    from atlas import computed

    return cache(lambda name: computed(name, smoke_folder))


@pytest.fixture
def write_study(tmp_path):
    """Write the small study with changes to its keys, and return the path."""

    def write(name="micro", folder=None, **changes):
        path = Path(folder or tmp_path) / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.dump(
            merged(yaml.safe_load(MICRO), changes), Dumper=Plain, sort_keys=False
        )
        path.write_text(text)
        return path

    return write
