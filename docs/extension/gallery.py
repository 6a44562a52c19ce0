"""The gallery: a picture for every plugin and study, made by the build.

A plugin is drawn as it is, or with a small system; a metric that takes none of the
small systems has the figure of a study that measures it. Figures of studies are taken
from the results folders named in ``study_pictures``, the first that has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from sphinx.util import logging

from mfplug.contracts.plugin import KINDS
from mfplug.errors import MfplugError
from mfplug.gallery import portrait
from mfplug.registry import current
from mfplug.studies.load import find, shipped

logger = logging.getLogger(__name__)


def study_pictures(folder: Path, results: Iterable[Path], needed: bool) -> list[str]:
    """Copy the figure of every study, and return the names of those that have one.

    Parameters
    ----------
    folder
        Where ``study-NAME.svg`` goes.
    results
        Folders of results, the best first.
    needed
        Whether a study without a figure is a warning, so that the build fails.
    """
    found = []
    for name in shipped():
        figures = [path / name / "figure.svg" for path in results]
        there = [figure for figure in figures if figure.is_file()]
        if there:
            (folder / f"study-{name}.svg").write_bytes(there[0].read_bytes())
            found.append(name)
        elif needed:
            logger.warning(
                "study '%s': there is no figure; got none in %s. Run `mfplug run --all "
                "--profile smoke --out %s`.",
                name, ", ".join(map(str, results)), figures[-1].parent.parent,
            )  # fmt: skip
    return found


def measured_by(metric: str) -> list[str]:
    """Return the shipped studies that measure a metric."""
    studies = []
    for name in shipped():
        data = yaml.safe_load(find(name).read_text(encoding="utf-8"))
        used = [m if isinstance(m, str) else m["name"] for m in data["metrics"]]
        if metric in used:
            studies.append(name)
    return studies


def plugin_picture(
    entry: Any, folder: Path, studies: list[str], drawing: bool
) -> tuple[str, str]:
    """Draw a plugin; return the picture's name and a line on what it shows.

    Without ``drawing`` nothing is drawn: the pages alone take a quarter of the time.
    """
    cls = entry.cls
    name = f"{cls.kind}-{cls.name}.svg"
    if not drawing:
        return "", ""
    try:
        drawn = portrait(current().create(cls.kind, cls.name), "svg")
    except MfplugError as refusal:
        using = [s for s in measured_by(cls.name) if s in studies]
        if using:
            return f"study-{using[0]}.svg", f"From the study ``{using[0]}``."
        if studies:
            logger.warning("%s '%s': no picture; %s", cls.kind, cls.name, refusal)
        return "", ""
    (folder / name).write_bytes(drawn)
    return name, ""


def gallery_page(pictures: dict[tuple[str, str], str], studies: list[str]) -> list[str]:
    """Return the page of all pictures, each a link to what it shows."""
    lines = ["Gallery", "=======", ""]
    lines += ["Every picture is made by the build of these pages.", ""]
    lines += ["Studies", "-------", ""]
    for name in studies:
        lines += _tile(f"study-{name}.svg", name, f"studies.html#{name}")
    for kind in KINDS:
        title = kind.capitalize() + "s"
        lines += [title, "-" * len(title), ""]
        for (of, name), picture in pictures.items():
            if of == kind and picture:
                lines += _tile(picture, name, f"{kind}-{name}.html")
    return lines


def _tile(picture: str, name: str, target: str) -> list[str]:
    return [
        f".. figure:: {picture}",
        f"   :alt: {name}",
        f"   :target: {target}",
        "   :figclass: tile",
        "",
        f"   {name}",
        "",
    ]
