"""Ticks and limits of logarithmic axes that a reader can use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from mfplug.report.concise import exponent_form

if TYPE_CHECKING:
    from matplotlib.axis import Axis

#: Numbers in this range are written out; beyond it as powers of ten.
WRITTEN = (0.9e-3, 1.1e4)


def log_ticks(low: float, high: float) -> list[float]:
    """Return the labelled ticks between two positive limits.

    Decades where there are at least three (every second or third where there are many),
    else 1, 2 and 5 times the decades, else round steps.

    >>> log_ticks(5.0, 20000.0)
    [10.0, 100.0, 1000.0, 10000.0]
    >>> log_ticks(0.03, 0.7)
    [0.05, 0.1, 0.2, 0.5]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / 7))
    decades = [10.0**e for e in range(first, last + 1) if e % every == 0]
    inside = [t for t in decades if low <= t <= high]
    if len(inside) >= 3:
        return inside
    finer = [float(f"{m}e{e}") for e in range(first, last + 1) for m in (1, 2, 5)]
    inside = [t for t in finer if low <= t <= high]
    return inside if len(inside) >= 3 else _steps(low, high)


def _steps(low: float, high: float) -> list[float]:
    """Return round multiples of one step, three to seven of them."""
    rough = (high - low) / 5.0
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(m * decade for m in (1.0, 2.0, 5.0, 10.0) if m * decade >= rough)
    digits = max(0, 1 - math.floor(math.log10(step)))
    start = math.ceil(low / step)
    return [round(k * step, digits) for k in range(start, math.floor(high / step) + 1)]


def minor_ticks(low: float, high: float) -> list[float]:
    """Return the unlabelled ticks: 2 to 9 times each decade, if there are few decades.

    >>> minor_ticks(0.95, 3.5)
    [1.0, 2.0, 3.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if last - first > 8:
        return []
    fine = [float(f"{m}e{e}") for e in range(first, last + 1) for m in range(1, 10)]
    return [t for t in fine if low <= t <= high]


def tick_text(value: float, written: bool) -> str:
    r"""Return a tick's label: written out, or as a power of ten.

    >>> tick_text(0.05, True), tick_text(1e-5, False), tick_text(2e-5, False)
    ('0.05', '$10^{-5}$', '$2 \\times 10^{-5}$')
    """
    if written:
        return f"{value:.10g}"
    head, _, power = exponent_form(f"{value:.6e}").partition("e")
    head = head.rstrip("0").rstrip(".")
    ten = f"10^{{{power}}}"
    return f"${ten}$" if head == "1" else rf"${head} \times {ten}$"


def set_log_axis(axis: Axis, low: float, high: float, at: Sequence[float] = ()) -> None:
    """Label a logarithmic axis; at the data's own values where these are few.

    Parameters
    ----------
    axis : matplotlib axis
        Its scale is already logarithmic.
    low, high : float
        Its limits.
    at : sequence of float
        Abscissae of the data: with two to eight that lie apart they are the ticks, for
        N = 16, 32, 64 says more than 10^1, 10^2.
    """
    from matplotlib.ticker import FixedFormatter, FixedLocator

    values = sorted(set(at))
    gaps = [math.log(b / a) for a, b in pairwise(values)]
    apart = gaps and min(gaps) > 0.09 * math.log(high / low)
    short = all(len(f"{value:.10g}") <= 6 for value in values)
    ticks = values if apart and short and len(values) <= 8 else log_ticks(low, high)
    written = all(WRITTEN[0] <= t <= WRITTEN[1] for t in ticks)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([tick_text(t, written) for t in ticks]))
    minor = [t for t in minor_ticks(low, high) if t not in ticks]
    axis.set_minor_locator(FixedLocator([] if ticks == values else minor))
    axis.set_minor_formatter(FixedFormatter([]))
