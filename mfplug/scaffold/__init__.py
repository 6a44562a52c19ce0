"""A complete plugin package to start from: ``mfplug new KIND NAME``.

The templates are files with ``$name`` and its like in them; what comes out installs and
passes its tests, which call the conformance kit, at once.
"""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from mfplug import __version__
from mfplug.contracts.plugin import API_VERSION, KINDS
from mfplug.errors import ParameterError, PluginError, did_you_mean, shown
from mfplug.registry import current
from mfplug.registry.loader import SHIPPED

#: Where each template goes; ``plugin`` stands for the template of the kind.
LAYOUT = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "ci.yml": ".github/workflows/test.yml",
    "init.py": "src/$package/__init__.py",
    "plugin": "src/$package/$module.py",
    "test.py": "tests/test_$module.py",
    "study.yaml": "$name.yaml",
}

#: The study that comes along, with the new plugin in the place of its kind.
STUDY = {
    "potential": "gaussian",
    "distribution": "{name: gaussian, qq: 0.25, pp: 0.25}",
    "external": "",
    "integrator": "leapfrog",
    "solver": "{name: characteristics, nodes: 900, grid: 64}",
    "metric": "",
}

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def new_package(kind: str, name: str, into: Path) -> list[Path]:
    """Write a package with one plugin and return its files.

    Parameters
    ----------
    kind
        One of the six kinds.
    name
        Lower-case letters, digits and hyphens, such as ``soft-morse``.
    into
        The folder in which ``mfplug-NAME`` is made.

    Raises
    ------
    ParameterError
        If kind or name is not allowed, or a plugin that ships has this name.
    PluginError
        If the folder exists already: nothing is overwritten.
    """
    if kind not in KINDS:
        raise ParameterError(
            f"new: unknown kind of plugin; got {shown(kind)}, expected one of "
            f"{', '.join(KINDS)}. " + did_you_mean(str(kind), KINDS)
        )
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ParameterError(
            f"new: the name is not allowed; got {shown(name)}, expected lower-case "
            "letters, digits and hyphens, beginning with a letter. Take one such as "
            "soft-morse."
        )
    if name in _shipped(kind):
        raise ParameterError(
            f"new: the name is taken; got {shown(name)}, expected none of the {kind}s "
            "that mfplug ships. Two of one name can be used by nobody: take another."
        )
    folder = into / f"mfplug-{name}"
    if folder.exists():
        raise PluginError(
            f"{kind} '{name}': the folder exists; got '{folder}', expected none of "
            "this name. Take another name, or --into DIR."
        )
    module = name.replace("-", "_")
    words = {
        "kind": kind,
        "name": name,
        "module": module,
        "package": f"mfplug_{module}",
        "cls": "".join(word.capitalize() for word in name.split("-")),
        "version": ".".join(__version__.split(".")[:2]),
        "next": _next(__version__),
        "api": API_VERSION,
        **_study(kind, name),
    }
    written = []
    for template, place in LAYOUT.items():
        source = f"{kind}.py" if template == "plugin" else template
        text = (files("mfplug.scaffold") / "templates" / f"{source}.txt").read_text(
            encoding="utf-8"
        )
        target = folder / Template(place).substitute(words)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(text).substitute(words), encoding="utf-8")
        written.append(target)
    return written


def _shipped(kind: str) -> set[str]:
    entries = current().entries(kind)
    return {entry.name for entry in entries if entry.source.distribution == SHIPPED}


def _study(kind: str, name: str) -> dict[str, str]:
    """Return the words of the study that uses the plugin."""
    own = {"external": f"\n  external: {name}", "metric": f", {name}"}
    shown = name if kind == "metric" else "coupling-mean"
    return STUDY | {kind: own.get(kind, name), "shown": shown}


def _next(version: str) -> str:
    major, minor = version.split(".")[:2]
    return f"{major}.{int(minor) + 1}"
