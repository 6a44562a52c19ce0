"""Study files: what is read, what is refused, and in which words."""

from __future__ import annotations

import pytest
from small_study import HINTS, refused, study

from mfplug.studies.load import load, merge
from mfplug.studies.yamlfile import read_value, read_yaml

# YAML


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("title: [1, 2\nmetrics: x", "not YAML at line 2"),
        ("title: 'a\n", "not YAML"),
        ("title: a\n\tmetrics: [coupling]", "not YAML at line 2"),
        ("title: a\ntitle: b\n", "'title' stands twice"),
        ("title: a\nsystem: {mass: 1.0, mass: 2.0}", "'mass' stands twice"),
        ("1: a\n1.0: b", "stands twice"),
        ("title: a\n---\ntitle: b", "not YAML"),
        ("title: \x00", "not allowed"),
        ("? {a: b}\n: c", "unhashable"),
        ("title: &t a\ndescription: *t", "aliases are not allowed; got '*t' at line 2"),
        ("title: !!python/object:os.system {}", "tags are not allowed"),
        ("title: !!python/name:os.system ''", "tags are not allowed"),
        ("title: !!binary aGVsbG8=", "tags are not allowed"),
        ("sweep: !!map [1]", "tags are not allowed"),
        ("step: !!float abc", "tags are not allowed"),
        ("title: !mine x", "tags are not allowed"),
        ("title: 2020-13-45", "a value cannot be read"),
        ("replicas: " + "9" * 5000, "a value cannot be read"),
        ("title: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a: " * 5000, "not YAML"),
        ("- a\n" * 3, "not a mapping; got list"),
        ("just words", "not a mapping; got str"),
        ("42", "not a mapping; got int"),
        ("", "not a mapping; got NoneType"),
        ("# a comment\n", "not a mapping; got NoneType"),
        ("title: a\nmetrics: [\N{SNOWMAN}]\n%", "not YAML"),
    ],
)
def test_what_is_not_a_study(tmp_path, text, word):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    refused(lambda: load(str(path)), word, "bad.yaml")


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "bad.yaml"
    for content in (b"\xff\xfe\x00title", b"title: \xe9\n", bytes(range(256))):
        path.write_bytes(content)
        refused(lambda: load(str(path)), "bad.yaml")


def test_a_billion_laughs_are_refused_at_once(tmp_path):
    lines = ["a0: &a0 lol"]
    for i in range(1, 30):
        inner = ", ".join([f"*a{i - 1}"] * 10)
        lines.append(f"a{i}: &a{i} [{inner}]")
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    refused(lambda: load(str(path)), "aliases")


def test_large_files(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("title: " + "x" * 1_000_000)
    refused(lambda: load(str(path)), "too large; got 1000007 bytes")
    # Just below the limit a mapping of very many keys must not take minutes.
    path.write_text("".join(f"k{i}:\n" for i in range(20_000)))
    refused(lambda: load(str(path)), "unknown key 'k", "more)")


def test_no_file_a_folder_or_another_name(tmp_path, clean):
    refused(lambda: load(str(tmp_path / "no.yaml")), "no such file")
    refused(lambda: load(str(tmp_path)), "no such study")
    (tmp_path / "folder.yaml").mkdir()
    refused(lambda: load(str(tmp_path / "folder.yaml")), "no such file")
    refused(lambda: load("choas"), "Did you mean 'chaos'?")
    refused(lambda: load("nothing-like-it"), "Known: break-time, ")
    refused(lambda: load(""), "no such study")


def test_numbers_as_everybody_reads_them(tmp_path):
    path = tmp_path / "n.yaml"
    path.write_text(
        "a: 1e-3\nb: 1.0e-3\nc: -2E5\nd: .5e1\ne: 3\nf: 1e3x\ng: -.3\nh: .5\ni: .x\n"
    )
    data = read_yaml(path)
    numbers = {"a": 1e-3, "b": 1e-3, "c": -2e5, "d": 5.0, "e": 3, "g": -0.3, "h": 0.5}
    assert data == numbers | {"f": "1e3x", "i": ".x"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("replicas: 1:30", "90"),
        ("sweep: {N: [8, 1:30]}", "90"),
        ("1:30: x", "90"),
        ("step: -0:30.5", "-30.5"),
        ("seed: 010", "8"),
    ],
)
def test_numbers_that_nobody_reads_so(tmp_path, text, number):
    path = tmp_path / "n.yaml"
    path.write_text(f"title: a\n{text}\n")
    refused(
        lambda: load(str(path)), "got ", f"at line 2, which YAML takes for {number},"
    )


def test_what_only_looks_like_such_a_number(tmp_path):
    path = tmp_path / "n.yaml"
    path.write_text("a: '1:30'\nb: 1:75\nc: 00:10\nd: 0\ne: 0.10\nf: 08\ng: 1_000\n")
    text = {"a": "1:30", "b": "1:75", "c": "00:10", "f": "08"}
    assert read_yaml(path) == text | {"d": 0, "e": 0.1, "g": 1000}


def test_a_value_of_a_parameter_is_read_as_in_a_study():
    assert [read_value(t, "x") for t in ("1e-3", "[1, 2", "2020-13-45")] == [
        1e-3, "[1, 2", "2020-13-45",
    ]  # fmt: skip
    refused(lambda: read_value("1:30", "check: --set width"), "--set width", "for 90")


# Keys and types


@pytest.mark.parametrize(("changes", "word", "hint"), HINTS)
def test_unknown_keys_at_each_level(changes, word, hint):
    refused(study, word, hint and f"Did you mean {hint}?", **changes)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"title": None}, "'title' is missing"),
        ({"title": 3}, "'title' is wrong; got 3"),
        ({"metrics": None}, "'metrics' is missing"),
        ({"metrics": "coupling"}, "'metrics' is wrong"),
        ({"metrics": [3]}, "metrics.0"),
        ({"system": ["free"]}, "'system' is wrong"),
        ({"system": {"dimension": "2"}}, "system.dimension"),
        ({"system": {"dimension": 2.0}}, "system.dimension"),
        ({"system": {"dimension": True}}, "system.dimension"),
        ({"system": {"mass": float("nan")}}, "system.mass"),
        ({"system": {"box": float("inf")}}, "system.box"),
        ({"system": {"potential": 3}}, "system.potential"),
        ({"sweep": [8, 16]}, "'sweep' is wrong"),
        ({"sweep": {"N": 8}}, "sweep.N"),
        ({"sweep": {"N": [None]}}, "sweep.N"),
        ({"sweep": {"N": [[8]]}}, "sweep.N"),
        ({"sweep": {"N": [float("nan")]}}, "sweep.N"),
        ({"times": 1.0}, "'times' is wrong"),
        ({"times": [0.0, "one"]}, "times.1"),
        ({"times": [0.0, float("inf")]}, "times.1"),
        ({"replicas": 0}, "replicas"),
        ({"replicas": -4}, "replicas"),
        ({"replicas": 2.5}, "replicas"),
        ({"replicas": True}, "replicas"),
        ({"replicas": {4: 0}}, "replicas"),
        ({"replicas": {"times": 3}}, "replicas"),
        ({"replicas": {"times": -1, "N": 1.0}}, "'replicas.times' is wrong; got -1"),
        ({"replicas": {"times": 0.0, "N": 1.0}}, "greater than 0"),
        (
            {"profiles": {"paper": {"replicas": {"times": -1, "N": 1}}}},
            "profile 'paper'",
        ),
        ({"particles": 0}, "particles"),
        ({"step": "small"}, "'step' is wrong"),
        ({"step": float("nan")}, "'step' is wrong"),
        ({"seed": -1}, "'seed' is wrong"),
        ({"seed": 1.5}, "'seed' is wrong"),
        ({"seed": True}, "'seed' is wrong"),
        ({"claims": "micro"}, "'claims' is wrong"),
        ({"fits": {"metric": "x"}}, "'fits' is wrong"),
        ({"fits": [{"metric": "x", "model": "cubic"}]}, "fits.0.model"),
        ({"fits": [{"metric": "x", "time": "first"}]}, "fits.0.time"),
        ({"fits": [{"name": "x"}]}, "'fits.0.metric' is missing"),
        ({"verdicts": [{"claim": "x"}]}, "'verdicts.0.checks' is missing"),
        (
            {"verdicts": [{"claim": "x", "checks": [{"rule": "equals"}]}]},
            "verdicts.0.checks.0.rule",
        ),
        ({"profiles": ["quick"]}, "profiles is not a mapping"),
        ({"profiles": {"quick": 3}}, "profiles.quick"),
        ({"profiles": {"quick": {"profiles": {}}}}, "has profiles itself"),
        ({"profiles": {"quick": {"step": "small"}}}, "profile 'quick'"),
        ({"profiles": {"other": {"step": "small"}}}, "profile 'other'"),
    ],
)
def test_wrong_types(changes, word):
    refused(study, word, **changes)


def test_profiles():
    changes = {
        "profiles": {
            "quick": {"replicas": 7, "sweep": {"N": [5]}},
            "mine": {"system": {"potential": {"strength": 0.2}}, "times": [0.0, 2.0]},
            "other": {"system": {"potential": {"name": "free"}}},
        }
    }
    quick = study("quick", **changes)
    assert (quick.replicas, quick.sweep) == (7, {"N": [5]})
    mine = study("mine", **changes)
    assert mine.system.potential == {"name": "harmonic", "strength": 0.2}
    assert (mine.times, mine.replicas) == ([0.0, 2.0], 6)
    # Another plugin does not inherit the parameters of the first.
    assert study("other", **changes).system.potential == {"name": "free"}
    # A profile that the study does not mention changes nothing.
    assert study("paper", **changes) == study("smoke", **changes)
    refused(lambda: study("qick", **changes), "no profile 'qick'", "'quick'")
    refused(lambda: study("", **changes), "no profile ''")


def test_merge_does_not_touch_its_arguments():
    base, change = {"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}, "d": 4}
    assert merge(base, change) == {"a": {"b": 1, "c": [3]}, "d": 4}
    assert base == {"a": {"b": 1, "c": [1, 2]}}
