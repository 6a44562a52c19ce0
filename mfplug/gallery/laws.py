"""Pictures of what is a function: potentials, external potentials, distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mfplug.contracts.distribution import Distribution
from mfplug.contracts.potential import External, Potential
from mfplug.errors import MfplugError
from mfplug.gallery.common import BOX, title, two_panels
from mfplug.report import style

#: Times at which an external potential that depends on time is drawn.
TIMES = (0.0, 0.4, 0.8)


def draw(plugin: Potential | External | Distribution) -> Figure:
    """Draw a potential with its force, or a density."""
    if isinstance(plugin, Potential):
        return _potential(plugin)
    if isinstance(plugin, External):
        return _external(plugin)
    return _distribution(plugin)


def _external(plugin: External) -> Figure:
    q = np.linspace(-4.0, 4.0, 801)[:, None]
    drawing, left, right = two_panels(plugin)
    for k, t in enumerate(TIMES if plugin.time_dependent else TIMES[:1]):
        look = {"color": style.COLOURS[k], "linestyle": style.PATTERNS[k]}
        left.plot(q[:, 0], plugin.energy(q, t), label=f"$t = {t:g}$", **look)
        right.plot(q[:, 0], -plugin.gradient(q, t)[:, 0], **look)
    left.set_ylabel("$V_t(q)$")
    right.set_ylabel(r"force $-\nabla V_t(q)$")
    if plugin.time_dependent:
        drawing.legend(loc="outside right center")
    for axes in (left, right):
        axes.set_xlabel("position $q$")
    return drawing


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


def _potential(plugin: Potential) -> Figure:
    placed, box = _place(plugin)
    bound, lipschitz = placed.gradient_bound, placed.gradient_lipschitz
    finite = np.isfinite(bound) and np.isfinite(lipschitz) and lipschitz > 0 < bound
    far = 0.5 * box if box else 6 * float(bound / lipschitz) if finite else 3.0
    q = np.linspace(-far, far, 801)[:, None]
    energy, force = placed.energy(q), -placed.gradient(q)[:, 0]
    drawing, left, right = two_panels(plugin)
    left.plot(q[:, 0], energy, color=style.COLOURS[0])
    look = {"color": style.GREY, "linestyle": style.PATTERNS[1]}
    parts = {k: v for k, v in placed.parameters().items() if isinstance(v, Potential)}
    for key, part in parts.items():
        left.plot(q[:, 0], part.energy(q), label=f"{key}, {part.name}", **look)
        right.plot(q[:, 0], -part.gradient(q)[:, 0], **look)
    if parts:
        left.legend(loc="best")
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
    axes.set_title(title(plugin, 50), fontsize=8)
    return drawing
