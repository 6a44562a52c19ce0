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
#: (sin(r) / r - 1) / r^2 as a polynomial in r^2 up to (pi / 2)^2, interpolated at eight
#: Chebyshev nodes: relative error of the sine 3.7e-17.
_S1, _S2 = -0.16666666666666666, 0.008333333333333316
_S3, _S4 = -0.00019841269841254885, 2.7557319219139183e-06
_S5, _S6 = -2.505210761393476e-08, 1.6058977114074673e-10
_S7, _S8 = -7.643963965925357e-13, 2.731365867494017e-15


@njit(**EXACT)
def _half_turn(x: float, multiple: float, shifted: float) -> float:
    """Return (-1)^k sin(x - multiple * pi), k in the low bits of ``shifted``."""
    r = ((x - multiple * _PI_1) - multiple * _PI_2) - multiple * _PI_3
    r -= multiple * _PI_4
    z = r * r
    tail = _S5 + z * (_S6 + z * (_S7 + z * _S8))
    tail = _S1 + z * (_S2 + z * (_S3 + z * (_S4 + z * tail)))
    value = r + r * z * tail
    return from_bits(bits_of(value) ^ (bits_of(shifted) << 63))


@njit(**EXACT)
def vsin(x: float) -> float:
    """Return sin(x), to about 2e-16 for abs(x) < 1e6 and 2e-16 abs(x) beyond, to 2^50.

    sin(k pi + r) = (-1)^k sin r, with a polynomial of degree 17 on
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
