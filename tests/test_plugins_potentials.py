"""Shipped potentials: formula, gradient, evenness, bounds, against closed forms."""

from __future__ import annotations

import math

import canonical
import numpy as np
import pytest

import mfplug

POTENTIALS = canonical.names("potential")
EXTERNALS = canonical.names("external")

# The formulas of the specification, written once more with scalars.
FORMULAS = {
    "bump": lambda r: 1.9 * (1 - r**2 / 1.6**2) ** 3 if r < 1.6 else 0.0,
    "free": lambda r: 0.0,
    "gaussian": lambda r: 1.7 * math.exp(-(r**2) / (2 * 0.6**2)),
    "harmonic": lambda r: 0.7 * r**2 / 2,
    "plummer": lambda r: -1.4 / math.sqrt(r**2 + 0.35**2),
    "power": lambda r: 1.2 / (r**2 + 0.45**2) ** 1.25,
    "yukawa": lambda r: 2.3 * math.exp(-math.hypot(r, 0.3) / 1.7) / math.hypot(r, 0.3),
}

E = math.e
K = 2 * math.pi * 2 / canonical.BOX
# sup |grad phi| and its Lipschitz constant in one dimension, from the docstrings.
BOUNDS = {
    "bump": (96 * 1.9 / (25 * math.sqrt(5) * 1.6), 6 * 1.9 / 1.6**2),
    "cosine": (1.3 * K, 1.3 * K**2),
    # 2 g_w - g_(sqrt 2 w) in d = 2, steepest in r = 0: (2 - 1/4) / w^2 of the height.
    "dirac": (None, 1.9 / (2 * math.pi * 0.4**2) * 1.75 / 0.4**2),
    "free": (0.0, 0.0),
    "gaussian": (1.7 * E**-0.5 / 0.6, 1.7 / 0.6**2),
    "harmonic": (math.inf, 0.7),
    "plummer": (2 * 1.4 / (3 * math.sqrt(3) * 0.35**2), 1.4 / 0.35**3),
    "power": (
        1.2 * 2.5 * (0.45 / math.sqrt(3.5)) * (0.45**2 * (1 + 1 / 3.5)) ** -2.25,
        1.2 * 2.5 * 0.45**-4.5,
    ),
    "scaled": (
        1.4 * 0.7 * 1.7 * math.exp(-0.5) / 0.6,
        1.4 * 0.7**2 * 1.7 / 0.6**2,
    ),
    "yukawa": (None, 2.3 * E ** (-0.3 / 1.7) * (1 / (1.7 * 0.3**2) + 1 / 0.3**3)),
}


def points(d, seed=3, size=60):
    """Return points at distances from 0.02 to 4 in random directions."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal((size, d))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.geomspace(0.02, 4.0, size)[:, None] * direction


def difference(energy, x, h=1e-3):
    """Return the gradient by central differences of order 6."""
    result = np.empty_like(x)
    for axis in range(x.shape[1]):
        e = h * np.eye(x.shape[1])[axis]
        result[:, axis] = sum(
            c * (energy(x + k * e) - energy(x - k * e)) / h
            for k, c in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
        )
    return result


def worst(gradient, energy, x):
    """Return the largest error of a gradient, relative to the largest gradient."""
    exact = difference(energy, x)
    return np.max(np.abs(gradient(x) - exact)) / max(np.max(np.abs(exact)), 1e-300)


@pytest.mark.parametrize("name", sorted(FORMULAS))
@pytest.mark.parametrize("d", [1, 2, 3])
def test_energy_is_the_formula(name, d):
    x = points(d)
    expected = [FORMULAS[name](r) for r in np.linalg.norm(x, axis=1)]
    energy = canonical.make("potential", name).energy(x)
    assert energy.shape == (60,)
    np.testing.assert_allclose(energy, expected, rtol=1e-12, atol=1e-15)


def test_cosine_is_the_formula():
    x = points(2)
    k = 2 * math.pi * 2 / canonical.BOX
    expected = [-1.3 * (math.cos(k * a) + math.cos(k * b)) for a, b in x]
    energy = canonical.make("potential", "cosine").energy(x)
    np.testing.assert_allclose(energy, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_gradient_is_that_of_the_energy(name, d):
    phi = canonical.make("potential", name)
    x = points(d)
    # The third derivative of the bump jumps at its edge: no differences across it.
    x = x[np.abs(np.linalg.norm(x, axis=1) - 1.6) > 0.01]
    if name == "free":
        assert not np.any(phi.gradient(x))
    else:
        # Differences of order 6 with h = 1e-3 are off by 7e-11 for length scale 0.2.
        assert worst(phi.gradient, phi.energy, x) < 1e-9


def test_a_wrong_gradient_is_caught():
    phi = canonical.make("potential", "gaussian")
    other = mfplug.create("potential", "gaussian", strength=1.7, width=0.61)
    assert worst(other.gradient, phi.energy, points(2)) > 1e-3
    assert worst(lambda x: -phi.gradient(x), phi.energy, points(2)) > 1


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_even_and_without_self_force(name, d):
    phi = canonical.make("potential", name)
    x = points(d)
    assert np.array_equal(phi.energy(x), phi.energy(-x))
    assert np.array_equal(phi.gradient(x), -phi.gradient(-x))
    assert not np.any(phi.gradient(np.zeros((2, d))))


@pytest.mark.parametrize("name", POTENTIALS)
def test_bounds_are_the_closed_forms(name):
    phi = canonical.make("potential", name)
    bound, lipschitz = BOUNDS[name]
    assert phi.gradient_lipschitz == pytest.approx(lipschitz, rel=1e-9)
    if bound is not None:
        assert phi.gradient_bound == pytest.approx(bound, rel=1e-9)
    # Whatever is declared, no point of a fine grid goes beyond it.
    x = np.linspace(0.0, 6.0, 20001)[:, None]
    slope = np.abs(phi.gradient(x))[:, 0]
    assert slope.max() <= phi.gradient_bound * (1 + 1e-9)
    steepest = np.max(np.abs(np.diff(slope)) / np.diff(x[:, 0]))
    assert steepest <= phi.gradient_lipschitz * (1 + 1e-9)


@pytest.mark.parametrize("name", POTENTIALS)
def test_regularity_agrees_with_the_bounds(name):
    phi = canonical.make("potential", name)
    finite = math.isfinite(phi.gradient_bound)
    assert finite == (phi.regularity in ("C_b^2", "Lipschitz"))


@pytest.mark.parametrize(
    ("exponent", "regularity"),
    [(-1.0, "Lipschitz"), (-0.5, "Lipschitz"), (0.0, "Lipschitz"), (0.5, "C_b^2")],
)
def test_power_at_and_below_the_logarithm(exponent, regularity):
    phi = mfplug.create(
        "potential", "power", strength=1.3, exponent=exponent, cutoff=0.4
    )
    assert phi.regularity == regularity
    x = points(3)
    root = np.sum(x**2, axis=1) + 0.4**2
    if exponent == 0.0:
        expected = -1.3 * np.log(np.sqrt(root))
    else:
        expected = 1.3 * root ** (-exponent / 2)
    np.testing.assert_allclose(phi.energy(x), expected, rtol=1e-13)
    assert worst(phi.gradient, phi.energy, x) < 1e-9
    factor = 1.3 if exponent == 0.0 else 1.3 * abs(exponent)
    assert phi.gradient_lipschitz == pytest.approx(factor * 0.4 ** (-exponent - 2))
    if exponent == -1.0:
        assert phi.gradient_bound == pytest.approx(1.3)


def test_power_is_plummer_at_exponent_one():
    power = mfplug.create("potential", "power", strength=1.3, exponent=1, cutoff=0.4)
    plummer = mfplug.create("potential", "plummer", strength=1.3, softening=0.4)
    x = points(3)
    np.testing.assert_allclose(power.energy(x), plummer.energy(x), rtol=1e-14)
    np.testing.assert_allclose(power.gradient(x), plummer.gradient(x), rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "key"), [("plummer", "softening"), ("power", "cutoff")]
)
def test_a_length_may_shrink_with_N(name, key):
    phi = mfplug.create("potential", name, **{key: {"times": 2.0, "N": -1 / 3}})
    assert phi.depends_on_N
    assert getattr(phi.at(1000), key) == pytest.approx(0.2)
    assert mfplug.create("potential", name).depends_on_N is False


def test_cosine_takes_the_box_of_its_system():
    phi = mfplug.create("potential", "cosine", strength=-1.0)
    with pytest.raises(mfplug.ParameterError, match="knows no box"):
        phi.energy(np.zeros((1, 1)))
    hmf = phi.on(1, 2 * math.pi)
    x = np.array([[0.3], [2.0]])
    np.testing.assert_allclose(hmf.energy(x), -np.cos(x[:, 0]), rtol=1e-15)
    assert phi.on(3, 2 * math.pi).gradient_bound == pytest.approx(math.sqrt(3))
    # A kernel compiled for one box must not serve another: they differ as values.
    assert hmf != phi.on(1, 4 * math.pi)
    with pytest.raises(mfplug.ParameterError, match="Leave out `box`"):
        hmf.on(1, 3.0)


@pytest.mark.parametrize("name", EXTERNALS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_gradient_of_external(name, d):
    external = canonical.make("external", name)
    x = points(d)
    for t in (0.0, 0.7):
        assert external.energy(x, t).shape == (60,)
        error = worst(
            lambda q, t=t: external.gradient(q, t),
            lambda q, t=t: external.energy(q, t),
            x,
        )
        assert error < 1e-10
    changes = not np.array_equal(external.energy(x, 0.0), external.energy(x, 0.7))
    assert changes == external.time_dependent


def test_externals_are_the_formulas():
    x = points(2)
    drive, trap = (canonical.make("external", n) for n in ("drive", "trap"))
    expected = 0.6 * sum(np.cos(1.4 * x[:, a] - 2.2 * 0.7) for a in (0, 1))
    np.testing.assert_allclose(drive.energy(x, 0.7), expected, rtol=1e-12, atol=1e-14)
    expected = 2.25 * (x[:, 0] ** 2 + x[:, 1] ** 2) / 2
    np.testing.assert_allclose(trap.energy(x, 0.7), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("kind", "name", "parameters"),
    [
        ("potential", "gaussian", {"width": 0.0}),
        ("potential", "plummer", {"softening": -0.1}),
        ("potential", "yukawa", {"screening": 0.0}),
        ("potential", "power", {"exponent": -1.5}),
        ("potential", "power", {"cutoff": 0.0}),
        ("potential", "bump", {"radius": math.nan}),
        ("potential", "cosine", {"mode": 0}),
        ("potential", "cosine", {"mode": 1.5}),
        ("potential", "harmonic", {"strength": math.inf}),
        ("potential", "free", {"strength": 2.0}),
        ("external", "trap", {"strength": "2"}),
    ],
)
def test_wrong_parameters_are_refused(kind, name, parameters):
    (key,) = parameters
    with pytest.raises(mfplug.ParameterError, match=f"{kind} '{name}'.*{key}"):
        mfplug.create(kind, name, **parameters)
