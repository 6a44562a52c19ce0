"""What stands in a legend: each curve with its exponent, floors, bounds."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mfplug.report import labels, style
from mfplug.report.concise import plus_minus
from mfplug.report.curves import Curve, Panel
from mfplug.report.rates import Rate

Handles = list[tuple[Any, str]]

#: Marker of an upper limit: a triangle that hangs from it.
UPPER: Final = 7


def colour(n: int) -> str:
    """Return the n-th colour, beginning again after the last."""
    return style.COLOURS[n % len(style.COLOURS)]


def look(curve: Curve) -> dict[str, Any]:
    """Return colour, marker and pattern: no two curves of a figure share all three."""
    return {
        "color": colour(curve.hue),
        "marker": style.MARKERS[curve.mark % len(style.MARKERS)],
        "linestyle": style.PATTERNS[curve.mark % len(style.PATTERNS)],
        "markerfacecolor": "white" if curve.hollow else colour(curve.hue),
    }


def handles(panel: Panel, abscissa: str) -> Handles:
    """Return the entries of a panel's legend."""
    entries: Handles = []
    for curve in panel.curves:
        text = curve.label + exponent_text(curve.rate, abscissa)
        if not curve.points:
            note = "; ".join(curve.notes) or "no rows"
            text += labels.literal(f" (no value: {note})")
        own = look(curve) | ({"linestyle": "none"} if panel.categories else {})
        entries.append((Line2D([], [], **own), text))
    for floor in panel.floors[:1]:
        line = Line2D([], [], color=style.GREY, linewidth=0.8)
        entries.append(((Patch(color=style.BAND), line), floor.label))
    for n, (_, lines) in enumerate(panel.bounds):
        for bound in lines[:1]:
            pattern = style.BOUND_PATTERNS[n % len(style.BOUND_PATTERNS)]
            line = Line2D([], [], color="#333333", linestyle=pattern)
            if panel.categories:
                line = Line2D([], [], color="#333333", linestyle="none", marker="_")
            entries.append((line, bound.label))
    return entries


def bounded_above(curve: Curve) -> list[tuple[float, float]]:
    """Return (x, upper limit) of the values that a logarithmic axis cannot show."""
    return [
        (p.x, p.upper)
        for p in curve.points
        if p.y <= 0.0 and p.upper is not None and p.upper > 0.0
    ]


def limit_entry() -> tuple[Any, str]:
    """Return the entry that says what the markers of upper limits are."""
    mark = Line2D([], [], color=style.GREY, marker=UPPER, linestyle="none")
    return mark, "upper limit, where the value is not above 0"


def marked(entries: Handles, remarks: dict[str, str]) -> Handles:
    """Return the entries with what is to be said of some of them."""
    return [(handle, text + remarks.get(text, "")) for handle, text in entries]


def exponent_text(rate: Rate | None, abscissa: str) -> str:
    r"""Return ":  N^(-0.50 ± 0.02)" in mathtext, or nothing without a fit."""
    if rate is None or rate.exponent is None:
        return ""
    base = base_symbol(rate, abscissa)
    spread = None
    if rate.lower is not None and rate.upper is not None:
        spread = rate.upper - rate.lower
    # Numbers without noise that are a power to rounding have no spread to speak of.
    if spread is None or spread < 2e-6:
        # Rounded, and no minus before a zero.
        return rf":  ${base}^{{{round(rate.exponent, 5) + 0.0:.3g}}}$"
    value, half = plus_minus(rate.exponent, spread / 2.0)
    return rf":  ${base}^{{{value} \pm {half}}}$"


def base_symbol(rate: Rate, abscissa: str) -> str:
    """Return the fitted quantity as the inside of a formula."""
    name = labels.symbol(abscissa)
    if rate.logarithmic:
        return rf"(\log {name} / {name})"
    return name if name.removeprefix("\\").isalpha() else f"({name})"
