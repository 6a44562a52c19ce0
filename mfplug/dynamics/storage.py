"""Where snapshots are kept: in memory, or in a file where they would not fit."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError, StoreError

Array = NDArray[np.float64]

#: Part of what is available that may be filled.
_PART = 0.8
_GIB = 2.0**30


@dataclass(frozen=True)
class Snapshots:
    """Positions and momenta of an ensemble, (times, replicas, d, particles) each.

    Attributes
    ----------
    q, p
        Arrays, or maps of a file that goes when they do.
    where
        ``memory`` or ``disk``.
    """

    q: Array
    p: Array
    where: str

    def written(self) -> None:
        """Hand what has been filled to the disk, so that its memory can be reused."""
        for array in (self.q, self.p):
            if isinstance(array, np.memmap):
                array.flush()


def snapshots(
    shape: tuple[int, int, int, int], work: float, folder: str | Path | None = None
) -> Snapshots:
    """Return room for an ensemble, on disk if memory is too small for it.

    Parameters
    ----------
    shape
        (times, replicas, d, particles).
    work
        Bytes that a step needs beside the snapshots.
    folder
        For the file; None: the system's folder for temporary files.

    Raises
    ------
    ParameterError
        If neither memory nor disk has room, or a step itself does not fit.
    StoreError
        If the file cannot be made.
    """
    size, free = 16.0 * prod(shape), _PART * available_memory()
    if work > free:
        raise ParameterError(
            f"particles: a step needs {work / _GIB:.1f} GiB of memory; got "
            f"{free / _PART / _GIB:.1f} GiB available, expected to fit in "
            f"{_PART:.0%} of it. Take fewer particles."
        )
    if size + work <= free:
        return Snapshots(np.empty(shape), np.empty(shape), "memory")
    place = Path(folder if folder is not None else tempfile.gettempdir())
    _check_disk(shape, size, max(0.0, free - work), place)
    try:
        q, p = (_mapped(shape, place) for _ in range(2))
    except OSError as error:
        raise StoreError(
            f"storage '{place}': no file for the snapshots can be made there; got "
            f"{error.strerror or error}, expected a folder with "
            f"{size / _GIB:.1f} GiB. Name another."
        ) from error
    return Snapshots(q, p, "disk")


def _check_disk(
    shape: tuple[int, int, int, int], size: float, free: float, place: Path
) -> None:
    try:
        disk = _PART * shutil.disk_usage(place).free
    except OSError:
        disk = 0.0
    if size <= disk:
        return
    fits = int(max(free, disk) / (size / shape[1]))
    advice = f"at most {fits} replicas at once" if fits else "fewer particles"
    raise ParameterError(
        f"replicas: the snapshots need {size / _GIB:.1f} GiB; got "
        f"{free / _GIB:.1f} GiB of memory and {disk / _GIB:.1f} GiB in {place}, "
        f"expected to fit in one of them. Take {advice}."
    )


def _mapped(shape: tuple[int, int, int, int], place: Path) -> Array:
    # The file has no name, so nothing of it is left when the process ends.
    with tempfile.TemporaryFile(dir=place) as file:
        return np.memmap(file, dtype=np.float64, mode="w+", shape=shape)


def available_memory() -> float:
    """Return the bytes that can be had without swapping, file caches included."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * float(line.split()[1])
    except OSError:
        pass  # not Linux: the whole memory is the best that is known
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
