"""Numbers as they are printed: 0.0765(12), -0.50 ± 0.02, -1/2."""

from __future__ import annotations

import math
from fractions import Fraction

#: Values outside [SMALL, LARGE) are written with a power of ten.
SMALL, LARGE = 1e-3, 1e5


def _decimals(error: float, digits: int) -> int:
    """Return the decimals that show ``digits`` significant digits of an error."""
    decimals = digits - 1 - math.floor(math.log10(error))
    if round(error * 10.0**decimals) >= 10**digits:  # 0.0996 becomes 0.10
        decimals -= 1
    return decimals


def concise(value: float, error: float | None, digits: int = 2) -> str:
    """Write a value with its standard error in the last digits.

    Without an error (or with error 0) six significant digits are written.

    >>> concise(0.07652, 0.00123), concise(-1.234e-6, 5.6e-8), concise(1234.0, 230.0)
    ('0.0765(12)', '-1.234(56)e-6', '1230(230)')
    >>> concise(0.25, None)
    '0.25'
    """
    if not error:
        return exponent_form(f"{value:.6g}")
    size = max(abs(value), error)
    power = 0 if SMALL <= size < LARGE else math.floor(math.log10(size))
    value, error = value / 10.0**power, error / 10.0**power
    decimals = _decimals(error, digits)
    last = round(error * 10.0**decimals)
    if decimals < 0:
        value, last = round(value, decimals), last * 10**-decimals
    head = f"{value:.{max(decimals, 0)}f}({last})"
    return f"{head}e{power}" if power else head


def exponent_form(text: str) -> str:
    """Drop the plus sign and the leading zeros of a printed exponent.

    >>> exponent_form("1.2e-06"), exponent_form("3e+07"), exponent_form("0.5")
    ('1.2e-6', '3e7', '0.5')
    """
    head, mark, power = text.partition("e")
    return f"{head}e{int(power)}" if mark else text


def interval(lower: float, upper: float) -> str:
    """Write an interval with the digits that its width calls for.

    >>> interval(-0.5213, -0.4786)
    '[-0.521, -0.479]'
    """
    width = upper - lower
    size = max(abs(lower), abs(upper))
    if width <= 0.0 or not SMALL <= size < LARGE:
        ends = (exponent_form(f"{end:.4g}") for end in (lower, upper))
    else:
        decimals = min(max(_decimals(width, 2), 0), 9)
        ends = (f"{end:.{decimals}f}" for end in (lower, upper))
    return f"[{', '.join(ends)}]"


def plus_minus(value: float, half_width: float) -> tuple[str, str]:
    """Return a value and its half-width with one digit (two after a leading 1).

    >>> plus_minus(-0.5031, 0.0213), plus_minus(-0.5031, 0.0143)
    (('-0.50', '0.02'), ('-0.503', '0.014'))
    """
    if half_width <= 0.0:
        return f"{value:.4g}", "0"
    digits = 2 if f"{half_width:.1e}".startswith("1") else 1
    decimals = max(_decimals(half_width, digits), 0)
    return f"{value:.{decimals}f}", f"{half_width:.{decimals}f}"


def ratio(value: float) -> str:
    """Write a predicted exponent as a small fraction where it is one.

    >>> ratio(-0.5), ratio(2.0), ratio(-1 / 3), ratio(-0.37)
    ('-1/2', '2', '-1/3', '-0.37')
    """
    near = Fraction(value).limit_denominator(12)
    if abs(float(near) - value) > 1e-9 * max(1.0, abs(value)):
        return f"{value:.4g}"
    return str(near)


def plain(text: str) -> str:
    """Shorten a number written with many digits; any other text is returned as it is.

    >>> plain("0.30000000000000004"), plain("64"), plain("gaussian")
    ('0.3', '64', 'gaussian')
    """
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    return exponent_form(f"{value:.6g}") if len(text) > 7 else text
