"""The harness of the benchmarks: what its ratios mean, and that its page says it."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.harness
    import benchmarks.page

    yield benchmarks
    for name in [n for n in sys.modules if n.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


def drifting(*costs):
    """Return a call that measures itself; the machine gets slower from call to call."""
    values = itertools.count(1)
    return lambda: costs[0] * next(values)


def test_ratios_are_taken_within_a_round(benchmarks):
    harness = benchmarks.harness
    case = harness.Case(
        "made", {"ours": drifting(2.0), "theirs": drifting(6.0)}, unit="MiB",
        asked={"theirs": 2.5}, most=7.0,
    )  # fmt: skip
    ours, theirs = harness.compare(case, repeats=5)
    # Call 1 is the rehearsal; rounds are calls 2 to 6, the median is call 4.
    assert ours.value == (8.0, 6.0, 10.0)
    assert theirs.value == (24.0, 18.0, 30.0)
    assert theirs.ratio == (3.0, 3.0, 3.0)  # the drift has gone
    assert (ours.met, theirs.met) == (False, True)  # 8 MiB > 7; 3 >= 2.5
    turned = harness.Case("made", dict(reversed(case.entrants.items())), unit="MiB")
    assert harness.compare(turned, repeats=5)[1].ratio[0] == pytest.approx(1 / 3)


def test_timed_calls_give_rates(benchmarks, monkeypatch):
    harness, clock = benchmarks.harness, [0.0]
    monkeypatch.setattr(harness.time, "perf_counter", lambda: clock[0])

    def taking(seconds):
        def call():
            clock[0] += seconds

        return call

    case = harness.Case(
        "timed", {"ours": taking(0.002), "theirs": taking(0.5)}, work=10.0, unit="pairs"
    )
    ours, theirs = harness.compare(case, repeats=3)
    assert ours.value[0] == pytest.approx(5000.0)  # pairs a second
    assert theirs.ratio[0] == pytest.approx(250.0)
    assert (ours.met, theirs.met) == (None, None)
    assert ours.timed


def test_a_case_that_takes_long_has_fewer_rounds(benchmarks, monkeypatch):
    """Rounds of 0.1 s: 2.05 s are enough for 20 of 50, 0.001 s for one."""
    harness, clock, calls = benchmarks.harness, [0.0], []

    def call():
        clock[0] += 0.1
        calls.append(clock[0])

    monkeypatch.setattr(harness.time, "perf_counter", lambda: clock[0])
    for allowed, rounds in ((2.05, 20), (0.001, 1), (math.inf, 50)):
        calls.clear()
        harness.compare(harness.Case("slow", {"ours": call}, seconds=allowed), 50)
        assert len(calls) == 2 + rounds  # one compiles, one counts


def test_a_long_call_of_compiled_code_is_a_round(benchmarks, monkeypatch):
    """Calls of 31 and 32 s, for which 70 s are allowed: no more than these two."""
    harness, clock, made = benchmarks.harness, [0.0], []
    monkeypatch.setattr(harness.time, "perf_counter", lambda: clock[0])

    def call():
        made.append(clock[0])
        clock[0] += 30.0 + len(made)

    case = harness.Case("long", {"ours": call}, seconds=70.0, compiled=True)
    (row,) = harness.compare(case, repeats=7)
    assert len(made) == row.rounds == 2
    assert row.value[1:] == pytest.approx((1.0 / 32.0, 1.0 / 31.0))
    assert " 2 rounds)" in benchmarks.page._line(row)


def test_page_holds_every_section_once(benchmarks, tmp_path):
    page, harness = benchmarks.page, benchmarks.harness
    rows = harness.compare(
        harness.Case(
            "a case", {"ours": lambda: 2.0, "C": lambda: 3.0}, asked={"C": 2.0}
        ),
        repeats=1,
    )
    skip = harness.Skip("a case", "another", "not installed")
    (tmp_path / "benchmarks").mkdir()
    for name in ("beta", "alpha", "beta"):
        section = page.Section(name, name.title(), "Words.", "a machine", rows, [skip])
        section.save(tmp_path / "benchmarks")
    page.draw_section(section, tmp_path / "benchmarks", None)
    text = page.write_page(tmp_path).read_text()
    assert text.index("## Alpha") < text.index("## Beta")
    assert text.count("## Beta") == 1
    assert "| a case | C | 3 calls (3 to 3) | 1.50 (1.50 to 1.50) | >= 2 | no |" in text
    assert "Not compared: a case with another: not installed." in text
    assert {p.suffix for p in (tmp_path / "benchmarks").iterdir()} == {
        ".json", ".png", ".svg",
    }  # fmt: skip


def test_every_module_says_what_it_compares(benchmarks):
    import importlib

    names = [p.stem for p in (ROOT / "benchmarks").glob("bench_*.py")]
    assert names
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        assert module.TITLE
        assert len(module.__doc__) > 80
        assert callable(module.cases)
