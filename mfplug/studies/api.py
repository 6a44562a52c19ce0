"""The steps of a study as Python functions, without Snakemake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mfplug.errors import ParameterError, did_you_mean
from mfplug.studies.plan import make_plan, write_plan
from mfplug.studies.steps import run_block

STEPS = ("solve", "simulate", "measure", "tabulate", "plot")


def run_step(
    step: str,
    plan: dict[str, Any],
    out: Path,
    say: Callable[[str], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Path]:
    """Do what is missing of one step of a plan; return its final files.

    Parameters
    ----------
    step
        One of ``solve``, ``simulate``, ``measure``, ``tabulate``, ``plot``.
    plan
        From :func:`mfplug.studies.plan.make_plan`.
    out
        The results folder.
    say
        Called with a line before each job.
    progress
        Called now and then with the part of the work that is done, from 0 to 1.

    Raises
    ------
    ParameterError
        If there is no such step, or an earlier step is missing.
    """
    if step not in STEPS:
        raise ParameterError(
            f"step '{step}': no such step; expected one of {', '.join(STEPS)}. "
            + did_you_mean(step, STEPS)
        )
    _check_before(plan, step, out)
    blocks = [block for block in plan["blocks"] if block["step"] == step]
    missing = [block for block in blocks if not (out / block["marker"]).is_file()]
    total, done = sum(block["cost"] for block in missing) or 1.0, 0.0
    for block in missing:
        if say is not None:
            say(f"{step}: {block['label']}")

        def tell(
            part: float, before: float = done, cost: float = block["cost"]
        ) -> None:
            if progress is not None:
                progress((before + part * cost) / total)

        run_block(plan, block["id"], out, tell)
        done += block["cost"]
        tell(1.0)
    return [out / path for block in blocks for path in block["outputs"]]


def run_study(study: str, profile: str = "quick", out: str | Path = "results") -> Path:
    """Do all steps of a study in this process; return its results folder.

    ``mfplug run`` does the same with jobs in parallel; what is stored is kept.

    Parameters
    ----------
    study
        Name of a shipped study, or path of a file.
    profile
        ``quick``, ``paper``, or another that the study declares.
    out
        The results folder; the study gets a folder of its name in it.

    Raises
    ------
    MfplugError
        If the study, a plugin or a value is wrong.
    """
    out = Path(out)
    plan = make_plan(study, profile, out)
    write_plan(plan, out)
    for step in STEPS:
        run_step(step, plan, out)
    return out / str(plan["study"])


def tabulate(study: str, profile: str = "quick", out: str | Path = "results") -> Path:
    """Write the tables and verdicts of a measured study; return its folder."""
    return _one(study, profile, Path(out), "tabulate")


def plot(study: str, profile: str = "quick", out: str | Path = "results") -> Path:
    """Write the figures of a tabulated study; return its folder."""
    return _one(study, profile, Path(out), "plot")


def _one(study: str, profile: str, out: Path, step: str) -> Path:
    plan = make_plan(study, profile, out)
    write_plan(plan, out)
    run_step(step, plan, out)
    return out / str(plan["study"])


def _check_before(plan: dict[str, Any], step: str, out: Path) -> None:
    """Say which step has to come first, instead of failing on its files."""
    of_id = {b["id"]: b for b in plan["blocks"]}
    missing = {
        of_id[need]["step"]
        for block in plan["blocks"]
        if block["step"] == step and not (out / block["marker"]).is_file()
        for need in block["needs"]
        if not (out / of_id[need]["marker"]).is_file()
    }
    if missing:
        before = min(missing, key=STEPS.index)
        raise ParameterError(
            f"step '{step}': it comes too early; got no results of '{before}' in "
            f"'{out}', expected them. Run `mfplug {before} {plan['source']} --profile "
            f"{plan['profile']} --out {out}` first, or `mfplug run`."
        )
