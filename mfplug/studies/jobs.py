"""The jobs of a run: the blocks of its plans, each once, and the page at the end."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError, StudyError
from mfplug.inputs import check_regular
from mfplug.studies.guard import sha256_file

STEPS = ("solve", "simulate", "measure", "tabulate", "plot")
#: A matter of seconds: done where the run is, whatever its executor, and once.
LOCAL_STEPS = ("tabulate", "plot", "report")
PAGE = "report.html"

_ID = re.compile(rf"({'|'.join(STEPS)})-[0-9a-f]+")
_FIELDS = ("needs", "cost", "threads", "memory_mb", "label", "outputs")
PAGE_SECONDS = 5.0


@dataclass(frozen=True)
class Block:
    """One job: a step of a study, or the page.

    ``id`` is a hash of everything that the result depends on, so that ``marker``, a
    file relative to the results folder, says by being there that the job is done.
    ``cost`` is in seconds; ``plan`` and ``outputs`` are relative like ``marker``.
    """

    id: str
    step: str
    study: str
    plan: str
    needs: tuple[str, ...]
    marker: str
    cost: float
    threads: int
    memory_mb: int
    label: str
    outputs: tuple[str, ...]


class Jobs(Mapping[str, Block]):
    """The blocks of several plans by id, in an order in which they can run.

    Blocks that two studies share are one job, of the study that comes first. The page
    is the last job.

    Parameters
    ----------
    plans
        Files ``<out>/<study>/plan.json``.
    out
        The results folder.

    Raises
    ------
    StoreError
        If a plan is missing or is not what ``mfplug.studies.plan`` writes.
    """

    def __init__(self, plans: Sequence[Path | str], out: Path | str) -> None:
        self.out = Path(out)
        self.plans = [Path(path) for path in plans]
        self._blocks: dict[str, Block] = {}
        for path in self.plans:
            for block in read_blocks(path, self.out):
                self._blocks.setdefault(block.id, block)
        for block in self._blocks.values():
            for need in block.needs:
                if need not in self._blocks:
                    raise StoreError(
                        f"plan '{block.plan}': block '{block.id}' needs '{need}'; "
                        "expected it in a plan of this run. Run the study again."
                    )
        self.page = page_block(self.out, self._blocks.values())
        self._blocks[self.page.id] = self.page

    def __getitem__(self, key: str) -> Block:
        return self._blocks[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    def done(self, block: Block) -> bool:
        """Say whether the marker of a block is there."""
        return (self.out / block.marker).is_file()

    def open(self) -> list[Block]:
        """Return the blocks that are not done."""
        return [block for block in self.values() if not self.done(block)]

    def path(self, relative: str) -> str:
        """Return a path of the results folder as Snakemake shall name it."""
        return os.path.normpath(os.path.join(self.out, relative))

    def needs(self, block: str) -> list[str]:
        """Return the marker files that a block waits for."""
        return [self.path(self[need].marker) for need in self[block].needs]

    def markers(self) -> list[str]:
        """Return the marker files of all blocks."""
        return [self.path(block.marker) for block in self.values()]


def read_blocks(path: Path, out: Path) -> list[Block]:
    """Return the blocks of one plan file."""
    name = os.path.relpath(path, out)
    check_regular(path, "plan")
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        study, version = str(plan["study"]), plan["version"]
        blocks = [_block(block, study, name) for block in plan["blocks"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"plan '{path}': cannot be read; got {type(error).__name__} ({error}), "
            "expected a file that `mfplug run` wrote. Run the study again."
        ) from error
    if version != 1:
        raise StoreError(
            f"plan '{path}': another format; got version {version}, expected 1. Run "
            "the study again."
        )
    return blocks


def _block(data: Mapping[str, Any], study: str, plan: str) -> Block:
    if not _ID.fullmatch(data["id"]):
        raise ValueError(f"{data['id']!r} is no id of a block")
    fields = {name: data[name] for name in _FIELDS}
    fields |= {name: tuple(fields[name]) for name in ("needs", "outputs")}
    return Block(
        id=data["id"],
        step=data["step"],
        study=study,
        plan=plan,
        marker=data["marker"],
        **fields,
    )


def page_block(out: Path, blocks: Iterable[Block] = ()) -> Block:
    """Return the job of the page: every study of the folder whose tables are there.

    Parameters
    ----------
    out
        The results folder. Its studies are those with a ``plan.json``.
    blocks
        The blocks of this run; their tables and figures will be there by the time the
        page is written. The job itself calls this without them and gets the same id.
    """
    coming = {b.id: b for b in blocks if b.step in ("tabulate", "plot")}
    shown = dict(coming)
    for path in sorted(out.glob("*/plan.json")):
        for block in read_blocks(path, out):
            if block.step in ("tabulate", "plot") and (out / block.marker).is_file():
                shown[block.id] = block
    content = [_page_code(), *sorted(shown)]
    key = hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]
    return Block(
        id=f"report-{key}",
        step="report",
        study="",
        plan="",
        needs=tuple(coming),
        marker=f"store/done/report-{key}.json",
        cost=PAGE_SECONDS,
        threads=1,
        memory_mb=600,
        label="the page",
        outputs=(PAGE,),
    )


def _page_code() -> str:
    """Return a hash of what draws the page: another version draws it anew."""
    folder = Path(__file__).parent.parent / "report"
    files = sorted(
        f for f in folder.rglob("*") if f.suffix in (".py", ".css", ".js", ".html")
    )
    text = "".join(f"{f.relative_to(folder)} {sha256_file(f)}\n" for f in files)
    return hashlib.sha256(text.encode()).hexdigest()


def drop_stale_page(jobs: Jobs) -> None:
    """Delete the marker of the page if the page is missing or was altered."""
    marker = jobs.out / jobs.page.marker
    try:
        told = json.loads(marker.read_text(encoding="utf-8"))["outputs"][PAGE]
        fresh = told == sha256_file(jobs.out / PAGE)
    except (OSError, ValueError, KeyError, TypeError):
        fresh = False
    if not fresh:
        marker.unlink(missing_ok=True)


def from_config(config: Mapping[str, Any], plan_now: bool = True) -> Jobs:
    """Return the jobs that a Snakemake configuration asks for.

    Parameters
    ----------
    config
        ``plans``: files of plans, relative to ``out``. Without them ``studies`` (names
        or files; all that ship if absent) are planned with ``profile`` (``quick``).
        ``out``: the results folder (``results``; with ``plans`` the working folder).
        ``minutes``: what a job should take, where it goes to a cluster.
    plan_now
        False in a process that Snakemake starts for one job: the plans are there.
    """
    if "plans" in config:
        out = Path(config.get("out", "."))
        return Jobs([out / plan for plan in _listed(config, "plans")], out)
    from mfplug.studies.cost import TARGET
    from mfplug.studies.load import find, shipped
    from mfplug.studies.plan import make_plan, write_plan

    out = Path(config.get("out", "results"))
    studies = _listed(config, "studies") if "studies" in config else shipped()
    if plan_now:
        profile = str(config.get("profile", "quick"))
        target = float(config.get("minutes", TARGET / 60)) * 60
        made = [make_plan(study, profile, out, target) for study in studies]
        plans = [write_plan(plan, out) for plan in made]
    else:
        plans = [out / find(study).stem / "plan.json" for study in studies]
    jobs = Jobs(plans, out)
    if plan_now:
        drop_stale_page(jobs)
    return jobs


def _listed(config: Mapping[str, Any], key: str) -> list[str]:
    """Return a list, also from ``--config studies=chaos,empirical``."""
    value = config[key]
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if (
        not isinstance(names, list | tuple)
        or not all(isinstance(name, str) and name for name in names)
        or not names
    ):
        raise StudyError(
            f"config '{key}': wrong type; got {value!r}, expected one or more names. "
            f"Write {key}=NAME or {key}: [NAME, NAME]."
        )
    return list(names)
