r"""Inverse powers of the distance with a cut-off, the logarithm among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Power(RadialPotential):
    r"""Inverse power with a cut-off, the family of the theorems on singular forces.

    .. math:: \phi(q) = A (|q|^2 + c^2)^{-a/2} \quad (a \ne 0), \qquad
              \phi(q) = -A \log \sqrt{|q|^2 + c^2} \quad (a = 0)

    The force falls as r^-(a + 1): ``exponent`` a = lambda - 1 for a force |q|^-lambda.
    For a >= 0 positive ``strength`` repels; for -1 <= a < 0 it attracts, because phi
    then grows with r.

    Parameters
    ----------
    strength : float
        A.
    exponent : float
        a >= -1; below -1 the force would grow without bound at infinity.
    cutoff : float
        c > 0, length; may depend on N, written ``{times: a, N: b}``. Boers and Pickl
        (J. Stat. Phys. 164 (2016) 1) take c = N^(-1/3) and lambda < 2 in three
        dimensions.

    Notes
    -----
    grad phi = -A a q (r^2 + c^2)^(-a/2 - 1), with the factor a replaced by 1 for a = 0.
    Its Lipschitz constant is |A a| c^(-a - 2), taken at r = 0. For a >= 0 its supremum
    is taken at r = c / sqrt(a + 1); for a = -1 it is |A|, approached at infinity. For
    a > 0 the potential is C_b^2; for a <= 0 it is itself unbounded, and grad phi
    bounded and Lipschitz, which is all that the bounds of the thesis use.
    """

    name: ClassVar[str] = "power"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A; positive repels for exponents >= 0")
    exponent: float = param(
        1.0, at_least=-1.0, help="a, the force falls as r^-(a+1); 0 is the logarithm"
    )
    cutoff: float = param(1.0, above=0.0, may_depend_on_N=True, help="c, length")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exponent <= 0.0:
            # The one fact that depends on a parameter: phi is unbounded at infinity.
            object.__setattr__(self, "regularity", "Lipschitz")

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A (s + c^2)^(-a/2), or -A log(s + c^2) / 2 for a = 0; s = r^2."""
        root = s + self.cutoff**2
        if self.exponent == 0.0:
            return -0.5 * self.strength * np.log(root)
        return self.strength * root ** (-0.5 * self.exponent)


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Power]
