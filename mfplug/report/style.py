"""One style for every figure: sizes, colours, markers, and bytes that repeat.

Colours are told apart with every common colour blindness (after Okabe and Ito); each
curve also has a marker and a line pattern of its own, so it survives a grey printer.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context, rcParamsDefault
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

#: Width of one panel in inches: two fill a text width of 6.8.
PANEL_WIDTH = 3.4
#: The same where three stand side by side.
THIRD_WIDTH = 2.6
#: Width over height of a panel, and the width of a single one.
ASPECT = 1.6
SINGLE_WIDTH = 3.4 * ASPECT

COLOURS = ("#004488", "#d55e00", "#009e73", "#b0529b", "#e69f00", "#000000", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
#: Patterns of lines; the first is solid.
PATTERNS: tuple[Any, ...] = (
    "-",
    (0, (6, 1.5)),
    (0, (5, 1.2, 1, 1.2)),
    (0, (2.5, 1)),
    (0, (5, 1, 1, 1, 1, 1)),
)
BOUND_PATTERNS: tuple[Any, ...] = (
    (0, (7, 2, 1.5, 2)),
    (0, (1, 1.4)),
    (0, (10, 3)),
    (0, (2.5, 2.5)),
)
GREY = "#5f6368"
BAND = "#c9cdd2"

#: Every setting that decides what a figure looks like, whatever the user's own are.
RC: dict[str, Any] = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "mathtext.fontset": "stix",
    "font.size": 9.0,
    "axes.labelsize": 9.0,
    "axes.titlesize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "lines.linewidth": 1.0,
    "lines.markersize": 4.2,
    "lines.markeredgewidth": 0.9,
    "axes.unicode_minus": True,
    "legend.frameon": False,
    "savefig.dpi": 220,
    "svg.fonttype": "path",
    "svg.hashsalt": "mfplug",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw within this style, starting from matplotlib's own defaults."""
    settings: dict[Any, Any] = {
        key: value
        for key, value in rcParamsDefault.items()
        if not key.startswith("backend") and key != "timezone"
    }
    settings.update(RC)
    with rc_context(rc=settings):
        yield


def save(figure: Figure, ending: str) -> bytes:
    """Return the bytes of a figure in one format, the same for the same figure.

    No format records a date, so the bytes do not depend on the clock either.
    """
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Software": None},
    }
    stream = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(stream, format=ending, metadata=metadata[ending])
    return stream.getvalue()
