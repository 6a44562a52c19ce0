"""Altering what an archive holds: members, arrays, the JSON inside; checksums fit."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

#: Values that stand where others are expected.
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**63, 10**30, 0.5, -0.0, 1e-320, 1e308, "", "gaussian", "/",
    "\x00", [], [[]], [0.0], [1.0, 0.5], [None], {}, {"name": "gaussian"}, {"": 1},
)  # fmt: skip
_TYPES = ("<f8", ">f8", "<f4", "<i8", "|u1", "|b1", "<c16", "<U3", "|S2", "<M8[s]")


def altered(
    data: bytes, dice: random.Random, change: Callable[[bytes], bytes]
) -> bytes | None:
    """Return an archive, or JSON, with one thing in it changed; None if it is neither.

    Parameters
    ----------
    data
        A zip archive, also one within another, or JSON.
    dice
        Says where.
    change
        Alters bytes in any way.
    """
    members = _members(data)
    if members is None:
        return _altered_json(data, dice)
    if not members:
        return None
    name = dice.choice(sorted(members))
    roll = dice.random()
    if roll < 0.05:
        del members[name]
    elif roll < 0.1:
        members[name] = members[dice.choice(sorted(members))]
    elif roll < 0.15:
        members[name[: dice.randrange(len(name) + 1)]] = members.pop(name)
    else:
        members[name] = _altered_member(members[name], dice, change)
    return _zipped(members)


def _altered_member(
    data: bytes, dice: random.Random, change: Callable[[bytes], bytes]
) -> bytes:
    inner = altered(data, dice, change) if data[:2] == b"PK" else None
    array = _array(data) if inner is None else None
    if inner is not None:
        return inner
    if array is None or dice.random() < 0.2:
        return change(data)
    text = _altered_json(array.tobytes(), dice) if array.dtype == np.uint8 else None
    if text is not None:
        return _npy(np.frombuffer(text, np.uint8))
    return _npy(_altered_array(array, dice, change))


def _altered_array(
    array: np.ndarray[Any, Any], dice: random.Random, change: Callable[[bytes], bytes]
) -> np.ndarray[Any, Any]:
    roll = dice.randrange(5)
    if roll == 0 and array.ndim:
        return array[: dice.randrange(len(array) + 1)]
    if roll == 1:
        return array[..., None] if dice.random() < 0.5 else array.reshape(-1)
    if roll == 2:
        return np.resize(np.zeros(3), array.shape).astype(dice.choice(_TYPES))
    if roll == 3 and array.dtype.kind == "f" and array.size:
        copy = array.copy()
        odd = dice.choice([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e308, 5e-324])
        copy.flat[dice.randrange(copy.size)] = odd
        return copy
    content = change(array.tobytes())
    size = array.dtype.itemsize or 1
    return np.frombuffer(content[: len(content) // size * size], array.dtype)


def _altered_json(data: bytes, dice: random.Random) -> bytes | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict | list):
        return None
    place: Any = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return None
        key = dice.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and dice.random() < 0.8:
            place = place[key]
            continue
        if dice.random() < 0.15:
            del place[key]
        else:
            place[key] = dice.choice(ODD)
        return json.dumps(value).encode()


def _members(data: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    # Whatever zipfile makes of bytes that are no archive any more.
    except Exception:
        return None


def _zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name or "_"), data)
    return stream.getvalue()


def _array(data: bytes) -> np.ndarray[Any, Any] | None:
    try:
        found = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception:
        return None
    return found if isinstance(found, np.ndarray) else None


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
