"""Blocks of replicas, one after the other or several at once: the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Draws the initial points of a block, q and p.
Draw = Callable[[range], tuple[Array, Array]]
#: Enters them and moves them to the last time.
Move = Callable[[range, Array, Array], None]


def in_order(
    blocks: Sequence[range], draw: Draw, move: Move, *, apart: bool
) -> Iterator[range]:
    """Yield the blocks as they are done, in their order.

    Drawing points is Python, the steps are not, so the points of a block are drawn
    while the one before it is moved. Where a step is so short that its threads would
    wait for each other, and for the one that draws, each thread has blocks of its own.

    Parameters
    ----------
    blocks
        Numbers of the replicas of each block.
    draw, move
        What is done to a block. Never two blocks are drawn at a time, and ``move`` is
        called in several threads only if ``apart``.
    apart
        Whether a block takes one thread, where there are enough blocks.
    """
    if not blocks:
        return
    move(blocks[0], *draw(blocks[0]))
    yield blocks[0]
    # Which way the threads are shared is known after the first compiled loop.
    if not _side_by_side():
        for block in blocks[1:]:
            move(block, *draw(block))
            yield block
        return
    # The last blocks are waited for: with few of them that costs more than it saves.
    several = apart and threads() > 1 and len(blocks) > 2 * threads()
    done = _each_alone if several else _drawn_ahead
    yield from done(blocks[1:], draw, move)


def _drawn_ahead(blocks: Sequence[range], draw: Draw, move: Move) -> Iterator[range]:
    with ThreadPoolExecutor(1) as pool:
        ahead: Future[tuple[Array, Array]] | None = None
        for k, block in enumerate(blocks):
            points = draw(block) if ahead is None else ahead.result()
            following = blocks[k + 1 : k + 2]
            ahead = pool.submit(draw, *following) if following else None
            move(block, *points)
            yield block


def _each_alone(blocks: Sequence[range], draw: Draw, move: Move) -> Iterator[range]:
    import numba

    # A plugin that keeps something between its samples need not mind threads.
    drawing = Lock()

    def whole(block: range) -> range:
        with drawing:
            points = draw(block)
        move(block, *points)
        return block

    before = numba.get_num_threads()
    pool = ThreadPoolExecutor(
        threads(), initializer=numba.set_num_threads, initargs=(1,)
    )
    # What the caller does with a block finds all cores busy: it takes one thread too.
    numba.set_num_threads(1)
    try:
        for future in [pool.submit(whole, block) for block in blocks]:
            yield future.result()
    finally:
        numba.set_num_threads(before)
        pool.shutdown(cancel_futures=True)


def threads() -> int:
    """Return the number of threads of a compiled loop."""
    import numba

    return int(numba.get_num_threads())


def _side_by_side() -> bool:
    """Say whether compiled loops may run in two threads at once.

    A plugin may have some for its samples; Numba's plainest way to share a loop ends
    the process then.
    """
    import numba

    try:
        return str(numba.threading_layer()) in ("omp", "tbb")
    except ValueError:
        return False
