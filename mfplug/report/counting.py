"""A picture of alpha: the sectors of a decomposition, and the certificate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mfplug.errors import ParameterError
from mfplug.inputs import check_target

if TYPE_CHECKING:
    from mfplug.theory.counting import CountingMeasure

SECTORS, LAW, BASE, CERTIFICATE = "#2f6690", "#2f6690", "#9a9a9a", "#b3432b"

#: Particles and occupations up to which the optimal face is searched; masses below the
#: floor are the solver's tolerance.
RANGED, NODES, FLOOR = 60, 1000, 1e-7


def draw_counting(a: CountingMeasure, path: Path) -> None:
    """Draw the sectors c_k, and the certificate over the law of the first cell's count.

    Bars are the range of a sector on the optimal face, for up to 60 particles and 1000
    occupations. With more than two cells the certificate is shown as its conditional
    mean given the count of the first cell.

    Raises
    ------
    ParameterError
        If the file's ending is no format that can be drawn.
    StoreError
        If a folder, a pipe or a device has its name.
    """
    check_target(path)
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.size": 9.0, "axes.spines.top": False}):
        figure = Figure(figsize=(7.2, 2.9), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        _sectors(left, a)
        _certificate(right, a)
        figure.suptitle(
            rf"$\alpha = {a.value:.6g}$, $N = {a.problem.particles}$, "
            rf"between {a.lower:.6g} and {a.upper:.6g}",
            fontsize=9.5,
        )
        try:
            figure.savefig(path, dpi=200)
        except ValueError:
            raise ParameterError(
                f"--plot: unknown format; got '{path.name}', expected a name that "
                "ends in .png, .svg or .pdf. Change it."
            ) from None


def _sectors(axes: Any, a: CountingMeasure) -> None:
    N = a.problem.particles
    k = np.arange(N + 1)
    low, high = a.sectors, a.sectors
    if N <= RANGED and a.problem.law.size <= NODES:
        face = a.sector_ranges()
        low, high = np.minimum(low, face[:, 0]), np.maximum(high, face[:, 1])
        axes.set_title("bars: range on the optimal face", fontsize=8.0)
    # What is smaller is the solver's tolerance.
    seen = high > FLOOR
    bottom = np.maximum(low[seen], 0.1 * FLOOR)
    axes.vlines(k[seen], bottom, high[seen], color=SECTORS, linewidth=4.0, alpha=0.35)
    values = np.where(a.sectors > FLOOR, a.sectors, np.nan)
    axes.plot(k, values, "o", color=SECTORS, markersize=3.5)
    axes.set_yscale("log")
    # Two decades at least, for the sake of the labels.
    least = min(0.3 * float(np.nanmin(values)), 0.02)
    axes.set_ylim(max(FLOOR, least), 2.0)
    top = int(k[seen].max())
    axes.set_xlim(-0.5 - 0.02 * top, top + 0.5 + 0.02 * top)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("bad particles $k$")
    axes.set_ylabel("sector $c_k$")
    axes.spines["right"].set_visible(False)


def _certificate(axes: Any, a: CountingMeasure) -> None:
    problem = a.problem
    first = problem.lattice.occupations[:, 0]
    N = problem.particles
    law = np.bincount(first, problem.law, N + 1)
    base = np.bincount(first, problem.masses[0], N + 1)
    n = np.arange(N + 1)
    axes.plot(n, base, color=BASE, linewidth=1.2, label="independent")
    axes.plot(n, law, color=LAW, linewidth=1.6, label="law $F$")
    axes.set_xlabel("particles in the first cell, $n_1$")
    axes.set_ylabel("probability")
    seen = np.nonzero(law + base > 1e-6 * max(law.max(), base.max()))[0]
    axes.set_xlim(seen[0] - 0.5, seen[-1] + 0.5)
    axes.set_ylim(0.0, 1.35 * max(law.max(), base.max()))
    axes.xaxis.get_major_locator().set_params(integer=True)
    both = problem.law + problem.masses[0]
    weight = np.bincount(first, both, N + 1)
    mean = np.bincount(first, both * a.potential, N + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight > 0, mean / weight, np.nan)
    twin = axes.twinx()
    twin.plot(n[seen], mean[seen], color=CERTIFICATE, linewidth=1.2, linestyle="--")
    # Room for the legend above both.
    bottom, top = float(mean[seen].min()), float(mean[seen].max())
    span = max(top - bottom, 1e-3)
    twin.set_ylim(bottom - 0.05 * span, top + 0.3 * span)
    twin.set_ylabel("certificate $u(n)$", color=CERTIFICATE)
    twin.tick_params(axis="y", colors=CERTIFICATE)
    axes.plot([], [], color=CERTIFICATE, linestyle="--", label="certificate $u$")
    axes.legend(
        frameon=False,
        fontsize=7,
        ncols=3,
        loc="upper center",
        handlelength=1.2,
        columnspacing=0.9,
    )
