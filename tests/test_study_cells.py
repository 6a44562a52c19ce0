"""Cells of a study, and the studies that ship."""

from __future__ import annotations

import json
import textwrap

import jsonschema
import pytest
import yaml
from conftest import MICRO, merged
from small_study import HINTS, cells, refused, study

from mfplug.errors import StudyError
from mfplug.report import CLAIMS
from mfplug.studies.cells import cells_of
from mfplug.studies.load import find, load, shipped
from mfplug.studies.model import json_schema
from mfplug.studies.plan import make_plan
from mfplug.studies.yamlfile import read_yaml

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


def test_every_claim_has_a_study():
    claimed = {claim for name in shipped() for claim in load(name)[1].claims}
    assert claimed == set(CLAIMS)


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
