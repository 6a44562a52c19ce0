"""Files of fields, ensembles and rows: data, and never code."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling, returned
from mfplug.contracts.metric import Row
from mfplug.errors import PluginError, StoreError
from mfplug.inputs import check_regular, check_unpacked
from mfplug.studies.guard import atomic_path
from mfplug.studies.packs import Place

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.contracts.solver import Solver
    from mfplug.dynamics.ensemble import Ensemble

FORMAT = 2
ROWS_HASH = "mfplug-rows"
ROW_FIELDS = tuple(Row.__dataclass_fields__)


@contextlib.contextmanager
def reading(path: Path | Place, kind: str) -> Iterator[None]:
    """Turn whatever a damaged or foreign file makes its reader raise into one line.

    Raises
    ------
    StoreError
        Instead of any exception that does not name the file or a plugin already.
    """
    try:
        yield
    except (StoreError, PluginError):
        raise
    except FileNotFoundError as error:
        raise StoreError(
            f"stored {kind} '{path}': no such file; expected a file written by mfplug. "
            "Run the study again."
        ) from error
    # A flipped bit can surface anywhere: in zipfile, NumPy, Arrow or the JSON inside.
    except Exception as error:
        raise StoreError(
            f"stored {kind} '{path}': truncated, altered or foreign; got "
            f"{type(error).__name__}, expected a file written by mfplug. Remove it and "
            "run the study again."
        ) from error


def opened(place: Path | Place) -> AbstractContextManager[Any]:
    """Open a file, or a member of a pack, to read its bytes."""
    if isinstance(place, Place):
        return place.open()
    check_regular(place, "stored file")
    return open(place, "rb")


def write_arrays(
    path: Path, arrays: dict[str, NDArray[Any]], meta: dict[str, Any]
) -> None:
    """Write arrays and metadata into one npz file, atomically; no pickle.

    The metadata get a SHA-256 of all: checksums of an archive are of each member alone.
    """
    # As it is read back: JSON has no keys but strings, and sorts them as such.
    whole = json.loads(_text({"format": FORMAT, **meta}))
    whole.pop("sha256", None)
    text = _text(whole | {"sha256": _content_hash(arrays, whole)})
    header = np.frombuffer(text.encode(), dtype=np.uint8)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, allow_pickle=False, __meta__=header, **arrays)


def read_arrays(
    path: Path | Place, kind: str
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return (arrays, metadata) of a file written by :func:`write_arrays`.

    Raises
    ------
    StoreError
        If the file is missing, truncated, altered or of another kind.
    """
    with reading(path, kind):
        # NumPy leaves the file open where it is no archive, so it is opened here.
        with opened(path) as file:
            data: Any = np.load(file, allow_pickle=False)
            check_unpacked(data.zip)
            arrays = {key: data[key] for key in data.files}
        meta = dict(json.loads(bytes(arrays.pop("__meta__")).decode()))
    if meta.get("format") != FORMAT or meta.get("kind") != kind:
        raise StoreError(
            f"stored {kind} '{path}': another format; got {meta.get('kind')!r} format "
            f"{meta.get('format')!r}, expected format {FORMAT}. Remove it and run the "
            "study again."
        )
    known = meta.pop("sha256", None)
    if known is None:
        raise StoreError(
            f"stored {kind} '{path}': no checksum; got a file of an earlier version, "
            "expected one of this. Remove it, or the whole folder of results, and run "
            "the study again."
        )
    with reading(path, kind):
        if known != _content_hash(arrays, meta):
            raise ValueError("the content is not what was written")
    return arrays, meta


def _text(meta: dict[str, Any]) -> str:
    return json.dumps(meta, sort_keys=True, allow_nan=False)


def _content_hash(arrays: dict[str, NDArray[Any]], meta: dict[str, Any]) -> str:
    """Return the SHA-256 of arrays, with names, types and shapes, and of metadata."""
    content = hashlib.sha256(_text(meta).encode())
    for name, array in sorted(arrays.items()):
        content.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        content.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return content.hexdigest()


def read_meta(path: Path | Place, kind: str) -> dict[str, Any]:
    """Return the metadata of such a file alone; raises as :func:`read_arrays`."""
    with reading(path, kind), opened(path) as file:
        data: Any = np.load(file, allow_pickle=False)
        check_unpacked(data.zip)
        return dict(json.loads(bytes(data["__meta__"]).decode()))


def save_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of a metric as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            ("metric", pa.string()),
            ("time", pa.float64()),
            ("value", pa.float64()),
            ("stderr", pa.float64()),
            ("lower", pa.float64()),
            ("upper", pa.float64()),
            ("index", pa.string()),
            ("replicas", pa.int64()),
            ("note", pa.string()),
        ]
    )
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=schema)
    # Parquet does not notice every altered byte; the hash of the rows does.
    table = table.replace_schema_metadata({ROWS_HASH: rows_hash(rows)})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def load_rows(place: Path | Place) -> list[Row]:
    """Return the rows of a file; raises as :func:`read_arrays`."""
    import pyarrow.parquet as pq

    with reading(place, "rows"):
        with opened(place) as file:
            table = pq.read_table(file)
        rows = [Row(**{k: r[k] for k in ROW_FIELDS}) for r in table.to_pylist()]
        if table.schema.metadata[ROWS_HASH.encode()].decode() != rows_hash(rows):
            raise ValueError("the rows are not those that were written")
        return rows


def rows_hash(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of rows, written as JSON with every digit."""
    text = json.dumps([asdict(row) for row in rows], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def save_field(path: Path | str, field: MeanField) -> None:
    """Write a mean field with all that is needed to restore it.

    The file is an npz archive without pickle: one array for each of the field's
    (levels, coefficients, nodes, ...), and a JSON text with the system, the times, the
    solver and its ``info``. An archive is written as a whole or not at all.

    Examples
    --------
    >>> import mfplug, tempfile, pathlib
    >>> system = mfplug.System(potential={"name": "harmonic", "strength": 2.0})
    >>> field = mfplug.solve_mean_field(system, [0.0, 1.0], "harmonic-exact")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "field.npz"
    ...     mfplug.save_field(path, field)
    ...     mfplug.load_field(path).times
    (0.0, 1.0)
    """
    meta = {
        "kind": "field",
        "system": field.system.to_dict(),
        "times": list(field.times),
        "solver": field.solver.to_dict(),
        "info": field.info,
    }
    write_arrays(Path(path), field.arrays(), meta)


def load_field(path: Path | Place | str) -> MeanField:
    """Return the mean field of a file, equal to the last bit.

    Raises
    ------
    StoreError
        If the file is missing, truncated, altered or of another kind.
    PluginError
        If a plugin that made it is not there, or does not restore it.
    """
    from mfplug.contracts.meanfield import MeanField
    from mfplug.registry import create_from
    from mfplug.system import System

    path = Path(path) if isinstance(path, str) else path
    arrays, meta = read_arrays(path, "field")
    with reading(path, "field"):
        solver: Solver = create_from("solver", meta["solver"])
        system = System.from_dict(meta["system"])
        times, info = meta["times"], meta["info"]
        # What it refuses is foreign; the file is whole, so what fails is the plugin's.
        with calling(solver, "restore()"):
            field = solver.restore(system, times, arrays, info)
    returned(solver, "restore()", field, MeanField)
    return field


def save_ensemble(path: Path, ensemble: Ensemble) -> None:
    """Write an ensemble with all its metadata."""
    meta = {
        "kind": "ensemble",
        "system": ensemble.system.to_dict(),
        "particles": ensemble.particles,
        "times": list(ensemble.times),
        "seed": ensemble.seed,
        "first_replica": ensemble.first_replica,
        "step": ensemble.step,
        "integrator": ensemble.integrator.to_dict(),
        "info": ensemble.info,
    }
    write_arrays(path, {"q": ensemble.q_storage, "p": ensemble.p_storage}, meta)


def load_ensemble(path: Path | Place) -> Ensemble:
    """Return the ensemble of a file; raises as :func:`load_field`."""
    from mfplug.dynamics.ensemble import Ensemble
    from mfplug.registry import create_from
    from mfplug.system import System

    arrays, meta = read_arrays(path, "ensemble")
    with reading(path, "ensemble"):
        system, times = System.from_dict(meta["system"]), tuple(meta["times"])
        shape = (len(times), arrays["q"].shape[1], system.dimension, meta["particles"])
        for key in ("q", "p"):
            if arrays[key].shape != shape or arrays[key].dtype != np.float64:
                raise ValueError(f"{key} is not of this system, N and these times")
        return Ensemble(
            system=system,
            particles=meta["particles"],
            times=times,
            q_storage=arrays["q"],
            p_storage=arrays["p"],
            seed=meta["seed"],
            first_replica=meta["first_replica"],
            step=meta["step"],
            integrator=create_from("integrator", meta["integrator"]),
            info=meta["info"],
        )
