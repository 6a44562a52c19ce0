"""What is installed is what lies here: packages, entry points, data, versions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import mfplug

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
POINTS = PROJECT["project"]["entry-points"]["mfplug"]
SETUPTOOLS = PROJECT["tool"]["setuptools"]

#: What a clone has beside results and environments.
FOLDERS = [
    ".ci",
    "benchmarks",
    "docs",
    "examples",
    "mfplug",
    "plugins",
    "requirements",
    "tests",
    "workflows",
]
BINARY = {".pyc", ".png", ".woff", ".pdf", ".npz", ".parquet", ".nbi", ".nbc"}


def plugin_files():
    """Return the entry point that each plugin file asks for, by name."""
    found = {}
    for path in sorted((ROOT / "plugins").glob("*/*.py")):
        if not path.name.startswith("_"):
            kind, stem = path.parent.name.removesuffix("s"), path.stem
            name = f"{kind}-{stem.replace('_', '-')}"
            found[name] = f"mfplug_plugins.{path.parent.name}.{stem}"
    return found


def own_texts():
    """Yield (path, text) of every text file of the project."""
    loose = [p for p in ROOT.iterdir() if not p.name.startswith(".git")]
    built = (ROOT / "docs" / "_build", ROOT / "docs" / "reference")
    for path in (*loose, *(p for f in FOLDERS for p in (ROOT / f).rglob("*"))):
        if set(built) & set(path.parents):
            continue
        if path.is_file() and path.suffix not in BINARY:
            yield path, path.read_text()


def test_one_entry_point_for_each_plugin_file():
    files = plugin_files()
    missing = {k: v for k, v in files.items() if k not in POINTS}
    assert not missing, f"add to [project.entry-points.mfplug]: {missing}"
    stale = {k: v for k, v in POINTS.items() if k not in files}
    assert not stale, f"no such file: {stale}"
    assert files == POINTS


def test_installed_entry_points_are_those_written_down():
    installed = {
        p.name: p.value
        for p in entry_points(group="mfplug")
        if p.dist is not None and p.dist.name == "mfplug"
    }
    assert installed == POINTS, "the installation is old; run: make install"


@pytest.mark.parametrize(
    ("package", "folder"), sorted(SETUPTOOLS["package-dir"].items())
)
def test_every_package_is_listed(package, folder):
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        parts = path.relative_to(ROOT / folder).parent.parts
        found.add(".".join((package, *parts)))
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} is no package"
    listed = {p for p in SETUPTOOLS["packages"] if p.split(".")[0] == package}
    assert found == listed, "mend `packages` in pyproject.toml"


def test_one_version_everywhere():
    version = PROJECT["project"]["version"]
    assert mfplug.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, without network and without touching the clone."""
    source = tmp_path_factory.mktemp("source")
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")
    for folder in SETUPTOOLS["package-dir"].values():
        shutil.copytree(ROOT / folder, source / folder, ignore=ignore)
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    done = subprocess.run(
        [sys.executable, "-c", build],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = (source / "dist").glob("*.whl")
    return path


def test_wheel_has_all_that_runs(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = set()
    for package, folder in SETUPTOOLS["package-dir"].items():
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                inside = path.relative_to(ROOT / folder).as_posix()
                expected.add(f"{package}/{inside}")
    left_out = expected - held
    assert not left_out, f"mend `package-data` in pyproject.toml: {sorted(left_out)}"
    extra = {n for n in held - expected if ".dist-info/" not in n}
    assert not extra, sorted(extra)
    for name in (
        "mfplug/py.typed",
        "mfplug_workflows/Snakefile",
        "mfplug_workflows/studies/chaos.yaml",
        "mfplug_workflows/profiles/default/config.yaml",
        "mfplug_plugins/potentials/gaussian.py",
    ):
        assert name in held
    assert any(n.startswith("mfplug/report/assets/") for n in held)


def test_wheel_works_outside_the_clone(wheel, tmp_path):
    # Its own folder comes first on the path, so that the clone cannot help.
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import mfplug, mfplug_plugins, mfplug_workflows, sys\n"
        "for m in (mfplug, mfplug_plugins, mfplug_workflows):\n"
        "    assert m.__file__.startswith(sys.argv[1]), m.__file__\n"
        "phi = mfplug.create('potential', 'gaussian', width=2.0)\n"
        "assert type(phi).__module__ == 'mfplug_plugins.potentials.gaussian'\n"
        "print(*mfplug.names('potential'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "MFPLUG_STRICT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "gaussian" in done.stdout.split()


def test_root_snakefile_only_takes_the_one_that_travels():
    # By `module:`, since `rule all` is no default target of an included file.
    lines = (ROOT / "Snakefile").read_text().splitlines()
    code = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    assert code == [
        "module mfplug:",
        "snakefile:",
        '"workflows/Snakefile"',
        "config:",
        "config",
        "use rule * from mfplug",
    ]


def test_root_snakefile_finds_the_jobs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--cores", "1", "--snakefile",
         str(ROOT / "Snakefile"), "--directory", str(tmp_path), "--config",
         "studies=stability", "profile=smoke", f"out={tmp_path / 'out'}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"^simulate +[1-9]", done.stdout + done.stderr, re.MULTILINE)


def test_lock_pins_everything_and_names_no_index():
    for name in ("lock.txt", "uv.txt"):
        text = (ROOT / "requirements" / name).read_text()
        assert "://" not in text
        for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
            assert re.match(r"[a-z0-9._-]+==\S+", entry), entry.splitlines()[0]
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lock_covers_what_is_asked_for():
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["workflow"], *extras["test"]]
    asked += PROJECT["build-system"]["requires"]
    text = (ROOT / "requirements" / "lock.txt").read_text()
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    names = {re.match(r"[A-Za-z0-9._-]+", a)[0].lower() for a in asked}
    assert names <= pinned, f"run: make lock ({names - pinned})"
    assert not any("snakemake" in d for d in project["dependencies"])


# Written in pieces, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.])/(work|farm|root|" + r"home/[a-z]+)/")
INDEX = re.compile("-".join(["index", "url"]) + "|" + "-".join(["find", "links"]))


def faults(text):
    """Return what in a text belongs to one machine."""
    return [m.group() for p in (MACHINE, INDEX) for m in p.finditer(text)]


def test_no_file_names_a_machine_or_an_index():
    bad = {str(p.relative_to(ROOT)): faults(t) for p, t in own_texts() if faults(t)}
    assert not bad


@pytest.mark.parametrize(
    "parts", [("/", "", "work", "main", "x"), ("/", "", "home", "ann", "x")]
)
def test_a_planted_path_is_found(parts):
    assert faults(f"see {parts[0].join(parts[1:])} for more")
    assert faults("pip install --extra-" + "-".join(["index", "url"]) + " x")
    assert not faults("docs/work/home/x and 3/work/4")


def test_import_is_light():
    code = (
        "import sys, mfplug, mfplug.cli.main\n"
        "heavy = {'numpy', 'scipy', 'numba', 'pandas', 'matplotlib', 'sympy',"
        " 'snakemake', 'ot', 'pydantic', 'pyarrow'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
