"""Alpha of exact laws: the audit's digits, an independent program, certificates."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from counted_laws import HALF, equal, parity
from scipy import optimize

import mfplug
from mfplug.theory.counting import certify, laws
from mfplug.theory.counting.lattice import lattice
from mfplug.theory.counting.measure import checked_cells, problem_of
from mfplug.theory.counting.variants import given_sectors

# Audit 3.5 and 4.1: law, cells, alpha, alpha+, dbar (None: not listed).
TABLE = [
    (laws.product_law(7, (0.6, 0.4)), HALF, 0.2, 0.2, 0.1),
    (laws.product_law(1, (0.05, 0.95)), (0.1, 0.9), 0.1, 0.5, 0.05),
    (laws.product_law(2, (0.05, 0.95)), (0.1, 0.9), 0.185, 0.5, 0.05),
    (laws.product_law(3, (0.05, 0.95)), (0.1, 0.9), 0.25675, 0.5, 0.05),
    (laws.product_law(4, (0.05, 0.95)), (0.1, 0.9), 0.3168125, 0.5, 0.05),
    (laws.product_law(5, (0.05, 0.95)), (0.1, 0.9), 0.366581875, 0.5, 0.05),
    (laws.product_law(10, (0.05, 0.95)), (0.1, 0.9), 0.443641354, None, 0.05),
    (laws.product_law(20, (0.05, 0.95)), (0.1, 0.9), 0.499086911, None, 0.05),
    (laws.product_law(30, (0.05, 0.95)), (0.1, 0.9), 0.499974092, None, 0.05),
    (laws.product_law(1, (0.0, 1.0)), (0.2, 0.8), 0.4, 1.0, 0.2),
    (laws.product_law(1, (0.0, 0.25, 0.75)), (0.1, 0.3, 0.6), 0.3, 1.0, 0.15),
    (laws.product_law(2, (0.2, 0.3, 0.5)), (0.3, 0.3, 0.4), 0.296666667, 1 / 3, 0.1),
    (laws.product_law(5, (0.2, 0.3, 0.5)), (0.3, 0.3, 0.4), 0.330784649, 1 / 3, 0.1),
    (laws.product_law(10, (0.1, 0.3, 0.6)), (0.3, 0.3, 0.4), 0.666641584, 2 / 3, 0.2),
    (laws.product_law(20, (0.1, 0.3, 0.6)), (0.3, 0.3, 0.4), 0.666666664, None, 0.2),
    (laws.bad_law(10, 3, (0.0, 1.0), (0.3, 0.7)), (0.3, 0.7), 0.3, 0.3, None),
    (laws.bad_law(20, 4, (0.4, 0.6), HALF), HALF, 0.04, 0.04, None),
    (
        laws.bad_law(10, 1, (0.05, 0.95), (0.1, 0.9)),
        (0.1, 0.9),
        0.038742049,
        0.05,
        None,
    ),
    (equal(10), HALF, 0.9, 0.9, 0.376953),
    (equal(30), HALF, 29 / 30, None, 0.427768),
    (parity(10), HALF, 0.1, 0.1, 0.05),
    ({(5, 5): 1.0}, HALF, 0.4625, 0.5, 0.123047),
    ({(15, 15): 1.0}, HALF, 0.353207, 0.5, 0.072232),
    ({(80, 80): 1.0}, HALF, 0.197629, None, None),
    (laws.gaussian_signs(10, 1.0), HALF, 0.0722265044, 0.0722265044, None),
    (laws.gaussian_signs(10, 4.0), HALF, 0.2063188083, 0.2063188083, None),
    (laws.gaussian_signs(30, 1.0), HALF, 0.0423033231, None, None),
    (laws.gaussian_signs(20, 0.25), HALF, 0.014475, None, None),
    (laws.gaussian_signs(80, 1.0), HALF, 0.025721, None, None),
    (laws.gaussian_signs(160, 1.0, 0.3), (0.3, 0.7), 0.2768 / 160**0.5, None, None),
    (laws.gaussian_signs(20, 1.0, 0.3), (0.3, 0.7), 0.2638 / 20**0.5, None, None),
    (laws.gaussian_signs(40, 1.0, 0.3), (0.3, 0.7), 0.2701 / 40**0.5, None, None),
]


def digits(value):
    """Half a unit of the last digit that is listed, at least 1e-8."""
    text = f"{value:.10f}".rstrip("0")
    return max(1e-8, 0.6 * 10.0 ** -(len(text) - 2)) if len(text) < 11 else 1e-8


@pytest.mark.parametrize("row", range(len(TABLE)))
def test_audit_table(row):
    law, f, alpha, positive, dbar = TABLE[row]
    a = mfplug.counting_measure(law, f)
    tolerance = digits(alpha)
    if f == (0.3, 0.7) and row >= len(TABLE) - 3:
        # Listed as sqrt(N) alpha, to four digits.
        tolerance = 6e-5 / sum(next(iter(law))) ** 0.5
    assert a.value == pytest.approx(alpha, abs=tolerance)
    N = a.sectors.size - 1
    assert a.lower <= a.upper <= a.lower + (1e-9 if N <= 150 else 1e-6)
    assert math.fsum(a.sectors) == pytest.approx(1.0, abs=1e-12)
    if positive is not None:
        assert a.positive == pytest.approx(positive, abs=1e-8)
    if dbar is not None:
        assert a.hamming == pytest.approx(dbar, abs=6e-7)
    assert a.hamming <= a.upper + 1e-9


def verbatim(law, f, N, sectors=None, end=None, slack=1e-9):
    """Definition 2.3 on S^N as it stands: signed g^k, fibre constraints, dense.

    With ``sectors`` the c_k are given; with ``end`` = (k, sign) the least sign c_k
    among what costs at most ``slack`` more than the optimum is found instead.
    """
    m = len(f)
    points = list(itertools.product(range(m), repeat=N))
    size = len(points)
    cost, rows, right = [], [], []
    # Columns: for each k the parts g+ and g-, then c_k.
    cost += ([0.0] * size + [2.0] * size) * (N + 1)
    cost += [k / N for k in range(N + 1)]
    width = len(cost)
    for k in range(N + 1):
        for a in itertools.product(range(m), repeat=N - k):
            row = np.zeros(width)
            for j, x in enumerate(points):
                if x[k:] == a:
                    row[2 * size * k + j] = 1.0
                    row[2 * size * k + size + j] = -1.0
            row[2 * size * (N + 1) + k] = -np.prod([f[i] for i in a])
            rows.append(row)
            right.append(0.0)
    types = {}
    for j, x in enumerate(points):
        types.setdefault(tuple(x.count(i) for i in range(m)), []).append(j)
    for n, members in types.items():
        row = np.zeros(width)
        for k in range(N + 1):
            for j in members:
                row[2 * size * k + j], row[2 * size * k + size + j] = 1.0, -1.0
        rows.append(row)
        right.append(law.get(n, 0.0))
    row = np.zeros(width)
    row[2 * size * (N + 1) :] = 1.0
    equations = {"A_eq": np.array([*rows, row]), "b_eq": [*right, 1.0]}
    bounds = [(0.0, None)] * width
    if sectors is not None:
        bounds[-N - 1 :] = [(c, c) for c in sectors]
    found = optimize.linprog(cost, bounds=bounds, method="highs", **equations)
    assert found.status == 0
    if end is None:
        return found.fun
    k, sign = end
    other = np.zeros(width)
    other[2 * size * (N + 1) + k] = sign
    limit = {"A_ub": [cost], "b_ub": [found.fun + slack]}
    found = optimize.linprog(other, bounds=bounds, method="highs", **equations, **limit)
    assert found.status == 0
    return sign * found.fun


@pytest.mark.parametrize("case", range(12))
def test_random_laws_against_the_definition_itself(case):
    rng = np.random.default_rng(8100 + case)
    m, N = [(2, 4), (2, 5), (3, 3), (4, 2)][case % 4]
    f = rng.dirichlet(np.full(m, 1.5))
    keys = [tuple(n) for n in lattice(N, m).occupations.tolist()]
    weights = rng.dirichlet(np.full(len(keys), 0.4))
    law = dict(zip(keys, weights.tolist(), strict=True))
    a = mfplug.counting_measure(law, f)
    assert a.value == pytest.approx(verbatim(law, f, N), abs=1e-7)
    assert a.upper - a.lower <= 1e-9


def test_structure_on_random_laws():
    """Audit 3.4 a, d, e: order of the distances, coarse maps, sub-samples."""
    for case in range(8):
        rng = np.random.default_rng(8200 + case)
        f = rng.dirichlet((2.0, 2.0, 2.0))
        N = 5
        keys = [tuple(n) for n in lattice(N, 3).occupations.tolist()]
        weights = rng.dirichlet(np.full(len(keys), 0.3))
        a = mfplug.counting_measure(dict(zip(keys, weights, strict=True)), f)
        coarse: dict[tuple[int, int], float] = {}
        for n, w in zip(keys, weights, strict=True):
            key = (n[0] + n[2], n[1])
            coarse[key] = coarse.get(key, 0.0) + w
        b = mfplug.counting_measure(coarse, (f[0] + f[2], f[1]))
        assert b.lower <= a.upper
        base = laws.product_law(N, f)
        l1 = sum(abs(w - base[n]) for n, w in zip(keys, weights, strict=True))
        assert a.hamming <= a.upper + 1e-9
        assert a.lower <= min(1.0, l1) + 1e-12
        assert a.value <= a.positive_bracket[1] + 1e-9


def test_certificate_proves_the_lower_bound():
    """In exact rationals: u is feasible and E_F[u] is at least `lower`."""
    from fractions import Fraction

    N, f = 8, (Fraction(3, 10), Fraction(7, 10))
    law = laws.gaussian_signs(N, 2.0, 0.3)
    a = mfplug.counting_measure(law, (0.3, 0.7))
    u = {n[0]: Fraction(v) for n, v in a.certificate.items()}
    total = sum(Fraction(w) for w in law.values())
    value = sum(Fraction(w) / total * u[n[0]] for n, w in law.items())
    assert value >= Fraction(a.lower)
    assert max(u.values()) - min(u.values()) <= 2
    for k in range(N + 1):
        mean = Fraction(0)
        for j in range(N - k + 1):
            mass = math.comb(N - k, j) * f[0] ** j * f[1] ** (N - k - j)
            mean += mass * max(u[i] for i in range(j, j + k + 1))
        assert mean <= Fraction(k, N)
    # A larger u is no certificate: the repair has to take it back.
    problem = problem_of(law, checked_cells((0.3, 0.7)))
    raised = np.array([float(u[n]) for n in range(N + 1)])
    value, repaired = certify.certificate(problem, raised + 0.01)
    assert value <= a.upper
    assert certify.excess(problem, raised + 0.01) == pytest.approx(0.01, abs=1e-6)
    assert certify.excess(problem, repaired) <= 0.0


def test_decomposition_is_one_of_the_law():
    """Its good marginals are c_k f^(N-k) and its sum is F, to rounding."""
    law = laws.gaussian_signs(6, 3.0, 0.4)
    a = mfplug.counting_measure(law, (0.4, 0.6))
    parts = a.decomposition()
    made: dict[tuple[int, ...], float] = {}
    for k, flows in parts.items():
        good: dict[tuple[int, ...], float] = {}
        for (n, b), w in flows.items():
            assert all(i >= j for i, j in zip(n, b, strict=True))
            good[b] = good.get(b, 0.0) + w
            made[n] = made.get(n, 0.0) + w
        total = sum(good.values())
        for b, w in laws.product_law(6 - k, (0.4, 0.6)).items() if k < 6 else ():
            assert good.get(b, 0.0) == pytest.approx(total * w, abs=1e-12)
    for n, w in law.items():
        assert made.get(n, 0.0) == pytest.approx(w, abs=1e-6)
    low, high = a.sector_range(0)
    assert low - 1e-7 <= a.sectors[0] <= high + 1e-7
    for k in (7, 1.5, "a"):
        with pytest.raises(mfplug.ParameterError, match=f"sector; got k = '?{k}"):
            a.sector_range(k)


def test_ranges_on_the_optimal_face():
    """Against the definition itself; a law for which some c_k is not unique."""
    f, N = (0.5, 0.5), 4
    weights = np.random.default_rng(3).dirichlet(np.full(5, 0.4))
    law = {(n, 4 - n): float(w) for n, w in enumerate(weights)}
    a = mfplug.counting_measure(law, f)
    ranges = a.sector_ranges()
    for slack in (1e-9, 0.03):
        exact = [
            [verbatim(law, f, N, end=(k, sign), slack=slack) for sign in (1.0, -1.0)]
            for k in range(N + 1)
        ]
        np.testing.assert_allclose(a.sector_ranges(slack), exact, atol=1e-6)
    with pytest.raises(mfplug.ParameterError, match="the slack is wrong; got -1"):
        a.sector_ranges(-1.0)
    assert (ranges[:, 1] - ranges[:, 0]).max() > 0.5
    for k, (low, high) in enumerate(ranges):
        assert a.sector_range(k) == pytest.approx((low, high), abs=1e-7)
        assert low - 1e-7 <= a.sectors[k] <= high + 1e-7


def test_given_sectors():
    """What negative parts cost for prescribed c_k, against the definition itself."""
    f, N = (0.3, 0.7), 4
    law = laws.gaussian_signs(N, 2.0, 0.3)
    problem = problem_of(law, checked_cells(f))
    rng = np.random.default_rng(8400)
    for _ in range(4):
        c = rng.dirichlet(np.full(N + 1, 0.6))
        mean = float(np.arange(N + 1) / N @ c)
        found = given_sectors(problem, c)
        assert found == pytest.approx(verbatim(law, f, N, c) - mean, abs=1e-7)
        # Sectors are nested: what moves up does not cost more.
        up = np.append(0.0, c[:-1]) + np.append(np.zeros(N), c[-1])
        assert given_sectors(problem, up) <= found + 1e-9
    a = mfplug.counting_measure(law, f)
    assert given_sectors(problem, a.sectors) == pytest.approx(
        a.value - a.mean_bad, abs=1e-8
    )
    base = laws.product_law(N, f)
    l1 = sum(abs(w - base[n]) for n, w in law.items())
    assert given_sectors(problem, np.eye(N + 1)[0]) == pytest.approx(l1, abs=1e-8)
    assert given_sectors(problem, np.eye(N + 1)[N]) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(mfplug.ParameterError, match=r"sum 0.5, expected 5 numbers"):
        given_sectors(problem, np.full(N + 1, 0.1))
