"""The formal limit for beta > 0: the Vlasov-Dirac-Benney equation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

from .characteristics import Characteristics

Array = NDArray[np.float64]

#: The smoothing width is this part of the quartile distance of the positions, and on a
#: torus at most that part of its side; the nodes are as close as it asks for.
WIDTH = {1: 0.15, 2: 0.4, 3: 0.6}
OF_THE_BOX = 1.0 / 24.0
NODES = {1: 40000, 2: 120000, 3: 400000}
#: A hump of the momentum density counts above this part of its largest value.
HUMP = 1e-3


@dataclass(frozen=True)
class DiracBenney(mfplug.Solver):
    r"""Characteristics with the delta function that phi_N^beta tends to, smoothed.

    .. math:: \partial_t f + \frac{p}{m} \cdot \nabla_q f
              - (\nabla V_t + c\,\nabla\rho_t) \cdot \nabla_p f = 0, \quad
              c = \int \phi

    As N grows, N phi_N^beta = N^beta phi(N^(beta/d) .) tends to c times Dirac's delta
    for every 0 < beta < 1, whatever phi (audit, E18). The equation is well-posed only
    where it repels, c > 0, and while the momenta at each place have one hump (Jabin and
    Nouri 2011; Bardos and Besse 2013); other systems are refused. The delta is the
    potential ``dirac``, which is of fourth order in its width, and the solver is
    ``characteristics``. The field's ``info`` has its errors and, as ``width_error``,
    the change of the force at the start from a width larger by sqrt(2), which is three
    times the error of the smaller one at order four.
    """

    name: ClassVar[str] = "dirac-benney"
    order: ClassVar[int] = 6
    conserves: ClassVar[tuple[str, ...]] = ("mass", "momentum")
    singular_limit: ClassVar[bool] = True

    width: float = mfplug.param(
        0.0, at_least=0.0, help="of the smoothed delta; 0: from the initial positions"
    )
    nodes: int = mfplug.param(0, at_least=0, help="as of characteristics")
    grid: int = mfplug.param(0, at_least=0, help="as of characteristics")
    step: float = mfplug.param(0.0, at_least=0.0, help="as of characteristics")

    def solve(self, system: mfplug.System, times: Sequence[float]) -> mfplug.MeanField:
        """Return the field; its system has the smoothed delta as potential."""
        strength = integral(system)
        if not strength > 0.0:
            raise mfplug.ParameterError(
                "solver 'dirac-benney': the limit is ill-posed where it attracts; got "
                f"an integral of the potential of {strength:.4g}, expected a number > "
                "0. Solve at finite N, by system.at(N)."
            )
        _check_humps(system)
        spread = _quartiles(system)
        width = self.width or WIDTH[system.dimension] * float(spread.min())
        if system.box is not None and not self.width:
            width = min(width, OF_THE_BOX * system.box)
        fine, wide = (
            self._smoothed(system, strength, w) for w in (width, math.sqrt(2) * width)
        )
        inner = self._inner(NODES[system.dimension])
        field = inner.solve_as(self.name, fine, times)
        start = inner.solve_as(self.name, wide, times[:1])
        points = field.system.initial.nodes(300)[0]
        now = field.force(times[0], points)
        change = float(np.abs(now - start.force(times[0], points)).max())
        scale = float(np.abs(now).max())
        field.info |= {
            "width": width,
            "width_error": change / scale if scale > 0.0 else 0.0,
        }
        field.solver = self
        return field

    def restore(
        self,
        system: mfplug.System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        info: Mapping[str, Any],
    ) -> mfplug.MeanField:
        """Return the field from its arrays."""
        field = self._inner().restore(system, times, arrays, info)
        field.solver = self
        return field

    def _inner(self, nodes: int = 0) -> Characteristics:
        return Characteristics(
            nodes=self.nodes or nodes, grid=self.grid, step=self.step
        )

    def _smoothed(
        self, system: mfplug.System, strength: float, width: float
    ) -> mfplug.System:
        potential = mfplug.create("potential", "dirac", strength=strength, width=width)
        return replace(system, potential=potential, beta=0.0)


def integral(system: mfplug.System) -> float:
    """Return int phi over all space, by Gauss-Legendre panels in log r.

    Raises
    ------
    ParameterError
        If the potential is not radial, or its integral does not converge.
    """
    d, potential = system.dimension, system.potential
    x, w = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(-30.0, 14.0, 177)
    half = 0.5 * np.diff(edges)
    u = 0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * x
    r = np.exp(u)
    points = np.zeros((*r.shape, d))
    points[..., 0] = r
    sphere = {1: 2.0, 2: 2.0 * math.pi, 3: 4.0 * math.pi}[d]
    with np.errstate(all="ignore"):
        shells = sphere * r**d * potential.energy(points)
    panels = np.sum(half[:, None] * w * shells, axis=1)
    total, tails = float(panels.sum()), np.abs(panels[[0, 1, -2, -1]]).max()
    radial = isinstance(potential, mfplug.RadialPotential)
    if not (radial and np.isfinite(total) and tails <= 1e-9 * np.abs(panels).max()):
        raise mfplug.ParameterError(
            f"solver 'dirac-benney': the potential '{potential.name}' has no integral "
            "over space; got none, expected a radial one that decays faster than "
            f"r^-{d}. Choose another."
        )
    return total


def _quartiles(system: mfplug.System) -> Array:
    q, _ = system.initial.sample(np.random.default_rng(20110101), 4096)
    first, third = np.quantile(q, [0.25, 0.75], axis=0)
    return np.maximum(third - first, 1e-12)


def _check_humps(system: mfplug.System) -> None:
    """Refuse momenta with two humps, looked for along lines through points of f_0."""
    law, d = system.initial, system.dimension
    q, p = law.sample(np.random.default_rng(20110101), 4096)
    low, middle, high = np.quantile(p, [0.005, 0.5, 0.995], axis=0)
    for axis in range(d):
        line = np.linspace(low[axis], high[axis], 201)
        momenta = np.tile(middle, (len(line), 1))
        momenta[:, axis] = line
        for place in np.quantile(q, [0.25, 0.5, 0.75], axis=0):
            f = law.density(np.broadcast_to(place, momenta.shape), momenta)
            # Down, then up again, by more than a small part of the height.
            depth = np.minimum(
                np.maximum.accumulate(f), np.maximum.accumulate(f[::-1])[::-1]
            )
            if np.any(depth - f > HUMP * f.max()):
                raise mfplug.ParameterError(
                    "solver 'dirac-benney': the limit is ill-posed for momenta with "
                    f"two humps; got '{law.name}', expected one hump at each place. "
                    "Solve at finite N, by system.at(N)."
                )


@mfplug.hookimpl
def mfplug_solvers() -> list[type[mfplug.Solver]]:
    """Return the solver."""
    return [DiracBenney]
