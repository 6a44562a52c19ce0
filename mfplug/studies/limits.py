"""What this machine and this process may use of memory, and plans that do not fit."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mfplug.errors import ParameterError, StudyError
from mfplug.studies import cost
from mfplug.studies.cells import Cell

MB = 2**20
#: Addresses that a job takes and does not fill, in MB: libraries, stacks of threads.
UNFILLED_MB = 450
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?", re.IGNORECASE)
#: Where Linux says what a group of processes may use: version 2, then version 1.
_CGROUPS = (
    ("", Path("/sys/fs/cgroup"), "memory.max"),
    ("memory", Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
)


def available_mb() -> int:
    """Return how much memory jobs may use together, in MB.

    The least of the machine's memory, the limit of each control group that this
    process is in (containers, batch systems) and the limit of the process's own
    address space (``ulimit -v``), of which a part is never filled.
    """
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    limits = [pages, *_cgroup_limits()]
    if space != resource.RLIM_INFINITY:
        limits.append(space - UNFILLED_MB * MB)
    return max(1, min(limits) // MB)


def _cgroup_limits(member: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """Yield the limits of the control groups of this process and of those above."""
    try:
        lines = member.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for name, root, file in _CGROUPS:
            if name not in controllers.split(","):
                continue
            group = root / path.lstrip("/")
            for folder in (group, *group.parents):
                if folder == root.parent:
                    break
                yield from _limit(folder / file)


def _limit(file: Path) -> Iterator[int]:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return
    # "max" is no limit; version 1 writes a number near 2^63.
    if text.isdigit() and int(text) < 2**60:
        yield int(text)


def megabytes(text: str) -> int:
    """Return a size such as ``4G``, ``500M`` or ``4 GiB`` in MB; MB without a unit.

    Raises
    ------
    ParameterError
        If it is no size.

    Examples
    --------
    >>> [megabytes(x) for x in ("4G", "1.5 GiB", "300", "2t")]
    [4096, 1536, 300, 2097152]
    """
    found = _SIZE.fullmatch(text.strip())
    unit = found[2].upper() if found else ""
    size = float(found[1]) * (_UNITS[unit] / MB if unit else 1) if found else 0.0
    if not 1 <= size < 2**40:
        raise ParameterError(
            f"memory: not allowed; got {text!r}, expected a size such as 4G or 500M. "
            "Change it."
        )
    return int(size)


def check_fits(name: str, cells: Sequence[Cell], limit_mb: int) -> None:
    """Refuse a study of which a single job needs more memory than there is.

    Raises
    ------
    StudyError
        With what the largest job needs, and with the N or the number of replicas that
        would fit.
    """
    worst = max(cells, key=cost.cell_memory_mb, default=None)
    if worst is None or cost.cell_memory_mb(worst) <= limit_mb:
        return
    needs = cost.cell_memory_mb(worst)
    raise StudyError(
        f"study '{name}': {worst.label} needs about {shown_mb(needs)} of memory; got "
        f"{shown_mb(limit_mb)}, {_what_fits(worst, limit_mb)}. Change the study, raise "
        "the limit (--memory), or use a larger machine (--executor)."
    )


def _what_fits(cell: Cell, limit_mb: int) -> str:
    """Say up to which N, or which number of replicas, a cell would fit."""
    if not cell.needs("ensemble"):
        return "expected a field that fits: a coarser solver, or fewer times"
    if limit_mb <= cost.BASE_MB:
        return f"expected more than {shown_mb(cost.BASE_MB)} for any job"
    room = (limit_mb - cost.BASE_MB) / (cost.cell_memory_mb(cell) - cost.BASE_MB)
    N, R = cell.particles or 1, cell.replicas
    most = int(room * R), int(room * N)
    if most[0] >= 1 and R > 1:
        return f"expected at most {most[0]} replicas, or N = {max(1, most[1])}"
    if most[1] >= 1:
        return f"expected at most N = {most[1]}"
    return f"expected at least {shown_mb(cost.BASE_MB + 1)}"


def shown_mb(megabytes: float) -> str:
    """Return an amount of memory as a person says it.

    >>> [shown_mb(x) for x in (612, 4096, 15360)]
    ['612 MB', '4.0 GB', '15 GB']
    """
    if megabytes < 1024:
        return f"{megabytes:.0f} MB"
    return f"{megabytes / 1024:.{1 if megabytes < 10240 else 0}f} GB"


def largest_mb(plans: Iterable[dict[str, Any]]) -> int:
    """Return what the largest job of some plans needs."""
    return max((b["memory_mb"] for plan in plans for b in plan["blocks"]), default=0)
