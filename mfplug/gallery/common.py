"""What the pictures share."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mfplug.contracts.plugin import Plugin
from mfplug.report import style

#: The side of the torus of plugins that live on one only.
BOX = 6.283185307179586

#: With spaces at which a title is not broken.
EQUALS = "\u00a0=\u00a0"


def title(plugin: Any, width: int) -> str:
    """Return the name and the parameters, in lines of at most ``width``.

    Of a file the name alone: where it lies is this machine's affair.
    """
    values = [
        f"{key}{EQUALS}{value:g}"
        if isinstance(value, float)
        else f"{key}{EQUALS}{_file_name(value)}"
        for key, value in _words(plugin).items()
        if isinstance(value, int | float | str)
        and not isinstance(value, bool)
        and value != ""
    ]
    return textwrap.fill(", ".join([f"{plugin.name}", *values]), width)


def _words(plugin: Any) -> dict[str, Any]:
    """Return the parameters, a plugin among them by its name."""
    return {
        key: value.name if isinstance(value, Plugin) else value
        for key, value in plugin.parameters().items()
    }


def _file_name(value: int | float | str) -> int | float | str:
    """Return the last part of an absolute path, and anything else as it is."""
    if isinstance(value, str) and Path(value).is_absolute():
        return Path(value).name
    return value


def two_panels(plugin: Any, note: str = "") -> tuple[Figure, Any, Any]:
    """Return a figure of two panels under the plugin's title."""
    drawing = Figure(figsize=(2 * style.PANEL_WIDTH, 2.5), layout="constrained")
    left, right = drawing.subplots(1, 2)
    drawing.suptitle(title(plugin, 90) + note, fontsize=9)
    return drawing, left, right
