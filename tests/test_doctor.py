"""``mfplug doctor`` and ``clean``, requirements, and pictures of plugins."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import canonical
import numpy as np
import pytest

import mfplug
from mfplug.errors import ParameterError
from mfplug.gallery import portrait, write_portrait
from mfplug.gallery.laws import draw


def test_doctor_finds_nothing_wrong(mfplug_cli, tmp_path):
    done = mfplug_cli("doctor", "--json", "--out", str(tmp_path))
    report = json.loads(done.out)
    assert report["troubles"] == []
    assert done.status == 0
    assert report["versions"]["mfplug"] == mfplug.__version__
    assert report["versions"]["snakemake"] != "not installed"
    assert report["plugins"]["potential"] >= len(canonical.names("potential"))
    text = mfplug_cli("doctor", "--out", str(tmp_path)).out
    assert "no trouble found" in text
    assert re.search(r"cache:\n  folder +\S+", text)


def test_doctor_names_a_broken_plugin_and_goes_on(site, mfplug_cli):
    site.plugin("sick", "raise RuntimeError('out of order')")
    done = mfplug_cli("doctor")
    assert done.status == 1
    (line,) = [x for x in done.out.splitlines() if x.startswith("trouble: ")]
    assert "plugin 'sick'" in line
    assert "RuntimeError: out of order" in line


def test_doctor_says_that_a_shared_cache_is_not_used(mfplug_cli, tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chmod(shared, 0o777)
    monkeypatch.setenv("MFPLUG_CACHE_DIR", str(shared))
    done = mfplug_cli("doctor")
    assert "trouble: cache: MFPLUG_CACHE_DIR is not used" in done.out


def test_clean_empties_the_cache_alone(mfplug_cli, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    (cache / "derived.txt").write_text("x" * 100)
    (cache / "numba").mkdir()
    (cache / "numba" / "kernel.nbc").write_text("y" * 50)
    monkeypatch.setenv("MFPLUG_CACHE_DIR", str(cache))
    assert "would remove 2 files" in mfplug_cli("clean", "--dry-run").out
    assert len(list(cache.iterdir())) == 2
    assert "removed 2 files" in mfplug_cli("clean").out
    assert not list(cache.iterdir())


def test_requirements_repeat_the_set(site, mfplug_cli):
    site.plugin("own", "import mfplug", version="3.2.1")
    lines = mfplug_cli("plugins", "--requirements").out.splitlines()
    assert f"mfplug=={mfplug.__version__}" in lines
    assert "mfplug-own==3.2.1" in lines


@pytest.mark.parametrize(
    ("kind", "name"),
    [("potential", n) for n in canonical.names("potential")]
    + [("distribution", n) for n in canonical.names("distribution")]
    + [("external", n) for n in canonical.names("external")]
    + [("integrator", "yoshida4"), ("integrator", "dop853")]
    + [("solver", "harmonic-exact")]
    + [("metric", n) for n in ("coupling", "corollary-bound", "tail-cells")],
)
def test_plugins_have_pictures(kind, name):
    picture = portrait(canonical.make(kind, name), "png")
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5000


def test_a_scaled_potential_is_drawn_beside_its_base():
    """a phi_0(b q) with a = b = 2: twice as high, and half as wide."""
    left, right = draw(mfplug.create("potential", "scaled").specimen(Path())).axes
    (q, high), (_, low) = (line.get_data() for line in left.lines)
    assert high[400] == pytest.approx(2.0 * low[400], rel=1e-12)
    near = np.abs(2.0 * q) < q.max()
    # Linear between points 0.005 apart.
    exact = 2.0 * np.interp(2.0 * q[near], q, low)
    assert high[near] == pytest.approx(exact, abs=1e-4)
    assert np.abs(right.lines[0].get_ydata()).max() > 0.1
    # Left alone, there is nothing to scale, and nothing to draw.
    flat = draw(mfplug.create("potential", "scaled")).axes[0].lines[0]
    assert not flat.get_ydata().any()


def test_pictures_that_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="takes none of the systems drawn"):
        write_portrait(canonical.make("metric", "mode-rate"), tmp_path / "x.png")
    with pytest.raises(ParameterError, match="ending is not known"):
        write_portrait(canonical.make("potential", "bump"), tmp_path / "x.bmp")
    assert not list(tmp_path.iterdir())
