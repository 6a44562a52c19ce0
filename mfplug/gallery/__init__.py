"""A picture of every plugin: what it is, or what it does with a small system."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mfplug.errors import ParameterError
from mfplug.report import style
from mfplug.report.files import write_whole

ENDINGS = ("png", "svg", "pdf")

#: The module with `draw(plugin)` for each kind.
MODULES = {
    "potential": "laws",
    "external": "laws",
    "distribution": "laws",
    "integrator": "integrators",
    "solver": "solvers",
    "metric": "metrics",
}


def write_portrait(plugin: Any, path: Path) -> Path:
    """Draw a plugin and write the picture.

    Parameters
    ----------
    plugin
        An instance; its parameters stand in the title.
    path
        The file; its ending, png, svg or pdf, decides the format.

    Raises
    ------
    ParameterError
        For another ending, and for a plugin that takes none of the small systems.
    StoreError
        If the file cannot be written.
    """
    ending = path.suffix.lstrip(".").lower()
    if ending not in ENDINGS:
        raise ParameterError(
            f"plot: the ending is not known; got '{path.name}', expected one of "
            f"{', '.join(ENDINGS)}. Change the name of the file."
        )
    return write_whole(path, portrait(plugin, ending))


def portrait(plugin: Any, ending: str = "png") -> bytes:
    """Return the bytes of a picture of a plugin.

    A potential or external potential with its force, the density of a distribution, the
    errors of an integrator, the field of a solver, the rows of a metric.
    """
    module = import_module(f"mfplug.gallery.{MODULES[plugin.kind]}")
    with style.styled(), TemporaryDirectory() as folder:
        return style.save(module.draw(plugin.specimen(Path(folder))), ending)
