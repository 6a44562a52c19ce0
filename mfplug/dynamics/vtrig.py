"""Sine and cosine that vectorise, for the periodic potentials."""

from __future__ import annotations

import math

from numba import njit

from mfplug.dynamics.vexp import EXACT, MAGIC, bits_of, from_bits

#: pi in three parts of 33 bits and a rest: a multiple of each part below 2^20 is exact.
_PI_1 = 3.1415926534682512
_PI_2 = 1.2154201012607932e-10
_PI_3 = 4.044532497422333e-21
_PI_4 = 1.69568553207378e-31
_INVERSE_PI = 1.0 / math.pi
#: (-1)^n / (2n + 1)!, n = 1, ..., 10: the last term is below 1e-18 at pi / 2.
_S1, _S2, _S3, _S4, _S5, _S6, _S7, _S8, _S9, _S10 = (
    (-1.0) ** n / math.factorial(2 * n + 1) for n in range(1, 11)
)


@njit(**EXACT)
def _half_turn(x: float, multiple: float, shifted: float) -> float:
    """Return (-1)^k sin(x - multiple * pi), k in the low bits of ``shifted``."""
    r = ((x - multiple * _PI_1) - multiple * _PI_2) - multiple * _PI_3
    r -= multiple * _PI_4
    z = r * r
    z2 = z * z
    z4 = z2 * z2
    low = (_S1 + _S2 * z) + (_S3 + _S4 * z) * z2
    high = (_S5 + _S6 * z) + (_S7 + _S8 * z) * z2 + (_S9 + _S10 * z) * z4
    value = r + r * z * (low + high * z4)
    return from_bits(bits_of(value) ^ (bits_of(shifted) << 63))


@njit(**EXACT)
def vsin(x: float) -> float:
    """Return sin(x), to about 2e-16 for abs(x) < 1e6 and 2e-16 abs(x) beyond, to 2^50.

    sin(k pi + r) = (-1)^k sin r, with the Taylor polynomial of degree 21 on
    abs(r) <= pi/2; infinity and NaN give NaN.
    """
    shifted = x * _INVERSE_PI + MAGIC
    return _half_turn(x, shifted - MAGIC, shifted)


@njit(**EXACT)
def vcos(x: float) -> float:
    """Return cos(x), as accurate as :func:`vsin`.

    cos((k + 1/2) pi + r) = (-1)^(k+1) sin r.
    """
    shifted = (x * _INVERSE_PI - 0.5) + MAGIC
    return -_half_turn(x, (shifted - MAGIC) + 0.5, shifted)
