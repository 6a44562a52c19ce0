"""``mfplug.load``: a study's tables and what is stored of one of its cells."""

from __future__ import annotations

import json

import conftest
import numpy as np
import pytest

import mfplug
from mfplug.errors import StoreError, StudyError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("load")
    study = place / "micro.yaml"
    study.write_text(conftest.MICRO)
    return mfplug.run_study(str(study), out=place / "out")


def test_the_tables_are_those_of_the_files(folder):
    results = mfplug.load(folder)
    assert (results.name, results.profile) == ("micro", "quick")
    assert results.verdicts == json.loads((folder / "verdict.json").read_text())
    again = results.table.to_csv(index=False, lineterminator="\n")
    assert len(results.table) == 9
    assert again == (folder / "table.csv").read_text()
    assert results.rates["predicted"].tolist() == [-0.5]
    assert [cell.columns for cell in results.cells] == [{"N": n} for n in (4, 8, 16)]


def test_a_cell_has_what_the_functions_give(folder):
    """Six replicas of 8 particles, computed here anew, equal to the last bit."""
    cell = mfplug.load(folder).cell(N=8)
    system = mfplug.System(
        potential={"name": "harmonic", "strength": 0.7},
        initial={"name": "gaussian", "qq": 1.3, "pp": 0.6},
    )
    assert cell.system == system
    anew = mfplug.simulate(system, 8, 6, [0.0, 0.5], 0.1)
    np.testing.assert_array_equal(cell.ensemble.q, anew.q)
    np.testing.assert_array_equal(cell.ensemble.p, anew.p)
    field = mfplug.solve_mean_field(system, [0.0, 0.5], "harmonic-exact")
    points = np.array([[0.3], [-1.7]])
    np.testing.assert_array_equal(
        cell.field.force(0.4, points), field.force(0.4, points)
    )
    table = mfplug.load(folder).table
    expected = table[table["N"] == 8]["value"].tolist()
    assert cell.rows["value"].tolist() == expected


def test_a_file_of_the_store_is_what_it_holds(folder):
    store = folder.parent / "store"
    (field,) = (store / "fields").glob("*.npz")
    assert mfplug.load(field).times == (0.0, 0.5)
    found = [mfplug.load(p) for p in sorted((store / "ensembles").glob("*/*.npz"))]
    assert sorted(e.particles for e in found) == [4, 8, 16]


def test_what_cannot_be_loaded_says_why(folder, tmp_path):
    results = mfplug.load(folder)
    with pytest.raises(StudyError, match="3 cells have"):
        results.cell()
    with pytest.raises(StudyError, match="0 cells have"):
        results.cell(N=5)
    with pytest.raises(StudyError, match="'n' is not swept; expected one of N"):
        results.cell(n=8)
    with pytest.raises(StoreError, match=r"no plan\.json"):
        mfplug.load(tmp_path / "none")
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, q=np.zeros(3))
    with pytest.raises(StoreError, match="truncated, altered or foreign"):
        mfplug.load(foreign)


def test_what_was_cleaned_away_is_named(folder, tmp_path):
    import shutil

    shutil.copytree(folder.parent, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "store" / "fields")
    cell = mfplug.load(tmp_path / "out" / "micro").cell(N=4)
    assert cell.ensemble.replicas == 6
    with pytest.raises(StoreError, match="cleaned away"):
        _ = cell.field
