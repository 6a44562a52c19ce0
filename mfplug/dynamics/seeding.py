"""Random streams: one per named purpose, so that nothing depends on order or blocks."""

from __future__ import annotations

import hashlib
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
    check_seed(seed)
    text = canonical_json([purpose, identity]).encode()
    words = np.frombuffer(hashlib.sha256(text).digest()[:16], dtype="<u4")
    key = (*(int(w) for w in words), index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def check_seed(seed: Any) -> int:
    """Return the seed if it is an integer >= 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(
            f"seed: not allowed; got {seed!r}, expected an integer >= 0. Change it."
        )
    return int(seed)
