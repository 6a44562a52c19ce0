"""Dashed guides with the predicted slope, laid where they cross no data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfplug.report import labels
from mfplug.report.concise import ratio
from mfplug.report.curves import Curve, Panel, Point
from mfplug.report.rates import Rate
from mfplug.report.scales import Frame, positive, sampled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Parts of the abscissa that a guide may cover, and its factors from the data.
REACHES = ((0.30, 0.80), (0.10, 0.55), (0.45, 0.95))
FACTORS = (1.35, 1.7, 2.3, 3.2, 4.5)
#: Width in inches of a label with its distance, and its height as part of a panel.
LABEL = (0.97, 0.09)
#: Logarithm of the largest factor over which a guide is drawn: numbers end at e^709.
STEEPEST = 200.0
#: Beyond this distance (in logarithms) a guide is as free as can be.
FREE = math.log(1.7)


@dataclass(frozen=True)
class Guide:
    """A line with a predicted slope and its label, in axes of a width in inches."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    label: str
    above: bool
    width: float

    @property
    def rightwards(self) -> bool:
        """Whether the label stands to the right of the middle, off the slope."""
        return (self.y[-1] < self.y[0]) == self.above

    def label_box(self, frame: Frame) -> list[tuple[float, float]]:
        """Return points (x, y) along the far edge of the label, about as wide as it."""
        across = math.log(frame.x[1] / frame.x[0]) * LABEL[0] / self.width
        height = math.log(frame.y[1] / frame.y[0]) * LABEL[1]
        middle = len(self.x) // 2
        side = across if self.rightwards else -across
        y = self.y[middle] * math.exp(height if self.above else -height)
        return [(self.x[middle] * math.exp(side * k / 8), y) for k in range(9)]

    def draw(self, axes: Axes) -> None:
        """Draw the line, its label beside its middle on the side away from the data."""
        axes.plot(self.x, self.y, color="#222222", linewidth=0.7, dashes=(4, 3))
        middle = len(self.x) // 2
        axes.annotate(
            self.label,
            (self.x[middle], self.y[middle]),
            xytext=(3 if self.rightwards else -3, 3 if self.above else -3),
            textcoords="offset points",
            ha="left" if self.rightwards else "right",
            va="bottom" if self.above else "top",
            fontsize=7.5,
            color="#222222",
        )


def guides(panel: Panel, frame: Frame, abscissa: str, width: float) -> list[Guide]:
    """Return one guide for each different predicted exponent of a panel.

    ``width`` is that of its axes, in inches.
    """
    groups: dict[tuple[float, bool], list[Curve]] = {}
    for curve in panel.curves:
        rate = curve.rate
        if rate is not None and rate.predicted is not None and curve.points:
            groups.setdefault((rate.predicted, rate.logarithmic), []).append(curve)
    obstacles = _obstacles(panel, frame)
    found: list[Guide] = []
    for curves in groups.values():
        guide = _best(curves, frame, obstacles, abscissa, width)
        if guide is not None:
            found.append(guide)
            obstacles.append(_interpolated(list(guide.x), list(guide.y)))
    return found


Obstacle = Callable[[float], float | None]


def _obstacles(panel: Panel, frame: Frame) -> list[Obstacle]:
    """Return log ordinate against abscissa for everything that a guide must avoid."""
    lines: list[Sequence[Point]] = [curve.points for curve in panel.curves]
    lines += [line.points for line in panel.floors]
    lines += [line.points for _, several in panel.bounds for line in several]
    found = []
    for points in lines:
        shown = positive(points, frame)
        if len(shown) > 1:
            found.append(_interpolated([p.x for p in shown], [p.y for p in shown]))
    return found


def _interpolated(x: list[float], y: list[float]) -> Obstacle:
    log_x, log_y = np.log(x), np.log(y)

    def at(value: float) -> float | None:
        position = math.log(value)
        if not log_x[0] <= position <= log_x[-1]:
            return None
        return float(np.interp(position, log_x, log_y))

    return at


def _best(
    curves: list[Curve],
    frame: Frame,
    obstacles: list[Obstacle],
    abscissa: str,
    width: float,
) -> Guide | None:
    """Return the guide that keeps furthest from the data and inside the frame."""
    rate = curves[0].rate
    points = [p for curve in curves for p in positive(curve.points, frame)]
    if rate is None or rate.predicted is None or not points:
        return None
    points = [p for p in points if p.x > 1.0 or not rate.logarithmic]
    if len({p.x for p in points}) < 2:
        return None
    logs = [abs(math.log(rate.base(p.x))) for p in points]
    if abs(rate.predicted) * max(logs) > STEEPEST:
        return None
    best: tuple[float, Guide] | None = None
    label = _label(rate, rate.predicted, abscissa)
    for guide, cost in _candidates(rate, rate.predicted, points, frame, label, width):
        score = _score(guide, frame, obstacles) - cost
        if best is None or score > best[0]:
            best = score, guide
    return best[1] if best else None


def _candidates(
    rate: Rate,
    power: float,
    points: list[Point],
    frame: Frame,
    label: str,
    width: float,
) -> Iterator[tuple[Guide, float]]:
    """Yield guides beside the curves they belong to; further ones cost more."""
    levels = [p.y / rate.base(p.x) ** power for p in points]
    low, high = min(p.x for p in points), max(p.x for p in points)
    length = math.log(high / low)
    for start, end in REACHES:
        span = (low * math.exp(start * length), low * math.exp(end * length))
        xs = sampled(span, frame, 41)
        for above in (False, True):
            for factor in FACTORS:
                level = max(levels) * factor if above else min(levels) / factor
                ys = [level * rate.base(x) ** power for x in xs]
                guide = Guide(tuple(xs), tuple(ys), label, above, width)
                yield guide, 0.02 * factor


def _score(guide: Guide, frame: Frame, obstacles: list[Obstacle]) -> float:
    """Return the free distance around a guide, less what it stretches the frame."""
    gap = FREE
    ink = [*zip(guide.x, guide.y, strict=True), *guide.label_box(frame)]
    for obstacle in obstacles:
        for x, y in ink:
            there = obstacle(x)
            if there is not None:
                gap = min(gap, abs(math.log(y) - there))
    heights = [y for _, y in ink]
    above = math.log(max(heights) / frame.y[1])
    below = math.log(frame.y[0] / min(heights))
    left = math.log(frame.x[0] / min(x for x, _ in ink))
    right = math.log(max(x for x, _ in ink) / frame.x[1])
    return gap - 2.0 * max(above, below, 0.0) - 20.0 * max(left, right, 0.0)


def _label(rate: Rate, power: float, abscissa: str) -> str:
    if rate.logarithmic:
        name = labels.symbol(abscissa)
        return rf"predicted $(\log {name}/{name})^{{{ratio(power)}}}$"
    return f"predicted slope ${ratio(power)}$"
