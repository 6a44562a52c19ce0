"""Faults of solvers, laws and external potentials are found where they are made.

A metric calls a field long after its solver has ended; before, it was blamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug.dynamics.sums.contract import check_potential
from mfplug.errors import MfplugError
from mfplug.registry.declared import DECLARED, check_declared


class Field(mfplug.MeanField):
    """A field at rest, of which one method can be replaced."""

    def force(self, t, q):
        return getattr(self.solver, "pull", np.zeros_like)(np.asarray(q, float))

    def force_gradient(self, t, q):
        q = np.asarray(q, float)
        return getattr(self.solver, "slope", np.zeros)((*q.shape, q.shape[-1]))

    def arrays(self):
        return getattr(self.solver, "stored", dict)()


@dataclass(frozen=True)
class Rest(mfplug.Solver):
    """Nothing moves."""

    name: ClassVar[str] = "rest"
    order: ClassVar[int] = 1

    def solve(self, system, times):
        return Field(system, times, solver=self, info=getattr(self, "said", dict)())

    def restore(self, system, times, arrays, info):
        return Field(system, times, solver=self, info=info)


def fails():
    """Fail as code of a plugin does."""
    raise IndexError("deep")


def free(**parts):
    return mfplug.System(potential="free", initial="gaussian", **parts)


FAULTS = {
    "pull": [
        (lambda q: q * np.nan, "force() of its field is not finite; got nan at t = 0"),
        (lambda q: None, "wrong shape; got () for points of shape (2, 3, 1)"),
        (lambda q: np.zeros(3), "wrong shape; got (3,)"),
        (lambda q: "words", "force() of its field failed; got ValueError"),
        (lambda q: fails(), "force() of its field failed; got IndexError: deep"),
    ],
    "slope": [
        (lambda shape: np.full(shape, np.inf), "force_gradient() of its field is not"),
        (lambda shape: np.zeros(shape[:-1]), "force_gradient() of its field has the"),
    ],
    "stored": [
        (lambda: None, "arrays() of its field returned None"),
        (lambda: [1], "arrays() of its field returned [1]"),
        (lambda: {3: np.zeros(1)}, "a name that cannot be stored; got 3"),
        (lambda: {"../x": np.zeros(1)}, "a name that cannot be stored; got '../x'"),
        (lambda: {"a": "words"}, "cannot be stored; got 'words' for 'a'"),
        (lambda: {"a": np.array([None])}, "cannot be stored; got array([None]"),
        (fails, "of its field failed; got IndexError: deep"),
    ],
    "said": [
        (lambda: {"a": object()}, "the info of its field is no plain data"),
        (lambda: {"a": float("nan")}, "the info of its field is no plain data"),
        (lambda: {"a": 1, 3: 4}, "the info of its field is no plain data"),
    ],
}


@pytest.mark.parametrize(
    ("method", "fault", "said"),
    [(method, *case) for method, cases in FAULTS.items() for case in cases],
)
def test_a_solver_is_blamed_for_its_field(method, fault, said):
    cls = dataclass(frozen=True)(type("Faulty", (Rest,), {method: staticmethod(fault)}))
    with pytest.raises(MfplugError) as caught:
        mfplug.solve_mean_field(free(), [0.0, 1.0], cls())
    assert str(caught.value).startswith("solver 'rest': ")
    assert said in str(caught.value)


def test_a_sound_field_passes():
    field = mfplug.solve_mean_field(free(), [0.0, 1.0], Rest())
    assert field.force(0.5, [[2.0]]).tolist() == [[0.0]]


def test_a_field_that_fails_later_is_its_solvers_fault():
    """Beyond the points that were looked at: the metric only asked."""

    def breaks(q):
        if q.shape[0] > 2:
            fails()
        return np.zeros_like(q)

    cls = dataclass(frozen=True)(type("Late", (Rest,), {"pull": staticmethod(breaks)}))
    field = mfplug.solve_mean_field(free(), [0.0, 1.0], cls())
    ensemble = mfplug.simulate(free(), 4, 5, [0.0, 1.0])
    with pytest.raises(MfplugError, match=r"^solver 'rest': force\(\) failed; got Ind"):
        mfplug.measure(["coupling"], ensemble, field)


LAW = {
    "sample": [
        (lambda self, rng, n: None, "sample() returned None; expected (q, p)"),
        (lambda self, rng, n: (np.zeros(n), np.zeros(n)), "sample() has the wrong sha"),
        (lambda self, rng, n: (np.full((n, 1), np.nan),) * 2, "sample() is not finite"),
        (lambda self, rng, n: fails(), "sample() failed; got IndexError: deep"),
    ],
    "density": [
        (lambda self, q, p: np.zeros(3), "density() has the wrong shape; got (3,)"),
        (lambda self, q, p: -np.ones(len(q)), "its density is negative"),
        (lambda self, q, p: fails(), "density() failed; got IndexError: deep"),
    ],
    "nodes": [
        (lambda self, size: None, "nodes() returned None"),
        (lambda self, size: (np.zeros(5),) * 3, "nodes() has the wrong shapes"),
        (lambda self, size: (np.zeros((5, 1)),) * 2 + (np.ones(5),), "sum to 5"),
        (lambda self, size: fails(), "nodes() failed; got IndexError: deep"),
    ],
}


@pytest.mark.parametrize(
    ("method", "fault", "said"),
    [(method, *case) for method, cases in LAW.items() for case in cases],
)
def test_a_law_is_blamed_and_not_the_solver(method, fault, said):
    base = type(mfplug.create("distribution", "gaussian"))
    cls = dataclass(frozen=True)(type("Faulty", (base,), {method: fault}))
    system = mfplug.System(potential="free", initial=cls())
    with pytest.raises(MfplugError) as caught:
        mfplug.solve_mean_field(system, [0.0, 1.0], Rest())
    assert str(caught.value).startswith("distribution 'gaussian': ")
    assert said in str(caught.value)


TRAP = {
    "gradient": [
        (lambda self, q, t: q * np.nan, "gradient is not finite"),
        (lambda self, q, t: np.zeros(3), "gradient() has the wrong shape; got (3,)"),
        (lambda self, q, t: None, "gradient() has the wrong shape; got ()"),
        (lambda self, q, t: q * 1j, "gradient() failed; got TypeError: complex values"),
        (lambda self, q, t: fails(), "gradient() failed; got IndexError: deep"),
    ],
    "energy": [
        (lambda self, q, t: q, "energy() has the wrong shape; got (2, 3, 1)"),
        (lambda self, q, t: "words", "energy() failed; got ValueError"),
    ],
}


@pytest.mark.parametrize(
    ("method", "fault", "said"),
    [(method, *case) for method, cases in TRAP.items() for case in cases],
)
def test_an_external_potential_is_blamed_and_not_the_potential(method, fault, said):
    base = type(mfplug.create("external", "trap"))
    cls = dataclass(frozen=True)(type("Faulty", (base,), {method: fault}))
    with pytest.raises(MfplugError) as caught:
        mfplug.solve_mean_field(free(external=cls()), [0.0, 1.0], Rest())
    assert str(caught.value).startswith("external 'trap': ")
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["gradient_bound", "gradient_lipschitz"])
@pytest.mark.parametrize("value", ["big", None, -1.0, float("nan"), [1.0], True])
def test_a_bound_that_is_none(name, value):
    base = type(mfplug.create("potential", "gaussian"))
    cls = dataclass(frozen=True)(type("Faulty", (base,), {name: value}))
    with pytest.raises(MfplugError, match=f"^potential 'gaussian': {name} is no bound"):
        check_potential(cls(), 1)


def test_bounds_that_are_some():
    base = type(mfplug.create("potential", "gaussian"))
    for value in (0, 2, 0.5, np.float64(0.5), float("inf")):
        faulty = type("Sound", (base,), {"gradient_bound": value})
        check_potential(dataclass(frozen=True)(faulty)(), 1)


@pytest.mark.parametrize(
    "fault",
    [
        lambda q: np.zeros(3),
        lambda q: q * 1j,
        lambda q: "words",
        lambda q: q.astype(int),
    ],
)
def test_a_state_that_is_none(fault):
    base = type(mfplug.create("integrator", "dop853"))

    def step(self, state, t, dt, force):
        return mfplug.State(fault(state.q), state.p, state.mass)

    cls = dataclass(frozen=True)(type("Faulty", (base,), {"step": step}))
    with pytest.raises(MfplugError, match=r"^integrator 'dop853': step\(\) returned a"):
        mfplug.simulate(free(), 4, 3, [0.0, 1.0], integrator=cls())


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("potential", "regularity", "smooth"),
        ("external", "time_dependent", "no"),
        ("integrator", "order", "two"),
        ("integrator", "order", True),
        ("integrator", "reversible", None),
        ("solver", "order", -1),
        ("solver", "conserves", "mass"),
        ("metric", "needs", "ensemble"),
        ("metric", "needs", ("ensamble",)),
        ("metric", "needs", ([],)),
    ],
)
def test_a_declaration_of_another_type(kind, name, value):
    base = type(mfplug.create(kind, mfplug.names(kind)[0]))
    check_declared(kind, base)
    with pytest.raises(MfplugError, match=f"^{kind} '.*': `{name}` cannot be used; "):
        check_declared(kind, type("Faulty", (base,), {name: value}))


def test_every_declaration_is_one_of_the_contract():
    from mfplug.registry.checks import contract

    for kind, rules in DECLARED.items():
        assert all(hasattr(contract(kind), name) for name in rules)
