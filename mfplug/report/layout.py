"""Where panels and their legends stand: fixed margins, legends beneath the axes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

from mfplug.report.style import ASPECT, PANEL_WIDTH, SINGLE_WIDTH, THIRD_WIDTH

# Margins of a panel in inches: ordinate with its label, abscissa with its label.
LEFT, RIGHT, TOP, TITLE, BOTTOM = 0.62, 0.10, 0.07, 0.20, 0.43
LINE = 0.158  # height of one line of a legend
GLYPH = 0.062  # width of one letter of it
SMALLEST = 6.0  # points; text is not shrunk further

_COMMAND = re.compile(r"\\[A-Za-z]+ ?")
_UNSEEN = {ord(c): None for c in "${}^_\\"}


@dataclass(frozen=True)
class Plan:
    """Size of a figure, the panels' boxes as parts of it, legends' columns.

    ``shared`` says that one legend serves all panels; it stands beneath them.
    """

    size: tuple[float, float]
    boxes: list[tuple[float, float, float, float]]
    columns: int
    panel: float
    shared: bool


def plan(legends: list[list[str]], titled: bool) -> Plan:
    """Return the layout of panels with the given texts in their legends."""
    count = len(legends)
    across = _across(count)
    width = {1: SINGLE_WIDTH, 2: PANEL_WIDTH, 3: THIRD_WIDTH}[across]
    shared = count > 1 and all(texts == legends[0] for texts in legends)
    columns = _columns(legends, width * across if shared else width, shared)
    entries = [len(texts) for texts in legends]
    top = TOP + (TITLE if titled else 0.0)
    inner = (width - LEFT - RIGHT) / (ASPECT if count == 1 else 1.3)
    rows = [entries[i : i + across] for i in range(0, count, across)]
    beneath = [-(-max(row) // columns) * LINE + 0.06 for row in rows]
    if shared:
        beneath[:-1] = [0.06] * (len(rows) - 1)
    heights = [top + inner + BOTTOM + height for height in beneath]
    size = (width * across, sum(heights))
    boxes = []
    for n in range(count):
        row, column = divmod(n, across)
        bottom = size[1] - sum(heights[: row + 1]) + beneath[row] + BOTTOM
        box = (column * width + LEFT, bottom, width - LEFT - RIGHT, inner)
        boxes.append(
            (box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1])
        )
    return Plan(size, boxes, columns, width * across if shared else width, shared)


def _across(count: int) -> int:
    """Return how many panels stand side by side: no row has a gap if it can be helped.

    >>> [_across(count) for count in (1, 2, 3, 4, 5, 6)]
    [1, 2, 3, 2, 3, 3]
    """
    return count if count < 3 else 2 if count == 4 else 3


def _columns(legends: list[list[str]], width: float, shared: bool) -> int:
    """Return how many columns of a legend fit into a width in inches."""
    glyphs = [
        _COMMAND.sub("x", text).translate(_UNSEEN) for ts in legends for text in ts
    ]
    longest = max((len(text) for text in glyphs), default=0)
    room = int((width - 0.42) / (0.62 + GLYPH * longest))
    return min(
        max(room, 1),
        5 if shared else 3,
        # Without any entry one empty column, not none: its rows are counted.
        max([1, *map(len, legends)]),
    )


def place_legend(axes: Axes, where: Plan, entries: list[tuple[Any, str]]) -> None:
    """Put a legend beneath the abscissa's label, where it covers no data."""
    if not entries:
        return
    figure = axes.get_figure(root=True)
    if figure is None:  # pragma: no cover - axes are always in a figure here
        return
    shift = ScaledTranslation(-0.30, -(BOTTOM - 0.04), figure.dpi_scale_trans)
    axes.legend(
        [handle for handle, _ in entries],
        [text for _, text in entries],
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=axes.transAxes + shift,
        ncols=where.columns,
        borderaxespad=0.0,
        borderpad=0.0,
        handlelength=2.6,
        handletextpad=0.6,
        columnspacing=1.4,
        labelspacing=0.35,
    )


def shrink_to_fit(figure: Figure, where: Plan) -> None:
    """Make smaller what is wider than its panel: legends, titles and axis labels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    for axes in figure.axes:
        box = axes.get_window_extent(renderer)
        legend = axes.get_legend()
        if legend is not None:
            room = (where.panel - 0.42) * figure.dpi
            part = room / legend.get_window_extent(renderer).width
            _shrink(legend.get_texts(), part)
        for text, room in (
            (axes.xaxis.label, box.width),
            (axes.title, box.width),
            (axes.yaxis.label, box.height * 1.15),
        ):
            extent = text.get_window_extent(renderer)
            size = extent.height if text is axes.yaxis.label else extent.width
            if size > 0.0:
                _shrink([text], room / size)


def _shrink(texts: list[Text], part: float) -> None:
    if part < 1.0:
        for text in texts:
            text.set_fontsize(max(SMALLEST, float(text.get_fontsize()) * part))
