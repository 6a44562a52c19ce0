"""The small study with a plugin that fails, and what has to be left of it: nothing."""

from __future__ import annotations

from mfplug.cli.main import STEPS
from mfplug.studies.api import run_step
from mfplug.studies.plan import make_plan

FREE = {"fits": [], "verdicts": []}


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
