"""Metrics against the closed forms of the harmonic model, and against hand counts.

Sampled values are compared in units of their standard error. The 80 comparisons of
``test_closed_forms`` use one seed and the limit 4.5: for independent normal errors the
chance of a false alarm of the whole family is below 80 * 6.8e-6 = 5.5e-4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, wasserstein_distance

import mfplug
from mfplug import ParameterError, PluginError, Row
from mfplug.contracts.metric import Sample, mean_row
from mfplug.dynamics.ensemble import Ensemble
from mfplug.dynamics.seeding import stream
from mfplug.theory.harmonic import harmonic_law
from mfplug.theory.transport import bounded_lipschitz

ETA, TRAP = 0.7, 0.55
SIGMA = np.array([[0.49, -0.2], [-0.2, 0.81]])
MEAN = np.array([0.4, -0.3])
TIMES = (0.0, 0.8, 1.7)
LIMIT = 4.5
LAW = {
    "name": "gaussian",
    "mean_q": 0.4,
    "mean_p": -0.3,
    "qq": 0.49,
    "qp": -0.2,
    "pp": 0.81,
}


def system(eta=ETA, d=1):
    """Return trapped harmonic particles, from a correlated Gaussian."""
    pair = {"name": "harmonic", "strength": eta}
    return mfplug.System(d, pair, LAW, {"name": "trap", "strength": TRAP})


def solved(eta=ETA, d=1):
    """Return the exact field for a strength."""
    return mfplug.solve_mean_field(system(eta, d), TIMES, "harmonic-exact")


def law(t):
    """Return the exact law at a time."""
    return harmonic_law(t, ETA, TRAP, SIGMA, MEAN)


@pytest.fixture(scope="module", params=[6, 20])
def ensemble(request):
    """3000 replicas of 6 and of 20 particles, seed 11; steps of order 4, 0.05."""
    return mfplug.simulate(
        system(), request.param, 3000, TIMES, 0.05, "yoshida4", seed=11
    )


def entries(matrix):
    """Return the entries of a covariance by the names of the rows."""
    return {"qq": matrix[0, 0], "qp": matrix[0, 1], "pp": matrix[1, 1]}


def coarse(at, N):
    """Return sum over cells |F^1 - f_t|: both carried back by the mean-field flow.

    F^1 then is N(m_0, Sigma_0 + R^-1 D R^-T / N); the cells are the quartiles of f_0.
    """
    back = np.linalg.inv(at.relative)
    carried = SIGMA + back @ at.excess @ back.T / N
    edges = np.array([-9.0, -0.6744897501960817, 0.0, 0.6744897501960817, 9.0])
    x, y = (edges * math.sqrt(SIGMA[k, k]) for k in (0, 1))

    def masses(covariance):
        cdf = multivariate_normal(cov=covariance).cdf
        table = np.array([[cdf([a, b]) for b in y] for a in x])
        return np.diff(np.diff(table, axis=0), axis=1)

    return np.abs(masses(carried) - masses(SIGMA)).sum()


def exact_values(metric, at, N):
    """Return the closed forms of one metric at one time, by (metric, index)."""
    close, force = at.distances(N), at.force_fluctuation(N)
    v, c = at.vlasov[0, 0] + at.excess[0, 0] / N, at.excess[0, 0] / N
    if metric == "coupling":
        return dict.fromkeys(
            [("coupling-mean", ""), ("coupling-max", "")], at.coupling(N)
        )
    if metric == "force-fluctuation":
        found = {"rms": force.rms, "with-self": force.rms_with_self}
        if N == 2:
            # |eta| E max(|a|, |b|) / 2 = |eta| (E|a + b| + E|a - b|) / 4.
            sums = math.sqrt(2 * (v + c)) + math.sqrt(2 * (v - c))
            found["max"] = ETA * math.sqrt(2 / math.pi) * sums / 4
        return {(metric, k): x for k, x in found.items()}
    if metric == "marginal-l1":
        return {(metric, "1"): close.l1, (f"{metric}-coarse", "1"): coarse(at, N)}
    names = ("kl", "kl-reverse", "hellinger-squared", "w2", "w1-q", "bl-q", "l1-q")
    found = {(k, ""): getattr(close, k.replace("-", "_")) for k in names}
    one = entries(at.vlasov + at.excess / N)
    found |= {("covariance", k): x for k, x in one.items()}
    two = entries(at.excess / N)
    return found | {("cross-covariance", k): x for k, x in two.items()}


def pulls(metric, ensemble, field):
    """Return (value - exact) / standard error of every row with a closed form."""
    spec = {"name": metric, "s": [1]} if metric == "marginal-l1" else metric
    rows = mfplug.measure([spec], ensemble, field, seed=3)
    found = {}
    for t in TIMES:
        for (name, index), value in exact_values(
            metric, law(t), ensemble.particles
        ).items():
            row = rows[
                (rows.metric == name) & (rows["index"] == index) & (rows.time == t)
            ]
            if t > 0 or metric == "force-fluctuation":
                (row,) = row.itertuples()
                assert row.lower < row.value < row.upper
                assert row.replicas == ensemble.replicas
                found[name, index, t] = (row.value - value) / row.stderr
            else:
                assert row.empty
    return found


#: How many rows of each metric have a closed form, at N = 6 and 20.
COUNTS = {
    "coupling": 4,
    "force-fluctuation": 6,
    "marginal-l1": 4,
    "gaussian-law": 26,
}


@pytest.mark.parametrize("metric", COUNTS)
def test_closed_forms(metric, ensemble):
    """Right with the right field; the same limit catches a strength off by 10 %."""
    right = pulls(metric, ensemble, solved())
    assert len(right) == COUNTS[metric]
    assert max(map(abs, right.values())) < LIMIT, right
    wrong = pulls(metric, ensemble, solved(1.1 * ETA))
    assert max(map(abs, wrong.values())) > 2 * LIMIT


@pytest.mark.parametrize("metric", COUNTS)
def test_standard_errors_are_true(metric):
    """The spread of 20 independent ensembles against the errors that they state.

    N = 6, 250 replicas, seeds 0 to 19. If all rows of a metric were one, 20 times the
    mean square of the pulls would be chi-squared with 20 degrees of freedom, which
    leaves (5, 48) by chance in 7e-4 of the cases; errors wrong by 2 leave it surely.
    """
    field, squares = solved(), []
    for seed in range(20):
        e = mfplug.simulate(system(), 6, 250, TIMES, 0.1, "yoshida4", seed=seed)
        squares.append(np.mean(np.square(list(pulls(metric, e, field).values()))))
    assert 5 / 20 < np.mean(squares) < 48 / 20


def test_field_covariance_is_exact(ensemble):
    """Rows without sampling: 1e-9, and 10 % more strength is seen."""

    def off(field):
        rows = mfplug.measure(["gaussian-law"], ensemble.take(slice(0, 50)), field)
        rows = rows[rows.metric == "mean-field-covariance"]
        assert len(rows) == 6
        return max(
            abs(row.value - entries(law(row.time).vlasov)[row.index])
            for row in rows.itertuples()
        )

    assert off(solved()) < 1e-9
    assert off(solved(1.1 * ETA)) > 1e-2


@pytest.mark.parametrize("d", [2, 3])
def test_more_dimensions(d):
    """Coupling and force fluctuation: equal axes. 1500 replicas, seed 5, 8 numbers."""
    N = 6
    e = mfplug.simulate(system(d=d), N, 1500, TIMES, 0.1, "yoshida4", seed=5)

    def far(field):
        rows = mfplug.measure(["coupling", "force-fluctuation"], e, field)
        found = []
        for row in rows.itertuples():
            force = law(row.time).force_fluctuation(N)
            exact = {
                ("coupling-mean", ""): law(row.time).coupling(N, d),
                ("force-fluctuation", "rms"): math.sqrt(d) * force.rms,
                ("force-fluctuation", "with-self"): math.sqrt(d) * force.rms_with_self,
            }.get((row.metric, row.index))
            if exact is not None:
                found.append(abs(row.value - exact) / row.stderr)
        assert len(found) == 8
        return max(found)

    assert far(solved(d=d)) < LIMIT
    assert far(solved(1.1 * ETA, d)) > 1.5 * LIMIT


def test_largest_fluctuation_of_two_particles():
    """The max of two correlated normal numbers: 3000 replicas, seed 2, 9 numbers."""
    e = mfplug.simulate(system(), 2, 3000, TIMES, 0.1, "yoshida4", seed=2)
    found = pulls("force-fluctuation", e, solved())
    assert sum(index == "max" for _, index, _ in found) == 3
    assert max(map(abs, found.values())) < LIMIT


def test_the_marginal_needs_enough_replicas(ensemble):
    rows = mfplug.measure(["marginal-l1"], ensemble.take(slice(0, 30)), solved())
    assert rows.value.isna().all()
    assert list(rows["index"][:4]) == ["1", "2", "3", "1"]
    assert rows.note.str.contains("30 replicas are too few for this degree").all()
    for s in ([], [4], [2, 1], [1, 1]):
        with pytest.raises(ParameterError, match="expected some of 1, 2, 3 in this"):
            mfplug.create("metric", "marginal-l1", s=s)
    field = solved(d=2)
    e = mfplug.simulate(field.system, 3, 4, TIMES, 0.1)
    with pytest.raises(ParameterError, match="'gaussian-law': only d = 1 is computed"):
        mfplug.measure(["gaussian-law"], e, field)


# ------------------------------------------------------------------------- energy


def made(system, times, q, p):
    """Return an ensemble from points of shape (times, replicas, particles, d)."""
    q, p = (np.swapaxes(np.asarray(x, dtype=float), 2, 3).copy() for x in (q, p))
    leapfrog = mfplug.create("integrator", "leapfrog")
    return Ensemble(system, q.shape[3], times, q, p, 0, 0, 0.1, leapfrog)


def drift(e):
    """Return the one row of energy-drift."""
    (row,) = mfplug.measure(["energy-drift"], e).itertuples()
    return row


def test_energy_drift_by_hand():
    """Two replicas of two particles with mass 2, strength 0.6 and a trap of 0.5.

    Replica 0: T = (1 + 4)/4 = 1.25, pair .6 * 4/4 = .6, trap .25 (1 + 9) = 2.5; scale
    4.35. Then p = (2, 2): T = 2, drift .75; then p = (1, 1), q = (0, 2): T = .5,
    pair .6, trap 1, E = 2.1, drift 2.25. Replica 1 stands still: drift 0.
    """
    pair, trap = (
        {"name": "harmonic", "strength": 0.6},
        {"name": "trap", "strength": 0.5},
    )
    s = mfplug.System(potential=pair, external=trap, mass=2.0)
    q = np.array([[[1, 3], [1, 2]], [[1, 3], [1, 2]], [[0, 2], [1, 2]]])[..., None]
    p = np.array([[[1, 2], [0, 1]], [[2, 2], [0, 1]], [[1, 1], [0, 1]]])[..., None]
    row = drift(made(s, (0.0, 0.5, 1.0), q, p))
    assert row.value == pytest.approx(0.5 * 2.25 / 4.35, rel=1e-14)
    assert row.stderr == pytest.approx(0.5 * 2.25 / 4.35, rel=1e-14)
    assert (row.time, row.replicas, row.note) == (1.0, 2, "")
    # Planted: a potential energy without the 1/N would give 2.25 / 4.95.
    assert abs(row.value - 0.5 * 2.25 / 4.95) > 0.02


def test_energy_drift_falls_with_the_step():
    """Leapfrog: the error of the energy is of order 2, measured over 20 replicas."""
    values = [
        drift(mfplug.simulate(system(), 5, 20, (0.0, 0.37, 1.1), h, seed=4)).value
        for h in (0.02, 0.01)
    ]
    assert math.log2(values[0] / values[1]) == pytest.approx(2.0, abs=0.1)


def test_energy_drift_with_a_drive():
    """The work of dV_t/dt is accounted for, by the trapezoid rule."""
    wave = {"name": "drive", "strength": 0.8, "wavenumber": 1.4, "frequency": 2.2}
    s = replace(system(), external=mfplug.System(external=wave).external)

    def value(snapshots):
        times = np.linspace(0.5, 1.7, snapshots)
        return drift(mfplug.simulate(s, 4, 20, times, 0.01, "yoshida4", seed=4))

    rough, fine = value(13), value(25)
    assert fine.value < 0.01
    assert rough.value / fine.value == pytest.approx(4.0, rel=0.1)
    assert "trapezoid" in fine.note
    # Planted: without the work the energy changes by much more.
    e = mfplug.simulate(s, 4, 20, np.linspace(0.5, 1.7, 25), 0.01, "yoshida4", seed=4)
    still = type(s.external)(0.8, 1.4, 2.2)
    object.__setattr__(still, "time_dependent", False)
    assert drift(replace(e, system=replace(s, external=still))).value > 5 * fine.value


def test_energy_drift_without_energy():
    """Free particles at rest: no scale, so no number, and the note says why."""
    zero = np.zeros((2, 1, 3, 1))
    row = drift(made(mfplug.System(), (0.0, 1.0), zero, zero))
    assert math.isnan(row.value)
    assert row.note == "the energy at the first time is 0 in a replica"


# -------------------------------------------------------------- bounded Lipschitz


def clouds(n, d=4, seed=3, width=0.2):
    """Return a cloud of n points in d dimensions."""
    return width * np.random.default_rng(seed).normal(size=(n, d))


def test_bounded_lipschitz_distance():
    """A metric with values in [0, 1] that is W1 for clouds narrower than 1."""
    metric = mfplug.create("metric", "bounded-lipschitz")
    x, y, z = clouds(30), clouds(40, seed=4), clouds(30, seed=5, width=0.6)
    assert metric.distance(x, x) == pytest.approx(0.0, abs=1e-14)
    assert metric.distance(x, x[::-1]) == pytest.approx(0.0, abs=1e-14)
    assert metric.distance(x, x + 100.0) == pytest.approx(1.0, abs=1e-12)
    assert metric.distance(x, y) == pytest.approx(metric.distance(y, x), abs=1e-12)
    xy, yz, xz = (metric.distance(*c) for c in ((x, y), (y, z), (x, z)))
    assert 0 < xy < xz <= xy + yz
    shift = np.array([0.03, -0.04, 0.0, 0.0])
    assert metric.distance(x, x + shift) == pytest.approx(0.05, abs=1e-12)
    a, b = np.sort(clouds(25, 1)), np.sort(clouds(50, 1, seed=9))
    w1 = wasserstein_distance(a[:, 0], b[:, 0])
    assert metric.distance(a, b) == pytest.approx(w1, rel=1e-10)


def narrow(eta=ETA):
    """Return the system with positions in a range far smaller than 1."""
    small = LAW | {"qq": 4e-4, "qp": 0.0, "pp": 4e-4}
    return replace(system(eta), initial=mfplug.System(initial=small).initial)


def redrawn(e, field, metric, seed):
    """Return W1 of the positions of particles, of fresh points and of copies to nu.

    The clouds are drawn again from the metric's own stream; transport on the line is
    SciPy's, by sorting. Shape (3, times, clouds).
    """
    identity = [metric.to_dict(), e.system.to_dict(), list(e.times), e.particles]
    rng, count = stream(seed, "metric", identity), metric.clouds
    shape = (count, -1, e.dimension)
    fresh, nu = (
        [x.reshape(shape) for x in field.sample(0.0, rng, count * n)]
        for n in (e.particles, metric.reference * e.particles)
    )
    found = np.empty((3, len(e.times), count))
    for k, t in enumerate(e.times):
        for r in range(count):
            goal = field.flow(nu[0][r], nu[1][r], 0.0, t)[0][:, 0]
            copies = field.flow(e.q[0, r], e.p[0, r], 0.0, t)
            for row, q in enumerate(
                (e.q[k, r], field.flow(fresh[0][r], fresh[1][r], 0.0, t)[0], copies[0])
            ):
                found[row, k, r] = wasserstein_distance(q[:, 0], goal)
    return found


def test_bounded_lipschitz_rows_against_transport_on_the_line():
    """Particles, iid floor and paired excess: the same clouds, sorted by SciPy."""
    s, field = narrow(), mfplug.solve_mean_field(narrow(), TIMES, "harmonic-exact")
    e = mfplug.simulate(s, 30, 12, TIMES, 0.1, "yoshida4", seed=6)
    metric = mfplug.create(
        "metric", "bounded-lipschitz", projection="q", clouds=10, reference=3
    )
    rows = mfplug.measure([metric], e, field, seed=8).set_index(["metric", "time"])
    particles, fresh, copies = redrawn(e, field, metric, 8)
    assert set(rows["index"]) == {"q"}
    assert set(rows.replicas) == {10}
    for k, t in enumerate(TIMES):
        name = "bounded-lipschitz"
        for label, values in (
            (name, particles[k]),
            (f"{name}-iid", fresh[k]),
            (f"{name}-excess", (particles - copies)[k]),
        ):
            if k == 0 and label.endswith("excess"):
                assert (label, t) not in rows.index
                continue
            row = rows.loc[(label, t)]
            assert row.value == pytest.approx(values.mean(), rel=1e-9, abs=1e-12)
            error = values.std(ddof=1) / math.sqrt(10)
            assert row.stderr == pytest.approx(error, rel=1e-7)
    # Planted: the field of another strength moves nu elsewhere.
    other = mfplug.solve_mean_field(narrow(1.1 * ETA), TIMES, "harmonic-exact")
    wrong = mfplug.measure([metric], e, other, seed=8).set_index(["metric", "time"])
    value = wrong.loc[("bounded-lipschitz", TIMES[-1])].value
    assert abs(value / particles[-1].mean() - 1) > 1e-3


def test_iid_floor():
    """On the line sqrt(N) E W1(mu_N, f) -> 1.28838 times the width (numbers.md).

    Against N points the square root of 2 more. N = 100, 150 clouds, seed 7: the
    relative standard error of the mean is .02, the limit 4.5 of them; the correction
    for finite N is below .01.
    """
    s, N, times = narrow(), 100, (0.0, 0.8)
    field = mfplug.solve_mean_field(s, times, "harmonic-exact")
    e = mfplug.simulate(s, N, 150, times, 0.1, "yoshida4", seed=7)
    metric = {"name": "bounded-lipschitz", "projection": "q", "clouds": 150}
    rows = mfplug.measure([metric], e, field).set_index(["metric", "time"])
    for t in times:
        at = harmonic_law(t, ETA, TRAP, np.diag([4e-4, 4e-4]), MEAN)
        width = math.sqrt(at.vlasov[0, 0])
        row = rows.loc[("bounded-lipschitz-iid", t)]
        exact = 1.28838 * width * math.sqrt(2.0 / N)
        # 1.28838 belongs to sqrt(2/pi) int sqrt(F (1 - F)) of the unit normal law.
        assert abs(row.value - exact) < LIMIT * row.stderr
        assert row.stderr < 0.04 * exact
        # Planted: the floor of one sample, and of a fifth more particles.
        assert abs(exact / math.sqrt(2.0) - row.value) > LIMIT * row.stderr
        assert abs(exact / math.sqrt(1.2) - row.value) > LIMIT * row.stderr


def test_excess_is_below_the_coupling():
    """The paired difference is at most the mean distance to the copies."""
    field = solved()
    e = mfplug.simulate(system(), 20, 16, TIMES, 0.1, "yoshida4", seed=1)
    rows = mfplug.measure(["coupling", "bounded-lipschitz"], e, field)
    rows = rows.set_index(["metric", "time"])
    for t in TIMES[1:]:
        excess = rows.loc[("bounded-lipschitz-excess", t)].value
        assert abs(excess) <= rows.loc[("coupling-mean", t)].value
        assert 0 < rows.loc[("bounded-lipschitz-iid", t)].value < 1


# ----------------------------------------------------------- cells and cloud growth


def test_cell_bound():
    """Above the exact distance of the same clouds; the counter-example to (47)."""
    field, N, d = solved(d=2), 40, 2
    e = mfplug.simulate(system(d=2), N, 5, TIMES, 0.1, "yoshida4", seed=1)
    metric = mfplug.create(
        "metric", "cell-bound", side=1.7, clouds=4, corner=0.15, nodes=640
    )
    rows = mfplug.measure([metric], e, field, seed=2).set_index("metric")
    side, t = 1.7 * N ** (-1 / (2 * d + 2)), TIMES[-1]
    q, p, weights = field.system.initial.nodes(640)
    nu = np.concatenate(field.flow(q, p, 0.0, t), axis=1)
    printed, corrected = [], []
    for r in range(4):
        mu = np.concatenate([e.q[-1, r], e.p[-1, r]], axis=1)
        cells, label = np.unique(
            np.floor(np.concatenate([mu, nu]) / side), axis=0, return_inverse=True
        )
        share = [
            np.bincount(x, w, minlength=len(cells)) / w.sum()
            for x, w in ((label[:N].ravel(), np.ones(N)), (label[N:].ravel(), weights))
        ]
        total = np.abs(share[0] - share[1]).sum()
        printed.append((1 + side) * total)
        corrected.append(total / 2 + math.sqrt(2 * d) * side * (1 - total / 2))
        corrected[-1] = min(corrected[-1], 1.0)
        assert bounded_lipschitz(mu, nu, None, weights) <= corrected[-1] + 1e-12
    assert rows.value["cell-bound-printed"] == pytest.approx(np.mean(printed))
    assert rows.value["cell-bound-corrected"] == pytest.approx(np.mean(corrected))
    assert rows.value["corner-distance"] == pytest.approx(0.15 * 2.0, rel=1e-9)
    assert rows.value["corner-printed"] == 0.0
    assert rows.value["corner-corrected"] == pytest.approx(0.15 * 2.0, rel=1e-9)


def test_cloud_growth():
    """Shift and kick move the centre of mass, in the trap alone: |S e_q|, |S e_p|."""
    e = mfplug.simulate(narrow(), 8, 4, TIMES, 0.02, "yoshida4", seed=3)
    rows = mfplug.measure([{"name": "cloud-growth", "size": 0.04}], e)
    assert set(rows["index"]) == {"shift", "kick", "squeeze", "noise"}
    bound = math.sqrt(max(np.linalg.eigvalsh(law(1.7).relative.T @ law(1.7).relative)))
    for row in rows.itertuples():
        centre = np.linalg.norm(law(row.time).centre, axis=0)
        exact = {"shift": centre[0], "kick": centre[1]}.get(row.index)
        if exact is not None:
            assert row.value == pytest.approx(exact, rel=1e-6)
            wrong = np.linalg.norm(law(row.time).relative, axis=0)
            assert np.abs(row.value - wrong).min() > 1e-2
        assert row.value < 1.5 * max(bound, 1.0)


def test_cloud_growth_of_one_particle():
    """It is its own centre: squeezing does nothing, and the row says so."""
    e = mfplug.simulate(narrow(), 1, 2, TIMES, 0.1, seed=3)
    rows = mfplug.measure(["cloud-growth"], e).set_index("index")
    assert rows.value["squeeze"].isna().all()
    assert rows.note["squeeze"].str.contains("moves no particle").all()
    assert rows.value["shift"].notna().all()


# --------------------------------------------------------------- rows and refusals


def test_mean_row():
    """Mean, standard error and Student's interval of 1, 2, 4: 7/3 +- 4.3027 * .8819."""
    row = mean_row("x", 0.5, np.array([1.0, 2.0, 4.0]), "i", "n")
    assert row.value == pytest.approx(7 / 3)
    assert row.stderr == pytest.approx(math.sqrt(7) / 3)
    assert row.upper - row.value == pytest.approx(4.302652729911275 * math.sqrt(7) / 3)
    assert (row.metric, row.time, row.index, row.note) == ("x", 0.5, "i", "n")
    assert row.replicas == 3
    one = mean_row("x", 0.5, np.array([2.5]))
    assert (one.value, one.stderr, one.lower) == (2.5, None, None)
    assert one.note == "one replica has no standard error"


def test_one_replica(ensemble):
    """Values without errors, not failures."""
    one = ensemble.take(slice(0, 1))
    rows = mfplug.measure(
        ["coupling", "force-fluctuation", "energy-drift"], one, solved()
    )
    assert rows.value.notna().all()
    assert rows.stderr.isna().all()
    assert (rows.note == "one replica has no standard error").all()


def test_what_is_missing(ensemble):
    small, field = ensemble.take(slice(0, 2)), solved()
    with pytest.raises(
        ParameterError, match="'coupling': it needs the field; got none"
    ):
        mfplug.measure(["coupling"], small)
    with pytest.raises(ParameterError, match="'coupling': it needs the ensemble"):
        mfplug.measure(["coupling"], field=field)
    sample = Sample(system(), TIMES, np.random.default_rng(0))
    with pytest.raises(ParameterError, match="it was given no field"):
        sample.the_field()
    with pytest.raises(ParameterError, match="it was given no ensemble"):
        sample.the_ensemble()


def test_field_and_ensemble_have_to_fit(ensemble):
    small = ensemble.take(slice(0, 2))
    late = mfplug.solve_mean_field(system(), [0.1, 1.7], "harmonic-exact")
    with pytest.raises(
        ParameterError, match=r"start at different times; got 0 and 0\.1"
    ):
        mfplug.measure(["coupling"], small, late)
    with pytest.raises(ParameterError, match="different spaces; got d = 1 and 2"):
        mfplug.measure(["coupling"], small, solved(d=2))
    short = mfplug.solve_mean_field(system(), [0.0, 1.0], "harmonic-exact")
    with pytest.raises(ParameterError, match="outside the solved interval"):
        mfplug.measure(["coupling"], small, short)


@dataclass(frozen=True)
class Odd(mfplug.Observable):
    """A metric that misbehaves on request."""

    name = "odd"
    needs = ()
    how: str = "nan"

    def rows(self, sample):
        """Return what is asked for."""
        if self.how == "fail":
            return [1 / 0]
        if self.how == "type":
            return [("odd", 1.0)]
        value = {"nan": math.nan, "inf": math.inf, "none": None, "good": 2}[self.how]
        return [Row("odd", 1, value, 0.1, math.nan if self.how == "nan" else 1.0)]


def test_rows_of_a_strange_metric():
    """NaN never stands for a number: the cell is empty and the note says why."""
    s = system()
    (nan,) = mfplug.measure([Odd("nan")], system=s).to_dict("records")
    assert math.isnan(nan["value"])
    assert nan["note"] == "value, lower not finite"
    (inf,) = mfplug.measure([Odd("inf")], system=s).to_dict("records")
    assert inf["note"] == "value not finite"
    (none,) = mfplug.measure([Odd("none")], system=s).to_dict("records")
    assert none["note"] == "no value, and the metric does not say why"
    (good,) = mfplug.measure([Odd("good")], system=s).to_dict("records")
    assert (good["value"], good["time"], good["note"]) == (2.0, 1.0, "")
    with pytest.raises(
        PluginError, match=r"'odd': rows\(\) failed; got ZeroDivisionError"
    ):
        mfplug.measure([Odd("fail")], system=s)
    with pytest.raises(PluginError, match=r"rows\(\) returned .*; expected mfplug.Row"):
        mfplug.measure([Odd("type")], system=s)
    with pytest.raises(ParameterError, match="nothing to measure"):
        mfplug.measure([Odd("good")])
