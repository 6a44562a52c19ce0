"""The Vlasov equation of the HMF on a grid: mfplug, plain SciPy, and treetensor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import mfplug
from mfplug.meanfield.grid_run import GridRun
from mfplug.meanfield.initial_grid import load
from mfplug.meanfield.phase_grid import PhaseGrid

Array = NDArray[np.float64]
Solve = Callable[[], Array]

TEMPERATURE, AMPLITUDE, P_MAX = 0.4, 0.1, 5.4


def system() -> mfplug.System:
    """Return a homogeneous Maxwellian of the HMF with a wave of a tenth."""
    law = {
        "name": "homogeneous",
        "width": TEMPERATURE**0.5,
        "amplitude": AMPLITUDE,
    }
    potential = {"name": "cosine", "strength": -1.0}
    return mfplug.System(potential=potential, initial=law, box=2 * np.pi)


def grid(positions: int, momenta: int) -> PhaseGrid:
    """Return the grid of the torus and |p| <= P_MAX."""
    spacing = 2 * P_MAX / (momenta - 1)
    return PhaseGrid(
        0.0, 2 * np.pi / positions, positions, -P_MAX, spacing, momenta, True
    )


def ours(
    positions: int, momenta: int, end: float, step: float, order: int = 4
) -> Solve:
    """Return a call that marches to ``end``: cosine moment of rho at each level."""
    where, law = grid(positions, momenta), system().initial
    start = load(law, where)
    levels = np.linspace(0.0, end, round(end / step) + 1)
    wave = np.cos(where.q) * where.q_spacing

    def call() -> Array:
        run = GridRun(system(), where, start.copy(), degree=9, time_order=order)
        return np.array([rho @ wave for rho in run.march(levels)])

    return call


def scipy_spline(positions: int, momenta: int, end: float, step: float) -> Solve:
    """Return the same by Strang's splitting and cubic splines of SciPy's ndimage.

    The fastest of the plain ways that were tried: one call interpolates all lines, in
    compiled code; a loop over ``scipy.interpolate.CubicSpline`` takes longer.
    """
    where, law = grid(positions, momenta), system().initial
    start = load(law, where)
    steps = round(end / step)
    q, p = where.q, where.p
    rows, columns = np.meshgrid(
        np.arange(momenta, dtype=float),
        np.arange(positions, dtype=float),
        indexing="ij",
    )
    wave = np.cos(q) * where.q_spacing * where.p_spacing
    sine = np.sin(q) * where.q_spacing * where.p_spacing

    def drift(f: Array) -> Array:
        at = np.stack([rows, columns - (step / where.q_spacing) * p[:, None]])
        coefficients = ndimage.spline_filter1d(f, 3, axis=1, mode="grid-wrap")
        coefficients = ndimage.spline_filter1d(coefficients, 3, axis=0, mode="mirror")
        return ndimage.map_coordinates(
            coefficients, at, order=3, mode="grid-wrap", prefilter=False
        )

    def kick(f: Array, dt: float) -> Array:
        rho = f.sum(axis=0)
        # phi = -cos: the force is S cos q - C sin q, with the moments S and C of rho.
        force = (rho @ sine) * np.cos(q) - (rho @ wave) * np.sin(q)
        at = np.stack([rows - (dt / where.p_spacing) * force[None, :], columns])
        coefficients = ndimage.spline_filter(f, 3, mode="mirror")
        return ndimage.map_coordinates(
            coefficients, at, order=3, mode="constant", prefilter=False
        )

    def call() -> Array:
        f, found = start, [start.sum(axis=0) @ wave]
        for _ in range(steps):
            f = kick(drift(kick(f, step / 2)), step / 2)
            found.append(f.sum(axis=0) @ wave)
        return np.array(found)

    return call


def treetensor(positions: int, momenta: int, end: float, step: float) -> Solve:
    """Return the same by treetensor: Fourier modes on a full grid, Runge and Kutta.

    Its trees of tensors, with which it takes longer here, stay at an error of 1e-3.
    """
    import ttn

    x = ttn.periodic("x", positions, [0.0, 2 * np.pi])
    v = ttn.periodic("v", momenta, [-P_MAX, P_MAX])
    model = ttn.Model()
    wave = ttn.cosine(x, 1, offset=1.0, amplitude=AMPLITUDE)
    law = ttn.normalized(wave * ttn.gaussian(v, 0.0, TEMPERATURE**0.5), 1.0)
    f = model.state("f", [x, v], initial=law)
    rho = ttn.integrate(f, v)
    cosine = ttn.integrate(ttn.cos(x) * rho, x)
    sine = ttn.integrate(ttn.sin(x) * rho, x)
    force = sine * ttn.cos(x) - cosine * ttn.sin(x)
    motion = -v * ttn.diff(f, x) - force * ttn.diff(f, v)
    group = model.group("kinetic", ttn.ddt(f).eq(motion))
    moment = model.observable("moment", cosine)
    run = ttn.run(model).represent(f, ttn.dense())
    run = run.scheme(ttn.advance(group, ttn.rk4()))
    run = run.time(ttn.fixed_step(step, final_time=end))

    def call() -> Array:
        simulation = run.compile()
        found = [simulation.value(moment)]
        for _ in range(round(end / step)):
            found.append(simulation.advance().value(moment))
        return np.array(found)

    return call
