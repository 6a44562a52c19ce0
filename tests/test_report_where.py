"""Figures of a part of the table: a value of a column, or a list of values."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_results import MAIN, NUMBERS, make_results, one_line

from mfplug.errors import StoreError
from mfplug.report.agreement import deviations
from mfplug.report.curves import panels
from mfplug.report.figures import declared
from mfplug.report.selection import Data


@pytest.mark.parametrize(
    ("where", "numbers", "strengths"),
    [
        ({}, NUMBERS, 2),
        ({"N": 64}, (64,), 2),
        ({"N": [32, 512.0]}, (32, 512), 2),
        ({"N": [32, 128, 7], "potential.strength": [0.5]}, (32, 128), 1),
    ],
)
def test_a_list_keeps_each_of_its_values(tmp_path, where, numbers, strengths):
    data = Data.read(make_results(tmp_path))
    for panel in panels(data, MAIN | {"where": where}):
        assert len(panel.curves) == strengths
        lines = [*panel.curves, *panel.floors]
        lines += [line for _, found in panel.bounds for line in found]
        assert len(lines) >= 4
        for line in lines:
            assert tuple(point.x for point in line.points) == numbers


def test_a_list_keeps_its_values_in_a_comparison_too(tmp_path):
    data = Data.read(make_results(tmp_path))
    figure = {"name": "main", "rows": [{"metric": "coupling-mean"}], "bounds": ["far"]}
    counts = [
        len(deviations(data, figure | {"where": where})[0])
        for where in ({}, {"N": 16}, {"N": [16, 64, 256]})
    ]
    assert counts[0] == 6 * counts[1] == 2 * counts[2] > 0


@pytest.mark.parametrize("wrong", [[], {"from": 16}, [[16, 32]]])
def test_what_is_neither_a_value_nor_a_list_is_refused(wrong):
    with pytest.raises(StoreError) as caught:
        declared(Path("a.yaml"), {"figures": [MAIN | {"where": {"N": wrong}}]})
    said = one_line(caught)
    assert f"got N: {wrong!r}, expected a value or a list of values" in said
