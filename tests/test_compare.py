"""``mfplug diff``: equal folders agree, a planted difference is named with its size."""

from __future__ import annotations

import json

import pytest

from mfplug.errors import StoreError
from mfplug.studies.compare import compare

TABLE = """N,time,metric,index,value,stderr,lower,upper,replicas,note
16,1.0,coupling-mean,,0.25,0.004,0.242,0.258,100,
32,1.0,coupling-mean,,0.18,0.003,0.174,0.186,100,
16,1.0,exact,a,0.125,,,,,
32,1.0,exact,a,,,,,,cannot be told
"""
RATES = """metric,index,time,against,exponent,stderr,lower,upper,predicted,points
coupling-mean,,1.0,N,-0.49,0.02,-0.53,-0.45,-0.5,2
"""
BOUNDS = "N,time,metric,index,bound,value\n16,1.0,coupling-mean,,printed,0.9\n"


def make(folder, table=TABLE, rates=RATES, bounds=BOUNDS, verdict="holds"):
    study = folder / "chaos"
    study.mkdir(parents=True)
    (study / "table.csv").write_text(table)
    (study / "rates.csv").write_text(rates)
    (study / "bounds.csv").write_text(bounds)
    claims = [{"claim": "chaos", "verdict": verdict, "reason": "", "numbers": []}]
    (study / "verdict.json").write_text(json.dumps(claims))
    return folder


@pytest.fixture
def first(tmp_path):
    return make(tmp_path / "first")


def test_equal_folders_agree(first, tmp_path):
    assert compare(first, make(tmp_path / "second")) == ([], 5)


def test_sampling_errors_excuse_and_nothing_else(first, tmp_path):
    # 4 keys: the quantile is 3.66; the difference of two errors of 0.004 may be 0.0207.
    near = make(tmp_path / "near", TABLE.replace("0.25,0.004", "0.27,0.004"))
    assert compare(first, near)[0] == []
    far = make(tmp_path / "far", TABLE.replace("0.25,0.004", "0.28,0.004"))
    (difference,) = compare(first, far)[0]
    assert "N=16, time=1.0, metric=coupling-mean" in str(difference)
    assert difference.allowed == pytest.approx(3.6623 * 0.004 * 2**0.5, rel=1e-3)
    assert "they differ by 0.03" in str(difference)
    tight = make(tmp_path / "tight", TABLE.replace("0.125,,", "0.125000001,,"))
    assert [d.key for d in compare(first, tight)[0]] == [
        "N=16, time=1.0, metric=exact, index=a"
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": TABLE.replace("32,1.0,coupling", "33,1.0,coupling")}, "N=33"),
        ({"table": TABLE.replace("a,,,,,,cannot", "a,0.5,,,,,cannot")}, "None and 0.5"),
        ({"verdict": "fails"}, "holds and fails"),
        ({"rates": RATES.replace("-0.49,", "-0.64,")}, "rates.csv"),
        ({"bounds": BOUNDS.replace("0.9", "0.09")}, "bounds.csv"),
    ],
)
def test_each_planted_difference_is_named(first, tmp_path, change, said):
    differences, _ = compare(first, make(tmp_path / "second", **change))
    assert any(said in str(d) for d in differences), differences


def test_a_missing_study_and_missing_files(first, tmp_path):
    second = make(tmp_path / "second")
    (second / "chaos").rename(second / "other")
    assert {d.study for d in compare(first, second)[0]} == {"chaos", "other"}
    with pytest.raises(StoreError, match="no results"):
        compare(first, tmp_path / "nowhere")
    third = make(tmp_path / "third")
    (third / "chaos" / "rates.csv").unlink()
    with pytest.raises(StoreError, match=r"rates\.csv.*missing"):
        compare(first, third)


def test_command_line(mfplug_cli, first, tmp_path):
    second = make(tmp_path / "second", verdict="fails")
    same = mfplug_cli("diff", str(first), str(first))
    assert (same.status, same.out) == (0, "5 numbers agree, 0 differences\n")
    other = mfplug_cli("diff", str(first), str(second), "--json")
    assert other.status == 1
    (difference,) = json.loads(other.out)["differences"]
    assert (difference["first"], difference["second"]) == ("holds", "fails")


def test_two_verdicts_on_one_claim_are_both_compared(first, tmp_path):
    second = make(tmp_path / "second")
    for folder, words in ((first, ("holds", "holds")), (second, ("fails", "holds"))):
        claims = [{"claim": "chaos", "verdict": word} for word in words]
        (folder / "chaos" / "verdict.json").write_text(json.dumps(claims))
    (difference,) = compare(first, second)[0]
    assert (difference.first, difference.second) == ("holds, holds", "fails, holds")
