"""Alpha by other programs, and of many particles: proved brackets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from counted_laws import HALF, parity, rough_and_mixed
from scipy import optimize

import mfplug
from mfplug.theory.counting import laws, window_kernels
from mfplug.theory.counting.cuts import cutting_planes, trivial
from mfplug.theory.counting.lattice import lattice
from mfplug.theory.counting.measure import checked_cells, problem_of
from mfplug.theory.counting.network import network
from mfplug.theory.counting.solve import close
from mfplug.theory.counting.windows import by_windows


def test_cutting_planes_agree_with_the_network():
    """The two methods share only the proof of the bracket (N = 60 to 1e-9)."""
    for v, f in ((1.0, 0.5), (3.0, 0.3)):
        law = laws.gaussian_signs(60, v, f)
        problem = problem_of(law, checked_cells((f, 1 - f)))
        bracket = trivial(problem)
        cutting_planes(problem, bracket, 1e-10, 60)
        a = mfplug.counting_measure(law, (f, 1 - f))
        assert bracket.lower == pytest.approx(a.value, abs=1e-8)
        assert bracket.lower <= a.upper


def test_windows_agree_with_the_network():
    """The same brackets to 1e-9 from the small program and from the whole network."""
    special = [laws.gaussian_signs(40, 4.0), parity(24), {(7, 3): 0.5, (2, 8): 0.5}]
    for law in (*rough_and_mixed(40), *special):
        for f in (0.45, 0.9, 1.0):
            problem = problem_of(law, checked_cells((f, 1.0 - f)))
            bracket, other = trivial(problem), trivial(problem)
            by_windows(problem, bracket, 1e-10, 1e-13)
            close(problem, other, network(problem))
            assert bracket.width <= 1e-9
            assert other.width <= 1e-9
            assert bracket.lower <= other.upper
            assert other.lower <= bracket.upper


def test_groups_that_are_too_coarse_leave_the_bracket_open():
    """Planted: types that matter are not told apart; the bracket is wide, not wrong."""
    for law in rough_and_mixed(60):
        problem = problem_of(law, checked_cells((0.45, 0.55)))
        a = mfplug.counting_measure(law, (0.45, 0.55))
        coarse = trivial(problem)
        by_windows(problem, coarse, 1e-10, 0.08)
        assert coarse.lower <= a.upper
        assert a.lower <= coarse.upper
        assert coarse.width > 1e-3


def test_best_filling_against_a_transport_program():
    """Earliest deadline first exceeds F as little as any way of filling windows."""
    N, f = 7, np.array([0.4, 0.6])
    rng = np.random.default_rng(8310)
    for _ in range(5):
        law = rng.dirichlet(np.full(N + 1, 0.4))
        weights = rng.dirichlet(np.ones(4))
        sectors = np.array([0, 1, 3, 4])
        masses = np.zeros((4, N + 1))
        for row, k in zip(masses, sectors, strict=True):
            row[: N - k + 1] = lattice(N, 2).masses(f)[k]
        made = window_kernels.best_filling(law, masses, sectors, weights)
        # Columns: (sector, a, n) within the window, then the excess of each n.
        ways = [
            (q, a, n)
            for q, k in enumerate(sectors)
            for a in range(N - k + 1)
            for n in range(a, a + k + 1)
        ]
        parts = sorted({(q, a) for q, a, _ in ways})
        leave = np.zeros((len(parts), len(ways) + N + 1))
        reach = np.zeros((N + 1, len(ways) + N + 1))
        for column, (q, a, n) in enumerate(ways):
            leave[parts.index((q, a)), column] = reach[n, column] = 1.0
        reach[:, len(ways) :] = -np.eye(N + 1)
        found = optimize.linprog(
            np.append(np.zeros(len(ways)), np.ones(N + 1)),
            A_eq=leave,
            b_eq=[weights[q] * masses[q, a] for q, a in parts],
            A_ub=reach,
            b_ub=law,
            method="highs",
        )
        assert np.maximum(made - law, 0.0).sum() == pytest.approx(found.fun, abs=1e-9)
        assert made.sum() == pytest.approx(1.0, abs=1e-14)
        # It is made of windows: no interval gets less than what has to lie in it.
        edges, total = np.arange(N + 2), np.append(0.0, np.cumsum(made))
        short, last, worst, first = window_kernels.shortfalls(
            edges, total, masses, sectors, weights
        )
        assert max(short.max(), worst.max()) <= 1e-15
        # Planted: too little in the interval that is filled to the brim.
        total[5:] -= 0.01
        short, last, worst, first = window_kernels.shortfalls(
            edges, total, masses, sectors, weights
        )
        i, j = int(short.argmax()), int(last[short.argmax()])
        inside = sum(
            w * m[i : j - k + 1].sum()
            for w, m, k in zip(weights, masses, sectors, strict=True)
        )
        assert short[i] == pytest.approx(inside - total[j + 1] + total[i], abs=1e-15)
        assert worst.max() == short.max() > 0.0
        assert first[worst.argmax()] <= worst.argmax()


def test_another_product_closes_beyond_150():
    """h^N against f^N: alpha = sep(h, f) = 0.1 for f-mass >= 1/2 (audit, 3.4i)."""
    a = mfplug.counting_measure(laws.product_law(160, (0.45, 0.55)), HALF)
    assert a.upper - a.lower <= 1e-6
    assert a.value == pytest.approx(0.1, abs=1e-6)


def test_strong_correlations_of_many_particles():
    """Audit 3.5, v = 4 at N = 120, to 1e-9."""
    a = mfplug.counting_measure(laws.gaussian_signs(120, 4.0), HALF)
    assert a.value == pytest.approx(0.065484, abs=6e-7)
    assert a.upper - a.lower <= 1e-9


def test_large_laws_close():
    """1e-9 up to N = 150, 1e-6 beyond; sqrt(N) alpha of estimators.md."""
    for N, limit, scaled in (
        (150, 1e-9, 0.2287),
        (400, 1e-6, 0.2268),
        (1000, 1e-6, 0.2255),
    ):
        a = mfplug.counting_measure(laws.gaussian_signs(N, 1.0), HALF)
        assert a.upper - a.lower <= limit
        assert math.sqrt(N) * a.value == pytest.approx(scaled, abs=6e-5)
    for N, limit in ((150, 1e-9), (400, 1e-6)):
        for law in rough_and_mixed(N):
            a = mfplug.counting_measure(law, (0.45, 0.55))
            assert a.upper - a.lower <= limit


def test_three_and_four_cells():
    """Independence gives 0; a state with bad particles gives (m/N) sep (row g)."""
    f = (0.2, 0.3, 0.1, 0.4)
    a = mfplug.counting_measure(laws.product_law(6, f), f)
    assert a.upper <= 1e-9
    a = mfplug.counting_measure(laws.bad_law(8, 2, (0, 0, 1, 0), f), f)
    assert a.value == pytest.approx(0.25, abs=1e-9)


def test_cell_of_probability_zero():
    """F^1 has mass 0.3 there: alpha = alpha(F^1, f) or more; N = 1 gives both ways."""
    a = mfplug.counting_measure({(1, 0): 0.3, (0, 1): 0.7}, (0.0, 1.0))
    # Either the particle is bad (cost 1) or cut (0.3 missing, 0.3 too many).
    assert a.value == pytest.approx(0.3, abs=1e-9)
    assert "cell 1 has probability 0" in a.note
    a = mfplug.counting_measure({(3, 7): 1.0}, (0.0, 1.0))
    assert a.value == pytest.approx(0.3, abs=1e-9)
    assert mfplug.counting_measure({(0, 4): 1.0}, (0.0, 1.0)).note == ""


@pytest.mark.parametrize(
    ("law", "cells", "words"),
    [
        ({(1, 1): 0.9}, HALF, "weights do not sum to 1; got 0.9"),
        ({(1, 1): 1.5, (2, 0): -0.5}, HALF, "weights are negative; got -0.5"),
        ({(1, 1): 0.5, (2, 1): 0.5}, HALF, "different numbers of particles"),
        ({(1, 1, 0): 1.0}, HALF, "expected 2 counts"),
        ({(1.5, 0.5): 1.0}, HALF, "an occupation is wrong"),
        ({(math.inf, 1): 1.0}, HALF, "an occupation is wrong"),
        ({(3, -1): 1.0}, HALF, "an occupation is negative"),
        ({(1, 1): float("nan")}, HALF, "weights are not finite"),
        ({}, HALF, "the law is empty"),
        ({(1, 1): 1.0}, (0.5, 0.6), "cells do not sum to 1; got 1.1"),
        ({(1, 1): 1.0}, (1.5, -0.5), "cells are negative"),
        ({(2,): 1.0}, (1.0,), "cells have the wrong shape"),
        ({(0, 0): 1.0}, HALF, "nothing to count"),
        ({(10**6, 10**7): 1.0}, HALF, "too many occupations"),
        ({(10**6, 0): 1.0}, HALF, "too many particles; got N = 1000000"),
    ],
)
def test_bad_input(law, cells, words):
    with pytest.raises(mfplug.ParameterError, match=words) as refusal:
        mfplug.counting_measure(law, cells)
    assert "\n" not in str(refusal.value)
