"""Drawing panels of curves: one look for every figure of every study."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mfplug.errors import StoreError
from mfplug.report import labels, layout, style
from mfplug.report.concise import plus_minus
from mfplug.report.curves import Curve, Line, Panel
from mfplug.report.figures import SCALES
from mfplug.report.guides import Guide, guides
from mfplug.report.rates import Rate
from mfplug.report.scales import Frame, frame_of, positive, sampled
from mfplug.report.ticks import set_log_axis

Handles = list[tuple[Any, str]]


def draw(source: Path, figure: dict[str, Any], panels: list[Panel]) -> Figure:
    """Return the drawing of a declared figure.

    Parameters
    ----------
    source : Path
        ``study.json``, for messages.
    figure : dict
        The declaration, see :mod:`mfplug.report.figures`.
    panels : list of Panel
        What each pair of axes shows.

    Raises
    ------
    StoreError
        If a label holds malformed mathematics.
    """
    _check_text(source, figure)
    with style.styled():
        handles = [_handles(figure, panel) for panel in panels]
        texts = [[text for _, text in entries] for entries in handles]
        plan = layout.plan(texts, any(panel.title for panel in panels))
        drawing = Figure(figsize=plan.size)
        frames = _frames(panels, figure)
        for n, (panel, frame) in enumerate(zip(panels, frames, strict=True)):
            axes = drawing.add_axes(plan.boxes[n])
            shown = _draw_panel(axes, figure, panel, *frame)
            axes.set_title(panel.title, pad=4.0)
            axes.set_xlabel(figure.get("xlabel", labels.axis_label(figure["x"])))
            axes.set_ylabel(panel.ylabel)
            layout.place_legend(axes, plan, _marked(handles[n], shown))
        layout.shrink_to_fit(drawing, plan)
    return drawing


def render(source: Path, drawing: Figure, ending: str) -> bytes:
    """Return the bytes of a drawing as ``svg``, ``pdf`` or ``png``."""
    with style.styled():
        try:
            return style.save(drawing, ending)
        except ValueError as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"result file '{source}': a figure cannot be drawn ({reason}). "
                "Correct its labels."
            ) from error


def _check_text(source: Path, figure: dict[str, Any]) -> None:
    """Refuse malformed mathematics before anything is drawn, naming the text."""
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    for text in _texts(figure):
        try:
            parser.parse(text)
        except ValueError as error:
            raise StoreError(
                f"result file '{source}': figure '{figure['name']}' has malformed "
                f"mathematics in {text!r}. Correct what stands between the dollar "
                "signs."
            ) from error


def _texts(figure: dict[str, Any]) -> Iterable[str]:
    ylabel = figure.get("ylabel", "")
    yield from ylabel if isinstance(ylabel, list) else [ylabel]
    yield from (figure.get("xlabel", ""), figure.get("floor_label", ""))
    yield from (str(row.get("label", "")) for row in figure["rows"])
    yield from map(str, figure.get("bound_labels", {}).values())


def _frames(
    panels: list[Panel], figure: dict[str, Any]
) -> list[tuple[Frame, list[Guide]]]:
    """Return each panel's limits and guides; panels of one quantity share limits."""
    scales = SCALES[figure.get("scale", "loglog")]
    apart = figure.get("panel") == "metric" or isinstance(figure.get("ylabel"), list)
    groups = [[panel] for panel in panels] if apart else [panels]
    found = []
    for group in groups:
        frame = frame_of(group, *scales)
        added = [
            guides(panel, frame, figure["x"]) if all(scales) else [] for panel in group
        ]
        ink = [y for several in added for guide in several for y in guide.y]
        ink += [
            y
            for several in added
            for guide in several
            for _, y in guide.label_box(frame)
        ]
        found += [(frame.holding(ink), several) for several in added]
    return found


def _draw_panel(
    axes: Axes, figure: dict[str, Any], panel: Panel, frame: Frame, added: list[Guide]
) -> dict[str, str]:
    """Draw one panel; return remarks on bounds outside of the frame, by label."""
    if frame.log_x:
        axes.set_xscale("log")
    if frame.log_y:
        axes.set_yscale("log")
    axes.set_xlim(*frame.x)
    axes.set_ylim(*frame.y)
    for floor in panel.floors:
        _draw_floor(axes, floor, frame)
    remarks = {}
    for n, (_, lines) in enumerate(panel.bounds):
        for line in lines:
            remarks[line.label] = _draw_bound(axes, line, n, frame)
    for guide in added:
        guide.draw(axes)
    for curve in panel.curves:
        _draw_curve(axes, curve, figure, frame)
    _empty_note(axes, panel)
    if frame.log_x:
        at = [p.x for c in panel.curves for p in c.points if p.x > 0]
        set_log_axis(axes.xaxis, *frame.x, at)
    if frame.log_y:
        set_log_axis(axes.yaxis, *frame.y)
    return remarks


def _empty_note(axes: Axes, panel: Panel) -> None:
    """Say in the frame itself that, and why, nothing is drawn."""
    if any(curve.points for curve in panel.curves):
        return
    notes = dict.fromkeys(note for curve in panel.curves for note in curve.notes)
    text = "no value: " + ("; ".join(notes) or "no rows")
    axes.text(
        0.5,
        0.5,
        labels.literal(text),
        transform=axes.transAxes,
        ha="center",
        va="center",
        wrap=True,
    )


def _draw_floor(axes: Axes, floor: Line, frame: Frame) -> None:
    colour = style.GREY if floor.slot is None else _colour(floor.slot)
    points = positive(floor.points, frame)
    x = [p.x for p in points]
    low = [frame.clip(p.y if p.lower is None else p.lower) for p in points]
    high = [frame.clip(p.y if p.upper is None else p.upper) for p in points]
    band = style.BAND if floor.slot is None else colour
    alpha = 0.75 if floor.slot is None else 0.18
    axes.fill_between(x, low, high, color=band, alpha=alpha, linewidth=0, zorder=1)
    axes.plot(x, [p.y for p in points], color=colour, linewidth=0.8, zorder=1.1)


def _draw_bound(axes: Axes, line: Line, n: int, frame: Frame) -> str:
    """Draw a bound; return a remark if it lies outside of the frame."""
    points = positive(line.points, frame)
    axes.plot(
        [p.x for p in points],
        [p.y for p in points],
        color="#333333" if line.slot is None else _colour(line.slot),
        linestyle=style.BOUND_PATTERNS[n % len(style.BOUND_PATTERNS)],
        linewidth=1.0,
        zorder=1.5,
    )
    if all(p.y > frame.y[1] for p in points):
        least = min((p.y for p in points), default=0.0)
        return f" (above the frame, from {least:.2g})"
    if all(p.y < frame.y[0] for p in points):
        return " (below the frame)"
    return ""


def _colour(n: int) -> str:
    return style.COLOURS[n % len(style.COLOURS)]


def _look(curve: Curve, rows: int) -> dict[str, Any]:
    """Return colour, marker and pattern: no two curves of a figure share all three."""
    hue = curve.slot if curve.slots > 1 or rows == 1 else curve.row
    n = curve.row * curve.slots + curve.slot
    return {
        "color": _colour(hue),
        "marker": style.MARKERS[n % len(style.MARKERS)],
        "linestyle": style.PATTERNS[n % len(style.PATTERNS)],
        "markerfacecolor": "white" if curve.row % 2 else _colour(hue),
    }


def _draw_curve(axes: Axes, curve: Curve, figure: dict[str, Any], frame: Frame) -> None:
    """Draw points with 95 % bars, upper limits, and the fit or a thin polyline."""
    look = _look(curve, len(figure["rows"]))
    pattern = look.pop("linestyle")
    points = positive(curve.points, frame)
    x, y = [p.x for p in points], [p.y for p in points]
    below = [p.y - frame.clip(p.y if p.lower is None else p.lower) for p in points]
    above = [(p.y if p.upper is None else p.upper) - p.y for p in points]
    bars = [[max(b, 0.0) for b in below], [max(a, 0.0) for a in above]]
    axes.errorbar(
        x, y, bars, linestyle="none", elinewidth=0.8, capsize=2.0, zorder=3, **look
    )
    if curve.rate is not None and curve.rate.prefactor is not None:
        xs, ys = _fitted(curve.rate, frame)
        axes.plot(xs, ys, color=look["color"], linestyle=pattern, zorder=2)
    else:
        axes.plot(x, y, color=look["color"], linestyle=pattern, linewidth=0.7, zorder=2)
    _draw_limits(axes, curve, look["color"], frame)


def _draw_limits(axes: Axes, curve: Curve, colour: str, frame: Frame) -> None:
    """Mark values that a logarithmic axis cannot show by their upper limits."""
    for point in curve.points if frame.log_y else ():
        if point.y <= 0.0 and point.upper is not None and point.upper > 0.0:
            axes.plot(
                [point.x], [point.upper], marker=7, color=colour, zorder=3, ls="none"
            )


def _fitted(rate: Rate, frame: Frame) -> tuple[list[float], list[float]]:
    """Return the fitted power over its points, a little beyond either end."""
    if rate.prefactor is None or rate.exponent is None:
        return [], []
    xs = sampled(rate.span, frame)
    return xs, [rate.prefactor * rate.base(x) ** rate.exponent for x in xs]


def _handles(figure: dict[str, Any], panel: Panel) -> Handles:
    """Return the entries of a panel's legend."""
    entries: Handles = []
    for curve in panel.curves:
        look = _look(curve, len(figure["rows"]))
        text = curve.label + exponent_text(curve.rate, figure["x"])
        if not curve.points:
            note = "; ".join(curve.notes) or "no rows"
            text += labels.literal(f" (no value: {note})")
        entries.append((Line2D([], [], **look), text))
    for floor in panel.floors[:1]:
        line = Line2D([], [], color=style.GREY, linewidth=0.8)
        entries.append(((Patch(color=style.BAND), line), floor.label))
    for n, (_, lines) in enumerate(panel.bounds):
        for bound in lines[:1]:
            pattern = style.BOUND_PATTERNS[n % len(style.BOUND_PATTERNS)]
            line = Line2D([], [], color="#333333", linestyle=pattern)
            entries.append((line, bound.label))
    return entries


def _marked(handles: Handles, remarks: dict[str, str]) -> Handles:
    return [(handle, text + remarks.get(text, "")) for handle, text in handles]


def exponent_text(rate: Rate | None, abscissa: str) -> str:
    r"""Return ":  N^(-0.50 ± 0.02)" in mathtext, or nothing without a fit."""
    if rate is None or rate.exponent is None:
        return ""
    base = base_symbol(rate, abscissa)
    if rate.lower is None or rate.upper is None:
        return rf":  ${base}^{{{rate.exponent:.3g}}}$"
    value, half = plus_minus(rate.exponent, (rate.upper - rate.lower) / 2.0)
    return rf":  ${base}^{{{value} \pm {half}}}$"


def base_symbol(rate: Rate, abscissa: str) -> str:
    """Return the fitted quantity as the inside of a formula."""
    name = labels.symbol(abscissa)
    if rate.logarithmic:
        return rf"(\log {name} / {name})"
    return name if len(name) == 1 else f"({name})"
