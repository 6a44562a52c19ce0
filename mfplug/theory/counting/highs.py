"""HiGHS with the settings of this project: one thread, silent, tight tolerances."""

from __future__ import annotations

from typing import Any


def solver(tolerance: float) -> Any:
    """Return a HiGHS solver with one thread.

    ``small_matrix_value`` is at its smallest, so that multinomial masses down to 1e-12
    count.
    """
    import highspy

    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
        "small_matrix_value": 1e-12,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs
