"""The picture of a solver: its force in space and time, and the density at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mfplug.contracts.meanfield import MeanField
from mfplug.contracts.solver import Solver
from mfplug.errors import NumericsError, ParameterError
from mfplug.gallery.common import two_panels
from mfplug.system import System

Array = NDArray[np.float64]

END = 3.0
GRID = 111


def _systems() -> list[tuple[str, dict[str, Any]]]:
    """Return systems with what they are called: the first that is taken is drawn."""
    bell = {"name": "gaussian", "strength": 1.5, "width": 0.7}
    law = {"name": "gaussian", "qq": 0.25, "pp": 0.1}
    spring = {"name": "harmonic", "strength": 0.7}
    wide = {"name": "gaussian", "mean_q": 0.6, "qq": 0.5, "pp": 0.1}
    return [
        ("gaussian potential", {"potential": bell, "initial": law}),
        ("gaussian potential, beta = 0.5",
         {"potential": bell, "initial": law, "beta": 0.5}),
        ("harmonic potential", {"potential": spring, "initial": wide}),
        ("gaussian potential, in the plane along an axis",
         {"potential": bell, "initial": law, "dimension": 2}),
    ]  # fmt: skip


def _solved(solver: Solver) -> tuple[str, MeanField]:
    refusal = ""
    for said, parts in _systems():
        try:
            return said, solver.solve(System(**parts), (0.0, END))
        except (ParameterError, NumericsError) as error:
            refusal = refusal or str(error)
    raise ParameterError(
        f"solver '{solver.name}': no picture; it takes none of the systems drawn "
        f"({refusal}). Leave out --plot."
    )


def _on_axis(values: Array, dimension: int) -> Array:
    """Return points with these first coordinates, shape (..., d); the others are 0."""
    points = np.zeros((*values.shape, dimension))
    points[..., 0] = values
    return points


def _image(
    drawing: Any, axes: Any, x: Any, y: Any, z: Any, cmap: str, **kw: Any
) -> None:
    picture = axes.pcolormesh(
        x, y, z, cmap=cmap, shading="gouraud", rasterized=True, **kw
    )
    drawing.colorbar(picture, ax=axes)


def draw(solver: Solver) -> Figure:
    """Draw K(t, q) and f_t at the end, in more dimensions along the first axis."""
    said, field = _solved(solver)
    d = field.system.dimension
    drawing, left, right = two_panels(solver, f", {said}")
    x, p, w = field.system.initial.nodes(600)
    x1, p1 = field.flow(x, p, 0.0, END)
    spans = []
    for values in (x1[:, 0], p1[:, 0]):
        mean = float(w @ values)
        spans.append((mean, 3.2 * float(np.sqrt(w @ (values - mean) ** 2))))
    t = np.linspace(0.0, END, 61)
    q = np.linspace(spans[0][0] - spans[0][1], spans[0][0] + spans[0][1], GRID)
    force = np.array([field.force(time, _on_axis(q, d))[:, 0] for time in t])
    limit = float(np.abs(force).max())
    _image(drawing, left, t, q, force.T, "RdBu_r", vmin=-limit, vmax=limit)
    left.set_xlabel("time $t$")
    left.set_ylabel("position $q$")
    left.set_title("force $K(t, q)$", fontsize=9)
    momenta = np.linspace(spans[1][0] - spans[1][1], spans[1][0] + spans[1][1], GRID)
    mesh = np.meshgrid(q, momenta, indexing="ij")
    density = field.density(END, *(_on_axis(axis, d) for axis in mesh))
    _image(drawing, right, q, momenta, density.T, "cividis")
    right.set_xlabel("position $q$")
    right.set_ylabel("momentum $p$")
    right.set_title(f"$f_t(q, p)$ at $t = {END:g}$", fontsize=9)
    return drawing
