"""Metrics of one or two particles, one replica and one time; wrong pairs of inputs."""

from __future__ import annotations

import numpy as np
import pytest

import mfplug
from mfplug.theory import bounded_lipschitz, harmonic_law


def springs(**other: object) -> mfplug.System:
    return mfplug.System(potential="harmonic", **other)


def measured(
    particles: int, replicas: int, metrics: list[object]
) -> dict[tuple[str, str], object]:
    """Return the rows at t = 1 of springs between Gaussian particles."""
    field = mfplug.solve_mean_field(springs(), [0.0, 1.0], solver="harmonic-exact")
    ensemble = mfplug.simulate(
        springs(), particles, replicas, integrator="yoshida4", step=0.05, seed=1
    )
    table = mfplug.measure(metrics, ensemble, field)
    last = table[table["time"] == 1.0]
    return {(row.metric, row.index): row for row in last.itertuples(index=False)}


def test_two_particles_have_marginals_and_cumulants_of_two() -> None:
    """Exact values of the harmonic model (audit, 4.1) at N = 2."""
    rows = measured(2, 4000, ["marginal-l1", "correlation"])
    exact = harmonic_law(1.0, 1.0).distances(2, 1).l1
    assert rows["marginal-l1", "1"].lower < exact < rows["marginal-l1", "1"].upper
    assert rows["marginal-l1", "2"].value > exact
    assert "no marginal of 3" in rows["marginal-l1", "3"].note
    # Cov(q_1, q_2) = D_qq / N = 1/2; N times the shift of <q^2> is D_qq = 1.
    pair = rows["cumulant-2", "q"]
    assert pair.lower < 0.5 < pair.upper < 0.6
    assert rows["mean-shift", "q2"].lower < 1.0 < rows["mean-shift", "q2"].upper
    assert np.isnan(rows["cumulant-3", "q"].value)
    assert "no 3 distinct ones" in rows["cumulant-3", "q"].note


def test_one_particle_flies_freely() -> None:
    """The ratio of its law to that of the mean field has no convergent expansion."""
    rows = measured(1, 2000, ["marginal-l1", "correlation"])
    assert "nothing of one particle" in rows["marginal-l1", "1"].note
    assert 0.0 < rows["marginal-l1-coarse", "1"].value < 0.591
    assert rows["mean-shift", "q2"].lower < 1.0 < rows["mean-shift", "q2"].upper
    for name in ("2", "3"):
        assert "no marginal" in rows["marginal-l1", name].note
        assert np.isnan(rows[f"cumulant-{name}", "q"].value)


def test_one_replica_has_a_distance_without_an_interval() -> None:
    rows = measured(8, 1, [{"name": "bounded-lipschitz", "kappas": (0.1,)}])
    for name in ("bounded-lipschitz", "bounded-lipschitz-iid"):
        row = rows[name, ""]
        assert 0.0 < row.value < 1.0
        assert np.isnan(row.lower)
        assert row.replicas == 1
    assert rows["bounded-lipschitz-tail", "0.1"].value == 1.0
    assert bounded_lipschitz([[0.0]], [[0.25]]) == 0.25


def test_bounds_at_a_single_time() -> None:
    table = mfplug.measure("gronwall", system=springs(), times=[0.5])
    start = mfplug.create("metric", "gronwall").start
    rows = table[table["metric"].isin(["gronwall-value", "gronwall-corrected"])]
    rows = rows[rows["index"] != "jump"]
    assert len(rows) >= 8
    assert rows["value"].to_numpy() == pytest.approx(start)


def test_ensemble_and_field_have_to_fit() -> None:
    system = springs()
    field = mfplug.solve_mean_field(system, [0.0, 1.0], solver="harmonic-exact")
    ensemble = mfplug.simulate(system, 3, 2)
    torus = mfplug.System(potential="cosine", initial="homogeneous", box=6.0)
    wrapped = mfplug.simulate(torus, 3, 2)
    with pytest.raises(mfplug.ParameterError, match=r"box = 6 and none"):
        mfplug.measure(["coupling"], wrapped, field)
    with pytest.raises(mfplug.ParameterError, match=r"got \[1.0\], expected \[0.0, "):
        mfplug.measure(["coupling"], ensemble, field, times=[1.0])
    with pytest.raises(mfplug.ParameterError, match="expected Ensemble or none"):
        mfplug.measure(["coupling"], field, ensemble)  # type: ignore[arg-type]
    same = mfplug.measure(["coupling"], ensemble, field, times=[0.0, 1.0])
    assert len(same) == 2


def test_the_level_is_looked_at_for_a_law_too() -> None:
    with pytest.raises(mfplug.ParameterError, match="the level is wrong; got 2"):
        mfplug.counting_measure({(1, 1): 1.0}, [0.5, 0.5], level=2)
