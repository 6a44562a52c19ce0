"""Isotropic clouds in the plane and in space, by expansion in radial functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

if TYPE_CHECKING:
    from mfplug.meanfield.pair_field import PairField
    from mfplug.meanfield.refine import Resolution
    from mfplug.meanfield.spherical_field import SphericalField

Array = NDArray[np.float64]

#: What is taken where nothing is said.
NODES = {2: 32768, 3: 32768}
TERMS = 20
STEP = 0.125
FEWEST_TERMS = 4
MOST_TERMS = 40


@dataclass(frozen=True)
class Spherical(mfplug.Solver):
    r"""The self-consistent field of a cloud that no rotation changes, d = 2 or 3.

    .. math:: \rho_t(q) = \sum_n c_n(t) h_n(|q|), \quad c_n = \sum_k w_k h_n(|q_k|),
              \quad \dot p_k = -\nabla V_t - \sum_n c_n \nabla (\phi * h_n)(q_k)

    Nodes of f_0 move in the force of their density, which is expanded in the radial
    states of the harmonic oscillator. Isotropy leaves three (d = 3) of six dimensions
    of phase space, so that far fewer nodes do than for solver ``characteristics``; the
    functions are smooth, so that the potential may be as sharp as the cut-offs of
    the theorems on singular forces. Time stepping is of order 6 (Kahan and Li 1997).

    ``info`` of the field says its error relative to the largest pair force: ``error``
    is the sum of ``node_error`` (change from half the nodes), ``step_error`` (change
    when the step is halved) and ``truncation_error`` (what the last eighth of the
    functions contributes).

    Notes
    -----
    M. Clutton-Brock, Astrophys. Space Sci. 16 (1972) 101; L. Hernquist and J. P.
    Ostriker, Astrophys. J. 386 (1992) 375.
    """

    name: ClassVar[str] = "spherical"
    order: ClassVar[int] = 6
    conserves: ClassVar[tuple[str, ...]] = ("mass",)

    nodes: int = mfplug.param(0, at_least=0, help="nodes to aim at; 0: by dimension")
    terms: int = mfplug.param(TERMS, at_least=1, help="radial functions, 4 to 40")
    length: float = mfplug.param(
        0.0, at_least=0.0, help="b of the functions; 0: from a run with few nodes"
    )
    step: float = mfplug.param(STEP, above=0.0, help="time step of the nodes")

    def solve(self, system: mfplug.System, times: Sequence[float]) -> PairField:
        """Return the field, with its error in ``info``.

        Raises
        ------
        ParameterError
            If the system is not isotropic, or not in the plane or in space.
        """
        from mfplug.meanfield.march import time_levels
        from mfplug.meanfield.refine import Resolution, solve_with_error
        from mfplug.meanfield.spherical_run import best_length, check_isotropic

        self._check(system)
        check_isotropic(system, (times[0], times[-1]))
        start = Resolution(self.nodes or NODES[system.dimension], self.terms, self.step)
        length = self.length
        if length == 0.0:
            clock = time_levels(times[0], times[-1], self.step)
            length = best_length(system, start.nodes, clock)

        def run(resolution: Resolution) -> SphericalField:
            return self._run(system, times, resolution, length)

        field, found = solve_with_error(
            run, start, lambda f: float(f.info["truncation_error"])
        )
        field.info |= {
            "error": found.total,
            "node_error": found.nodes,
            "step_error": found.step,
            "asked_nodes": start.nodes,
            "asked_terms": start.grid,
            "asked_step": start.step,
        }
        return field

    def _run(
        self,
        system: mfplug.System,
        times: Sequence[float],
        resolution: Resolution,
        length: float,
    ) -> SphericalField:
        from mfplug.meanfield.isotropic_nodes import isotropic_nodes
        from mfplug.meanfield.march import time_levels
        from mfplug.meanfield.spherical_run import march_radial, truncation

        nodes = isotropic_nodes(system.initial, resolution.nodes)
        clock = time_levels(times[0], times[-1], resolution.step)
        arrays, drift, _ = march_radial(system, nodes, clock, resolution.grid, length)
        info = {
            "nodes": len(nodes[2]),
            "terms": resolution.grid,
            "length": length,
            "levels": len(clock.levels),
            "step": clock.step,
            "truncation_error": truncation(arrays),
        }
        return self.restore(system, times, arrays, info | drift)

    def restore(
        self,
        system: mfplug.System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        info: Mapping[str, Any],
    ) -> SphericalField:
        """Return the field from its arrays."""
        from mfplug.meanfield.spherical_field import SphericalField

        step = info["step"] or STEP
        return SphericalField(
            system, times, arrays, solver=self, info=info, flow_step=step
        )

    def _check(self, system: mfplug.System) -> None:
        if system.potential.regularity == "singular":
            raise mfplug.ParameterError(
                "solver 'spherical': it needs a bounded potential; got "
                f"'{system.potential.name}', which is singular. Soften it."
            )
        if not FEWEST_TERMS <= self.terms <= MOST_TERMS:
            raise mfplug.ParameterError(
                f"solver 'spherical': the number of functions is out of range; got "
                f"{self.terms}, expected {FEWEST_TERMS} to {MOST_TERMS}. Change terms."
            )


@mfplug.hookimpl
def mfplug_solvers() -> list[type[mfplug.Solver]]:
    """Return the solver."""
    return [Spherical]
