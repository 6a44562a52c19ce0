"""The reference, written from the registry each time the pages are built.

Every plugin with formula, parameters, bounds and picture; every hook with its
signature; every study; every command. What is registered is documented, nothing else.
"""

from __future__ import annotations

import argparse
import inspect
import re
from pathlib import Path
from typing import Any

import yaml

import mfplug
from extension.gallery import gallery_page, plugin_picture, study_pictures
from mfplug import hookspecs
from mfplug.cli.main import build_parser
from mfplug.contracts.plugin import KINDS
from mfplug.registry import current
from mfplug.studies.load import find, shipped

#: Pages that are made, beside the sources and not among them (see .gitignore).
FOLDER = "reference"
CONTRACTS = (
    "Potential",
    "RadialPotential",
    "External",
    "Distribution",
    "Integrator",
    "Solver",
    "Metric",
    "Distance",
    "Observable",
    "MeanField",
)


def heading(text: str, line: str = "=") -> list[str]:
    """Return a heading in reStructuredText."""
    return [text, line * len(text), ""]


def write(path: Path, lines: list[str]) -> None:
    """Write a page if it changed, so that Sphinx reads again what it must."""
    text = "\n".join(lines) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def plugin_page(entry: Any, folder: Path, studies: list[str], drawing: bool) -> str:
    """Write the page of one plugin and return the name of its picture."""
    cls = entry.cls
    lines = heading(f"{cls.kind} ``{cls.name}``")
    picture, said = plugin_picture(entry, folder, studies, drawing)
    if picture:
        lines += [f".. image:: {picture}", f"   :alt: {cls.kind} {cls.name}", ""]
        lines += [said, ""]
    lines += [
        f".. autoclass:: {cls.__module__}.{cls.__qualname__}",
        "   :no-index:",
        "",
    ]
    rows = entry.describe()["parameters"]
    if rows:
        lines += [".. list-table:: Parameters", "   :header-rows: 1", ""]
        table = [("name", "type", "default", "limits", "meaning")]
        for row in rows:
            name, default = f"``{row['name']}``", f"``{row['default']!r}``"
            table.append((name, row["type"], default, row["bounds"], bars(row["help"])))
        for cells in table:
            lines.append(f"   * - {cells[0]}")
            lines += [f"     - {cell}" for cell in cells[1:]]
        lines.append("")
    write(folder / f"{cls.kind}-{cls.name}.rst", lines)
    return picture


def plugin_pages(
    folder: Path, studies: list[str], drawing: bool
) -> dict[tuple[str, str], str]:
    """Write the pages of all plugins that ship, and the list; return the pictures."""
    pictures = {}
    lines = heading("Plugins")
    for kind in KINDS:
        entries = [
            e for e in current().entries(kind) if e.source.distribution == "mfplug"
        ]
        lines += heading(kind.capitalize() + "s", "-")
        lines += [".. toctree::", "   :maxdepth: 1", ""]
        for entry in entries:
            pictures[kind, entry.name] = plugin_page(entry, folder, studies, drawing)
            lines.append(f"   {kind}-{entry.name}")
        lines.append("")
    write(folder / "plugins.rst", lines)
    return pictures


def hook_page(folder: Path) -> None:
    """Write every hook with its signature."""
    lines = heading("Hooks")
    lines += [
        "A plugin's module has one of these functions, marked ``@mfplug.hookimpl``, "
        "and an entry point in the group ``mfplug`` that names the module. A module "
        "may set ``MFPLUG_API_VERSION`` to the version of the interface that it needs.",
        "",
    ]
    for name in hookspecs.HOOKS.values():
        function = getattr(hookspecs, name)
        returns = inspect.signature(function, eval_str=False).return_annotation
        lines += [
            f".. py:function:: {name}() -> {returns}",
            "",
            f"   {inspect.getdoc(function)}",
            "",
        ]
    lines += [".. _contracts:", "", *heading("Contracts", "-")]
    for cls in CONTRACTS:
        lines += [f".. autoclass:: mfplug.{cls}", "   :members:", ""]
    write(folder / "hooks.rst", lines)


def interface_page(folder: Path) -> None:
    """Write every public name of mfplug that is no contract."""
    lines = heading("In Python")
    lines += [
        "What ``import mfplug`` gives; the classes that plugins derive from are on the "
        "page of :doc:`hooks`. These names change with a new minor version at the "
        "earliest.",
        "",
    ]
    public = [name for name in mfplug.__all__ if name not in CONTRACTS]
    errors = [n for n in public if _is_class(n) and issubclass(_named(n), Exception)]
    made = [n for n in public if _is_class(n) and n not in errors]
    functions = [n for n in public if inspect.isfunction(_named(n))]
    for title, names, directive in (
        ("Functions", functions, "autofunction"),
        ("Classes", made, "autoclass"),
        ("Errors", errors, "autoexception"),
    ):
        lines += heading(title, "-")
        for name in sorted(names):
            lines += [f".. {directive}:: mfplug.{name}"]
            lines += ["   :members:", ""] if directive == "autoclass" else [""]
    lines += heading("Marks", "-")
    lines += [
        ".. py:data:: mfplug.hookimpl",
        "",
        "   The decorator that marks a hook of a plugin's module; see :doc:`hooks`.",
        "",
    ]
    write(folder / "interface.rst", lines)


def _named(name: str) -> Any:
    return getattr(mfplug, name)


def _is_class(name: str) -> bool:
    return inspect.isclass(_named(name))


def study_page(folder: Path, studies: list[str]) -> None:
    """Write every study with its picture."""
    lines = heading("Studies")
    for name in shipped():
        data = yaml.safe_load(find(name).read_text(encoding="utf-8"))
        lines += [f".. _study-{name}:", "", *heading(name, "-")]
        lines += [f"**{math(data['title'])}** Claims: {', '.join(data['claims'])}.", ""]
        lines += [math(" ".join(data.get("description", "").split())), ""]
        if name in studies:
            lines += [f".. image:: study-{name}.svg", f"   :alt: {name}", ""]
        lines += [".. code-block:: text", "", f"    mfplug run {name}", ""]
    write(folder / "studies.rst", lines)


def math(text: str) -> str:
    """Return text with mathematics between dollars as reStructuredText."""
    return re.sub(r"\$([^$]+)\$", r":math:`\1`\\ ", text)


def command_page(folder: Path) -> None:
    """Write the help of every command."""
    parser = build_parser()
    lines = heading("Commands")
    (action,) = [
        a for a in parser._actions if isinstance(a, argparse._SubParsersAction)
    ]
    for name, sub in action.choices.items():
        lines += [*heading(f"mfplug {name}", "-"), ".. code-block:: text", ""]
        lines += [f"    {line}".rstrip() for line in sub.format_help().splitlines()]
        lines.append("")
    write(folder / "commands.rst", lines)


def bars(line: str) -> str:
    """Return a line whose bars are bars: |x| is an absolute value, not a reference."""
    parts = re.split(r"(``.*?``|`[^`]*`)", line)
    return "".join(
        part if part.startswith("`") else part.replace("|", "\\|") for part in parts
    )


def plain_bars(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Escape the bars of a docstring, but for its formulas and literal blocks."""
    indent = None
    for n, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if line.strip() and indent is not None and depth <= indent:
            indent = None
        if indent is None and not line.lstrip().startswith((".. math::", ">>>")):
            lines[n] = bars(line)
        if line.lstrip().startswith(".. math::") or line.rstrip().endswith("::"):
            indent = depth


def build(app: Any) -> None:
    """Write all pages of the reference."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    results = [Path(app.confdir) / name for name in app.config.study_pictures]
    studies = study_pictures(folder, results, app.config.study_pictures_needed)
    pictures = plugin_pages(folder, studies, bool(app.config.plugin_pictures))
    hook_page(folder)
    interface_page(folder)
    study_page(folder, studies)
    command_page(folder)
    write(folder / "gallery.rst", gallery_page(pictures, studies))


def setup(app: Any) -> dict[str, bool]:
    """Write the reference before Sphinx looks for pages."""
    app.add_config_value("plugin_pictures", True, "env", types=(bool, int, str))
    app.add_config_value("study_pictures", [], "env")
    app.add_config_value("study_pictures_needed", True, "env", types=(bool, int, str))
    app.connect("autodoc-process-docstring", plain_bars, priority=900)
    app.connect("config-inited", lambda app, config: build(app))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
