"""Cases of a sweep that stand with some values of another one only."""

from __future__ import annotations

import pytest

from mfplug.errors import StudyError
from mfplug.studies.cells import cells_of
from mfplug.studies.load import load


def cells(write_study, cases, **sweep):
    path = write_study(fits=[], verdicts=[], sweep={"case": cases, **sweep})
    name, study = load(str(path), "quick")
    return [tuple(cell.columns.values()) for cell in cells_of(study, name)]


CASES = [
    {"label": "light", "set": {"mass": 1.0}},
    {"label": "heavy", "set": {"mass": 9.0}, "only": {"N": [4], "step": [0.1, 0.2]}},
]


def test_only_some_combinations(write_study):
    found = cells(write_study, CASES, N=[4, 8], step=[0.1, 0.2, 0.3])
    light = [("light", N, h) for N in (4, 8) for h in (0.1, 0.2, 0.3)]
    assert found == [*light, ("heavy", 4, 0.1), ("heavy", 4, 0.2)]
    # Planted: without the condition it would be all of them.
    free = [CASES[0], {k: CASES[1][k] for k in ("label", "set")}]
    assert len(cells(write_study, free, N=[4, 8], step=[0.1, 0.2, 0.3])) == 12


@pytest.mark.parametrize(
    "only", [{"N": [16]}, {"N": []}, {"step": [0.1]}, {"case": ["light"]}]
)
def test_conditions_on_what_is_not_swept(write_study, only):
    cases = [CASES[0], {"label": "heavy", "set": {"mass": 9.0}, "only": only}]
    with pytest.raises(StudyError, match="'heavy' stands only with values") as caught:
        cells(write_study, cases, N=[4, 8])
    assert "\n" not in str(caught.value)
    assert "Change `only`" in str(caught.value)
