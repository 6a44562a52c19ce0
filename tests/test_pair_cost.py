"""The estimate of a pair: which operations count, and what they make dear."""

from __future__ import annotations

import pytest

import mfplug
from mfplug.dynamics.sums import PairSum
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.pair_cost import direct_seconds, operations

TEXT = """
def profile(s, p):
    return exp(exp(s))

def weight(s, p):
    t0 = sqrt(p[0]) / p[1]
    t1 = t0 * s
    t2 = exp(t1)
    t3 = (s < t0)
    t4 = select(t3, t2 / s, tan(p[0]))
    return t4 + arctan(t1)
"""


def test_what_depends_on_the_parameters_alone_is_not_counted():
    """Once a product, a comparison, a choice and a sum; once each of the others."""
    assert operations(TEXT, True) == {
        "arithmetic": 4, "exp": 1, "divide": 1, "arctan": 1
    }  # fmt: skip
    general = TEXT.replace("weight(s, p)", "gradient(s, x1, p)")
    assert operations(general, False) == operations(TEXT, True)


def seconds(name, d, box=None, **parameters):
    """Return the estimated nanoseconds of a pair."""
    phi = mfplug.create("potential", name, **parameters).on(d, box)
    return 1e9 * direct_seconds(ScaledKernel(phi, d, box=box), 1.0)


@pytest.mark.parametrize(
    ("name", "d", "box", "measured"),
    [
        ("gaussian", 1, None, 0.466),
        ("gaussian", 3, None, 0.710),
        ("gaussian", 2, 9.0, 0.692),
        ("plummer", 1, None, 0.434),
        ("plummer", 2, None, 0.447),
        ("plummer", 3, None, 0.481),
        ("yukawa", 2, None, 0.809),
        ("yukawa", 3, 9.0, 1.050),
        ("bump", 2, None, 0.192),
        ("bump", 3, 9.0, 0.376),
        ("cosine", 1, 9.0, 0.423),
        ("cosine", 3, 9.0, 1.266),
        ("harmonic", 2, None, 0.118),
    ],
)
def test_estimates_are_those_that_were_measured(name, d, box, measured):
    """Of one thread, N = 6000, one machine; within a fifth."""
    assert seconds(name, d, box) == pytest.approx(measured, rel=0.2)


def test_auto_needs_no_clock():
    """A general power costs more than a root: split pays earlier, always alike."""
    root = mfplug.create("potential", "plummer", softening=0.05)
    power = mfplug.create("potential", "power", exponent=0.7, cutoff=0.05)
    assert seconds("power", 2, exponent=0.7) > 2 * seconds("plummer", 2)
    for phi, chosen in ((root, "direct"), (power, "split")):
        found = {PairSum(phi, 2, 3000, tolerance=1e-6).method for _ in range(3)}
        assert found == {chosen}
