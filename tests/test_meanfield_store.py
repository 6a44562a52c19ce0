"""A mean field in its file, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from bell_field import END, LAW, MASS, bell, fields, harmonic, sampled

import mfplug
from mfplug import NumericsError, ParameterError, StoreError
from mfplug.studies.store import load_field, save_field, write_arrays

__all__ = ["fields"]


# ------------------------------------------------------------------------- the store


@pytest.mark.parametrize("d", [1, 2])
def test_store_gives_back_every_bit(d, tmp_path, fields):
    field = fields[d]
    save_field(tmp_path / "field.npz", field)
    again = load_field(tmp_path / "field.npz")
    q, p = sampled(field)
    q = np.concatenate([q, q + 9.0])
    p = np.concatenate([p, p])
    assert again.system == field.system
    assert again.times == field.times
    assert again.info == field.info
    assert again.solver == field.solver
    assert np.array_equal(again.force(0.31, q), field.force(0.31, q))
    assert np.array_equal(again.flow(q, p, 0.0, END), field.flow(q, p, 0.0, END))
    assert np.array_equal(again.score(0.5, q, p), field.score(0.5, q, p))


def test_store_of_a_linear_field(tmp_path):
    field = mfplug.solve_mean_field(
        harmonic(0.7, 0.55, MASS, 3), [0.0, END], solver="harmonic-exact"
    )
    save_field(tmp_path / "field.npz", field)
    q, p = sampled(field)
    again = load_field(tmp_path / "field.npz")
    assert np.array_equal(again.flow(q, p, 0.2, END), field.flow(q, p, 0.2, END))


def refusal(path):
    """Return the one line with which a file is refused."""
    with pytest.raises(StoreError) as caught:
        load_field(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def test_truncated_and_altered_files_are_refused(tmp_path, fields):
    path = tmp_path / "field.npz"
    save_field(path, fields[1])
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "truncated, altered or foreign" in refusal(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "truncated, altered or foreign" in refusal(path)
    path.unlink()
    assert "no such file" in refusal(path)


def test_foreign_files_are_refused(tmp_path, fields):
    path = tmp_path / "field.npz"
    np.savez(path, a=np.zeros(3))
    assert "foreign" in refusal(path)
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    assert "foreign" in refusal(path)
    with open(path, "wb") as file:
        np.savez(file, a=np.array([{}], dtype=object), allow_pickle=True)
    assert "foreign" in refusal(path)
    path.write_text("just text")
    assert "foreign" in refusal(path)
    for text in ("[1, 2]", "no json", json.dumps({"format": 1})):
        header = np.frombuffer(text.encode(), dtype=np.uint8)
        with open(path, "wb") as file:
            np.savez(file, __meta__=header)
        refusal(path)
    # A file of the right kind with an array or an entry missing, or of another length.
    save_field(path, fields[1])
    with np.load(path) as data:
        arrays = {k: data[k] for k in data.files}
    meta = json.loads(bytes(arrays.pop("__meta__")))
    meta.pop("format")
    for changed in (
        ({k: v for k, v in arrays.items() if k != "weights"}, meta),
        (arrays | {"nodes": arrays["nodes"][..., 1:]}, meta),
        (arrays, {k: v for k, v in meta.items() if k != "times"}),
        (arrays, meta | {"system": meta["system"] | {"dimension": 2}}),
    ):
        write_arrays(path, *changed)
        assert "foreign" in refusal(path)
    write_arrays(path, arrays, meta)
    load_field(path)


# -------------------------------------------------------------------------- refusals


WRONG = {
    "times": ({"times": [1.0, 0.0]}, "times: not allowed"),
    "beta": (
        {"system": {"beta": 0.2}},
        r"the mean field depends on N; got beta = 0\.2 and no N\. Use system\.at\(N\)",
    ),
    "short torus": (
        {"system": {"box": 3.0}},
        r"the torus is shorter than its range; got box = 3, expected at least",
    ),
    "tolerance": ({"tolerance": -1.0}, "'tolerance' is out of range"),
    "no harmonic torus": (
        {"system": {"box": 9.0}, "solver": "harmonic-exact"},
        "the potential is not harmonic",
    ),
    "grid": ({"grid": 12}, "grid is too small; got 12"),
    "option": ({"nods": 12}, "unknown parameter 'nods'.*'nodes'"),
    "option twice": (
        {"solver": {"name": "characteristics"}, "grid": 50},
        "options are given twice",
    ),
    "not harmonic": ({"solver": "harmonic-exact"}, "the potential is not harmonic"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_one_clear_line(what):
    changes, message = WRONG[what]
    changes = dict(changes)
    system = bell(**changes.pop("system", {}))
    keys = {"times": [0.0, 0.1]} | changes
    with pytest.raises(ParameterError, match=message) as caught:
        mfplug.solve_mean_field(system, **keys)
    assert "\n" not in str(caught.value)


def test_expression_in_N_has_to_be_evaluated():
    plummer = {"name": "plummer", "softening": {"times": 1.0, "N": -0.3}}
    system = mfplug.System(potential=plummer, initial=LAW)
    with pytest.raises(ParameterError, match=r"depends on N.*system\.at"):
        mfplug.solve_mean_field(system, [0.0, 0.1])


@dataclass(frozen=True)
class SickTrap(mfplug.External):
    """A trap that becomes NaN."""

    name = "sick-trap"
    time_dependent = True

    def energy(self, q, t):
        """Return 0."""
        return np.zeros(q.shape[:-1])

    def gradient(self, q, t):
        """Return 0, later NaN."""
        return np.full_like(q, np.nan if t > 0.3 else 0.0)


def test_nan_in_the_force():
    system = replace(bell(), external=SickTrap())
    with pytest.raises(NumericsError, match="the mean-field force is not finite at t"):
        mfplug.solve_mean_field(system, [0.0, 0.5], nodes=100, grid=60)
