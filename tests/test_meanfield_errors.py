"""The error that a field states of itself, the resolution it chooses, bad input."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug import NumericsError, ParameterError
from mfplug.contracts.lattice import body_centred_gaussian
from mfplug.contracts.soundness import check_density
from mfplug.meanfield.march import _hermite
from mfplug_plugins.distributions.gaussian import Gaussian

BELL = {"name": "gaussian", "strength": 1.7, "width": 0.8}
LAW = {"name": "gaussian", "qq": 0.9, "qp": -0.2, "pp": 0.81}
END = 1.0
AT = 1.5 * np.random.default_rng(8).normal(size=(150, 3))


def solved(d, **keys):
    """Return the field of a Gaussian repulsion at rest in d dimensions."""
    system = mfplug.System(d, BELL, LAW, mass=1.3)
    return mfplug.solve_mean_field(system, [0.0, 0.4, END], **keys)


def apart(one, other, d):
    """Return the relative distance of two fields' forces at two times."""
    pairs = [(one.force(t, AT[:, :d]), other.force(t, AT[:, :d])) for t in (0.37, END)]
    scale = max(np.abs(b).max() for _, b in pairs)
    return max(np.abs(a - b).max() for a, b in pairs) / scale


@pytest.fixture(scope="module")
def references():
    """Fields of higher resolution in one and two dimensions."""
    return {
        1: solved(1, nodes=3000, grid=400, step=0.05),
        2: solved(2, nodes=40000, grid=96, step=0.1),
    }


@pytest.mark.parametrize(
    ("d", "keys"),
    [
        (1, {"nodes": 120, "grid": 128, "step": 0.1}),
        (1, {"nodes": 2000, "grid": 48, "step": 0.1}),
        (1, {"nodes": 2000, "grid": 256, "step": 0.5}),
        (2, {"nodes": 6000, "grid": 64, "step": 0.25}),
    ],
)
def test_the_stated_error_holds(d, keys, references):
    """Whatever is coarse, nodes, grid or step, the error says so, and is not idle."""
    field = solved(d, **keys)
    true, stated = apart(field, references[d], d), field.info["error"]
    assert true < 2 * stated
    assert stated < 300 * true
    parts = ("node_error", "step_error", "interpolation_error")
    assert stated == pytest.approx(sum(field.info[key] for key in parts), rel=1e-12)


@pytest.mark.parametrize(("d", "tolerance"), [(1, 1e-4), (1, 1e-7), (2, 1e-4)])
def test_a_tolerance_is_met(d, tolerance, references):
    field = solved(d, tolerance=tolerance)
    assert field.info["error"] <= tolerance
    assert apart(field, references[d], d) <= tolerance
    loose = solved(d, tolerance=100 * tolerance)
    assert loose.info["nodes"] <= field.info["nodes"]


def test_a_tolerance_out_of_reach_is_one_line(monkeypatch):
    """The nodes are doubled up to a limit, here 1500; then the last error is said."""
    from mfplug_plugins.solvers import characteristics

    monkeypatch.setattr(characteristics, "MOST_NODES", 1500)
    system = mfplug.System(1, BELL, {"name": "lorentz"})
    with pytest.raises(NumericsError, match="the tolerance is out of reach") as caught:
        mfplug.solve_mean_field(system, [0.0, 0.5], tolerance=1e-5, grid=300)
    # What step and grid leave of 1e-5.
    assert "before nodes 2048, expected at most 9.4e-06" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_error_of_modes_at_rest():
    """Without any force there is no scale: the error is absolute, and rounding."""
    state = {"name": "homogeneous", "width": 0.8}
    wave = {"name": "cosine", "strength": 1.3}
    field = mfplug.solve_mean_field(
        mfplug.System(1, wave, state, box=4.5), [0.0, 1.0], nodes=400
    )
    assert field.info["error"] < 10.0
    q = np.linspace(0, 4.5, 9)[:, None]
    assert np.abs(field.force(0.7, q)).max() < 1e-14


@pytest.mark.parametrize("d", [1, 2, 3])
def test_harmonic_gaussian_by_nodes(d):
    """Density and score to 1e-9 by characteristics too (Reach of issue 4)."""
    system = mfplug.System(
        d,
        {"name": "harmonic", "strength": 0.7},
        LAW | {"mean_q": 0.4, "mean_p": -0.3},
        external={"name": "trap", "strength": 0.55},
        mass=1.6,
    )
    exact = mfplug.solve_mean_field(system, [0.0, 0.9], "harmonic-exact")
    keys = {"nodes": {1: 300, 2: 3000, 3: 20000}[d], "grid": 32, "step": 0.1}
    field = mfplug.solve_mean_field(system, [0.0, 0.9], **keys)
    q, p = exact.sample(0.9, np.random.default_rng(3), 60)
    density = exact.density(0.9, q, p)
    assert field.density(0.9, q, p) == pytest.approx(density, rel=1e-9)
    for found, right in zip(
        field.score(0.9, q, p), exact.score(0.9, q, p), strict=True
    ):
        assert np.abs(found - right).max() < 1e-9 * np.abs(right).max()


# ------------------------------------------------------------------------------ parts


@pytest.mark.parametrize("d", [2, 3])
def test_body_centred_rule(d):
    """Mass and covariance exact, symmetric, and far better than as many Sobol points.

    int exp(-|q + t p|^2 / 2) f = (1 / (2 + t^2))^(d/2) for the standard Gaussian.
    """
    sizes = {2: (3000, 10000, 40000), 3: (20000, 60000, 200000)}[d]
    errors = []
    for size in sizes:
        z, w = body_centred_gaussian(d, size)
        assert 0.7 * size < len(w) <= size
        assert w.min() > 0
        assert np.abs(w @ z).max() < 1e-14
        assert (w * z.T) @ z == pytest.approx(np.eye(2 * d), abs=1e-12)
        error = 0.0
        for t in (0.0, 0.5, 1.0):
            bell = np.exp(-0.5 * np.sum((z[:, :d] + t * z[:, d:]) ** 2, axis=1))
            exact = (1.0 / (2.0 + t**2)) ** (0.5 * d)
            error = max(error, abs(w @ bell / exact - 1.0))
        errors.append(error)
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[-1] < {2: 1e-8, 3: 1e-5}[d]
    assert body_centred_gaussian(d, 50) is None


def test_hermite_is_of_order_six():
    """The quintic between two ends of a step, of exp(sin 1.3 t)."""

    def jet(t, h):
        s, c = np.sin(1.3 * t), np.cos(1.3 * t)
        f = np.exp(s)
        return f, h * 1.3 * c * f, h**2 * 1.69 * (c**2 - s) * f

    errors = []
    for h in (0.8, 0.4):
        ends = [tuple(np.array([x]) for x in jet(t, h)) for t in (0.2, 0.2 + h)]
        inner = [(u, 0.2 + u * h) for u in (0.25, 0.5, 0.75)]
        errors.append(
            max(abs(_hermite(*ends, u)[0] - np.exp(np.sin(1.3 * t))) for u, t in inner)
        )
    assert np.log2(errors[0] / errors[1]) > 5.0


# -------------------------------------------------------------------------- bad input


@dataclass(frozen=True)
class Heavy(Gaussian):
    """A planted defect: twice the mass."""

    name = "heavy"

    def density(self, q, p):
        """Return twice the density."""
        return 2.0 * super().density(q, p)


@dataclass(frozen=True)
class Negative(Gaussian):
    """A planted defect: a density that is negative in places."""

    name = "negative"

    def density(self, q, p):
        """Return the density times 1 + 2 cos(3 q)."""
        return super().density(q, p) * (1.0 + 2.0 * np.cos(3.0 * q[..., 0]))


@pytest.mark.parametrize("solver", ["characteristics", "harmonic-exact"])
@pytest.mark.parametrize(
    ("law", "message"),
    [
        (Heavy(), r"not normalised; got a mass of about (1\.9|2).*expected 1"),
        (Negative(), r"negative or not finite; got -.*expected values >= 0"),
    ],
)
def test_wrong_initial_densities(law, message, solver):
    for d in (1, 2, 3):
        system = mfplug.System(d, {"name": "harmonic"}, law)
        with pytest.raises(NumericsError, match=message) as caught:
            mfplug.solve_mean_field(system, [0.0, 0.1], solver)
        assert "\n" not in str(caught.value)


def test_shipped_densities_are_sound():
    """Heavy tails, jumps, the torus: none is refused."""
    for name in ("gaussian", "lorentz", "mollified", "student", "waterbag"):
        for d in (1, 2, 3):
            check_density(mfplug.create("distribution", name).on(d))
    for name in ("homogeneous", "waterbag", "gaussian"):
        check_density(mfplug.create("distribution", name).on(2, 3.7))


@dataclass(frozen=True)
class Spike(mfplug.RadialPotential):
    """An inverse square root of the distance, singular at 0."""

    name = "spike"
    regularity = "singular"

    def profile(self, s):
        """Return s^(-1/4)."""
        return s**-0.25


def test_singular_potential_is_refused():
    system = mfplug.System(2, Spike(), LAW)
    with pytest.raises(ParameterError, match="needs a smooth potential; got 'spike'"):
        mfplug.solve_mean_field(system, [0.0, 0.1])


@dataclass(frozen=True)
class Stiff(mfplug.RadialPotential):
    """phi = A r^3: its force has no bound, so nothing says what a small one is."""

    name: ClassVar[str] = "stiff"
    regularity: ClassVar[str] = "unbounded"
    strength: float = 0.4

    def profile(self, s):
        return self.strength * s**1.5


def test_the_grid_of_a_force_without_bound_is_judged_too():
    """Planted: an infinite bound would have called every force rounding."""
    system = mfplug.System(1, Stiff(), {"name": "gaussian", "qq": 0.6, "pp": 0.5})
    assert system.potential.gradient_bound == math.inf
    errors = [
        mfplug.solve_mean_field(
            system, (0.0, 0.3), {"name": "characteristics", "nodes": 500, "grid": grid}
        ).info["interpolation_error"]
        for grid in (40, 80)
    ]
    assert 0.0 < errors[1] < errors[0] < 1e-2


NARROW = {"name": "gaussian", "strength": 0.1, "width": 0.1}


def test_nodes_too_coarse_for_a_narrow_potential_are_refused():
    """1000 nodes stand 0.5 apart; what the line suggests holds the force."""
    system = mfplug.System(1, NARROW, {"name": "gaussian"})
    keys = {"step": 0.2, "grid": 200}
    with pytest.raises(NumericsError, match="1000 nodes cannot hold the force") as one:
        mfplug.solve_mean_field(system, [0.0, 1.0], nodes=1000, **keys)
    text = str(one.value)
    assert "\n" not in text
    assert "solver 'characteristics'" in text
    enough = int(re.search(r"Give nodes: (\d+) or more", text)[1])
    assert 1000 < enough <= 100000
    held = mfplug.solve_mean_field(system, [0.0, 1.0], nodes=enough, **keys)
    assert held.info["node_error"] < 0.1
    # Planted: the same nodes and a potential ten times as wide are no case for it.
    wide = mfplug.System(1, NARROW | {"width": 1.0}, {"name": "gaussian"})
    field = mfplug.solve_mean_field(wide, [0.0, 1.0], nodes=1000, **keys)
    assert field.info["node_error"] < 1e-6


def test_the_smoothed_delta_is_refused_in_its_own_name():
    system = mfplug.System(1, {"name": "gaussian"}, {"name": "gaussian"}, beta=0.3)
    with pytest.raises(NumericsError, match="solver 'dirac-benney': 900 nodes") as one:
        mfplug.solve_mean_field(
            system, [0.0, 0.2], "dirac-benney", nodes=900, width=0.1, grid=200
        )
    assert "Give nodes: " in str(one.value)


def test_a_state_without_force_is_not_refused():
    """Where nothing acts, any noise is far more than the force; that is no error."""
    bell = {"name": "gaussian", "strength": 1.7, "width": 0.3}
    law = {"name": "homogeneous", "momentum": "waterbag"}
    field = mfplug.solve_mean_field(
        mfplug.System(1, bell, law, box=4.5), [0.0, 0.5], nodes=1200, grid=32
    )
    assert field.info["node_error"] > 1.0
    q = np.linspace(0.0, 4.5, 40)[:, None]
    assert np.abs(field.force(0.3, q)).max() < 1e-9
