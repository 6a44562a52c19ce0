"""Laws and potentials with the symmetry of the cube: a part of the nodes is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.tracing import is_radial
from mfplug.dynamics.sums.mirrored import MirroredSum, group_order, images
from mfplug.meanfield.march import Clock, Ledger, march
from mfplug.meanfield.splines import MARGIN, spline_coefficients, time_coefficients
from mfplug.meanfield.tabulate import CHECKED, SUM_TOLERANCE, extent

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Nodes whose folded coordinates agree to this many digits are one.
DIGITS = 10


class Folded(NamedTuple):
    """A rule of f_0 folded into one of the 2^d d! parts of phase space.

    Attributes
    ----------
    q, p
        Nodes relative to the centre, shapes (d, M).
    w
        Weights of the nodes with all their images, shape (M,), summing to 1.
    frame
        The centre of f_0 in q and the velocity with which it moves, shape (2, d).
    """

    q: Array
    p: Array
    w: Array
    frame: Array


def fold(system: System, nodes: tuple[Array, Array, Array]) -> Folded | None:
    r"""Return a rule of f_0 for one part of phase space, or None without symmetry.

    Where f_0 about its ``symmetry_centre`` and phi are invariant under the signed
    permutations g of the axes, f_t is so about the centre's free motion. The
    rule is averaged over them: its nodes are folded into one part, nodes that meet
    there are one, and the images of the rest need no computation. The error of the
    averaged rule is at most that of the given one, whose errors of odd functions
    vanish.

    Parameters
    ----------
    nodes
        (q, p, w) of f_0, shapes (M, d), (M, d), (M,).
    """
    d = system.dimension
    centre = system.initial.symmetry_centre()
    if (
        d == 1
        or centre is None
        or system.box is not None
        or system.external is not None
        or not is_radial(system.potential)
    ):
        return None
    q, p = nodes[0] - centre[0], nodes[1] - centre[1]
    scale = 10.0**-DIGITS * max(float(np.abs(q).max()), float(np.abs(p).max()))
    keys = np.stack([np.rint(q / scale), np.rint(p / scale)], axis=-1)
    # The first of (q_a, p_a) that is not 0 becomes positive, then the axes are sorted.
    sign = np.where(keys[..., 0] != 0.0, np.sign(keys[..., 0]), np.sign(keys[..., 1]))
    sign = np.where(sign == 0.0, 1.0, sign)
    keys = keys * sign[..., None]
    order = np.lexsort((keys[..., 1], keys[..., 0]), axis=-1)
    rows = np.arange(len(q))[:, None]
    keys = keys[rows, order].reshape(len(q), 2 * d)
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    w = np.asarray(np.bincount(which.reshape(-1), nodes[2]), dtype=np.float64)
    frame = np.stack([centre[0], centre[1] / system.mass])
    q, p = (np.ascontiguousarray((sign * x)[rows, order][first].T) for x in (q, p))
    return Folded(q, p, w, frame)


def march_folded(
    system: System, folded: Folded, clock: Clock, size: int
) -> tuple[dict[str, Array], dict[str, Any], tuple[Array, Array]]:
    """Return what ``tabulate.march_grid`` returns, for a folded rule.

    ``nodes`` and ``weights`` of the arrays are those of one part of phase space, and
    ``frame`` is the centre and its velocity; the grid moves with it.

    Parameters
    ----------
    folded
        The rule.
    clock
        The levels.
    size
        Grid points an axis.
    """
    q, p, w, frame = folded
    d, order = len(q), group_order(len(q))
    sums = MirroredSum(system.potential, d, SUM_TOLERANCE[d])

    def energy(x: Array) -> float:
        # The first images are the nodes themselves.
        x = np.ascontiguousarray(x[:, : len(w)])
        return float(0.5 * (w * sums.energies(x, w, x)).sum())

    weights = np.tile(w / order, order)
    impulse = system.mass * frame[1][:, None]
    ledger = Ledger(system, weights, energy)
    path = []
    for t, x, momenta in march(system, q, p, clock, lambda x: sums.forces(x, w, x)):
        path.append(x)
        if momenta is not None and len(path) in (1, len(clock.levels)):
            ledger.enter(t, images(x), images(momenta) + impulse)
    nodes = np.stack(path)
    half = _half_side(nodes, w)
    spacing = 2.0 * half / (size - 1 - 2 * MARGIN - 2)
    line, unfold = _wedge(d, size, spacing)
    force = np.stack([unfold(sums.forces(x, w, line)) for x in nodes])
    space = spline_coefficients(force, tuple(range(2, 2 + d)))
    arrays = {
        "levels": clock.levels,
        "grid_low": np.full(d, -0.5 * spacing * (size - 1)),
        "grid_spacing": np.full(d, spacing),
        "coefficients": time_coefficients(clock.levels, space),
        "nodes": nodes,
        "weights": w,
        "frame": frame,
    }
    last = path[-1]
    points = np.ascontiguousarray(last[:, :: max(1, last.shape[1] // CHECKED)])
    exact = sums.direct.forces(images(last), weights, points)
    moved = clock.levels[-1] - clock.levels[0]
    at = points + (frame[0] + moved * frame[1])[:, None]
    return arrays, ledger.drift(), (at, exact)


def _half_side(nodes: Array, w: Array) -> float:
    """Return half the side of the cube that holds the images of nodes (T, d, M)."""
    levels, d, _ = nodes.shape
    line = np.concatenate([nodes, -nodes], axis=1).reshape(levels, 1, -1)
    low, high = extent(line, np.tile(0.5 / d * w, 2 * d))
    return float(max(-low[0], high[0]))


def _wedge(d: int, size: int, spacing: float) -> tuple[Array, Any]:
    """Return the grid points x_1 >= ... >= x_d >= 0, (d, K), and what unfolds forces.

    The second turns forces there, (d, K), into those on the grid of ``size``^d points
    about 0, (d, size, ..., size): F(g x) = g F(x).
    """
    # Twice the index from the middle, so that it is a whole number for any size.
    axis = 2 * np.arange(size) - (size - 1)
    grid = np.stack([x.ravel() for x in np.meshgrid(*[axis] * d, indexing="ij")])
    order = np.argsort(-np.abs(grid), axis=0, kind="stable")
    folded = np.take_along_axis(np.abs(grid), order, axis=0)
    base = size ** np.arange(d)
    _, first, which = np.unique(base @ folded, return_index=True, return_inverse=True)
    points = 0.5 * spacing * folded[:, first]
    place = np.argsort(order, axis=0, kind="stable")
    sign = np.sign(grid)

    def unfold(force: Array) -> Array:
        there = force[:, which.reshape(-1)]
        full = sign * np.take_along_axis(there, place, axis=0)
        return np.asarray(full.reshape(d, *(size,) * d))

    return np.ascontiguousarray(points, dtype=float), unfold
