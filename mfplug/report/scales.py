"""The limits of a panel: data fill it, a far-away bound does not flatten it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mfplug.report.curves import Panel, Point

#: How far, in decades or in spans of the data, a bound may stretch the frame.
STRETCH = 1.0
#: Free space at each end of an axis, as a part of its length.
MARGIN = 0.06


@dataclass(frozen=True)
class Frame:
    """Limits and scales of one pair of axes."""

    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool
    log_y: bool

    def clip(self, y: float) -> float:
        """Return an ordinate that the axis can show: not below its lower end."""
        return max(y, self.y[0]) if self.log_y else y

    def holding(self, values: Iterable[float]) -> Frame:
        """Return the frame widened so that it holds further ordinates."""
        low, high = self.y
        for value in values:
            low, high = min(low, value / 1.05), max(high, value * 1.05)
        return replace(self, y=(low, high))


def positive(points: Sequence[Point], frame: Frame) -> list[Point]:
    """Return the points that the scales can show."""
    return [
        p
        for p in points
        if (p.x > 0.0 or not frame.log_x) and (p.y > 0.0 or not frame.log_y)
    ]


def sampled(span: tuple[float, float], frame: Frame, count: int = 60) -> list[float]:
    """Return abscissae from end to end of a span, evenly spaced on the axis."""
    low, high = span
    if frame.log_x and low > 0.0:
        return [low * (high / low) ** (k / (count - 1)) for k in range(count)]
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def frame_of(panels: list[Panel], log_x: bool, log_y: bool) -> Frame:
    """Return limits that hold all values, error bars and floors of the panels.

    Bounds widen the frame by at most one decade (or once the data's span); lower limits
    near zero do not stretch a logarithmic axis by more than one decade.
    """
    open_frame = Frame((0.0, 1.0), (0.0, 1.0), log_x, log_y)
    points = [p for panel in panels for c in panel.curves for p in c.points]
    floor = [p for panel in panels for line in panel.floors for p in line.points]
    shown = positive(points + floor, open_frame)
    ends = [e for p in points + floor for e in (p.lower, p.upper) if e is not None]
    if log_y:
        least = min((p.y for p in shown), default=0.0) / 10.0
        ends = [e for e in ends if e > 0.0 and e >= least]
    x = _limits([p.x for p in points if p.x > 0.0 or not log_x], log_x)
    y = [p.y for p in shown] + ends
    every = [line for panel in panels for _, lines in panel.bounds for line in lines]
    bounds = [p.y for line in every for p in positive(line.points, open_frame)]
    return Frame(x, _limits(_stretched(y, bounds, log_y), log_y), log_x, log_y)


def _stretched(values: list[float], bounds: list[float], log: bool) -> list[float]:
    """Return the values and as much of the bounds as the frame may stretch to."""
    if not values or not bounds:
        return values or bounds
    low, high = min(values), max(values)
    if log:
        reach = (low / 10.0**STRETCH, high * 10.0**STRETCH)
    else:
        span = (high - low) or abs(high) or 1.0
        reach = (low - STRETCH * span, high + STRETCH * span)
    inside = [b for b in bounds if reach[0] <= b <= reach[1]]
    return values + inside


def _limits(values: list[float], log: bool) -> tuple[float, float]:
    """Return the ends of an axis: the values with a margin."""
    if not values:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = min(values), max(values)
    if log:
        margin = max(math.log(high / low) * MARGIN, 0.12)
        return low * math.exp(-margin), high * math.exp(margin)
    margin = (high - low) * MARGIN or abs(high) * 0.1 or 1.0
    return low - margin, high + margin
