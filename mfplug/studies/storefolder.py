"""The store of a results folder: pieces of work by their keys, loose or in packs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mfplug.contracts.metric import Row
from mfplug.errors import StoreError
from mfplug.studies.joblog import note
from mfplug.studies.packs import FEW, Packs, Place
from mfplug.studies.store import (
    load_ensemble,
    load_field,
    load_rows,
    save_ensemble,
    save_field,
    save_rows,
)

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.dynamics.ensemble import Ensemble

T = TypeVar("T")


class Store:
    """The files of one results folder, found by key.

    A piece of work is named as its file is when it is written: ``fields/KEY.npz``,
    ``ensembles/KEY/START-STOP.npz``, ``rows/KEY.parquet``. It may lie in a pack.

    Parameters
    ----------
    out
        The results folder.
    first
        Ids of the jobs whose packs are looked into first.
    """

    def __init__(self, out: Path, first: Iterable[str] = ()) -> None:
        self.root = Path(out) / "store"
        self.packs = Packs(self.root, first)
        self._outgrown: dict[Path, list[str]] = {}

    def field_path(self, key: str) -> Path:
        """Return where a mean field is written."""
        return self.root / field_name(key)

    def rows_path(self, key: str) -> Path:
        """Return where the rows of a metric are written."""
        return self.root / rows_name(key)

    def place(self, name: str) -> Place | None:
        """Return where a piece of work lies, if it is there."""
        if (self.root / name).is_file():
            return Place(self.root / name)
        return self.packs.find(name)

    def save_field(self, key: str, field: MeanField) -> str:
        """Store a mean field and return its name."""
        save_field(self.field_path(key), field)
        return _written(field_name(key))

    def load_field(self, key: str) -> MeanField:
        """Return a stored mean field, equal to the last bit."""
        return self._read(field_name(key), "field", load_field)

    def find_range(self, key: str, start: int, stop: int) -> str | None:
        """Return the name of replicas start to stop (exclusive), if they are there.

        They may be the first of a longer range.
        """
        name = range_name(key, start, stop)
        if self.place(name) is not None:
            return name
        found = [(b, n) for a, b, n in self._ranges(key) if a == start and b >= stop]
        return max(found)[1] if found else None

    def longest_range(self, key: str, start: int) -> tuple[int, str] | None:
        """Return (stop, name) of the longest stored range that begins at start."""
        found = [(b, n) for a, b, n in self._ranges(key) if a == start]
        return max(found) if found else None

    def _ranges(self, key: str) -> list[tuple[int, int, str]]:
        folder = f"ensembles/{key}"
        names = {f"{folder}/{p.name}" for p in (self.root / folder).glob("*-*.npz")}
        ranges = []
        for name in names.union(self.packs.names(folder)):
            first, _, last = Path(name).stem.partition("-")
            if first.isdigit() and last.isdigit():
                ranges.append((int(first), int(last), name))
        return ranges

    def save_ensemble(self, key: str, ensemble: Ensemble) -> str:
        """Store replicas and return their name; drop shorter ranges among them."""
        start = ensemble.first_replica
        stop = start + ensemble.replicas
        name = range_name(key, start, stop)
        save_ensemble(self.root / name, ensemble)
        for first, last, old in self._ranges(key):
            if first == start and last < stop:
                self._drop(old)
        return _written(name)

    def _drop(self, name: str) -> None:
        place = self.place(name)
        if place is not None and place.member:
            # Of many in one pack all go at once, see `finish`.
            self._outgrown.setdefault(place.path, []).append(name)
        elif place is not None:
            with contextlib.suppress(FileNotFoundError):
                place.path.unlink()

    def load_range(self, name: str) -> Ensemble:
        """Return the replicas of one range by its name."""
        return self._read(name, "ensemble", load_ensemble)

    def load_ensemble(self, key: str, ranges: Sequence[tuple[int, int]]) -> Ensemble:
        """Return the replicas of consecutive ranges as one ensemble."""
        from mfplug.dynamics.ensemble import Ensemble

        parts = []
        for start, stop in ranges:
            name = self.find_range(key, start, stop)
            if name is None:
                raise StoreError(
                    f"stored ensemble '{key}': replicas {start} to {stop} are missing; "
                    "expected them to be simulated. Run the study again."
                )
            parts.append(self.load_range(name).take(slice(0, stop - start)))
        return Ensemble.join(parts)

    def save_rows(self, key: str, rows: Sequence[Row]) -> str:
        """Store the rows of a metric and return their name."""
        save_rows(self.rows_path(key), rows)
        return _written(rows_name(key))

    def load_rows(self, key: str) -> list[Row]:
        """Return the stored rows of a metric."""
        return self._read(rows_name(key), "rows", load_rows)

    def finish(self, job: str, names: Sequence[str]) -> list[str]:
        """Put a job's pieces into its pack, if they are many; return the files.

        Paths are relative to the results folder.
        """
        if len(names) > FEW:
            self.packs.pack(job, names)
        for pack, old in self._outgrown.items():
            self.packs.discard(pack, old)
        self._outgrown.clear()
        places = (self.place(name) for name in names)
        return sorted(
            {str(p.path.relative_to(self.root.parent)) for p in places if p is not None}
        )

    def _read(self, name: str, kind: str, reader: Callable[[Path | Place], T]) -> T:
        place = self.place(name)
        try:
            return reader(place or self.root / name)
        except StoreError as error:
            moved = self.place(name)
            # Another job may have packed it between the two lines above.
            if moved == place or not isinstance(error.__cause__, FileNotFoundError):
                raise
            return reader(moved or self.root / name)


def field_name(key: str) -> str:
    """Return the name of a mean field in a store."""
    return f"fields/{key}.npz"


def range_name(key: str, start: int, stop: int) -> str:
    """Return the name of a range of replicas in a store."""
    return f"ensembles/{key}/{start:06d}-{stop:06d}.npz"


def rows_name(key: str) -> str:
    """Return the name of a metric's rows in a store."""
    return f"rows/{key}.parquet"


def _written(name: str) -> str:
    note(f"wrote {name}")
    return name
