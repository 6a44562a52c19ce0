"""Studies that are well-formed and impossible: refused, and in which words."""

from __future__ import annotations

import pytest
from small_study import refused

from mfplug.studies.plan import make_plan


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
