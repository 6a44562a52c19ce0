"""Drawing panels of curves: one look for every figure of every study."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mfplug.errors import StoreError
from mfplug.report import labels, layout, style
from mfplug.report.curves import Curve, Line, Panel
from mfplug.report.figures import SCALES
from mfplug.report.guides import Guide, guides
from mfplug.report.legend import (
    UPPER,
    bounded_above,
    colour,
    handles,
    limit_entry,
    look,
    marked,
)
from mfplug.report.rates import Rate
from mfplug.report.scales import Frame, frame_of, positive, sampled
from mfplug.report.ticks import set_log_axis


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
        entries = [handles(panel, figure["x"]) for panel in panels]
        if SCALES[figure.get("scale", "loglog")][1] and any(
            bounded_above(curve) for panel in panels for curve in panel.curves
        ):
            # In every panel, so that panels with one legend keep sharing it.
            entries = [[*several, limit_entry()] for several in entries]
        texts = [[text for _, text in several] for several in entries]
        plan = layout.plan(texts, any(panel.title for panel in panels))
        drawing = Figure(figsize=plan.size)
        width = plan.boxes[0][2] * plan.size[0]
        frames = _frames(panels, figure, width)
        remarks: dict[str, str] = {}
        for n, (panel, frame) in enumerate(zip(panels, frames, strict=True)):
            axes = drawing.add_axes(plan.boxes[n])
            shown = _draw_panel(axes, panel, *frame)
            axes.set_title(panel.title, pad=4.0)
            axes.set_xlabel(figure.get("xlabel", labels.axis_label(figure["x"])))
            axes.set_ylabel(panel.ylabel)
            remarks |= shown
            if not plan.shared:
                layout.place_legend(axes, plan, marked(entries[n], shown))
        if plan.shared:
            # Beneath the first panel of the last row, where the room for it is.
            first = drawing.axes[_first_of_last_row(plan.boxes)]
            layout.place_legend(first, plan, marked(entries[0], remarks))
        layout.shrink_to_fit(drawing, plan)
    return drawing


def _first_of_last_row(boxes: list[tuple[float, float, float, float]]) -> int:
    lowest = min(box[1] for box in boxes)
    return next(n for n, box in enumerate(boxes) if box[1] == lowest)


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
    panels: list[Panel], figure: dict[str, Any], width: float
) -> list[tuple[Frame, list[Guide]]]:
    """Return each panel's limits and guides; panels of one quantity share limits."""
    log_x, log_y = SCALES[figure.get("scale", "loglog")]
    scales = (log_x and not panels[0].categories, log_y)
    apart = figure.get("panel") == "metric" or isinstance(figure.get("ylabel"), list)
    groups = [[panel] for panel in panels] if apart else [panels]
    found = []
    for group in groups:
        frame = frame_of(group, *scales)
        added = [
            guides(panel, frame, figure["x"], width) if all(scales) else []
            for panel in group
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
    axes: Axes, panel: Panel, frame: Frame, added: list[Guide]
) -> dict[str, str]:
    """Draw one panel; return remarks on bounds outside of the frame, by label."""
    if frame.log_x:
        axes.set_xscale("log")
    if frame.log_y:
        axes.set_yscale("log")
    axes.set_xlim(*frame.x)
    axes.set_ylim(*frame.y)
    for floor in panel.floors:
        _draw_floor(axes, floor, frame, bool(panel.categories))
    remarks = {}
    for n, (_, lines) in enumerate(panel.bounds):
        for line in lines:
            remarks[line.label] = _draw_bound(
                axes, line, n, frame, bool(panel.categories)
            )
    for guide in added:
        guide.draw(axes)
    for curve in panel.curves:
        _draw_curve(axes, curve, frame, bool(panel.categories))
    _empty_note(axes, panel)
    if panel.categories:
        axes.set_xlim(-0.5, len(panel.categories) - 0.5)
        axes.set_xticks(range(len(panel.categories)))
        axes.set_xticklabels([labels.literal(word) for word in panel.categories])
    if not (frame.log_x or panel.categories) and _whole(panel):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if frame.log_x:
        at = [p.x for c in panel.curves for p in c.points if p.x > 0]
        set_log_axis(axes.xaxis, *frame.x, at)
    if frame.log_y:
        set_log_axis(axes.yaxis, *frame.y)
    return remarks


def _whole(panel: Panel) -> bool:
    """Return whether all abscissae are integers, such as counts of particles."""
    return all(p.x.is_integer() for curve in panel.curves for p in curve.points)


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


def _draw_floor(axes: Axes, floor: Line, frame: Frame, words: bool) -> None:
    ink = style.GREY if floor.hue is None else colour(floor.hue)
    points = positive(floor.points, frame)
    x = [p.x for p in points]
    low = [frame.clip(p.y if p.lower is None else p.lower) for p in points]
    high = [frame.clip(p.y if p.upper is None else p.upper) for p in points]
    band = style.BAND if floor.hue is None else ink
    alpha = 0.75 if floor.hue is None else 0.18
    if words:
        axes.vlines(x, low, high, color=style.BAND, linewidth=7.0, zorder=1)
        return
    axes.fill_between(x, low, high, color=band, alpha=alpha, linewidth=0, zorder=1)
    axes.plot(x, [p.y for p in points], color=ink, linewidth=0.8, zorder=1.1)


def _draw_bound(axes: Axes, line: Line, n: int, frame: Frame, words: bool) -> str:
    """Draw a bound; return a remark if it lies outside of the frame."""
    points = positive(line.points, frame)
    pattern = style.BOUND_PATTERNS[n % len(style.BOUND_PATTERNS)]
    axes.plot(
        [p.x for p in points],
        [p.y for p in points],
        color="#333333" if line.hue is None else colour(line.hue),
        linestyle="none" if words else pattern,
        marker="_" if words else "",
        markersize=11.0,
        linewidth=1.0,
        zorder=1.5,
    )
    if all(p.y > frame.y[1] for p in points):
        least = min((p.y for p in points), default=0.0)
        return f" (above the frame, from {least:.2g})"
    if all(p.y < frame.y[0] for p in points):
        return " (below the frame)"
    return ""


def _draw_curve(axes: Axes, curve: Curve, frame: Frame, words: bool) -> None:
    """Draw points with 95 % bars, upper limits, and the fit or a thin polyline."""
    drawn = look(curve)
    pattern = drawn.pop("linestyle")
    points = positive(curve.points, frame)
    x, y = [p.x for p in points], [p.y for p in points]
    below = [p.y - frame.clip(p.y if p.lower is None else p.lower) for p in points]
    above = [(p.y if p.upper is None else p.upper) - p.y for p in points]
    bars = [[max(b, 0.0) for b in below], [max(a, 0.0) for a in above]]
    axes.errorbar(
        x, y, bars, linestyle="none", elinewidth=0.8, capsize=2.0, zorder=3, **drawn
    )
    if curve.rate is not None and curve.rate.prefactor is not None:
        xs, ys = _fitted(curve.rate, frame)
        axes.plot(xs, ys, color=drawn["color"], linestyle=pattern, zorder=2)
    elif not words:
        axes.plot(
            x, y, color=drawn["color"], linestyle=pattern, linewidth=0.7, zorder=2
        )
    _draw_limits(axes, curve, drawn["color"], frame)


def _draw_limits(axes: Axes, curve: Curve, colour: str, frame: Frame) -> None:
    """Mark values that a logarithmic axis cannot show by their upper limits."""
    for x, upper in bounded_above(curve) if frame.log_y else ():
        axes.plot([x], [upper], marker=UPPER, color=colour, zorder=3, ls="none")


def _fitted(rate: Rate, frame: Frame) -> tuple[list[float], list[float]]:
    """Return the fitted power over its points, a little beyond either end."""
    if rate.prefactor is None or rate.exponent is None:
        return [], []
    xs = sampled(rate.span, frame)
    return xs, [rate.prefactor * rate.base(x) ** rate.exponent for x in xs]
