"""Initial points from a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.inputs import check_fits

from ._joint import Compared
from .gaussian import Gaussian

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Snapshots(Compared):
    """States of N particles that a file holds; a replica starts from one of them.

    The file is an npz with arrays ``q`` and ``p`` of shape (snapshots, N, d), or (N, d)
    for one. Each replica draws one of the snapshots, all with equal probability, by its
    own stream.

    Parameters
    ----------
    file : str
        Path of the file, relative to the working folder.
    law : Distribution
        f_0, which the state is compared with: nothing is estimated from the file.
    digest : str
        SHA-256 of the file; filled in if it is empty, else compared. It stands in the
        study's record, so that another file of this name computes anew.

    Raises
    ------
    ParameterError
        If the file is missing, has changed, or does not hold finite points that fit N
        and d.
    """

    name: ClassVar[str] = "snapshots"

    file: str = param("", help="npz with q and p, (snapshots, N, d)")
    law: Distribution = param(Gaussian(), help="f_0, to compare with")
    digest: str = param("", help="SHA-256 of the file; filled in")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.file:
            return
        try:
            if not Path(self.file).is_file():
                raise self._wrong("none", "a file", "Check `file`")
            found = hashlib.sha256(Path(self.file).read_bytes()).hexdigest()
        except OSError as error:
            raise self._wrong(type(error).__name__, "a file", "Check `file`") from error
        if self.digest and self.digest != found:
            raise self._wrong(
                f"SHA-256 {found[:12]}...",
                f"{self.digest[:12]}...",
                "Restore the file, or leave out `digest`",
            )
        object.__setattr__(self, "digest", found)

    def _wrong(self, got: str, expected: str, remedy: str) -> ParameterError:
        return ParameterError(
            f"distribution 'snapshots': file '{self.file}' cannot be used; got {got}, "
            f"expected {expected}. {remedy}."
        )

    @property
    def reference(self) -> Distribution:
        """The law f_0."""
        return self.law

    def joint(self, rng: np.random.Generator, N: int) -> tuple[Array, Array]:
        """Return one of the snapshots, (N, d) each."""
        q, p = self._points()
        if q.shape[1:] != (N, self.dimension):
            raise self._wrong(
                f"{q.shape[1]} particles in d = {q.shape[2]}",
                f"{N} in d = {self.dimension}",
                "Change N or the dimension",
            )
        chosen = int(rng.integers(len(q)))
        return q[chosen].copy(), p[chosen].copy()

    def specimen(self, folder: Path) -> Self:
        """Return states of seven points on the line, drawn from f_0, in a file."""
        draws = [
            self.law.on(1, None).sample(np.random.default_rng(k), 7) for k in range(40)
        ]
        path = folder / "specimen.npz"
        np.savez(path, q=[q for q, _ in draws], p=[p for _, p in draws])
        return replace(self, file=str(path), digest="")

    def _points(self) -> tuple[Array, Array]:
        if not self.file:
            raise self._wrong("no path", "the path of an npz", "Give `file`")
        try:
            q, p = _read(self.file, self.digest)
        # A flipped bit can surface anywhere: in zipfile, zlib or NumPy.
        except Exception as error:
            raise self._wrong(
                f"{type(error).__name__} ({error})",
                "an npz with q and p of numbers",
                "Write it anew",
            ) from error
        if q.ndim != 3 or q.shape != p.shape or 0 in q.shape:
            raise self._wrong(
                f"q of shape {q.shape} and p of shape {p.shape}",
                "(snapshots, N, d) twice",
                "Write it anew",
            )
        if not (np.isfinite(q).all() and np.isfinite(p).all()):
            raise self._wrong("NaN or infinity", "numbers", "Write it anew")
        return q, p


@lru_cache(maxsize=2)
def _read(file: str, digest: str) -> tuple[Array, Array]:
    """Return q and p with the axis of the snapshots; ``digest`` is part of the key."""
    # NumPy leaves the file open where it is no archive, so it is opened here.
    with open(file, "rb") as source, np.load(source, allow_pickle=False) as data:
        check_fits("snapshots", file, (m.file_size for m in data.zip.infolist()))
        q, p = (np.asarray(data[key], dtype=float) for key in ("q", "p"))
    return (q[None], p[None]) if q.ndim == p.ndim == 2 else (q, p)


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Snapshots]
