"""Snapshots of other codes: read, written, measured, refused where they are wrong."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

import mfplug
from mfplug.errors import ParameterError, StoreError

SYSTEM = {"dimension": 2, "potential": "gaussian", "initial": "gaussian"}


@pytest.fixture
def system():
    return mfplug.System(**SYSTEM)


@pytest.fixture
def ensemble(system):
    return mfplug.simulate(
        system, 6, replicas=5, times=(0.0, 0.4, 1.0), step=0.1, seed=4
    )


@pytest.mark.parametrize("name", ["mine.npz", "mine.h5", "mine.hdf5"])
def test_what_is_written_is_read(name, tmp_path, system, ensemble):
    path = mfplug.write_snapshots(tmp_path / name, ensemble)
    again = mfplug.read_snapshots(path, system)
    assert again.times == ensemble.times
    assert (again.particles, again.replicas) == (6, 5)
    assert np.array_equal(again.q, ensemble.q)
    assert np.array_equal(again.p, ensemble.p)
    one = mfplug.measure(["energy-drift", "coupling"], ensemble, _field(system))
    two = mfplug.measure(["energy-drift", "coupling"], again, _field(system))
    pd.testing.assert_frame_equal(one, two)


def _field(system):
    return mfplug.solve_mean_field(system, (0.0, 0.4, 1.0), nodes=400, grid=24)


def test_one_replica_may_leave_out_its_axis(tmp_path, system, ensemble):
    path = tmp_path / "one.npz"
    np.savez(path, times=[0.0, 0.4, 1.0], q=ensemble.q[:, 2], p=ensemble.p[:, 2])
    again = mfplug.read_snapshots(path, system)
    assert again.replicas == 1
    assert np.array_equal(again.q[:, 0], ensemble.q[:, 2])


def good():
    rng = np.random.default_rng(8)
    q, p = rng.standard_normal((2, 3, 4, 5, 2))
    return {"times": np.array([0.0, 0.5, 1.0]), "q": q, "p": p}


def nan(x):
    x = x.copy()
    x[1, 2, 3, 0] = np.nan
    return x


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"q": None}, StoreError, "got no q"),
        ({"q": good()["q"][..., :1]}, ParameterError, r"\(3, 4, 5, 1\), expected"),
        ({"p": good()["p"][:, :, :4]}, ParameterError, "different shapes"),
        ({"q": nan(good()["q"])}, ParameterError, "got 1 such numbers"),
        ({"times": np.array([0.0, 1.0, 0.5])}, ParameterError, "strictly increasing"),
        ({"times": np.array([0.0, 1.0])}, ParameterError, "expected \\(2, replicas"),
        ({"q": good()["q"] + 1j}, ParameterError, "not real"),
        ({"q": good()["q"][:, :0], "p": good()["p"][:, :0]}, ParameterError, "empty"),
        ({"q": np.array([{}])}, StoreError, "truncated or of another kind"),
    ],
)
def test_wrong_arrays_are_one_line(change, error, said, tmp_path, system):
    arrays = {k: v for k, v in (good() | change).items() if v is not None}
    path = tmp_path / "wrong.npz"
    np.savez(path, **arrays)
    with pytest.raises(error, match=said) as caught:
        mfplug.read_snapshots(path, system)
    assert "\n" not in str(caught.value)
    assert f"'{path}'" in str(caught.value)


@pytest.mark.parametrize("name", ["x.npz", "x.h5"])
def test_files_that_are_no_snapshots(name, tmp_path, system, ensemble):
    path = tmp_path / name
    with pytest.raises(StoreError, match="no such file"):
        mfplug.read_snapshots(path, system)
    path.write_text("just words")
    with pytest.raises(StoreError, match="truncated or of another kind"):
        mfplug.read_snapshots(path, system)
    whole = mfplug.write_snapshots(path, ensemble).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="truncated or of another kind"):
        mfplug.read_snapshots(path, system)
    np.save(tmp_path / "lone", good()["q"])
    with pytest.raises(StoreError, match="one array alone"):
        mfplug.read_snapshots(tmp_path / "lone.npy", system)


def test_command_line(mfplug_cli, write_study, tmp_path, ensemble):
    path = mfplug.write_snapshots(tmp_path / "mine.npz", ensemble)
    study = write_study(
        system=SYSTEM, metrics=["coupling", "energy-drift"], sweep={"N": [8]},
        solver={"name": "characteristics", "nodes": 400, "grid": 24},
    )  # fmt: skip
    done = mfplug_cli("measure", str(study), "--snapshots", str(path))
    assert done.status == 0, done.err
    table = pd.read_csv(io.StringIO(done.out))
    assert set(table["metric"]) == {"coupling-mean", "coupling-max", "energy-drift"}
    target = tmp_path / "rows.csv"
    mfplug_cli("measure", str(study), "--snapshots", str(path), "--table", str(target))
    assert target.read_text() == done.out
    swept = write_study(
        system=SYSTEM, metrics=["energy-drift"],
        sweep={"N": [8], "potential.width": [0.5, 1.0]},
    )  # fmt: skip
    answer = mfplug_cli("measure", str(swept), "--snapshots", str(path))
    answer.refused("it sweeps potential.width")
