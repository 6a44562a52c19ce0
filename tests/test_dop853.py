"""Step control of dop853: accuracy by tolerance, each replica by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug import State
from mfplug_plugins.integrators.dop853 import Dop853

MASS = 1.7


def orbit(t, q):
    """Attraction to the origin, weakly softened: passages need short steps."""
    square = np.sum(q**2, axis=1, keepdims=True) + 0.01
    return -2.3 * q / square**1.5


def start():
    """Return four replicas of one particle in the plane, more and more radial."""
    q = np.array([1.1, 0.0]).reshape(1, 2, 1) * np.ones((4, 1, 1))
    p = np.zeros((4, 2, 1))
    p[:, 1, 0] = MASS * np.array([1.3, 0.7, 0.3, 0.05])
    return State(q, p, MASS)


def energy(state):
    square = np.sum(state.q**2, axis=(1, 2)) + 0.01
    return np.sum(state.p**2, axis=(1, 2)) / (2 * MASS) - 2.3 / np.sqrt(square)


def advance(integrator, state, force=orbit, steps=6, dt=0.5):
    for k in range(steps):
        state = integrator.step(state, k * dt, dt, force)
    return state


@pytest.mark.parametrize("rtol", [1e-5, 1e-7, 1e-9, 1e-11])
def test_error_follows_the_tolerance(rtol):
    # Both are conserved; some 100 accepted steps of at most one tolerance each add up.
    first = start()
    last = advance(Dop853(rtol=rtol, atol=rtol), first)
    assert np.all(np.abs(energy(last) / energy(first) - 1) < 200 * rtol)
    angular = [s.q[:, 0, 0] * s.p[:, 1, 0] - s.q[:, 1, 0] * s.p[:, 0, 0]
               for s in (first, last)]  # fmt: skip
    assert np.all(np.abs(angular[1] - angular[0]) < 200 * rtol)


def test_result_does_not_depend_on_the_longest_step():
    fine = advance(Dop853(rtol=1e-11), start(), steps=48, dt=0.0625)
    coarse = advance(Dop853(rtol=1e-11), start())
    np.testing.assert_allclose(coarse.q, fine.q, rtol=0, atol=2e-8)


@dataclass(frozen=True)
class Shared(Dop853):
    """One step for all replicas: the planted defect."""

    name: ClassVar[str] = "shared"

    def _try(self, q, p, mass, t, dt, force):
        q, p, error = super()._try(q, p, mass, t, dt, force)
        return q, p, np.full_like(error, error.max())


def alone(integrator):
    """Return whether every replica is the same bit for bit without the others."""
    together = advance(integrator, start())
    single = [
        advance(integrator, State(start().q[r : r + 1], start().p[r : r + 1], MASS))
        for r in range(4)
    ]
    return all(
        np.array_equal(together.q[r], s.q[0]) and np.array_equal(together.p[r], s.p[0])
        for r, s in enumerate(single)
    )


def test_replicas_do_not_see_each_other():
    assert alone(Dop853(rtol=1e-9))
    assert not alone(Shared(rtol=1e-9))


def test_only_the_replicas_that_need_it_are_refined():
    sizes = []

    def counted(t, q):
        sizes.append(len(q))
        return orbit(t, q)

    advance(Dop853(rtol=1e-9), start(), counted)
    assert {1, 2, 3, 4} <= set(sizes)


def test_ensembles_are_the_same_for_any_block(monkeypatch):
    system = mfplug.System(
        dimension=2,
        potential={"name": "plummer", "strength": -2.5, "softening": 0.08},
        external={"name": "drive", "strength": 0.6, "frequency": 2.2},
        mass=MASS,
    )
    given = {"times": [0.0, 0.7], "step": 0.35, "integrator": "dop853", "seed": 4}
    together = mfplug.simulate(system, 5, replicas=6, **given)
    parts = [
        mfplug.simulate(system, 5, replicas=2, first_replica=r, **given)
        for r in (0, 2, 4)
    ]
    joined = mfplug.Ensemble.join(parts)
    assert np.array_equal(together.q, joined.q)
    assert np.array_equal(together.p, joined.p)
    # An independent integrator, tightly: yoshida4 with 4000 steps.
    fine = mfplug.simulate(
        system, 5, replicas=6, **given | {"integrator": "yoshida4", "step": 0.7 / 4000}
    )
    np.testing.assert_allclose(together.q[-1], fine.q[-1], rtol=0, atol=2e-6)


def test_a_fall_into_a_singularity_is_said():
    def singular(t, q):
        return -np.sign(q) / q**2

    state = State(np.array([0.6]), np.array([0.0]), MASS)
    with (
        np.errstate(all="ignore"),
        pytest.raises(mfplug.NumericsError, match="no step is short enough"),
    ):
        advance(Dop853(), state, singular)
