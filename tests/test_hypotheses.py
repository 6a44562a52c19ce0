"""The hypothesis checker: which statements apply to a system."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from mfplug import Distribution, System
from mfplug.theory.hypotheses import check_hypotheses


def applies(**system):
    found = check_hypotheses(System(**system))
    json.dumps([s.to_dict() for s in found], allow_nan=False)
    return {s.name: s.applies for s in found}, {s.name: s for s in found}


def test_hypotheses_of_a_good_system():
    potential = {"name": "gaussian", "strength": 1.3, "width": 0.7}
    which, found = applies(
        potential=potential, initial={"name": "mollified", "delta": 0.4}
    )
    assert set(which.values()) == {True}
    slope = 1.3 * math.exp(-0.5) / 0.7
    numbers = found["Theorem 3.1"].numbers
    assert numbers["lambda_1"] == pytest.approx(2 * slope / 0.4)
    assert found["Lemma 3.5"].numbers["M"] == pytest.approx(0.5 * (1 + 1.3 / 0.49))


def test_a_stranger_s_mollified_law_is_known_by_what_it_declares():
    """Not by its name: delta = 0.3 of a law that mfplug does not ship."""

    @dataclasses.dataclass(frozen=True)
    class Smooth(Distribution):
        name = "smooth"
        mollifier_width = 0.3
        score_bound = 1.0 / 0.3

        def sample(self, rng, n):
            return rng.normal(size=(n, 1)), rng.normal(size=(n, 1))

        def density(self, q, p):
            return np.exp(-0.5 * (q**2 + p**2).sum(axis=-1)) / (2.0 * np.pi)

    which, found = applies(potential="gaussian", initial=Smooth())
    assert which["Lemma 3.3"] is which["Corollary 3.1"] is True
    assert found["Lemma 3.3"].numbers["1/delta"] == pytest.approx(1 / 0.3)


@pytest.mark.parametrize(
    ("system", "fails"),
    [
        ({"initial": "gaussian", "potential": "gaussian"},
         {"Lemma 3.2", "Theorem 3.1", "Lemma 3.3", "Lemma 3.5", "Corollary 3.1"}),
        ({"initial": "lorentz", "potential": "harmonic"},
         {"(44)", "Lemma 3.1", "Lemma 3.2", "Theorem 3.1", "Lemma 3.3",
          "Corollary 3.1", "Entropy route"}),
        ({"initial": "lorentz", "potential": "gaussian", "beta": 0.2},
         {"(44)", "Lemma 3.1", "Lemma 3.2", "Theorem 3.1", "Lemma 3.3", "Lemma 3.5",
          "Corollary 3.1", "Entropy route"}),
    ],
)  # fmt: skip
def test_hypotheses_that_fail(system, fails):
    which, _ = applies(**system)
    assert {name for name, holds in which.items() if holds is False} == fails


def test_what_is_not_declared_is_open():
    which, found = applies(
        potential="gaussian", initial="student", external={"name": "trap"}
    )
    assert which["Lemma 3.5"] is None
    assert which["Lemma 3.2"] is True
    assert "not declared" in str(found["Lemma 3.5"].to_dict())


def test_theory_command(mfplug_cli):
    answer = mfplug_cli("theory", "density", "--json", "--time", "0.5")
    assert answer.status == 0
    reports = json.loads(answer.out)
    assert len(reports) == 9
    names = [s["name"] for s in reports[0]["statements"]]
    assert "Theorem 3.1" in names
    plain = mfplug_cli("theory", "gronwall")
    assert plain.status == 0
    assert "no  Theorem 3.1" in plain.out
    mfplug_cli("theory", "gronwal").refused("gronwal", "gronwall")
