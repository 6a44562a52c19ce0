"""States that are no products: bad particles, the striped pair, files of snapshots."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import mfplug

GOOD = {"name": "student", "df": 30.0, "q_width": 0.7, "p_width": 0.6}
BAD = {"name": "gaussian", "mean_q": 40.0, "qq": 0.09, "pp": 0.36}


def bad(count, symmetric):
    return mfplug.create(
        "distribution",
        "bad-particles",
        good=GOOD,
        bad=BAD,
        count=count,
        symmetric=symmetric,
    )


@pytest.mark.parametrize("symmetric", [True, False])
def test_there_are_m_bad_particles(symmetric):
    system = mfplug.System(dimension=2, potential="free", initial=bad(3, symmetric))
    ensemble = mfplug.simulate(system, 10, replicas=2000, times=[0.0], seed=6)
    # The good ones are within 20 of the origin up to 1e-15 in all; the bad ones at 40.
    wrong = ensemble.q[0, :, :, 0] > 20.0
    assert np.all(wrong.sum(axis=1) == 3)
    share = wrong.mean(axis=0)
    if symmetric:
        # 2000 binomials of 0.3, 5 standard errors: false alarm 6e-6 for all ten.
        assert np.all(np.abs(share - 0.3) < 5 * math.sqrt(0.21 / 2000))
    else:
        assert np.all(share[:3] == 1.0)
        assert np.all(share[3:] == 0.0)


def test_bad_particles_are_compared_with_the_good_law():
    state, law = bad(2, True).on(3), mfplug.create("distribution", **GOOD).on(3)
    rng = np.random.default_rng(2)
    q, p = rng.standard_normal((2, 20, 3))
    assert np.array_equal(state.density(q, p), law.density(q, p))
    assert np.array_equal(state.score(q, p), law.score(q, p))
    assert state.score_bound == law.score_bound
    assert bad(5, False).joint(rng, 3)[0].min() > 20.0  # fewer than m: all are bad
    with pytest.raises(mfplug.ParameterError, match="free space"):
        mfplug.System(potential="free", initial=bad(2, True), box=3.0)


STRIPES = 50.0


def striped(potential_strength):
    system = mfplug.System(
        potential={"name": "gaussian", "strength": potential_strength, "width": 1.0},
        initial={"name": "striped-pair", "stripes": STRIPES},
    )
    return mfplug.simulate(
        system,
        2,
        replicas=4000,
        times=[0.0, 1.0 / STRIPES],
        step=0.1 / STRIPES,
        integrator="yoshida4",
        seed=3,
    )


def in_stripes(ensemble, k):
    """Return the share of the good particles with |p| < 3 in A, and of the bad."""
    # A: the momenta that the kick empties, around the odd multiples of 1/M.
    p = ensemble.p[k, :, :, 0]
    place = (p * STRIPES) % 2.0
    inside = (np.abs(p) < 3.0) & (place > 0.5) & (place < 1.5)
    good = ensemble.p[0, :, :, 0] < 3.5
    return inside[good].mean(), inside[~good].mean()


def test_the_striped_pair_empties_half_of_phase_space():
    # Audit, E6: f(A) is nearly 1/2, and at t = 1/M neither particle is in A, so that
    # alpha_t is at least 1 - O(1/M); at first the good one is there half of the time.
    # 4000 replicas: five standard errors of a share are 0.04.
    ensemble = striped(-math.exp(0.5))
    start, end = in_stripes(ensemble, 0), in_stripes(ensemble, 1)
    assert abs(start[0] - 0.5) < 0.04
    assert end[0] < 0.02
    assert start[1] == end[1] == 0.0
    # Planted: without the force nothing happens.
    assert in_stripes(striped(0.0), 1)[0] > 0.45


def test_law_of_the_striped_pair():
    law = mfplug.create("distribution", "striped-pair", stripes=20.0)
    q, p = law.sample(np.random.default_rng(5), 50_000)
    # Kolmogorov-Smirnov; false alarm 1e-4 each.
    assert stats.kstest(q[:, 0], stats.t(df=3).cdf).pvalue > 1e-4
    assert stats.kstest(p[:, 0], stats.logistic(scale=0.5).cdf).pvalue > 1e-4
    exact = stats.t(df=3).pdf(q[:9, 0]) * stats.logistic(scale=0.5).pdf(p[:9, 0])
    np.testing.assert_allclose(law.density(q[:9], p[:9]), exact, rtol=1e-12)
    for N, d in ((3, 1), (2, 2)):
        with pytest.raises(
            mfplug.ParameterError, match=r"expected 2|lives on the line"
        ):
            mfplug.simulate(
                mfplug.System(dimension=d, potential="free", initial=law), N
            )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "points.npz"
    rng = np.random.default_rng(8)
    np.savez(path, q=rng.standard_normal((5, 4, 2)), p=rng.standard_normal((5, 4, 2)))
    return path


def from_file(path, **more):
    initial = {"name": "snapshots", "file": str(path), "law": GOOD} | more
    return mfplug.System(dimension=2, potential="free", initial=initial)


def test_snapshots_are_where_replicas_start(file):
    with np.load(file) as data:
        q, p = data["q"], data["p"]
    ensemble = mfplug.simulate(from_file(file), 4, replicas=400, times=[0.0], seed=1)
    which = [
        next(s for s in range(5) if np.array_equal(q[s], one)) for one in ensemble.q[0]
    ]
    assert all(
        np.array_equal(p[s], one) for s, one in zip(which, ensemble.p[0], strict=True)
    )
    # Five equal chances, 400 draws; false alarm 1e-4.
    assert stats.chisquare(np.bincount(which, minlength=5)).pvalue > 1e-4
    law = mfplug.create("distribution", **GOOD).on(2)
    state = from_file(file).initial
    assert np.array_equal(state.density(q, p), law.density(q, p))
    assert state.score_bound == law.score_bound


def test_another_file_of_this_name_is_another_state(file):
    first = from_file(file).initial
    data = first.to_dict()
    assert len(data["digest"]) == 64
    assert mfplug.System(dimension=2, potential="free", initial=data).initial == first
    np.savez(file, q=np.ones((4, 2)), p=np.zeros((4, 2)))
    assert from_file(file).initial != first
    with pytest.raises(mfplug.ParameterError, match="SHA-256"):
        mfplug.System(dimension=2, potential="free", initial=data)
    # One snapshot without the axis of snapshots.
    again = mfplug.simulate(from_file(file), 4, times=[0.0])
    assert np.all(again.q == 1.0)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"q": np.ones((4, 2))}, "KeyError"),
        ({"q": np.ones((4, 2)), "p": np.ones((3, 2))}, "shape"),
        ({"q": np.full((4, 2), np.nan), "p": np.ones((4, 2))}, "NaN or infinity"),
        ({"q": np.ones((6, 2)), "p": np.ones((6, 2))}, "6 particles"),
        ({"q": np.array(["a"]), "p": np.array(["b"])}, "ValueError"),
    ],
)
def test_wrong_files_are_said(file, arrays, message):
    np.savez(file, **arrays)
    with pytest.raises(mfplug.ParameterError, match=message):
        mfplug.simulate(from_file(file), 4)


def test_missing_files_are_said(tmp_path):
    with pytest.raises(mfplug.ParameterError, match=r"cannot be used; got none"):
        from_file(tmp_path / "nothing.npz")
    with pytest.raises(mfplug.ParameterError, match="no path"):
        mfplug.simulate(mfplug.System(potential="free", initial="snapshots"), 3)
