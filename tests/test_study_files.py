"""Study files: what is read, what is refused, and in which words."""

from __future__ import annotations

import json
import textwrap

import jsonschema
import pytest
import yaml
from conftest import MICRO, merged

from mfplug.errors import MfplugError, StudyError
from mfplug.studies.cells import cells_of
from mfplug.studies.load import find, load, merge, parse, shipped
from mfplug.studies.model import json_schema
from mfplug.studies.plan import make_plan
from mfplug.studies.references import check_references
from mfplug.studies.yamlfile import read_yaml


def study(profile="quick", **changes):
    """Return the small study with changes to its keys."""
    return parse(merged(yaml.safe_load(MICRO), changes), "micro", profile)


def cells(**changes):
    data = study(**changes)
    check_references(data, "micro")
    return cells_of(data, "micro")


def refused(call, *words, **changes):
    with pytest.raises(MfplugError) as caught:
        call(**changes)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 700
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


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
    path.write_text("a: 1e-3\nb: 1.0e-3\nc: -2E5\nd: .5e1\ne: 3\nf: 1e3x\n")
    data = read_yaml(path)
    assert data == {"a": 1e-3, "b": 1e-3, "c": -2e5, "d": 5.0, "e": 3, "f": "1e3x"}


# Keys and types

HINTS = [
    ({"metrcs": ["coupling"]}, "unknown key 'metrcs'", "'metrics'"),
    ({"system": {"potental": "free"}}, "'system.potental'", "'potential'"),
    ({"system": {"N": 5}}, "unknown key 'system.N'", ""),
    ({"fits": [{"metric": "x", "predict": 1}]}, "fits.0.predict", "'predicted'"),
    ({"bounds": [{"name": "x", "metrik": "y"}]}, "bounds.0.metrik", "'metric'"),
    ({"verdicts": [{"claim": "x", "chekcs": []}]}, "verdicts.0.chekcs", "'checks'"),
    (
        {"verdicts": [{"claim": "x", "checks": [{"rule": "below", "bond": "b"}]}]},
        "verdicts.0.checks.0.bond",
        "'bound'",
    ),
    ({"profiles": {"quick": {"replcas": 4}}}, "unknown key 'replcas'", "'replicas'"),
    ({"profiles": {"paper": {"replcas": 4}}}, "profile 'paper'", "'replicas'"),
    ({"profiles": {"quick": {"system": {"bx": 4}}}}, "'system.bx'", "'box'"),
    ({"sweep": {"case": [{"label": "a", "sett": {}}]}}, "sweep.case.0", ""),
]


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


# What is well-formed and impossible


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"system": {"dimension": 4}}, ["dimension", "got 4", "1, 2 or 3"]),
        ({"system": {"mass": -1.0}}, ["mass", "got -1.0"]),
        ({"system": {"potential": "gausian"}}, ["Did you mean 'gaussian'?"]),
        ({"system": {"potential": {"strength": 1.0}}}, ["no plugin can be made"]),
        (
            {"system": {"potential": {"name": "gaussian", "widht": 1.0}}},
            ["unknown parameter 'widht'", "Did you mean 'width'?"],
        ),
        (
            {"system": {"potential": {"name": "gaussian", "width": -1.0}}},
            ["'width' is out of range", "> 0"],
        ),
        ({"metrics": ["couplng"]}, ["Did you mean 'coupling'?"]),
        ({"metrics": [{"name": "marginal-l1", "degre": 2}]}, ["'degree'"]),
        ({"metrics": []}, ["no metrics"]),
        ({"integrator": "leepfrog"}, ["Did you mean 'leapfrog'?"]),
        ({"solver": {"name": "characteristics", "nods": 3}}, ["'nodes'"]),
        ({"forces": "fast"}, ["forces", "direct"]),
        ({"sweep": {"N": [0, 4]}}, ["N", "got 0"]),
        ({"sweep": {"N": [-4]}}, ["got -4"]),
        ({"sweep": {"N": [4.5]}}, ["got 4.5"]),
        ({"sweep": {"N": [True]}}, ["got True"]),
        ({"sweep": {"N": ["8"]}}, ["got '8'"]),
        ({"sweep": {"N": [10**200]}}, ["N", "out of range"]),
        ({"sweep": {"N": [4], "seed": [-1]}}, ["seed", "got -1"]),
        ({"sweep": {"N": [4], "seed": [1.5]}}, ["seed", "got 1.5"]),
        ({"sweep": {"N": [4], "forces": ["fast"]}}, ["forces", "direct"]),
        ({"sweep": {"N": [4], "step": [0.0]}}, ["step", "got 0.0"]),
        ({"sweep": {"N": [4], "dimension": [1, 4]}}, ["dimension", "got 4"]),
        ({"sweep": {"N": [4], "mass": [10**400]}}, ["mass", "out of range"]),
        ({"sweep": {"N": [4], "replicas": [5]}}, ["'replicas'", "column"]),
        ({"sweep": {"N": []}}, ["sweep of 'N' is empty"]),
        ({"sweep": {"N": [4, 8, 4]}}, ["N=4", "twice"]),
        ({"sweep": {"N": [4], "mass": [1, 1.0]}}, ["twice"]),
        (
            {"sweep": {"N": [4], "case": [{"label": "a", "set": {}}] * 2}},
            ["case=a", "twice"],
        ),
        (
            {"sweep": {"M": [4], "N": [4]}},
            ["'M' cannot be swept", "potential.strength"],
        ),
        ({"sweep": {"N": [4], "potental": ["free"]}}, ["'potential'"]),
        ({"sweep": {"N": [4], "external.strength": [1]}}, ["no plugin in 'external'"]),
        ({"sweep": {"N": [4], "potential.a.b": [1]}}, ["'potential.a.b'"]),
        ({"sweep": {"N": [4], "N.x": [1]}}, ["'N.x' cannot be swept"]),
        ({"sweep": {"N": [4], "potential.strenth": [1]}}, ["Did you mean 'strength'?"]),
        ({"sweep": {"N": [4], "potential": [3]}}, ["potential", "made of 3"]),
        ({"sweep": {}, "fits": [], "verdicts": []}, ["number of particles is missing"]),
        ({"step": -0.1}, ["step", "got -0.1"]),
        ({"step": 0.0}, ["step", "got 0.0"]),
        ({"times": []}, ["times"]),
        ({"times": [1.0, 0.0]}, ["times", "increasing"]),
        ({"times": [0.0, 0.0]}, ["times", "increasing"]),
        ({"replicas": {4: 3, 8: 3}}, ["N = 16 are missing"]),
        ({"fits": [{"metric": "x", "against": "delta"}]}, ["'delta'", "not swept"]),
        ({"fits": [{"name": "c", "metric": "x"}] * 2}, ["two fits", "'c'"]),
        (
            {"verdicts": [{"claim": "m", "checks": [{"rule": "exponent"}]}]},
            ["fit 'None'", "coupling"],
        ),
        (
            {
                "verdicts": [
                    {"claim": "m", "checks": [{"rule": "exponent", "fit": "copling"}]}
                ]
            },
            ["Did you mean 'coupling'?"],
        ),
        (
            {
                "verdicts": [
                    {
                        "claim": "m",
                        "checks": [{"rule": "below", "metric": "a", "bound": "b"}],
                    }
                ]
            },
            ["bound 'b'", "no bounds"],
        ),
        ({"claims": ["chaos"]}, ["'micro'", "not among its claims"]),
        (
            {
                "sweep": {
                    "N": [4, 8],
                    "case": [{"label": "a", "set": {"N": 16}}],
                }
            },
            ["'N'", "twice"],
        ),
        (
            {"sweep": {"N": [4], "value": [{"label": "a", "set": {}}]}},
            ["'value'", "column"],
        ),
        (
            {"sweep": {"N": [4], "metric": [{"label": "a", "set": {"mass": 2.0}}]}},
            ["'metric'", "column"],
        ),
        (
            {"sweep": {"N": [4], "case": [{"label": "a", "set": {"mas": 2.0}}]}},
            ["'mas' cannot be swept"],
        ),
        ({"bounds": [{"name": "nezunert", "metric": "x"}]}, ["'neunzert'"]),
        (
            {"bounds": [{"name": "c", "source": "constant", "metric": "x"}]},
            ["bound 'c'", "value"],
        ),
        (
            {
                "bounds": [
                    {
                        "name": "neunzert",
                        "metric": "x",
                        "options": {"divde": 2.0},
                    }
                ]
            },
            ["'divde'", "divide"],
        ),
        (
            {
                "bounds": [
                    {
                        "name": "c",
                        "source": "constant",
                        "metric": "x",
                        "options": {"value": "big"},
                    }
                ]
            },
            ["'big'", "number"],
        ),
        ({"figures": [{"name": "../x"}]}, ["figure"]),
        ({"figures": [{"name": "main", "x": "N", "rwos": []}]}, ["'rows'"]),
    ],
)
def test_impossible_studies(tmp_path, write_study, changes, words):
    # All of it is found when the study is planned: nothing has been computed yet.
    path = write_study(**changes)
    refused(lambda: make_plan(str(path), "quick", tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["two words", ".hidden", "store", "logs", "a$b", "..", "-x;"]
)
def test_names_that_would_be_bad_folders(tmp_path, write_study, name):
    path = write_study(name)
    refused(lambda: make_plan(str(path), "quick", tmp_path / "out"), "name")


# Cells


def test_sweep_of_plugin_parameters_and_order():
    found = cells(
        sweep={"potential.strength": [0.5, 2.0], "N": [4, 8], "initial.qq": [0.3]}
    )
    assert [c.columns["N"] for c in found] == [4, 8, 4, 8]
    assert [c.system.potential.strength for c in found] == [0.5, 0.5, 2.0, 2.0]
    assert all(c.system.initial.qq == 0.3 for c in found)
    # What is not swept stays what the study says.
    assert all(c.system.initial.pp == 0.6 for c in found)


def test_sweep_of_whole_plugins():
    found = cells(sweep={"N": [4], "integrator": ["leapfrog", {"name": "yoshida4"}]})
    assert [c.integrator.name for c in found] == ["leapfrog", "yoshida4"]
    assert [c.columns["integrator"] for c in found] == ["leapfrog", "yoshida4"]
    found = cells(
        sweep={"N": [4], "potential": ["free", {"name": "harmonic", "strength": 0.2}]}
    )
    labels = [c.columns["potential"] for c in found]
    assert labels == ["free", "harmonic(strength=0.2)"]


@pytest.mark.parametrize("first", ["potential", "potential.strength"])
def test_a_parameter_is_swept_within_each_swept_plugin(first):
    sweep = {"potential": ["gaussian", "yukawa"], "potential.strength": [0.5, 2.0]}
    ordered = {first: sweep[first], **sweep, "N": [4]}
    for cell in cells(sweep=ordered):
        assert cell.system.potential.name == cell.columns["potential"]
        # A label that does not say what was computed would be the worst of errors.
        assert cell.system.potential.strength == cell.columns["potential.strength"]


def test_labelled_cases():
    found = cells(
        fits=[],
        verdicts=[],
        sweep={
            "case": [
                {"label": "A", "set": {"N": 5, "potential.strength": 2.0}},
                {"label": "B", "set": {"N": 9, "times": [0.0, 3.0], "step": 0.3}},
            ]
        },
    )
    assert [c.columns for c in found] == [{"case": "A"}, {"case": "B"}]
    assert [c.particles for c in found] == [5, 9]
    assert [c.system.potential.strength for c in found] == [2.0, 0.7]
    assert [(c.times[-1], c.step) for c in found] == [(0.5, 0.1), (3.0, 0.3)]


def test_replicas_by_number_by_table_and_by_power():
    assert {c.replicas for c in cells()} == {6}
    table = {4: 9, 8: 5, 16: 2}
    assert [c.replicas for c in cells(replicas=table)] == [9, 5, 2]
    power = {"times": 32.0, "N": -1.0}
    assert [c.replicas for c in cells(replicas=power)] == [8, 4, 2]
    assert [c.replicas for c in cells(replicas={"times": 1.0, "N": -1.0})] == [1, 1, 1]


# What ships, and the schema


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("profile", ["smoke", "quick", "paper"])
def test_shipped_studies_are_possible(tmp_path, clean, name, profile):
    plan = make_plan(name, profile, tmp_path)
    assert plan["study"] == name
    steps = [b["step"] for b in plan["blocks"]]
    assert steps[-2:] == ["tabulate", "plot"]


def published(mfplug_cli):
    answer = mfplug_cli("studies", "--schema")
    assert answer.status == 0
    schema = json.loads(answer.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == json.loads(json.dumps(json_schema()))
    return jsonschema.Draft202012Validator(schema)


def as_json(data):
    """Return YAML's data as an editor's validator sees it: keys are strings."""
    return json.loads(json.dumps(data))


def test_schema_takes_what_ships(mfplug_cli):
    validator = published(mfplug_cli)
    for name in shipped():
        validator.validate(as_json(read_yaml(find(name))))
    validator.validate(as_json(yaml.safe_load(MICRO)))


@pytest.mark.parametrize("changes", [changes for changes, _, _ in HINTS])
def test_schema_refuses_unknown_keys(mfplug_cli, changes):
    data = as_json(merged(yaml.safe_load(MICRO), changes))
    errors = list(published(mfplug_cli).iter_errors(data))
    assert errors


@pytest.mark.parametrize(
    "changes", [{"times": 1.0}, {"seed": -1}, {"metrics": None}, {"replicas": 0}]
)
def test_schema_refuses_wrong_values(mfplug_cli, changes):
    data = as_json(merged(yaml.safe_load(MICRO), changes))
    assert list(published(mfplug_cli).iter_errors(data))


def test_studies_command(mfplug_cli):
    names = [line.split()[0] for line in mfplug_cli("studies").out.splitlines()]
    assert names == shipped()
    rows = json.loads(mfplug_cli("studies", "--json").out)
    assert [r["name"] for r in rows] == shipped()
    assert all({"quick", "paper"} <= set(r["profiles"]) for r in rows)


def test_a_study_written_by_hand(tmp_path, clean):
    path = tmp_path / "mine.yaml"
    path.write_text(textwrap.dedent(MICRO))
    name, data = load(str(path))
    assert name == "mine"
    assert [c.particles for c in cells_of(data, name)] == [4, 8, 16]


def test_errors_of_a_study_are_study_errors():
    with pytest.raises(StudyError):
        study(titel="x")


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [({"times": 20.0, "N": -0.5}, [5, 3]), ({16: 7, 64: 2}, [7, 2])],
)
def test_a_case_sets_replicas_by_the_number_of_particles(replicas, expected):
    case = {"label": "few", "set": {"replicas": replicas}}
    made = cells(sweep={"state": [case], "N": [16, 64]})
    assert [cell.replicas for cell in made] == expected
    wrong = {"label": "few", "set": {"replicas": {"some": 7}}}
    refused(cells, "replicas are not allowed", sweep={"state": [wrong], "N": [16]})
