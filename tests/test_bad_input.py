"""Bad input from end to end: one line, an exit status that is not 0, nothing half-done.

What is wrong with a study file is tested in ``test_study_*.py``, a full disk and a
closed folder in ``test_plan_store.py``; here is what shows only when it is computed,
and that all commands answer alike.
"""

from __future__ import annotations

import json

import pytest
from conftest import forget_modules, potential_source

from mfplug.cli.main import STEPS
from mfplug.studies.api import run_step
from mfplug.studies.plan import make_plan

FREE = {"fits": [], "verdicts": []}

#: Changes of the small study, and what the line has to say.
WRONG = {
    "unknown plugin": ({"system": {"potential": "gausian"}}, "'gaussian'"),
    "unknown parameter": (
        {"system": {"potential": {"name": "gaussian", "wdith": 1.0}}},
        "'width'",
    ),
    "unknown metric": ({"metrics": ["couplng"]}, "'coupling'"),
    "unknown study key": ({"metriks": []}, "'metrics'"),
    "unknown integrator": ({"integrator": "euler"}, "'euler'"),
    "unknown solver": ({"solver": "magic"}, "'magic'"),
    "N = 0": ({"sweep": {"N": [0]}}, "got 0"),
    "N = -1": ({"sweep": {"N": [-1]}}, "got -1"),
    "N = 2.5": ({"sweep": {"N": [2.5]}}, "got 2.5"),
    "negative step": ({"step": -0.1}, "got -0.1"),
    "step 0": ({"step": 0.0}, "got 0.0"),
    "step NaN": ({"step": float("nan")}, "step"),
    "step far too small": ({"step": 1e-300}, "number of steps"),
    "d = 4": ({"system": {"dimension": 4}}, "got 4"),
    "d = 0": ({"system": {"dimension": 0}}, "got 0"),
    "no replicas": ({"replicas": 0}, "replicas"),
    "far too many replicas": ({"replicas": 10**15}, "replicas"),
    "times backwards": ({"times": [1.0, 0.5]}, "increasing"),
    "negative mass": ({"system": {"mass": -1.0}}, "mass"),
    "unknown claim": ({"claims": ["choas"]}, "'chaos'"),
    "verdict on an unknown claim": (
        {"claims": [], "verdicts": [{"claim": "chaoss", "checks": []}]},
        "'chaos'",
    ),
    "empty sweep": ({"sweep": {"N": []}}, "empty"),
    "a sweep far too long": (
        {"sweep": {"N": list(range(1, 2001)), "mass": [1.0 + i for i in range(200)]}},
        "too long",
    ),
}


@pytest.mark.parametrize("command", ["run", "solve", "measure", "plot"])
@pytest.mark.parametrize("case", WRONG)
def test_one_line_and_nothing_written(mfplug_cli, write_study, tmp_path, case, command):
    changes, said = WRONG[case]
    out = tmp_path / "out"
    mfplug_cli(command, write_study(**changes), "--out", out).refused(said)
    assert not out.exists()


def test_the_study_without_the_defects_is_fine(mfplug_cli, write_study, tmp_path):
    answer = mfplug_cli("solve", write_study(), "--out", tmp_path / "out")
    assert answer.status == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"\x00" * 64, b"[1, 2", b"title: a\ntitle: b", b"%PDF-1.4\n"],
)
def test_files_that_are_no_study(mfplug_cli, tmp_path, content):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    mfplug_cli("run", path, "--out", tmp_path / "out").refused("bad.yaml")
    assert not (tmp_path / "out").exists()


# What goes wrong while it is computed


def nothing_left(out, step):
    """Check that a failed step left neither a result nor a marker nor half a file."""
    done = [f.name for f in (out / "store").rglob("*") if f.is_file()]
    folder = {"solve": "fields", "simulate": "ensembles", "measure": "rows"}[step]
    stored = list((out / "store" / folder).rglob("*.*"))
    assert [f for f in stored if f.is_file()] == []
    assert not [name for name in done if name.startswith((f"{step}-", ".tmp"))]
    assert not (out / "micro" / "table.csv").exists()


def fails(mfplug_cli, path, out, step, *words):
    """Do the steps up to one that fails, and check its answer."""
    plan = make_plan(str(path), "quick", out)
    for earlier in STEPS:
        if earlier == step:
            break
        run_step(earlier, plan, out)
    answer = mfplug_cli(step, path, "--out", out)
    line = answer.refused(*words, after=1)
    assert "N=4" in line, "the line names the cell"
    nothing_left(out, step)


def system(potential="own", **options):
    return {
        "potential": potential,
        "initial": {"name": "gaussian", "qq": 1.3},
        **options,
    }


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


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('no trap today')", "no trap today"),
        ("return np.zeros(3)", "wrong shape"),
        ("return np.full_like(q, np.nan)", "not finite"),
        ("return None", "own"),
    ],
)
def test_an_external_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        import numpy as np
        from mfplug import External, hookimpl

        @dataclass(frozen=True)
        class Own(External):
            '''An external potential of a test.'''
            name: ClassVar[str] = "own"

            def energy(self, q, t):
                return np.zeros(q.shape[:-1])

            def gradient(self, q, t):
                {body}

        @hookimpl
        def mfplug_externals():
            return [Own]
        """,
    )
    path = write_study(system=system("free", external="own"), **FREE,
                       metrics=["energy-drift"])  # fmt: skip
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "external 'own'", said)


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


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return np.full((n, d), np.nan), np.zeros((n, d))", "not finite"),
        ("return np.zeros((n, d + 1)), np.zeros((n, d + 1))", "wrong shape"),
        ("return np.zeros(n), np.zeros(n)", "wrong shape"),
        ("return np.zeros((n - 1, d)), np.zeros((n - 1, d))", "wrong shape"),
        ("return np.zeros((n, d))", ""),
        ("return None", ""),
        ("raise RuntimeError('no points today')", "no points today"),
        ("return [['a'] * d] * n, np.zeros((n, d))", ""),
    ],
)
def test_a_distribution_that_does_not_sample(
    site, mfplug_cli, write_study, tmp_path, body, said
):
    site.plugin(
        "law",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        import numpy as np
        from mfplug import Distribution, hookimpl

        @dataclass(frozen=True)
        class Law(Distribution):
            '''A law of a test.'''
            name: ClassVar[str] = "law"

            def sample(self, rng, n):
                d = self.dimension
                {body}

            def density(self, q, p):
                return np.ones(np.shape(q)[:-1])

        @hookimpl
        def mfplug_distributions():
            return [Law]
        """,
    )
    path = write_study(system={"potential": "free", "initial": "law"},
                       metrics=["energy-drift"], **FREE)  # fmt: skip
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "distribution 'law'", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ZeroDivisionError('here')", "ZeroDivisionError: here"),
        ("return None", "returned None; expected list"),
        ("return [1.0]", "returned 1.0"),
        ("return [Row('own', 'soon', 1.0)]", "own"),
        ("return [Row('own', 0.0, 'much')]", "own"),
        ("return [Row('own', 0.0, 1.0, index=3)]", "own"),
        ("return [Row('own', 0.0, 1.0, replicas=2.5)]", "own"),
        ("return [Row(None, 0.0, 1.0)]", "own"),
        ("import sys; sys.exit(0)", "SystemExit"),
    ],
)
def test_a_metric_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Observable, Row, hookimpl

        @dataclass(frozen=True)
        class Own(Observable):
            '''A metric of a test.'''
            name: ClassVar[str] = "own"
            needs: ClassVar[tuple[str, ...]] = ("ensemble",)

            def rows(self, sample):
                {body}

        @hookimpl
        def mfplug_metrics():
            return [Own]
        """,
    )
    path = write_study(metrics=["own"], **FREE)
    fails(mfplug_cli, path, tmp_path / "out", "measure", "metric 'own'", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('no field today')", "no field today"),
        ("return None", "MeanField"),
        ("return 3", "MeanField"),
    ],
)
def test_a_solver_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Solver, hookimpl

        @dataclass(frozen=True)
        class Own(Solver):
            '''A solver of a test.'''
            name: ClassVar[str] = "own"
            order: ClassVar[int] = 1

            def solve(self, system, times):
                {body}

            def restore(self, system, times, arrays, info):
                return None

        @hookimpl
        def mfplug_solvers():
            return [Own]
        """,
    )
    path = write_study(solver="own")
    fails(mfplug_cli, path, tmp_path / "out", "solve", "solver 'own'", said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('no step today')", "no step today"),
        ("return None", "State"),
        ("return State(state.q * float('nan'), state.p, state.mass)", "not finite"),
    ],
)
def test_an_integrator_that_fails(site, mfplug_cli, write_study, tmp_path, body, said):
    site.plugin(
        "own",
        f"""
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Integrator, State, hookimpl

        @dataclass(frozen=True)
        class Own(Integrator):
            '''An integrator of a test.'''
            name: ClassVar[str] = "own"
            order: ClassVar[int] = 1
            symplectic: ClassVar[bool] = False
            reversible: ClassVar[bool] = False

            def step(self, state, t, dt, force):
                {body}

        @hookimpl
        def mfplug_integrators():
            return [Own]
        """,
    )
    path = write_study(integrator="own", metrics=["energy-drift"], **FREE)
    fails(mfplug_cli, path, tmp_path / "out", "simulate", "integrator 'own'", said)


def test_a_broken_plugin_stops_only_the_study_that_names_it(
    site, mfplug_cli, write_study, tmp_path
):
    site.plugin("own", "import no_such_module_anywhere", version="4.5")
    out = tmp_path / "out"
    answer = mfplug_cli("solve", write_study(system=system()), "--out", out)
    answer.refused("'own' from mfplug-own 4.5", "no_such_module_anywhere")
    assert not out.exists()
    assert mfplug_cli("solve", write_study(), "--out", out).status == 0


def test_a_plugin_that_is_gone_when_the_plan_is_used(
    site, mfplug_cli, write_study, tmp_path
):
    site.plugin("own", potential_source("own"))
    path = write_study(system=system(), metrics=["energy-drift"], **FREE)
    out = tmp_path / "out"
    for step in ("solve", "simulate"):
        assert mfplug_cli(step, path, "--out", out).status == 0
    forget_modules(tmp_path)
    site.plugin("own", "import no_such_module_anywhere")
    plan = out / "micro" / "plan.json"
    answer = mfplug_cli("measure", path, "--out", out, "--plan", plan)
    answer.refused("'own' from mfplug-own 1.0", after=1)


def test_a_verdict_without_its_data_is_undecided(mfplug_cli, write_study, tmp_path):
    """The fit finds no particles that are many enough: no exponent, no verdict."""
    fit = {"name": "coupling", "metric": "coupling-mean", "predicted": -0.5}
    path = write_study(fits=[{**fit, "minimum": 100}])
    out = tmp_path / "out"
    for step in ("solve", "simulate", "measure", "tabulate"):
        assert mfplug_cli(step, path, "--out", out).status == 0
    (verdict,) = json.loads((out / "micro" / "verdict.json").read_text())
    assert verdict["verdict"] == "undecided"
    assert "missing" in verdict["reason"]
