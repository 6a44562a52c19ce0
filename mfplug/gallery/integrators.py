"""The picture of an integrator: errors of the pendulum."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mfplug.contracts.integrator import Integrator, State
from mfplug.gallery.common import two_panels
from mfplug.report import style

#: A pendulum that swings widely: H = p^2 / 2 - cos q, from (q, p) = (2, 0).
START, END = 2.0, 4.0
LONG, STEP = 120.0, 0.25


def _force(t: float, q: np.ndarray) -> np.ndarray:
    return -np.sin(q)


def _path(method: Integrator, end: float, steps: int) -> np.ndarray:
    """Return (q, p) after each step, (steps + 1, 2)."""
    dt = end / steps
    state = State(np.full((1, 1, 1), START), np.zeros((1, 1, 1)))
    path = [(START, 0.0)]
    for k in range(steps):
        state = method.step(state, k * dt, dt, _force)
        path.append((float(state.q[0, 0, 0]), float(state.p[0, 0, 0])))
    return np.array(path)


def _exact() -> np.ndarray:
    from scipy.integrate import solve_ivp

    found = solve_ivp(
        lambda t, y: [y[1], -np.sin(y[0])], (0.0, END), [START, 0.0], "DOP853",
        rtol=3e-14, atol=1e-14,
    )  # fmt: skip
    return np.asarray(found.y[:, -1])


def draw(method: Integrator) -> Figure:
    """Draw the error against the step, and the energy error against time."""
    drawing, left, right = two_panels(method, ", pendulum")
    exact = _exact()
    counts = np.array([8, 16, 32, 64, 128, 256])
    errors = [np.abs(_path(method, END, n)[-1] - exact).max() for n in counts]
    steps = END / counts
    left.loglog(
        steps, errors, color=style.COLOURS[0], marker=style.MARKERS[0], label="error"
    )
    if not method.adaptive:
        guide = errors[1] * (steps / steps[1]) ** method.order
        left.loglog(
            steps, 2.5 * guide, color=style.GREY, linestyle=(0, (6, 2)),
            label=f"order {method.order}, as declared",
        )  # fmt: skip
    left.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    left.tick_params(axis="x", which="minor", labelbottom=False)
    left.set_xlabel("step $h$")
    left.set_ylabel(f"error at $t = {END:g}$")
    left.legend(loc="best")
    path = _path(method, LONG, round(LONG / STEP))
    energy = path[:, 1] ** 2 / 2 - np.cos(path[:, 0])
    drift = np.abs(energy[1:] - energy[0])
    times = STEP * np.arange(1, len(path))
    right.semilogy(times, np.maximum(drift, 1e-17), color=style.COLOURS[1])
    right.set_xlabel("time $t$")
    right.set_ylabel(rf"energy error, $h = {STEP:g}$")
    return drawing
