"""The order of the compiled sums: vectors, tiles, every pair once."""

from __future__ import annotations

import numpy as np
import pytest
from canonical import make
from pair_clouds import clouds, direct

from mfplug.dynamics import pairs as sums
from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.pairs import pair_forces


def test_vector_functions_are_accurate_to_rounding():
    from numba import njit

    from mfplug.dynamics.vexp import nearest, vexp
    from mfplug.dynamics.vtrig import vcos, vsin

    @njit
    def table(x):
        out = np.empty((4, x.size))
        for k in range(x.size):
            out[0, k] = vexp(x[k])
            out[1, k] = vsin(x[k])
            out[2, k] = vcos(x[k])
            out[3, k] = nearest(x[k])
        return out

    x = np.concatenate([np.linspace(-707.9, 709.4, 20011), np.linspace(-4, 4, 20011)])
    e, sine, cosine, integer = table(x)
    np.testing.assert_allclose(e, np.exp(x), rtol=5e-16)
    np.testing.assert_allclose(sine, np.sin(x), rtol=1e-15, atol=1e-19)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=1e-15, atol=1e-19)
    assert np.array_equal(integer, np.rint(x))
    far = np.linspace(-1e6, 1e6, 10007)
    _, sine, cosine, _ = table(far)
    np.testing.assert_allclose(sine, np.sin(far), atol=5e-16)
    np.testing.assert_allclose(cosine, np.cos(far), atol=5e-16)
    e, sine, _, _ = table(np.array([np.nan, np.inf, -np.inf, 709.9, -709.0, -1e300]))
    assert np.array_equal(e, [np.nan, np.inf, 0, np.inf, 0, 0], equal_nan=True)
    assert np.isnan(sine[:3]).all()


def test_vector_logarithm_and_power_are_accurate_to_rounding():
    from numba import njit

    from mfplug.dynamics.vlog import vlog, vpow

    @njit
    def table(x, y):
        out = np.empty((2, x.size))
        for k in range(x.size):
            out[0, k] = vlog(x[k])
            out[1, k] = vpow(x[k], y[k])
        return out

    x = np.concatenate(
        [np.exp(np.linspace(-708, 709, 20011)), np.linspace(0.4, 3, 999)]
    )
    y = 7.0 * np.cos(np.arange(x.size))
    logarithm, power = table(x, y)
    np.testing.assert_allclose(logarithm, np.log(x), rtol=5e-16)
    with np.errstate(over="ignore", under="ignore"):
        exact = np.power(x, y)
    inside = (exact > 1e-300) & (exact < 1e300)
    error = np.abs(power[inside] / exact[inside] - 1)
    assert np.all(error <= 4e-16 * (1 + np.abs(y * np.log(x)))[inside])
    # The edges, as NumPy has them; denormal numbers too.
    x = np.array(
        [0.0, -1.0, np.inf, np.nan, 5e-324, -2.0, -2.0, -2.0, 0.0, 0.0, np.inf]
    )
    y = np.array([2.0, 3.0, -1.0, 1.0, 0.0, 2.0, -3.0, 0.5, -1.0, 0.0, 0.3])
    with np.errstate(all="ignore"):
        exact = np.log(x), np.power(x, y)
    for got, right in zip(table(x, y), exact, strict=True):
        np.testing.assert_allclose(got, right, rtol=4e-16)


@pytest.mark.parametrize("n", [69, 77, 96])
@pytest.mark.parametrize("box", [None, 6.5])
def test_every_pair_is_taken_once_whatever_the_tiles(monkeypatch, n, box):
    phi, x = make("potential", "gaussian"), clouds(2, n=n)
    exact, _ = direct(phi, x, 0.3, 0.8, box)
    c = compile_potential(phi, 2)
    results = []
    for width in (8, 16, 24, 64):  # 2 to 12 tiles, odd and even, full and not
        monkeypatch.setattr(sums, "tile_width", lambda particles, w=width: w)
        out = np.full_like(x, np.nan)
        pair_forces(c, x, out, factor=0.3, scale=0.8, box=box)
        np.testing.assert_allclose(out, exact, rtol=1e-11, atol=1e-14)
        results.append(out)
    # Each order of the sums rounds in its own way: the widths were really used.
    assert not np.array_equal(results[0], results[-1])


@pytest.mark.parametrize("n", [1, 37, 41, 64])
@pytest.mark.parametrize("box", [None, 6.5])
def test_every_pair_of_small_clouds_is_taken_once(n, box):
    """Eight replicas side by side: full and not, and one alone."""
    phi = make("potential", "gaussian")
    for replicas in (1, 8, 11):
        x = clouds(2, n=n, replicas=replicas)
        exact, _ = direct(phi, x, 0.3, 0.8, box)
        out = np.full_like(x, np.nan)
        pair_forces(compile_potential(phi, 2), x, out, factor=0.3, scale=0.8, box=box)
        np.testing.assert_allclose(out, exact, rtol=1e-11, atol=1e-14)


def test_tiles_depend_on_N_alone_and_fit_the_working_memory():
    from mfplug.dynamics.loops import TILE

    for n in (0, 1, 7, 128, 129, 300, 4095, 4096, 20000, 10**6):
        width = sums.tile_width(n)
        assert 0 < width <= TILE
        assert width % 8 == 0
        tiles = -(-n // width)
        # None but the last is short, by less than one vector a tile.
        assert tiles * width - n < 8 * max(1, tiles)
