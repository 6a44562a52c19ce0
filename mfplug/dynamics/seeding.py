"""Random streams: one per named purpose, so that nothing depends on order or blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mfplug.contracts.plugin import canonical_json
from mfplug.errors import ParameterError


def stream(
    seed: int, purpose: str, identity: Any, index: int = 0
) -> np.random.Generator:
    """Return the generator of one purpose.

    The stream is ``SeedSequence(seed, spawn_key=(words of SHA-256(purpose, identity),
    index))``: it depends on these four and on nothing else.

    Parameters
    ----------
    seed
        The user's seed, an integer >= 0.
    purpose
        What the numbers are for, such as "initial".
    identity
        Plain data that the stream belongs to, such as the initial law and N.
    index
        Number of the replica.
    """
    return next(streams(seed, purpose, identity, [index]))


def streams(
    seed: int, purpose: str, identity: Any, indices: Iterable[int]
) -> Iterator[np.random.Generator]:
    """Yield :func:`stream` of each index; what they share is hashed once."""
    check_seed(seed)
    text = canonical_json([purpose, identity]).encode()
    words = np.frombuffer(hashlib.sha256(text).digest()[:16], dtype="<u4").tolist()
    for index in indices:
        sequence = np.random.SeedSequence(seed, spawn_key=(*words, index))
        yield np.random.Generator(np.random.PCG64(sequence))


def check_seed(seed: Any) -> int:
    """Return the seed if it is an integer >= 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(
            f"seed: not allowed; got {seed!r}, expected an integer >= 0. Change it."
        )
    return int(seed)
