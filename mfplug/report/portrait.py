"""Pictures of single plugins: a potential with its force, a distribution."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mfplug.contracts.distribution import Distribution
from mfplug.contracts.potential import Potential
from mfplug.errors import MfplugError, ParameterError
from mfplug.report import style
from mfplug.report.files import write_whole

#: The side of the torus of plugins that live on one only.
BOX = 2 * np.pi
ENDINGS = ("png", "svg", "pdf")


def write_portrait(plugin: Any, path: Path) -> Path:
    """Draw a potential or a distribution in one dimension and write the picture.

    Parameters
    ----------
    plugin
        An instance; its parameters stand in the title.
    path
        The file; its ending, png, svg or pdf, decides the format.

    Raises
    ------
    ParameterError
        For another kind of plugin or another ending.
    StoreError
        If the file cannot be written.
    """
    ending = path.suffix.lstrip(".").lower()
    if ending not in ENDINGS:
        raise ParameterError(
            f"plot: the ending is not known; got '{path.name}', expected one of "
            f"{', '.join(ENDINGS)}. Change the name of the file."
        )
    return write_whole(path, portrait(plugin, ending))


def portrait(plugin: Any, ending: str = "png") -> bytes:
    """Return the bytes of a picture of a potential or a distribution."""
    with style.styled():
        if isinstance(plugin, Potential):
            drawing = _potential(plugin)
        elif isinstance(plugin, Distribution):
            drawing = _distribution(plugin)
        else:
            raise ParameterError(
                f"{plugin.kind} '{plugin.name}': there is no picture of it; expected a "
                "potential or a distribution. Leave out --plot."
            )
        return style.save(drawing, ending)


def _place(plugin: Any) -> tuple[Any, float | None]:
    """Return the plugin in one dimension: in free space, else on a torus."""
    try:
        placed = plugin.on(1, None)
        if isinstance(plugin, Potential):
            placed.energy(np.full((1, 1), 0.3))
        return placed, None
    except MfplugError:
        box = getattr(plugin, "box", None) or BOX
        return plugin.on(1, box), box


def _title(plugin: Any, width: int) -> str:
    values = [
        f"{key} = {value:g}" if isinstance(value, float) else f"{key} = {value}"
        for key, value in plugin.parameters().items()
        if isinstance(value, int | float | str) and not isinstance(value, bool)
    ]
    return textwrap.fill(", ".join([f"{plugin.name}", *values]), width)


def _potential(plugin: Potential) -> Figure:
    placed, box = _place(plugin)
    bound, lipschitz = placed.gradient_bound, placed.gradient_lipschitz
    finite = np.isfinite(bound) and np.isfinite(lipschitz) and lipschitz > 0 < bound
    far = 0.5 * box if box else 6 * float(bound / lipschitz) if finite else 3.0
    q = np.linspace(-far, far, 801)[:, None]
    energy, force = placed.energy(q), -placed.gradient(q)[:, 0]
    drawing = Figure(figsize=(2 * style.PANEL_WIDTH, 2.5), layout="constrained")
    left, right = drawing.subplots(1, 2)
    left.plot(q[:, 0], energy, color=style.COLOURS[0])
    left.set_ylabel(r"$\phi(q)$")
    right.plot(q[:, 0], force, color=style.COLOURS[1])
    right.set_ylabel(r"force $-\nabla\phi(q)$")
    if 0 < bound < np.inf:
        for side in (-bound, bound):
            line = right.axhline(side, color=style.GREY, linewidth=0.8, linestyle="--")
        line.set_label(rf"$\pm B$, $B = {bound:.4g}$")
        right.set_ylim(-1.45 * bound, 1.15 * bound)
        right.legend(loc="lower right")
    for axes in (left, right):
        axes.set_xlabel("distance $q$")
    drawing.suptitle(_title(plugin, 90), fontsize=9)
    return drawing


def _distribution(plugin: Distribution) -> Figure:
    placed, box = _place(plugin)
    q, p = placed.sample(np.random.default_rng(0), 4000)
    half = [1.6 * float(np.quantile(np.abs(x - np.median(x)), 0.95)) for x in (q, p)]
    centre = [float(np.median(x)) for x in (q, p)]
    if box is not None:
        centre[0], half[0] = box / 2, box / 2
    axes_q = np.linspace(centre[0] - half[0], centre[0] + half[0], 241)
    axes_p = np.linspace(centre[1] - half[1], centre[1] + half[1], 241)
    mesh = np.meshgrid(axes_q, axes_p, indexing="ij")
    density = placed.density(mesh[0][..., None], mesh[1][..., None])
    drawing = Figure(figsize=(style.PANEL_WIDTH + 0.7, 3.2), layout="constrained")
    axes = drawing.subplots()
    picture = axes.pcolormesh(
        axes_q, axes_p, density.T, cmap="cividis", shading="gouraud", rasterized=True
    )
    drawing.colorbar(picture, ax=axes, label="$f_0(q, p)$")
    axes.set_xlabel("position $q$")
    axes.set_ylabel("momentum $p$")
    axes.set_title(_title(plugin, 50), fontsize=8)
    return drawing
