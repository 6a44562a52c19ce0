"""Marginals, the variants of the definition and the metrics of the exact studies."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

import mfplug
from mfplug.report import counting
from mfplug.theory.counting import laws, marginals, variants
from mfplug.theory.counting.measure import checked_cells, problem_of


def rows_of(name, **parameters):
    system = mfplug.System(
        dimension=1,
        potential=mfplug.create("potential", "free"),
        initial=mfplug.create("distribution", "gaussian"),
    )
    return mfplug.measure([{"name": name, **parameters}], system=system)


def test_marginals_by_summing_over_all_strings():
    """F^2 by brute force over 3^5 strings, each of weight F(n) / (ways of n)."""
    f = (0.2, 0.5, 0.3)
    law = laws.bad_law(5, 2, (0.7, 0.1, 0.2), f)
    strings: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for x in itertools.product(range(3), repeat=5):
        strings.setdefault(tuple(x.count(i) for i in range(3)), []).append(x)
    pair = np.zeros((3, 3))
    for n, w in law.items():
        for x in strings[n]:
            pair[x[0], x[1]] += w / len(strings[n])
    expected = np.abs(pair - np.outer(f, f)).sum()
    problem = problem_of(law, checked_cells(f))
    assert marginals.marginal_error(problem, 2) == pytest.approx(expected, abs=1e-13)


def test_printed_bound_and_vandermonde():
    """Audit E9: N = 100, alpha = .01, s = 1, 2, 3; (39) is exact."""
    printed = [marginals.printed_bound(0.01, 100, s) for s in (1, 2, 3)]
    assert printed == pytest.approx([0.0402, 0.0827, 0.1738], abs=5e-5)
    assert marginals.sharp_bound(0.01, 3) == pytest.approx(0.06)
    assert all(marginals.vandermonde_error(25, s) == 0 for s in (1, 3, 5))


def test_variants_of_the_definition():
    """(18) collapses; f^N in the sector k alone costs k/N; a bad state does not fit."""
    bad = problem_of({(7, 1): 1.0}, checked_cells((0.3, 0.7)))
    assert variants.free_signs(bad) == pytest.approx(0.0, abs=1e-9)
    assert mfplug.counting_measure({(7, 1): 1.0}, (0.3, 0.7)).value > 0.4
    product = problem_of(laws.product_law(8, (0.3, 0.7)), checked_cells((0.3, 0.7)))
    assert variants.only_sector(product, 3) == pytest.approx(3 / 8, abs=1e-9)
    assert variants.only_sector(bad, 0) > 0.4


def test_metrics_of_exact_states():
    """Audit E8 for N = 10 and 100; estimators.md for tail cells: .05, .18, .55."""
    table = rows_of("bad-particles", particles=100).set_index("metric")["value"]
    assert table["l1-symmetrised"] == pytest.approx(0.237358, abs=1e-6)
    assert table["alpha"] == pytest.approx(0.01, abs=1e-9)
    for reach, listed in ((4.0, 0.05), (8.0, 0.18), (16.0, 0.55)):
        tail = rows_of("tail-cells", reach=reach)["value"].iloc[0]
        assert tail == pytest.approx(listed, abs=0.006)
    table = rows_of("counting-state", state="bad", bad=3, first=0.3, other=0.0)
    value = table[table["metric"] == "alpha"]["value"].iloc[0]
    assert value == pytest.approx(0.3, abs=1e-9)


def test_rows_of_the_pictures():
    """E_F u = alpha from the rows alone; sectors inside of their ranges."""
    table = rows_of(
        "counting-state", state="product", particles=8, first=0.1, other=0.4
    )
    alpha = table[table["metric"] == "alpha"]["value"].iloc[0]
    by = {m: rows.set_index("index") for m, rows in table.groupby("metric")}
    law = by["law"]["value"]
    assert law.sum() == pytest.approx(1.0, abs=1e-12)
    assert law["8"] == pytest.approx(0.4**8, rel=1e-9)
    assert by["law-independent"]["value"]["8"] == pytest.approx(0.1**8, rel=1e-9)
    assert law @ by["certificate"]["value"] == pytest.approx(alpha, abs=1e-9)
    sectors = by["sector"]
    assert (sectors["lower"] <= sectors["value"]).all()
    assert (sectors["value"] <= sectors["upper"]).all()


def test_bars_are_the_range_on_the_optimal_face():
    """A law whose optimal sectors are not unique, in the picture of `mfplug alpha`."""
    weights = np.random.default_rng(3).dirichlet(np.full(5, 0.4))
    law = {(n, 4 - n): float(w) for n, w in enumerate(weights)}
    a = mfplug.counting_measure(law, (0.5, 0.5))
    axes = Figure().subplots()
    counting._sectors(axes, a)
    bars = {round(s[0][0]): s[:, 1] for s in axes.collections[0].get_segments()}
    ranges = a.sector_ranges()
    assert set(bars) == set(np.nonzero(ranges[:, 1] > 1e-7)[0].tolist())
    for k, (low, high) in bars.items():
        assert high == pytest.approx(ranges[k, 1], abs=1e-6)
        assert low == pytest.approx(ranges[k, 0], abs=1e-6)
    assert max(high - low for low, high in bars.values()) > 0.5
