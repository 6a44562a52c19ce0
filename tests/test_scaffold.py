"""``mfplug new`` for every kind: what it writes installs and passes, offline."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mfplug.contracts.plugin import KINDS
from mfplug.errors import ParameterError, PluginError
from mfplug.scaffold import new_package


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_installs_and_passes(kind, tmp_path):
    written = new_package(kind, "soft-thing", tmp_path)
    folder = tmp_path / "mfplug-soft-thing"
    assert all(path.is_file() for path in written)
    assert not [p for p in written if "$" in p.read_text(encoding="utf-8")]
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
           "--no-build-isolation", "--target", str(site), str(folder)]  # fmt: skip
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, "PYTHONPATH": str(site), "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    plan = subprocess.run(
        [sys.executable, "-m", "mfplug", "run", str(folder / "soft-thing.yaml"),
         "--dry-run", "--out", str(tmp_path / "results")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert plan.returncode == 0, plan.stderr
    lint = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,B",
         str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize("name", ["Soft", "1st", "a--b", "../x", "class", "", "a b"])
def test_names_that_are_refused(name, tmp_path):
    with pytest.raises(ParameterError, match="name is not allowed"):
        new_package("potential", name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_that_ships_is_taken(tmp_path):
    with pytest.raises(ParameterError, match="the name is taken; got 'gaussian'"):
        new_package("potential", "gaussian", tmp_path)
    assert not list(tmp_path.iterdir())
    # Names are those of a kind: a metric may be called so.
    assert new_package("metric", "gaussian", tmp_path)


def code_lines(text):
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.slow
def test_a_newcomer_comes_to_a_figure_in_four_commands(tmp_path):
    """What `mfplug new` says next, word for word, and one changed line of code."""
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1", "MFPLUG_CACHE_DIR": ""}
    site = tmp_path / "site"
    environment |= {"PYTHONPATH": str(site), "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
    environment["PATH"] = f"{os.path.dirname(sys.executable)}:{environment['PATH']}"

    def do(*words):
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    said = do(sys.executable, "-m", "mfplug", "new", "potential", "my-bell")
    commands = said.split("next:\n")[1].splitlines()
    assert len(commands) + 1 <= 5
    source = tmp_path / "mfplug-my-bell" / "src" / "mfplug_my_bell" / "my_bell.py"
    formula = "return self.strength / (1.0 + s / self.width**2)"
    text = source.read_text()
    assert formula in text
    # The formula of `gaussian`: kernels that other tests have compiled are found.
    bell = "return self.strength * np.exp(-s / (2.0 * self.width**2))"
    source.write_text(text.replace(formula, bell))
    install, *others = [command.split() for command in commands]
    assert install[:2] == ["pip", "install"]
    # Beside the environment of the tests, which stays as it is.
    do(sys.executable, "-m", *install[:2], "--quiet", "--no-build-isolation",
       "--target", str(site), str(tmp_path / install[-1]))  # fmt: skip
    for command in others:
        assert command[0] == "mfplug"
        do(sys.executable, "-m", *command)
    assert (tmp_path / "results" / "my-bell" / "figure.svg").stat().st_size > 1000
    assert len(code_lines(text)) < 40
    assert (
        len(code_lines((tmp_path / "mfplug-my-bell" / "my-bell.yaml").read_text())) < 20
    )


def test_nothing_is_overwritten(tmp_path):
    new_package("metric", "mine", tmp_path)
    with pytest.raises(PluginError, match="folder exists"):
        new_package("potential", "mine", tmp_path)
    with pytest.raises(ParameterError, match="Did you mean 'metric'"):
        new_package("metrik", "mine", tmp_path)


def test_command_line(mfplug_cli, tmp_path):
    done = mfplug_cli("new", "integrator", "my-leap", "--into", str(tmp_path))
    assert done.status == 0, done.err
    assert "mfplug check integrator my-leap" in done.out
    assert (tmp_path / "mfplug-my-leap" / "src/mfplug_my_leap/my_leap.py").is_file()
