"""Whether a resolution fits into the memory, asked before anything is allocated."""

from __future__ import annotations

from mfplug.contracts.solver import Solver
from mfplug.dynamics.storage import available_memory
from mfplug.errors import ParameterError

#: Arrays of the size of the nodes, or of the grid, that a solver has at once, at least.
ARRAYS = 8


def check_room(solver: Solver, numbers: int, what: str) -> None:
    """Refuse a resolution whose arrays cannot be held.

    Parameters
    ----------
    numbers
        Size of one array.
    what
        The parameter that makes it so large, with its value.

    Raises
    ------
    ParameterError
        If the arrays are larger than the memory that is free.
    """
    need, free = 8.0 * ARRAYS * numbers, available_memory()
    if need > free:
        raise ParameterError(
            f"solver '{solver.name}': {what} needs more memory than there is; got "
            f"{need / 2**30:.3g} GiB, expected at most {free / 2**30:.3g}. Take fewer."
        )
