"""The solver `semi-lagrangian`: exact cases, linear theory, the other solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import mfplug
from mfplug import theory
from mfplug.errors import NumericsError, ParameterError
from mfplug.meanfield.advection import Mover
from mfplug.meanfield.convolution import Convolution
from mfplug.meanfield.grid_run import SPLITTINGS, GridRun
from mfplug.meanfield.initial_grid import load
from mfplug.meanfield.phase_grid import PhaseGrid
from mfplug_plugins.solvers import semi_lagrangian

TWO_PI = 2 * np.pi
HMF = {"name": "cosine", "strength": -1.0}
CANONICAL = {"mean_q": 0.4, "mean_p": -0.3, "qq": 0.49, "qp": -0.2, "pp": 0.81}


def solve(system: mfplug.System, end: float, **options: Any) -> Any:
    return mfplug.solve_mean_field(
        system, [0.0, end], solver="semi-lagrangian", **options
    )


def wave(k: float, strength: float, **initial: Any) -> mfplug.System:
    return mfplug.System(
        potential={"name": "cosine", "strength": strength},
        initial={"name": "homogeneous", **initial},
        box=TWO_PI / k,
    )


def amplitude(field: Any, times: np.ndarray) -> np.ndarray:
    """First sine coefficient of the force."""
    q = np.arange(16)[:, None] / 16 * field.system.box
    return np.array(
        [-np.fft.fft(field.force(t, q)[:, 0])[1].imag / 8 for t in times.tolist()]
    )


@pytest.mark.parametrize(("degree", "periodic"), [(3, True), (9, True), (9, False)])
def test_a_shift_is_exact_on_polynomials_and_has_its_order(
    degree: int, periodic: bool
) -> None:
    # Rows: sin is moved with an error of order degree + 1; columns: a Gaussian too.
    errors = []
    for n in (24, 48):
        x = TWO_PI * np.arange(n) / n
        y = np.linspace(-7.0, 7.0, 2 * n)
        f = np.exp(-0.5 * y**2)[:, None] * (2 + np.sin(x))[None, :]
        mover = Mover(f.shape, degree, periodic=True)
        mover.drift(f, np.full(2 * n, 0.37 / (TWO_PI / n)))
        mover.kick(f, np.full(n, -0.23 / (y[1] - y[0])))
        exact = np.exp(-0.5 * (y + 0.23) ** 2)[:, None] * (2 + np.sin(x - 0.37))
        errors.append(np.abs(f - exact).max())
    assert np.log2(errors[0] / errors[1]) > degree - 0.6
    line = np.zeros((1, 40))
    line[0, 14:26] = np.random.default_rng(3).random(12)
    moved = line.copy()
    Mover(line.shape, degree, periodic).drift(moved, np.array([2.4]))
    at = np.arange(40)
    # Mass and, away from an edge, the first moment: Lagrange moves polynomials exactly.
    assert moved.sum() == pytest.approx(line.sum(), rel=1e-14)
    assert (moved @ at)[0] == pytest.approx(
        (line @ at)[0] + 2.4 * line.sum(), rel=1e-13
    )


def test_threads_do_not_change_a_bit() -> None:
    rng = np.random.default_rng(11)
    f = rng.random((300, 230))  # above SHARED
    shifts = rng.normal(scale=3.0, size=300), rng.normal(scale=3.0, size=230)
    results = []
    for threads in (0, 1):
        mover = Mover(f.shape, 9, periodic=True)
        assert mover._threads == 1
        mover._threads = threads
        g = f.copy()
        mover.drift(g, shifts[0])
        mover.kick(g, shifts[1])
        results.append(g.tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("potential", "box"),
    [
        ({"name": "gaussian", "strength": 1.3, "width": 0.6}, None),
        ({"name": "plummer", "strength": -1.4, "softening": 0.35}, None),
        ({"name": "harmonic", "strength": 0.7}, None),
        ({"name": "cosine", "strength": -1.3, "mode": 2}, 9.0),
        ({"name": "gaussian", "strength": 1.3, "width": 0.6}, 9.0),
    ],
)
def test_convolution_is_the_integral(potential: dict[str, Any], box: Any) -> None:
    system = mfplug.System(potential=potential, box=box, initial="gaussian")
    n, length = (64, 9.0) if box else (110, 18.0)
    h = length / n
    q = h * np.arange(n) - (0.0 if box else 9.0)
    centre = 4.0 if box else 0.5

    def rho(x: np.ndarray) -> np.ndarray:
        return np.exp(-((x - centre) ** 2)) / np.sqrt(np.pi)

    y = np.linspace(centre - 7, centre + 7, 4001)
    dx = q[:, None] - y[None, :]
    if box:
        dx = dx - box * np.round(dx / box)
    share = rho(y) * (y[1] - y[0])
    exact = -(system.potential.gradient(dx[..., None])[..., 0] @ share)
    conv = Convolution(system.potential, n, h, box is not None)
    # Kinks of the nearest image at half the box are seen by the tails of rho only.
    assert conv.force(rho(q)) == pytest.approx(exact, abs=2e-8)
    energy = 0.5 * h * rho(q) @ (system.potential.energy(dx[..., None]) @ share)
    assert conv.energy(rho(q)) == pytest.approx(energy, abs=1e-8)


def test_harmonic_gaussian_is_exact() -> None:
    system = mfplug.System(
        potential={"name": "harmonic", "strength": 1.5},
        external={"name": "trap", "strength": 0.8},
        initial={"name": "gaussian", **CANONICAL},
        mass=1.3,
    )
    exact = mfplug.solve_mean_field(system, [0.0, 2.0], solver="harmonic-exact")
    field = solve(system, 2.0)
    rng = np.random.default_rng(5)
    q, p = 0.8 * rng.normal(size=(2, 40, 1))
    for t in (0.0, 0.73, 2.0):
        assert field.force(t, q) == pytest.approx(exact.force(t, q), abs=1e-7)
        density = exact.density(t, q, p)
        assert field.density(t, q, p) == pytest.approx(density, abs=1e-7)
        # Outside of the grid the force is summed over its points.
        far = np.array([[40.0], [-33.0]])
        assert field.force(t, far) == pytest.approx(exact.force(t, far), rel=1e-7)
    slope = exact.force_gradient(0.9, q)
    assert field.force_gradient(0.9, q) == pytest.approx(slope, abs=1e-6)
    assert field.info["error"] < 1e-6
    assert field.info["mass_drift"] < 1e-9


def test_the_grid_carries_what_the_flow_of_its_field_carries() -> None:
    # f on the grid at the end against f_0 traced back along the stored force.
    system = wave(1.0, -1.0, width=0.5, amplitude=0.3)
    field = solve(system, 3.0, step=0.05)
    info = field.info
    low, high = info["p_range"]
    grid = PhaseGrid(
        0.0,
        TWO_PI / info["points_q"],
        info["points_q"],
        low,
        (high - low) / (info["points_p"] - 1),
        info["points_p"],
        True,
    )
    f = load(system.initial, grid)
    run = GridRun(system, grid, f, degree=9, time_order=4)
    *_, rho = run.march(np.linspace(0.0, 3.0, 61))
    assert rho.tobytes() == field.arrays()["density"][-1].tobytes()
    shape = (*f.shape, 1)
    q = np.broadcast_to(grid.q[None, :, None], shape)
    p = np.broadcast_to(grid.p[:, None, None], shape)
    assert f == pytest.approx(field.density(3.0, q, p), abs=3e-5 * f.max())


@pytest.mark.parametrize("order", [2, 4])
def test_declared_order_in_time(order: int) -> None:
    system = wave(1.0, -1.0, width=0.5, amplitude=0.4)
    options = {"points_q": 48, "points_p": 200, "degree": 15, "time_order": order}
    best = solve(system, 4.0, step=0.025, **(options | {"time_order": 4}))
    q = np.linspace(0.0, TWO_PI, 20)[:, None]
    steps, errors = np.array([0.2, 0.1, 0.05]), []
    for step in steps.tolist():
        force = solve(system, 4.0, step=step, **options).force(4.0, q)
        errors.append(np.abs(force - best.force(4.0, q)).max())
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.3)


def test_splittings_are_consistent_and_stay_within_the_step() -> None:
    for kicks, drifts in SPLITTINGS.values():
        assert sum(kicks) == pytest.approx(1.0, abs=1e-15)
        assert sum(drifts) == pytest.approx(1.0, abs=1e-15)
        inside = np.cumsum(drifts)
        assert inside.min() > 0
        assert inside.max() < 1 + 1e-15
        assert kicks == kicks[::-1]


@pytest.mark.parametrize("k", [0.25, 0.35, 0.5])
def test_landau_damping(k: float) -> None:
    system = wave(k, 2 / k**2, amplitude=1e-7)
    field = solve(system, 45.0, step=0.15)
    times = np.linspace(20.0, 45.0, 126)
    found = theory.fit_mode(times, amplitude(field, times))
    exact = theory.landau_frequency(k)
    assert found.frequency.real == pytest.approx(exact.real, rel=1e-6)
    assert found.frequency.imag == pytest.approx(exact.imag, rel=1e-4)


def test_growth_of_streams_and_of_the_magnetisation() -> None:
    field = solve(wave(1.0, -1.0, width=0.4**0.5, amplitude=1e-6), 40.0, step=0.2)
    times = np.linspace(20.0, 40.0, 81)
    rate = theory.fit_mode(times, amplitude(field, times)).frequency.imag
    assert rate == pytest.approx(theory.hmf_growth(0.4), rel=1e-5)
    system = wave(0.2, 50.0, momentum="two-stream", speed=3.0, amplitude=1e-7)
    field = solve(system, 40.0, step=0.2)
    rate = theory.fit_mode(times, amplitude(field, times)).frequency.imag
    assert rate == pytest.approx(theory.two_stream_growth(0.2, 3.0), rel=1e-4)


@pytest.mark.parametrize("half", [0.70, 0.72])
def test_waterbag(half: float) -> None:
    system = wave(1.0, -1.0, momentum="waterbag", width=half, amplitude=1e-5)
    field = solve(system, 70.0, step=0.25, points_q=32, points_p=384, p_max=1.6)
    times = np.linspace(30.0, 70.0, 81)
    exact = theory.mode_frequency(1.0, -1.0, momentum="waterbag", width=half)
    found = theory.fit_mode(times, amplitude(field, times)).frequency
    assert abs(found - exact) < 1e-2 * abs(exact)


def test_two_solvers_agree() -> None:
    system = mfplug.System(
        potential={"name": "gaussian", "strength": 1.2, "width": 0.9},
        initial={"name": "gaussian", **CANONICAL},
        external={"name": "drive", "strength": 0.3, "wavenumber": 1.1},
    )
    ours = solve(system, 1.0, tolerance=1e-6)
    other = mfplug.solve_mean_field(
        system, [0.0, 1.0], solver="characteristics", nodes=3000, step=0.05
    )
    q = np.linspace(-3, 3, 61)[:, None]
    for t in (0.0, 0.37, 1.0):
        assert ours.force(t, q) == pytest.approx(other.force(t, q), abs=1e-7)
    assert ours.info["error"] < 1e-6


def test_a_stored_field_is_the_same_to_the_last_bit() -> None:
    field = solve(wave(1.0, -1.0, width=0.6, amplitude=0.1), 1.0)
    again = field.solver.restore(field.system, field.times, field.arrays(), field.info)
    q = np.linspace(-9, 9, 33)[:, None]
    assert again.force(0.37, q).tobytes() == field.force(0.37, q).tobytes()
    with pytest.raises(ParameterError, match="do not fit each other"):
        field.solver.restore(
            field.system, field.times, field.arrays() | {"axis": np.ones(3)}, field.info
        )


def test_filaments_are_noticed_in_time_and_can_be_smoothed() -> None:
    # exp(i k (q - p t)) passes the shortest wave pi / h at t = pi / (k h).
    system = wave(0.5, 8.0, amplitude=1e-5)
    options = {"points_q": 24, "points_p": 80, "p_max": 10.0}
    crossing = np.pi / (0.5 * 20.0 / 79)
    with pytest.raises(NumericsError, match=r"lost at t = .*points_p") as caught:
        solve(system, 60.0, **options)
    lost = float(str(caught.value).split("t = ")[1].split(";")[0])
    assert 0.6 * crossing < lost < 1.1 * crossing
    # Without a word the wave would come back at twice that time; smoothed it does not.
    times = np.linspace(1.9 * crossing, 2.1 * crossing, 40)
    smooth = amplitude(solve(system, 60.0, filaments="smooth", **options), times)
    first = amplitude(solve(system, 1.0, **options), np.zeros(1))
    assert np.abs(smooth).max() < 1e-2 * np.abs(first).max()
    assert solve(system, 15.0, **options).info["lost_at"] is None
    # With a grid of its own choice the solver refines until it holds the solution.
    assert solve(system, 60.0).info["points_p"] > 80


def test_mass_that_leaves_and_grids_that_widen() -> None:
    system = mfplug.System(
        potential="free", initial={"name": "gaussian", "qq": 0.5, "pp": 0.8}
    )
    with pytest.raises(NumericsError, match=r"leaves the grid in q at t = "):
        solve(system, 2.5, points_q=64)
    field = solve(system, 2.5)
    # Free motion: the variance of q is qq + pp t^2.
    q, rho = field.spatial_density(2.5)
    h = q[1] - q[0]
    assert rho.sum() * h == pytest.approx(1.0, abs=1e-8)
    assert (rho * q**2).sum() * h == pytest.approx(0.5 + 0.8 * 6.25, rel=1e-6)
    narrow = wave(1.0, -1.0, width=0.5, amplitude=0.3)
    with pytest.raises(NumericsError, match="larger p_max"):
        solve(narrow, 1.0, p_max=0.9)


@dataclass(frozen=True)
class Odd(mfplug.Distribution):
    """A density that is ``scale`` times normal, less ``dip`` at large p."""

    name: ClassVar[str] = "odd"
    scale: float = 1.0
    dip: float = 0.0

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Any, Any]:
        x = rng.normal(size=(2, n, 1))
        return x[0], x[1]

    def density(self, q: Any, p: Any) -> Any:
        square = np.sum(np.asarray(q) ** 2 + np.asarray(p) ** 2, axis=-1)
        far = np.exp(-((np.asarray(p)[..., 0] - 3.0) ** 2) * 8)
        return self.scale * np.exp(-0.5 * square) / TWO_PI - self.dip * far


def test_bad_initial_densities() -> None:
    with pytest.raises(NumericsError, match=r"not normalised; got a mass"):
        solve(mfplug.System(initial=Odd(scale=1.25)), 0.5)
    with pytest.raises(NumericsError, match=r"'odd': its density is negative"):
        solve(mfplug.System(initial=Odd(dip=0.01)), 0.5)
    heavy = wave(1.0, -1.0, momentum="lorentz", width=0.5)
    with pytest.raises(NumericsError, match="momentum tails of 'homogeneous'"):
        solve(heavy, 0.5)
    with pytest.raises(NumericsError, match="too coarse"):
        solve(wave(1.0, -1.0, width=0.02), 0.5, points_p=24, p_max=3.0)


@dataclass(frozen=True)
class Singular(mfplug.Potential):
    """-log |q|, for a refusal."""

    name: ClassVar[str] = "singular"
    regularity: ClassVar[str] = "singular"

    def energy(self, dx: Any) -> Any:
        return -np.log(np.abs(dx[..., 0]))

    def gradient(self, dx: Any) -> Any:
        return -1.0 / dx


def test_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="one dimension; got d = 2"):
        solve(mfplug.System(dimension=2), 1.0)
    with pytest.raises(ParameterError, match="needs a smooth potential"):
        solve(mfplug.System(potential=Singular()), 1.0)
    with pytest.raises(ParameterError, match="points_q is not allowed; got 33"):
        solve(mfplug.System(), 1.0, points_q=33)
    with pytest.raises(ParameterError, match="strictly increasing"):
        mfplug.solve_mean_field(
            mfplug.System(), [0.0, 1.0, 1.0], solver="semi-lagrangian"
        )
    bag = wave(1.0, -1.0, momentum="waterbag", width=0.7, amplitude=0.1)
    monkeypatch.setattr(semi_lagrangian, "MOST_POINTS", 700)
    with pytest.raises(NumericsError, match="tolerance is out of reach"):
        solve(bag, 1.0, tolerance=1e-13, step=0.5)
