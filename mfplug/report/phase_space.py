"""Pictures of phase space: f_t of a mean field in one dimension, panel by panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.meanfield import MeanField
from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

#: Cells on each axis of a panel, points in a cell on each axis, and the part of the
#: mass that may lie outside a panel on each side.
POINTS = 320
FINE = 2
TAIL = 2e-3
#: Nodes of f_0 that show where the mass goes.
NODES = 4096
#: White is 0, and dark is dense: it prints, and it is read without colours too.
COLOURS = ("#ffffff", "#c6dbef", "#5aa0cd", "#1c5fa8", "#0b2a5b")
PANELS_A_ROW = 3


def phase_space_density(
    field: MeanField, times: Sequence[float], points: int = POINTS
) -> tuple[Array, Array, Array]:
    """Return (q, p, f): f_t on the cells of a grid of phase space at each time.

    f_t is traced back to f_0, at four points of every cell, so a picture is as sharp as
    its grid, however fine the filaments are. On the torus q covers the box; else q and
    p cover all but a small part of the mass at all of the times.

    Parameters
    ----------
    field
        A mean field with d = 1.
    times
        Within the field's interval.
    points
        Cells on each axis.

    Returns
    -------
    q, p, f
        Shapes (points,), (points,) and (len(times), points, points), f[k, i, j] at
        p_i and q_j.

    Raises
    ------
    ParameterError
        If d is not 1, or no time is given.
    """
    if field.system.dimension != 1 or not times:
        raise ParameterError(
            "picture: it is drawn for one dimension and at least one time; got d = "
            f"{field.system.dimension} and {len(times)} times. Use a marginal of "
            "field.sample in more dimensions."
        )
    a, b, w = field.system.initial.nodes(NODES)
    clouds = [field.flow(a, b, field.times[0], t) for t in times]
    ends = [_range([cloud[k][:, 0] for cloud in clouds], w) for k in (0, 1)]
    if field.system.box is not None:
        ends[0] = 0.0, field.system.box
    fine = [
        low + (high - low) * (np.arange(FINE * points) + 0.5) / (FINE * points)
        for low, high in ends
    ]
    grid = np.stack(np.meshgrid(*fine, indexing="xy"), axis=-1)
    f = np.stack([field.density(t, grid[..., :1], grid[..., 1:]) for t in times])
    cells = f.reshape(len(times), points, FINE, points, FINE).mean(axis=(2, 4))
    q, p = (x.reshape(points, FINE).mean(axis=1) for x in fine)
    return q, p, cells


def _range(clouds: list[Array], w: Array) -> tuple[float, float]:
    """Return what holds all but a tail of the mass on each side, in all clouds."""
    lows, highs = [], []
    for x in clouds:
        order = np.argsort(x, kind="stable")
        at = np.searchsorted(np.cumsum(w[order]), [TAIL, 1.0 - TAIL])
        low, high = x[order[np.minimum(at, x.size - 1)]]
        margin = 0.15 * (high - low)
        lows.append(float(low - margin))
        highs.append(float(high + margin))
    return min(lows), max(highs)


def phase_space_figure(
    field: MeanField, times: Sequence[float], points: int = POINTS
) -> Figure:
    """Return a figure with a panel of f_t for each time, on one scale of colours.

    Parameters and errors as of :func:`phase_space_density`.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    from mfplug.report.style import THIRD_WIDTH, styled

    q, p, f = phase_space_density(field, times, points)
    columns = min(PANELS_A_ROW, len(times))
    rows = -(-len(times) // columns)
    with styled():
        figure = Figure(
            figsize=(THIRD_WIDTH * columns + 0.7, 0.9 * THIRD_WIDTH * rows + 0.3),
            layout="constrained",
        )
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        colours = LinearSegmentedColormap.from_list("density", COLOURS)
        for k, panel in enumerate(axes.flat):
            if k >= len(times):
                panel.set_visible(False)
                continue
            # Rasterised: as vectors a panel would be a hundred thousand squares.
            image = panel.pcolormesh(
                q, p, f[k], cmap=colours, vmin=0.0, vmax=f.max(), rasterized=True
            )
            panel.set_title(f"$t = {times[k]:g}$")
            if k + columns >= len(times):
                panel.set_xlabel("position $q$")
                panel.tick_params(labelbottom=True)
            if k % columns == 0:
                panel.set_ylabel("momentum $p$")
        bar = figure.colorbar(image, ax=axes, aspect=30 * rows / 1.6, pad=0.02)
        bar.set_label("density $f_t$")
        bar.outline.set_linewidth(0.6)
    return figure
