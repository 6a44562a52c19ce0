"""Finding and loading plugins: clashes, switches, local files, names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from conftest import forget_modules, look_again, potential_source

import mfplug
from mfplug import registry
from mfplug.contracts.plugin import KINDS
from mfplug.errors import ParameterError, PluginError

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE / "thirdparty" / "mfplug-example"
SWARM = HERE.parent / "examples" / "mfplug-swarm"
GOOD = potential_source("bad")


# Two plugins of one name


def test_two_plugins_of_one_name_stop_only_who_uses_them(site, mfplug_cli):
    site.plugin("left", potential_source("same"), version="1.1")
    site.plugin("right", potential_source("same", " * 2"), version="2.2")
    assert mfplug.create("potential", "gaussian").name == "gaussian"
    assert "same" in mfplug.names("potential")
    with pytest.raises(PluginError) as caught:
        mfplug.create("potential", "same")
    for word in ("two plugins", "mfplug-left 1.1", "mfplug-right 2.2", "MFPLUG_BLOCK"):
        assert word in str(caught.value)
    listing = json.loads(mfplug_cli("plugins", "potential", "--json").out)
    (row,) = [p for p in listing["plugins"] if p["name"] == "same"]
    assert row["status"] == "clash"
    assert "mfplug-left 1.1 and by mfplug-right 2.2" in row["reason"]
    mfplug_cli("plugins", "potential", "same").refused("mfplug-left", "mfplug-right")


def test_a_clash_with_a_shipped_plugin_is_no_silent_choice(site):
    site.plugin("mine", potential_source("gaussian"))
    with pytest.raises(PluginError, match=r"mfplug-mine 1\.0"):
        mfplug.create("potential", "gaussian")
    assert mfplug.create("distribution", "gaussian").name == "gaussian"


def test_blocking_one_of_two_settles_a_clash(site):
    site.plugin("left", potential_source("same"))
    site.plugin("right", potential_source("same", " * 2"))
    os.environ["MFPLUG_BLOCK"] = "mfplug-right"
    try:
        look_again()
        made = mfplug.create("potential", "same")
        assert float(made.energy(np.zeros((1, 1)))[0]) == 1.5
    finally:
        del os.environ["MFPLUG_BLOCK"]


def test_the_same_name_in_two_kinds_is_no_clash(clean):
    assert mfplug.create("potential", "gaussian").kind == "potential"
    assert mfplug.create("distribution", "gaussian").kind == "distribution"


# The switches


@pytest.mark.parametrize("word", ["mfplug-fine", "mfplug_Fine", "fine", " x , fine "])
def test_block_by_distribution_or_entry_point(site, clean, word):
    site.plugin("fine", potential_source("fine"))
    clean.setenv("MFPLUG_BLOCK", word)
    look_again()
    with pytest.raises(PluginError, match="blocked by MFPLUG_BLOCK"):
        mfplug.create("potential", "fine")
    assert "gaussian" in mfplug.names("potential")


def test_a_blocked_module_is_never_imported(site, clean, tmp_path):
    trace = tmp_path / "trace"
    site.plugin("fine", f"open({str(trace)!r}, 'w').close()\n" + GOOD)
    clean.setenv("MFPLUG_BLOCK", "fine")
    look_again()
    mfplug.names("potential")
    assert not trace.exists()
    clean.delenv("MFPLUG_BLOCK")
    look_again()
    mfplug.names("potential")
    assert trace.exists()


def test_shipped_plugins_can_be_blocked(clean):
    clean.setenv("MFPLUG_BLOCK", "potential-yukawa")
    look_again()
    assert "yukawa" not in mfplug.names("potential")
    with pytest.raises(PluginError, match="blocked"):
        mfplug.create("potential", "yukawa")


def test_no_plugins_leaves_what_ships(site, clean, tmp_path):
    site.plugin("fine", potential_source("fine"))
    clean.setenv("MFPLUG_NO_PLUGINS", "1")
    look_again()
    assert "gaussian" in mfplug.names("potential")
    with pytest.raises(PluginError, match="blocked by MFPLUG_NO_PLUGINS"):
        mfplug.create("potential", "fine")
    # A file that was named on purpose is not a plugin that happens to be there.
    local = tmp_path / "local.py"
    local.write_text(potential_source("local"))
    registry.current().add_file(local)
    assert "local" in mfplug.names("potential")


def test_strict_raises_what_the_plugin_raised(site, clean):
    site.plugin("bad", "raise ZeroDivisionError('in the plugin')")
    clean.setenv("MFPLUG_STRICT", "1")
    look_again()
    with pytest.raises(ZeroDivisionError, match="in the plugin"):
        mfplug.names("potential")


def test_strict_does_not_let_a_plugin_end_the_process_as_if_all_were_well(
    site, clean, mfplug_cli
):
    site.plugin("bad", "import sys\nsys.exit(0)", version="4.5")
    clean.setenv("MFPLUG_STRICT", "1")
    mfplug_cli("plugins").refused("mfplug-bad 4.5", "SystemExit")


# Local files


def test_local_file_by_command_line(mfplug_cli, tmp_path):
    path = tmp_path / "own.py"
    path.write_text(potential_source("own"))
    answer = mfplug_cli("plugins", "potential", "own", "--json", "--plugin", path)
    found = json.loads(answer.out)
    assert (found["name"], found["distribution"]) == ("own", str(path))
    assert os.environ["MFPLUG_PLUGIN_FILES"] == str(path)


def test_local_file_that_is_not_there(mfplug_cli, tmp_path):
    mfplug_cli("plugins", "--plugin", tmp_path / "no.py").refused("no.py", "no such")
    mfplug_cli("plugins", "--plugin", tmp_path).refused("no such file")


@pytest.mark.parametrize("name", ["own.txt", "own"])
def test_local_file_that_is_no_python(mfplug_cli, tmp_path, name):
    path = tmp_path / name
    path.write_text(potential_source("own"))
    answer = mfplug_cli("plugins", "potential", "--plugin", path)
    assert "ending in .py" in answer.out


def test_a_broken_local_file_says_so(mfplug_cli, tmp_path):
    path = tmp_path / "own.py"
    path.write_text("import no_such_module_anywhere")
    answer = mfplug_cli("plugins", "potential", "own", "--plugin", path)
    answer.refused(str(path), "ModuleNotFoundError")


def test_an_edited_local_file_is_read_again_by_a_new_process_only(clean, tmp_path):
    path = tmp_path / "own.py"
    path.write_text(potential_source("own"))
    registry.current().add_file(path)
    first = type(mfplug.create("potential", "own"))
    registry.reset()
    registry.current().add_file(path)
    assert type(mfplug.create("potential", "own")) is first
    forget_modules(tmp_path)
    registry.reset()
    registry.current().add_file(path)
    assert type(mfplug.create("potential", "own")) is not first


# Names


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: mfplug.create("potental", "x"), "Did you mean 'potential'?"),
        (lambda: mfplug.create("potential", "gausian"), "Did you mean 'gaussian'?"),
        (lambda: mfplug.create("potential", "zzz"), "Known: "),
        (lambda: mfplug.names("things"), "expected one of potential"),
    ],
)
def test_did_you_mean(clean, call, hint):
    with pytest.raises(PluginError, match=hint.replace("?", r"\?")):
        call()


def test_did_you_mean_a_parameter(clean):
    with pytest.raises(ParameterError, match=r"'widht'.*Did you mean 'width'\?"):
        mfplug.create("potential", "gaussian", widht=1.0)
    with pytest.raises(ParameterError, match="it takes no parameters"):
        mfplug.create("potential", "free", width=1.0)


@pytest.mark.parametrize(
    "spec", [None, 3, [], {}, {"width": 1.0}, {"name": 3}, ("gaussian",), True]
)
def test_what_no_plugin_can_be_made_of(clean, spec):
    with pytest.raises(ParameterError, match="no plugin can be made of"):
        registry.create_from("potential", spec)


def test_an_instance_of_another_kind_is_refused(clean):
    trap = mfplug.create("external", "trap")
    with pytest.raises(PluginError, match="got external 'trap', expected a potential"):
        registry.create_from("potential", trap)
    assert registry.create_from("external", trap) is trap


# Shipped plugins, and packages as an installer leaves them


def test_shipped_plugins_come_through_the_same_door(clean):
    points = {p.name for p in entry_points(group="mfplug") if p.dist.name == "mfplug"}
    sources = registry.current().sources()
    assert points == {s.name for s in sources if s.distribution == "mfplug"}
    assert {e.cls.kind for e in registry.current().entries()} == set(KINDS)
    for entry in registry.current().entries():
        assert entry.cls.__module__.startswith("mfplug_plugins.")
        assert entry.source.version == mfplug.__version__


def wheel_of(project, folder):
    """Build a project's wheel without network, and unpack it as an installer does."""
    folder.mkdir()
    code = (
        "import sys; from setuptools import build_meta\n"
        "print(build_meta.build_wheel(sys.argv[1], {}))"
    )
    source = folder / "source"
    import shutil

    shutil.copytree(project, source, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize(
    ("project", "name", "distribution"),
    [(EXAMPLE, "sech", "mfplug-example"), (SWARM, "swarm", "mfplug-swarm")],
)
def test_an_installed_package_is_found(clean, tmp_path, project, name, distribution):
    site = wheel_of(project, tmp_path / "build")
    clean.setattr(sys, "path", [str(site), *sys.path])
    look_again()
    entry = registry.current().entry("potential", name)
    assert entry.source.distribution == distribution
    potential = mfplug.create("potential", name)
    system = mfplug.System(dimension=2, potential=potential)
    # More than 64 particles: the kernels of fewer take ten seconds to compile.
    ensemble = mfplug.simulate(system, particles=70, replicas=2, step=0.25)
    assert ensemble.info["compiled"], ensemble.info["why"]
    # Newton's third law: the mean momentum stays what it was.
    drift = ensemble.p.mean(axis=2) - ensemble.p[:1].mean(axis=2)
    assert np.abs(drift).max() < 1e-14
