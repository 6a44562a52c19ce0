"""Snapshots of other codes, and ours for them: npz and HDF5 with documented axes.

A file holds three arrays::

    times  (T,)          increasing; the first is the initial time
    q      (T, R, N, d)  positions, not wrapped into the torus
    p      (T, R, N, d)  momenta m dq/dt

of T snapshots of R replicas of N particles in d dimensions. With one replica R may be
left out: (T, N, d). Nothing in a file is executed: pickled arrays are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.ensemble import Ensemble
from mfplug.dynamics.simulate import check_times
from mfplug.errors import ParameterError, StoreError
from mfplug.inputs import check_fits, check_regular, check_target
from mfplug.registry import create_from

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
KEYS = ("times", "q", "p")
HDF5_ENDINGS = (".h5", ".hdf5")


def read_snapshots(path: str | Path, system: System) -> Ensemble:
    """Return the snapshots in a file as an ensemble of a system.

    Parameters
    ----------
    path
        An npz file, or HDF5 where the name ends in .h5 or .hdf5.
    system
        The physical system that the snapshots are of; it gives d, the forces and f_0.

    Returns
    -------
    Ensemble
        ``step`` is 0: how the particles were moved is not known.

    Raises
    ------
    StoreError
        If the file is missing, no such archive, or lacks an array.
    ParameterError
        If shapes, numbers or times are wrong.
    """
    path = Path(path)
    arrays = _read(path)
    try:
        times = check_times(np.atleast_1d(arrays["times"]).tolist())
    except ParameterError as error:
        raise ParameterError(f"snapshots '{path}': {error}") from error
    q, p = (_checked(path, key, arrays[key], len(times), system) for key in ("q", "p"))
    if q.shape != p.shape:
        raise ParameterError(
            f"snapshots '{path}': q and p have different shapes; got {q.shape} and "
            f"{p.shape}, expected the same. Write both of the same particles."
        )
    particles = q.shape[2]
    return Ensemble(
        system.at(particles),
        particles,
        times,
        np.ascontiguousarray(np.swapaxes(q, 2, 3)),
        np.ascontiguousarray(np.swapaxes(p, 2, 3)),
        seed=0,
        first_replica=0,
        step=0.0,
        integrator=create_from("integrator", "leapfrog"),
        info={"origin": path.name},
    )


def write_snapshots(path: str | Path, ensemble: Ensemble) -> Path:
    """Write an ensemble for other codes; returns the path.

    Raises
    ------
    StoreError
        If h5py is missing for an HDF5 file, or a folder, a pipe or a device has the
        name.
    """
    path = Path(path)
    check_target(path)
    arrays = {"times": np.array(ensemble.times), "q": ensemble.q, "p": ensemble.p}
    if path.suffix.lower() in HDF5_ENDINGS:
        h5py = _h5py(path)
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                file.create_dataset(key, data=array)
    else:
        with open(path, "wb") as target:
            np.savez(target, allow_pickle=False, **arrays)
    return path


def _read(path: Path) -> dict[str, NDArray[Any]]:
    check_regular(path, "snapshots")
    if not path.is_file():
        raise StoreError(
            f"snapshots '{path}': no such file; expected npz or HDF5. Check the path."
        )
    try:
        if path.suffix.lower() in HDF5_ENDINGS:
            h5py = _h5py(path)
            with h5py.File(path, "r") as file:
                found = {key: _dataset(h5py, path, file, key) for key in KEYS}
                data = {key: d for key, d in found.items() if d is not None}
                check_fits("snapshots", path, (d.nbytes for d in data.values()))
                return _chosen(path, data)
        with open(path, "rb") as source:
            archive: Any = np.load(source, allow_pickle=False)
            if isinstance(archive, Mapping):
                # What zipfile reads of a member is what the archive declares.
                members = archive.zip.infolist()  # type: ignore[attr-defined]
                check_fits("snapshots", path, (m.file_size for m in members))
            return _chosen(path, archive)
    except (ParameterError, StoreError):
        raise
    # A flipped bit can surface anywhere: in zipfile, NumPy or HDF5.
    except Exception as error:
        raise StoreError(
            f"snapshots '{path}': truncated or of another kind; got "
            f"{type(error).__name__}, expected an npz or HDF5 file with the arrays "
            "times, q and p. Write it again."
        ) from error


def _dataset(h5py: Any, path: Path, file: Any, key: str) -> Any:
    """Return an array of an HDF5 file itself: one can stand for parts of others."""
    link = file.get(key, getlink=True)
    if link is None:
        return None
    data = file[key] if isinstance(link, h5py.HardLink) else None
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
        raise StoreError(
            f"snapshots '{path}': {key} is no array in the file; got a link, a group, "
            "or a reference to other files, expected an array. Write the array itself."
        )
    return data


def _chosen(path: Path, data: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    if not isinstance(data, Mapping):
        raise StoreError(
            f"snapshots '{path}': one array alone; expected an archive with times, q "
            "and p. Use numpy.savez(file, times=..., q=..., p=...)."
        )
    missing = [key for key in KEYS if key not in data]
    if missing:
        raise StoreError(
            f"snapshots '{path}': arrays are missing; got no {', '.join(missing)}, "
            "expected times (T,), q and p (T, R, N, d). Add them."
        )
    return {key: np.asarray(data[key]) for key in KEYS}


def _checked(
    path: Path, key: str, array: NDArray[Any], count: int, system: System
) -> Array:
    if array.dtype.kind not in "fiu":
        raise ParameterError(
            f"snapshots '{path}': {key} is not real; got {array.dtype}, expected "
            "numbers. Convert it."
        )
    if array.ndim == 3:
        array = array[:, None]
    d = system.dimension
    if array.ndim != 4 or array.shape[0] != count or array.shape[3] != d:
        raise ParameterError(
            f"snapshots '{path}': {key} has the wrong shape; got {array.shape}, "
            f"expected ({count}, replicas, particles, {d}): {count} times in d = {d}. "
            "Change the order of the axes, or the study's dimension."
        )
    if 0 in array.shape:
        raise ParameterError(
            f"snapshots '{path}': {key} is empty; got {array.shape}, expected at least "
            "one replica and one particle. Write them."
        )
    result = np.asarray(array, dtype=float)
    if not np.isfinite(result).all():
        bad = int(np.count_nonzero(~np.isfinite(result)))
        raise ParameterError(
            f"snapshots '{path}': {key} holds NaN or infinity; got {bad} such numbers, "
            "expected none. Mend the simulation, or leave these replicas out."
        )
    return result


def _h5py(path: Path) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise StoreError(
            f"snapshots '{path}': HDF5 needs the package h5py; got none. Install "
            "mfplug with the extra `hdf5`, or use npz."
        ) from error
    return h5py
