"""Random streams: one per named purpose, so that nothing depends on order or blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import canonical_json
from mfplug.errors import ParameterError

#: Constants of NumPy's SeedSequence.
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
#: From so many streams on it pays to seed them together.
_FEW = 8


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
    numbers = list(indices)
    if len(numbers) < _FEW or max(numbers) >= 1 << 32:
        for index in numbers:
            sequence = np.random.SeedSequence(seed, spawn_key=(*words, index))
            yield np.random.Generator(np.random.PCG64(sequence))
        return
    for state in spawned(seed, words, np.array(numbers, dtype=np.uint32)):
        bits = np.random.PCG64(_Words(state))  # type: ignore[arg-type]
        yield np.random.Generator(bits)


class _Words(np.random.bit_generator.ISeedSequence):
    """Words that a bit generator is seeded with, computed already."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self.words = words

    def generate_state(
        self, n_words: int, dtype: Any = np.uint32
    ) -> NDArray[np.uint32 | np.uint64]:
        """Return the words."""
        return self.words


def spawned(
    seed: int, words: list[int], indices: NDArray[np.uint32]
) -> NDArray[np.uint64]:
    """Return ``SeedSequence(seed, spawn_key=(*words, i)).generate_state(4, uint64)``.

    For all indices at once, shape (indices, 4): the index is the last word that NumPy
    mixes into its pool, so all before it is done once. The algorithm is NumPy's,
    M. E. O'Neill's ``seed_seq_fe``; its constants are fixed by its promise of streams
    that never change.
    """
    base = np.random.SeedSequence(seed, spawn_key=tuple(words))
    pool = [np.full(len(indices), word, dtype=np.uint32) for word in base.pool]
    size = len(pool)
    # One multiplication for each word of the pool and each that was mixed into all.
    entropy = max(size, (max(1, int(seed).bit_length()) + 31) // 32) + len(words)
    constant = _INIT_A * pow(_MULT_A, size * size + size * (entropy - size), 1 << 32)
    for k in range(size):
        value = indices ^ np.uint32(constant % (1 << 32))
        constant = constant * _MULT_A % (1 << 32)
        value = _folded(value * np.uint32(constant))
        pool[k] = _folded(_MIX_LEFT * pool[k] - _MIX_RIGHT * value)
    out = np.empty((len(indices), 8), dtype=np.uint32)
    constant = _INIT_B
    for k in range(8):
        value = pool[k % size] ^ np.uint32(constant)
        constant = constant * _MULT_B % (1 << 32)
        out[:, k] = _folded(value * np.uint32(constant))
    pairs = out.astype(np.uint64)
    return pairs[:, ::2] | pairs[:, 1::2] << np.uint64(32)


def _folded(value: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return np.asarray(value ^ value >> np.uint32(16), dtype=np.uint32)


def check_seed(seed: Any) -> int:
    """Return the seed if it is an integer >= 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(
            f"seed: not allowed; got {seed!r}, expected an integer >= 0. Change it."
        )
    return int(seed)
