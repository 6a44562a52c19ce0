r"""A potential whose range and strength change with N, as (5) of the thesis has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import (
    ParameterError,
    Potential,
    RadialPotential,
    create,
    hookimpl,
    param,
)


@dataclass(frozen=True)
class Scaled(RadialPotential):
    r"""Another radial potential, scaled.

    .. math:: \phi(q) = a\, \phi_0(b q)

    With a = N^beta and b = N^(beta/d), phi / N is the phi_N^beta of (5), so that the
    Vlasov equation of this potential is the smoothed limit at a given N.

    Parameters
    ----------
    base : plugin, optional
        phi_0, a potential of the distance alone; left out it is 0.
    factor : float
        a.
    scale : float
        b > 0.

    Raises
    ------
    ParameterError
        If the base is not radial.

    Notes
    -----
    Regularity is that of the base; sup |grad phi| is a b times and the Lipschitz
    constant of grad phi a b^2 times that of the base.
    """

    name: ClassVar[str] = "scaled"

    base: Potential | None = param(None, help="the potential that is scaled")
    factor: float = param(1.0, help="a, multiplies the energy")
    scale: float = param(1.0, above=0.0, help="b, multiplies the distance")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.base is None:
            object.__setattr__(self, "regularity", "C_b^2")
            return
        if not isinstance(self.base, RadialPotential):
            raise ParameterError(
                "potential 'scaled': its base is not a function of the distance; got "
                f"'{self.base.name}', expected a radial potential. Choose another."
            )
        object.__setattr__(self, "regularity", self.base.regularity)

    def specimen(self, folder: Path) -> Self:
        """Return this one, or a Gaussian with a = b = 2 where there is no base.

        N^(1/2) with N = 4 in d = 1: phi_4^(1/2) of (5), times 4.
        """
        if self.base is not None:
            return self
        base = create("potential", "gaussian")
        return replace(self, base=base, factor=2.0, scale=2.0)

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this potential in d dimensions, the base placed there too."""
        if self.base is None:
            return self
        return replace(self, base=self.base.on(dimension, box))

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a phi_0 as a function of s = r^2, at b^2 s."""
        if not isinstance(self.base, RadialPotential):
            return 0.0 * s
        return self.factor * self.base.profile(self.scale**2 * s)


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Scaled]
