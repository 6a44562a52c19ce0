"""Forces that fail while a study is computed: one line, nothing half-done."""

from __future__ import annotations

import pytest
from conftest import potential_source
from failing_study import FREE, fails, system


@pytest.mark.parametrize(
    "extra",
    [
        " + np.nan",
        " + np.sqrt(-1.0 - s)",
        " + np.inf * s",
        " + np.where(s < 1e9, np.nan, 0.0)",
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_nan_in_the_force_of_a_plugin(site, mfplug_cli, write_study, tmp_path, extra):
    site.plugin("own", potential_source("own", extra))
    path = write_study(system=system(), metrics=["energy-drift"], **FREE)
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "'own'")


@pytest.mark.parametrize(
    "extra",
    [
        " if s.no_such_attribute else s",
        " + 'words'",
        " + np.ones(7)",
        " if s > 0 else 0.0",
        "\n        raise RuntimeError('no force today')",
    ],
)
def test_a_potential_that_fails(site, mfplug_cli, write_study, tmp_path, extra):
    source = potential_source("own", extra)
    if "raise" in extra:
        source = source.replace("        return self", "        pass; self")
    site.plugin("own", source)
    path = write_study(system=system(), metrics=["energy-drift"], **FREE)
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "potential 'own'")


def test_nan_for_one_parameter_spares_the_cells_that_are_fine(
    site, mfplug_cli, write_study, tmp_path
):
    extra = " * np.where(self.strength > 1.9, np.nan, 1.0)"
    site.plugin("own", potential_source("own", extra))
    sweep = {"potential.strength": [1.0, 2.0], "N": [4]}
    path = write_study(system=system(), metrics=["energy-drift"], sweep=sweep, **FREE)
    out = tmp_path / "out"
    answer = mfplug_cli("simulate", path, "--out", out)
    answer.refused("'own'", "potential.strength=2.0, N=4", after=1)
    # The finished cell is kept for the next run; the block has no marker.
    assert len(list((out / "store" / "ensembles").rglob("*.npz"))) == 1
    assert not (out / "store" / "done").exists()


def test_a_force_that_explodes(mfplug_cli, write_study, tmp_path):
    strong = {"name": "harmonic", "strength": -1e300}
    path = write_study(system=system(strong), times=[0.0, 50.0], **FREE,
                       metrics=["energy-drift"])  # fmt: skip
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "not finite", "step")
