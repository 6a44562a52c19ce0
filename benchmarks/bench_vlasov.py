"""The Vlasov equation of the HMF on a grid, against plain SciPy cubic splines.

A homogeneous Maxwellian (T = 0.4) with a wave of a tenth, to t = 10. The SciPy code is
what one writes first, made fast: Strang's splitting, all lines interpolated by one
call of `scipy.ndimage.map_coordinates`. The error is that of the magnetisation at all
levels, relative to its largest value, against a grid of 256 x 1024 at order 4 with half
the step; it is measured before the clock starts, and mfplug's is at most 1.1 times
SciPy's. With "the same grid and step" mfplug does the same splitting with polynomials
of degree 9; at "equal error" it takes the cheapest resolution of a list. Both march
the grid only, without a second resolution for an error estimate. treetensor (Fourier
modes in q and p, and the method of Runge and Kutta) is compared at its cheapest
resolution that is stable and right to 1e-7, with mfplug's cheapest that is no worse.
The last cases are the work of mfplug's order 4 against its precision: the error stands
in their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import vlasov_codes as codes
from benchmarks.harness import Case, Settings, Skip

TITLE = "The Vlasov equation on a grid"
OURS, SCIPY, TREE = "mfplug", "SciPy cubic splines", "treetensor"
END = 10.0
#: Positions, momenta and steps of treetensor from cheap to dear, and what is asked.
TREES = ((24, 80, 0.04), (32, 96, 0.025), (48, 128, 0.0125))
TREE_ERROR = 1e-7
#: Vlasov codes that were tried, and why they do not solve this problem.
PEERS = (
    ("vlax1d", "0.1.1 marches the linearised equation of one mode, without a wave"),
    ("spectrax", "0.2.1 is for Maxwell's fields; it takes no pair potential"),
    ("jaxincell", "0.1.1 is for Maxwell's fields by particles; no pair potential"),
    ("struphy", "its dependency pyccel has no wheel, and needs a Fortran compiler"),
)
#: Resolutions from cheap to dear: positions, momenta, step, order.
LADDER = (
    (32, 96, 0.5, 4),
    (48, 128, 0.5, 4),
    (48, 128, 0.25, 4),
    (64, 160, 0.2, 4),
    (128, 256, 0.1, 4),
    (256, 512, 0.1, 4),
)


def cases(settings: Settings) -> Iterator[Case | Skip]:
    """Yield the comparisons."""
    end = 1.0 if settings.small else END
    exact = codes.ours(256, 1024, end, 0.05)()

    def error(found: codes.Array, step: float) -> float:
        at = exact[:: max(1, round(step / 0.05))]
        found = found[:: max(1, round(0.05 / step))]
        if step == 0.04:
            # Both have every fifth of a unit of time.
            at, found = exact[::4], found[::5]
        return float(np.abs(found - at).max() / np.abs(exact).max())

    theirs = codes.scipy_spline(256, 512, end, 0.1)
    allowed = error(theirs(), 0.1)
    same = codes.ours(256, 512, end, 0.1, order=2)
    if error(same(), 0.1) > 1.1 * allowed:
        raise ValueError("mfplug is less precise than SciPy on the same grid")
    steps = end / 0.1 * 256 * 512
    yield Case(
        "256 x 512, the same grid and step",
        {OURS: lambda: _run(same), SCIPY: lambda: _run(theirs)},
        steps,
        "points",
        {SCIPY: 5.0},
    )
    for positions, momenta, step, order in LADDER:
        call = codes.ours(positions, momenta, end, step, order)
        if error(call(), step) <= allowed:
            break
    yield Case(
        f"256 x 512 at equal error: mfplug {positions} x {momenta}, step {step:g}",
        {OURS: lambda: _run(call), SCIPY: lambda: _run(theirs)},
        1.0,
        "solutions",
        {SCIPY: 5.0},
    )
    for positions, momenta, step, order in LADDER:
        yield _precision(end, positions, momenta, step, order, error)
    yield _tree(end, error)
    for peer, reason in PEERS:
        yield Skip("256 x 512", peer, reason)


def _tree(end: float, error: Callable[[codes.Array, float], float]) -> Case | Skip:
    """Return the comparison with treetensor, where it is installed."""
    try:
        for q, p, h in TREES:
            theirs = codes.treetensor(q, p, end, h)
            allowed = error(theirs(), h)
            if allowed <= TREE_ERROR:
                break
        else:
            return Skip("error 1e-7", TREE, f"its error stays at {allowed:.1e}")
    except (ImportError, RuntimeError) as problem:
        return Skip("error 1e-7", TREE, f"{type(problem).__name__}: {problem}")
    for positions, momenta, step, order in LADDER:
        ours = codes.ours(positions, momenta, end, step, order)
        found = error(ours(), step)
        if found <= allowed:
            break
    return Case(
        f"error {allowed:.0e} by {q} x {p}, step {h:g}: mfplug {found:.0e} by "
        f"{positions} x {momenta}, step {step:g}",
        {OURS: lambda: _run(ours), TREE: lambda: _run(theirs)},
        1.0,
        "solutions",
    )


def _run(call: codes.Solve) -> None:
    call()


def _precision(
    end: float, positions: int, momenta: int, step: float, order: int, error
) -> Case:
    call = codes.ours(positions, momenta, end, step, order)
    found = error(call(), step)
    return Case(
        f"order {order}, {positions} x {momenta}, step {step:g}, error {found:.0e}",
        {OURS: lambda: _run(call)},
        1.0,
        "solutions",
    )
