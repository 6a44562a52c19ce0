"""Solving for the mean field of a system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mfplug.contracts.calls import calling, returned
from mfplug.contracts.meanfield import MeanField
from mfplug.contracts.solver import Solver
from mfplug.contracts.soundness import check_density, check_external, check_nodes
from mfplug.dynamics.simulate import check_times
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.refuse import check_torus
from mfplug.errors import ParameterError
from mfplug.meanfield.field_check import check_field
from mfplug.registry import create, create_from

if TYPE_CHECKING:
    from mfplug.system import System


def solve_mean_field(
    system: System,
    times: Sequence[float],
    solver: str | Solver | dict[str, Any] = "characteristics",
    **options: Any,
) -> MeanField:
    """Solve the Vlasov equation (9) of a system; the result is a force field.

    Parameters
    ----------
    system
        The physical system, with numbers in place of expressions in N. With beta > 0
        the result is the smoothed mean field at N of ``system.at(N)``.
    times
        Increasing times; f_0 holds at the first, the field is defined up to the last.
    solver
        A plugin, its name, or ``{"name": ..., parameter: value}``.
    **options
        Parameters of a solver given by name.

    Returns
    -------
    MeanField
        With ``force``, ``flow``, ``density``, ``score``, ``sample``.

    Raises
    ------
    ParameterError
        If a time or an option is not allowed, or the solver cannot do this system.
    PluginError
        If what the solver returns is no field.
    NumericsError
        If the initial density is negative, or its mass is not 1, or a force is not
        finite.

    Examples
    --------
    >>> import mfplug
    >>> system = mfplug.System(potential={"name": "harmonic", "strength": 2.0},
    ...                        initial={"name": "gaussian", "pp": 0.5})
    >>> field = mfplug.solve_mean_field(system, [0.0, 1.0], solver="harmonic-exact")
    >>> field.force(0.3, [[0.25]]).round(9)
    array([[-0.5]])
    """
    times = check_times(times)
    if isinstance(solver, str):
        chosen = create("solver", solver, **options)
    else:
        chosen = create_from("solver", solver)
        if options:
            raise ParameterError(
                "solver: options are given twice; got a plugin and "
                f"{', '.join(options)}, expected one of them. Put them into the plugin."
            )
    system = _without_beta(system, chosen)
    if system.depends_on_N and not chosen.singular_limit:
        raise ParameterError(
            f"solver '{chosen.name}': a parameter depends on N; expected numbers. "
            "Use system.at(N)."
        )
    if system.box is not None and not chosen.singular_limit:
        check_torus(
            ScaledKernel(system.potential, system.dimension, 1.0, 1.0, system.box)
        )
    check_density(system.initial)
    check_nodes(system.initial)
    if system.external is not None:
        check_external(system.external, system.initial, times[0])
    with calling(chosen, "solve()"):
        try:
            field = chosen.solve(system, times)
        except MemoryError:
            raise ParameterError(
                f"solver '{chosen.name}': it needs more memory than there is; got "
                f"{chosen.to_dict()}, expected a smaller resolution. Take fewer nodes, "
                "a coarser grid or a longer step."
            ) from None
    returned(chosen, "solve()", field, MeanField)
    check_field(field, chosen)
    return field


def _without_beta(system: System, chosen: Solver) -> System:
    """Return the system with phi_N^beta in place of beta, if the solver needs that."""
    if system.beta == 0.0 or chosen.singular_limit:
        return system
    if system.particles is None:
        raise ParameterError(
            f"solver '{chosen.name}': with beta > 0 the mean field depends on N; got "
            f"beta = {system.beta:g} and no N. Use system.at(N), or the solver "
            "'dirac-benney' for the limit."
        )
    return system.smoothed(system.particles)
