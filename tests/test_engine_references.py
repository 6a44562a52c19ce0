"""The engine beside codes of other people, and with a mass that is not 1."""

from __future__ import annotations

import numpy as np
import pytest

import mfplug
from mfplug import Distribution
from mfplug.dynamics.forces import Forces
from mfplug.theory.harmonic import harmonic_law

MASS = 1.7


class Sheets(Distribution):
    """Five sheets at given places."""

    name = "sheets"

    def sample(self, rng, n):
        """Return the given points."""
        q = np.array([-0.9, -0.35, 0.1, 0.62, 1.3])
        p = np.array([0.3, -0.2, 0.45, -0.5, 0.1])
        return q[:, None], p[:, None]

    def density(self, q, p):
        """Not used."""
        raise NotImplementedError


#: wendy 0.2, which takes every crossing exactly: nbody(q, p, masses 1/5, dt 0.5,
#: twopiG=1) at t = 3; sheets in the order of their places at the start.
WENDY_Q = (
    1.216584882615601,
    0.8552186756584723,
    0.1653825154921129,
    -0.1935375181544894,
    -0.8236485556116968,
)
WENDY_P = (
    0.0006772762860856,
    0.4470105439702975,
    -0.3583587217401212,
    0.507326648811355,
    -0.4466557473276171,
)


@pytest.mark.parametrize(("cutoff", "step"), [(1e-2, 5e-4), (1e-4, 2e-5)])
def test_gravity_on_the_line_is_that_of_wendy(cutoff, step):
    """|q| made smooth over a length: the error falls with it."""
    system = mfplug.System(
        potential={"name": "power", "exponent": -1.0, "cutoff": cutoff},
        initial=Sheets(),
    )
    e = mfplug.simulate(system, 5, times=[0.0, 3.0], step=step)
    assert np.abs(e.q[1, 0, :, 0] - WENDY_Q).max() < 2 * cutoff
    assert np.abs(e.p[1, 0, :, 0] - WENDY_P).max() < 2 * cutoff
    # All five have changed places, so forces have changed sign many times.
    assert np.array_equal(np.argsort(e.q[1, 0, :, 0]), [4, 3, 2, 1, 0])


#: pytreegrav 1.5.0, Accel(..., softening 0, G=1, method="bruteforce"): particles 0, 7
#: and 39 of 40 with masses 1/40 at default_rng(20).normal(size=(40, 3)).
PYTREEGRAV = (
    (0.0245277428810267, -0.0694455874937494, -0.0888509106167802),
    (-0.0945825075350547, 0.1008961788781267, -0.0121546968352502),
    (-0.1251005762810137, -0.0464871137221624, 0.0458743648578836),
)


def test_plummer_forces_are_those_of_pytreegrav():
    """Its softening is another one, so both go without: 1e-9 is below rounding."""
    x = np.random.default_rng(20).normal(size=(40, 3))
    potential = {"name": "plummer", "strength": -1.0, "softening": 1e-9}
    system = mfplug.System(dimension=3, potential=potential)
    force = Forces(system, 40)(0.0, np.ascontiguousarray(x.T)[None])[0]
    np.testing.assert_allclose(force.T[[0, 7, 39]], PYTREEGRAV, rtol=1e-12)


def test_the_mass_in_coupling_density_and_force():
    """Harmonic: strengths act as strength / m on (q, p / m), all maps are linear."""
    eta, trap, t = 0.7, 0.55, 1.3
    mean, sigma = np.array([0.4, -0.3]), np.array([[0.9, 0.35], [0.35, 1.6]])
    law = {"mean_q": 0.4, "mean_p": -0.3, "qq": 0.9, "qp": 0.35, "pp": 1.6}
    system = mfplug.System(
        potential={"name": "harmonic", "strength": eta},
        initial={"name": "gaussian", **law},
        external={"name": "trap", "strength": trap},
        mass=MASS,
    )
    unit, back = np.diag([1.0, 1.0 / MASS]), np.diag([1.0, MASS])
    exact = harmonic_law(t, eta / MASS, trap / MASS, unit @ sigma @ unit, unit @ mean)
    e = mfplug.simulate(system, 6, 40, [0.0, t], 0.01, "yoshida4", seed=3)
    start = np.concatenate([e.q[0], e.p[0] / MASS], axis=-1)
    apart = (exact.nbody_map(start) - exact.mean_field_map(start)) @ back
    coupling = np.linalg.norm(apart, axis=-1).mean()
    for solver in ("harmonic-exact", "characteristics"):
        field = mfplug.solve_mean_field(system, [0.0, t], solver)
        table = mfplug.measure(["coupling"], e, field)
        found = table.set_index("metric")["value"]["coupling-mean"]
        assert found == pytest.approx(coupling, rel=1e-6)
        # f_t is the Gaussian with the carried mean and covariance.
        centre, spread = back @ exact.mean, back @ exact.vlasov @ back
        x = centre + np.array([0.3, -0.5])
        away = (x - centre) @ np.linalg.solve(spread, x - centre)
        density = np.exp(-away / 2) / (2 * np.pi * np.sqrt(np.linalg.det(spread)))
        at = field.density(t, x[None, :1], x[None, 1:])
        assert at == pytest.approx(density, rel=1e-6)
        pull = -trap * x[0] - eta * (x[0] - centre[0])
        assert field.force(t, x[None, :1]) == pytest.approx(pull, rel=1e-6)
    # The mass at work: the map of a unit mass is another one.
    other = harmonic_law(t, eta, trap, sigma, mean)
    assert abs(other.mean[1] - (back @ exact.mean)[1]) > 0.05
