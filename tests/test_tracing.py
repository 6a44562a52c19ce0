"""From one NumPy function to derivatives, source and bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from canonical import make

from mfplug import PluginError, Potential, RadialPotential
from mfplug.contracts import codestore, derivation, tracing
from mfplug.contracts.formula import trace_energy, trace_profile
from mfplug.contracts.symbolic import TraceError
from mfplug.contracts.tracing import derive, radial_form

RADIAL = ["bump", "free", "gaussian", "harmonic", "plummer", "power", "yukawa"]
S = np.concatenate([[0.0], np.logspace(-4, 2, 40)])


@pytest.fixture
def empty_store(tmp_path, monkeypatch):
    """Start with nothing stored and nothing remembered."""
    monkeypatch.setenv("MFPLUG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tracing, "_DERIVED", {})
    return tmp_path / "cache"


@dataclass(frozen=True)
class Radial(RadialPotential):
    """Base of the test potentials; they differ in ``profile``."""

    name = "under-test"
    a: float = 1.7
    b: float = 0.6


@pytest.mark.parametrize("name", RADIAL)
def test_derivatives_agree_with_difference_quotients(name):
    phi = make("potential", name)
    form = radial_form(phi)
    assert derive(phi, 1).reason == ""
    np.testing.assert_allclose(form.profile(S), phi.profile(S), rtol=1e-13)
    s = S[1:]
    h = 1e-4 * s
    for function, slope in ((form.profile, form.first), (form.first, form.second)):
        quotient = (function(s + h) - function(s - h)) / (2 * h)
        scale = np.abs(quotient) + np.abs(function(s)) / s * 1e-5
        assert np.all(np.abs(slope(s) - quotient) <= 1e-6 * scale + 1e-12)


def test_closed_forms_of_the_derivatives():
    gauss = make("potential", "gaussian")
    form = radial_form(gauss)
    inverse = 1 / (2 * gauss.width**2)
    exact = gauss.strength * np.exp(-S * inverse)
    np.testing.assert_allclose(form.first(S), -inverse * exact, rtol=1e-13)
    np.testing.assert_allclose(form.second(S), inverse**2 * exact, rtol=1e-13)
    plummer = make("potential", "plummer")
    u = S + plummer.softening**2
    np.testing.assert_allclose(
        radial_form(plummer).second(S), 0.75 * plummer.strength * u**-2.5, rtol=1e-13
    )


def test_scalars_in_arrays_out():
    form = radial_form(make("potential", "harmonic"))
    assert form.first(2.0).shape == ()
    assert form.first(np.ones((2, 3))).shape == (2, 3)  # a constant, in the shape of s


@dataclass(frozen=True)
class Everything(Radial):
    """Uses much of what can be traced."""

    def profile(self, s):
        """Mix functions, conditions and a conditional product."""
        u = np.tanh(s / (1 + s)) + np.log1p(self.b * s) + np.expm1(-s) * np.cos(s)
        u = u + np.maximum(s, self.a) + np.clip(s, 0.2, 3.0) ** 2 + np.hypot(s, 1.3)
        u = u + np.arctan2(s, self.b + s) + np.abs(s - 2.2) ** 3 + np.sign(s - 0.9)
        u = u + (s < 1.1) * (1.1 - s) ** 2 + np.select([s < 0.3, s < 4], [s, 0.3], 4.1)
        inside = np.logical_and(s > 0.5, s < 2.0) | (s > 7)
        return np.where(inside, u, np.sin(self.a * s)) + 2.0**-s


def test_a_wide_range_of_numpy_is_traced(empty_store):
    phi = Everything()
    found = derive(phi, 1)
    assert found.reason == ""
    assert found.parameters == ("a", "b")
    s = np.linspace(0.01, 9, 400)
    np.testing.assert_allclose(radial_form(phi).profile(s), phi.profile(s), rtol=1e-12)


@dataclass(frozen=True)
class Sum(Potential):
    """Another potential inside, seen along one axis: neither radial nor separable."""

    name = "sum"
    inner: RadialPotential = Everything()
    c: float = 0.8

    def energy(self, dx):
        """Inner energy and a mixed term, in several idioms."""
        length = np.linalg.norm(dx, axis=-1)
        mixed = np.einsum("...a,...a->...", dx, dx[..., ::-1])
        return np.exp(-self.c * length**2) + 0.1 * np.cos(mixed) * (1 + dx[..., 0] ** 2)

    def gradient(self, dx):
        """Return the derivative of the energy, by hand."""
        s = np.sum(dx**2, axis=-1, keepdims=True)
        turned = dx[..., ::-1]
        mixed = np.sum(dx * turned, axis=-1, keepdims=True)
        x = dx[..., :1]
        first = np.concatenate([x, np.zeros_like(dx[..., 1:])], axis=-1)
        return (
            -2 * self.c * dx * np.exp(-self.c * s)
            - 0.2 * turned * np.sin(mixed) * (1 + x**2)
            + 0.2 * first * np.cos(mixed)
        )


@pytest.mark.parametrize("d", [1, 2, 3])
def test_general_potentials_are_traced_by_components(d):
    phi = Sum()
    found = derive(phi, d)
    assert found.reason == ""
    assert found.parameters == ("c",)
    dx = np.random.default_rng(3).normal(size=(d, 50))
    p = found.values(phi)
    parts = np.stack(found.functions["gradient"](*dx, p), axis=-1)
    np.testing.assert_allclose(parts, phi.gradient(dx.T), rtol=1e-11, atol=1e-13)
    formula = trace_energy(phi, d)
    assert len(formula.variables) == d
    assert len(formula.results) == 1 + d
    h = 1e-5
    for a in range(d):
        step = np.eye(d)[a] * h
        quotient = (phi.energy(dx.T + step) - phi.energy(dx.T - step)) / (2 * h)
        np.testing.assert_allclose(parts[:, a], quotient, rtol=1e-6, atol=1e-8)


def test_a_parameter_that_decides_a_branch_becomes_a_number(empty_store):
    power = make("potential", "power")
    found = derive(power, 3)
    assert (found.reason, found.baked) == ("", ("exponent",))
    assert "power(" not in found.source  # (2.5 / 2 + 1) = 9/4: square roots only
    log = replace(power, exponent=0.0)
    assert "log" in derive(log, 3).source
    assert "power(" in derive(replace(power, exponent=1.37), 3).source
    # Other values of the symbols are served by the same text.
    assert derive(replace(power, cutoff=0.2), 3).source == found.source


@dataclass(frozen=True)
class Leaves(Radial):
    """A parameter leaves NumPy, and one enters through a float of its own."""

    def profile(self, s):
        """Use math on a parameter."""
        return math.exp(-self.a) * s * self.b


def test_a_parameter_that_leaves_numpy_becomes_a_number(empty_store):
    found = derive(Leaves(), 1)
    assert (found.reason, found.baked, found.parameters) == ("", ("a",), ("b",))
    form = radial_form(Leaves(a=0.4, b=0.9))
    np.testing.assert_allclose(form.first(S), 0.9 * math.exp(-0.4), rtol=1e-13)


@dataclass(frozen=True)
class Hidden(Radial):
    """A number derived from a parameter when the instance is made."""

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "k", 1 / self.b)

    def profile(self, s):
        """Use the number, not the parameter."""
        return self.a * np.exp(-self.k * s)


def test_a_value_that_hides_a_parameter_is_noticed(empty_store):
    first, second = Hidden(b=0.6), Hidden(b=0.3)
    assert derive(first, 1).reason == derive(second, 1).reason == ""
    np.testing.assert_allclose(
        radial_form(second).first(S), -1.7 / 0.3 * np.exp(-S / 0.3), rtol=1e-12
    )


def refused(profile):
    """Return why a profile cannot be traced."""
    cls = dataclass(frozen=True)(type("Refused", (Radial,), {"profile": profile}))
    return derive(cls(), 2).reason


def test_what_cannot_be_traced_says_why():
    assert "np.where" in refused(lambda self, s: s if s < 1 else 1.0)
    assert "np.where" in refused(lambda self, s: s * bool(s))
    assert "np.interp" in refused(lambda self, s: np.interp(s, [0, 1], [1, 0]))
    assert "np.floor" in refused(lambda self, s: np.floor(s))
    assert "NumPy functions" in refused(lambda self, s: math.exp(-s))
    assert "writes into" in refused(lambda self, s: s.__setitem__(0, 1.0))
    assert "shape" in refused(lambda self, s: np.stack([s, s]))
    assert "ZeroDivisionError" in refused(lambda self, s: s * (1 / 0))
    namespace = {"profile": lambda self, s: s if s < 1 else 1.0}
    branch = dataclass(frozen=True)(type("Branch", (Radial,), namespace))()
    with pytest.raises(TraceError, match=r"np\.where"):
        trace_profile(branch)


def test_without_a_formula_the_form_is_refused_by_name():
    cls = dataclass(frozen=True)(
        type("Table", (Radial,), {"profile": lambda self, s: np.interp(s, S, S)})
    )
    with pytest.raises(PluginError, match=r"potential 'under-test': .*np.interp"):
        radial_form(cls())
    with pytest.raises(PluginError, match="no formula"):
        radial_form(Sum())


def test_a_wrong_derivative_is_caught(empty_store, monkeypatch):
    """Planted defects: half the derivative, a wrong second one, a wrong parameter."""
    from mfplug.contracts import symbolic_print

    original = symbolic_print.radial_source
    phi = make("potential", "gaussian")
    for name, what in (
        ("weight", "slope"),
        ("second", "second"),
        ("profile", "profile"),
    ):

        def spoilt(formula, name=name):
            text = original(formula)
            at = text.index("return", text.index(f"def {name}"))
            return text[: at + 7] + "1.01 * " + text[at + 7 :]

        monkeypatch.setattr(symbolic_print, "radial_source", spoilt)
        monkeypatch.setattr(tracing, "_DERIVED", {})
        monkeypatch.setattr(codestore, "read_text", lambda name: None)
        assert what in derive(phi, 1).reason


def test_a_stored_text_is_checked_before_use(empty_store, monkeypatch):
    phi = make("potential", "yukawa")
    good = derive(phi, 1)
    (stored,) = empty_store.glob("formula-*.json")
    assert stored.stat().st_mode & 0o077 == 0
    for text in (stored.read_text().replace("exp(", "-exp("), "{", '{"a": 1}'):
        stored.write_text(text)
        monkeypatch.setattr(tracing, "_DERIVED", {})
        again = derive(phi, 1)
        # A forged one does not agree and is replaced by one with numbers.
        assert again.reason == ""
        s = S[1:]
        np.testing.assert_allclose(
            derivation.evaluate(again.functions["profile"], s, s, again.values(phi)),
            derivation.evaluate(good.functions["profile"], s, s, good.values(phi)),
            rtol=1e-12,
        )


def test_an_edit_is_a_new_fingerprint():
    from mfplug.contracts.fingerprint import class_fingerprint

    def written(body):
        namespace = {"np": np, "Radial": Radial, "dataclass": dataclass}
        text = (
            "FACTOR = {0}\n\ndef helper(s):\n    return {1}\n\n"
            "@dataclass(frozen=True)\nclass Edited(Radial):\n"
            "    def profile(self, s):\n        return FACTOR * helper(s)\n"
        )
        exec(text.format(*body), namespace)
        return class_fingerprint(namespace["Edited"])

    first = written(("2.0", "np.exp(-s)"))
    assert first == written(("2.0", "np.exp(-s)"))
    assert first != written(("3.0", "np.exp(-s)"))  # a constant beside the class
    assert first != written(("2.0", "np.exp(-2 * s)"))  # a helper beside the class


def test_bounds_in_closed_form():
    gauss = make("potential", "gaussian")
    A, w = abs(gauss.strength), gauss.width
    assert gauss.gradient_bound == pytest.approx(A * math.exp(-0.5) / w, rel=1e-12)
    assert gauss.gradient_lipschitz == pytest.approx(A / w**2, rel=1e-12)
    plummer = make("potential", "plummer")
    A, e = abs(plummer.strength), plummer.softening
    exact = A * 2 / (3 * math.sqrt(3)) / e**2
    assert plummer.gradient_bound == pytest.approx(exact, rel=1e-12)
    assert plummer.gradient_lipschitz == pytest.approx(A / e**3, rel=1e-12)
    bump = make("potential", "bump")
    A, r = bump.strength, bump.radius
    exact = 6 * A / (r * math.sqrt(5)) * 0.8**2
    assert bump.gradient_bound == pytest.approx(exact, rel=1e-12)
    assert bump.gradient_lipschitz == pytest.approx(6 * A / r**2, rel=1e-12)
    free = make("potential", "free")
    assert free.gradient_bound == free.gradient_lipschitz == 0.0


def test_bounds_that_do_not_exist():
    harmonic = make("potential", "harmonic")
    assert harmonic.gradient_bound == math.inf
    assert harmonic.gradient_lipschitz == pytest.approx(harmonic.strength)

    def radial(profile):
        return dataclass(frozen=True)(type("P", (Radial,), {"profile": profile}))()

    coulomb = radial(lambda self, s: self.a / np.sqrt(s))
    assert coulomb.gradient_bound == coulomb.gradient_lipschitz == math.inf
    sheet = radial(lambda self, s: self.a * np.sqrt(s))  # |q|: bounded, with a kink
    assert sheet.gradient_bound == pytest.approx(sheet.a)
    assert sheet.gradient_lipschitz == math.inf


def test_the_store_is_private_and_optional(tmp_path, monkeypatch):
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    monkeypatch.setenv("MFPLUG_CACHE_DIR", str(open_folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert codestore.cache_directory() == tmp_path / "xdg" / "mfplug"
    monkeypatch.setenv("MFPLUG_CACHE_DIR", str(tmp_path / "new" / "deep"))
    folder = codestore.cache_directory()
    assert folder == tmp_path / "new" / "deep"
    assert folder.stat().st_mode & 0o777 == 0o700
    codestore.write_text("x.json", "text")
    assert codestore.read_text("x.json") == "text"
    assert [f.name for f in folder.iterdir()] == ["x.json"]
    assert codestore.read_text("missing") is None
    monkeypatch.setenv("MFPLUG_CACHE_DIR", "/dev/null/cannot")
    assert codestore.cache_directory() == tmp_path / "xdg" / "mfplug"
