"""Rows that are read in blocks, as often as needed: in memory, or larger than it."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from learndock.errors import BadData

Float = NDArray[np.float64]
Block = NDArray[np.float32] | NDArray[np.float64]
Result = TypeVar("Result")

_BLOCK = 16_384
TILE = 1_024
"""Rows whose kernel with a hundred points stays in a processor's cache."""


class Rows(Protocol):
    """Encoded rows, (n, d), in a fixed order.

    Two passes read the same numbers. A block is not changed after it was given out: several are
    worked on at once.
    """

    def __len__(self) -> int:
        """Return the number of rows n."""
        ...

    @property
    def width(self) -> int:
        """Number of coordinates d."""
        ...

    def blocks(self) -> Iterator[Block]:
        """Yield all rows from the first to the last, as (m, d) of float32 or float64."""
        ...

    def pick(self, numbers: NDArray[np.intp]) -> Block:
        """Return the rows with these ascending numbers, as (len(numbers), d)."""
        ...


class InMemory:
    """An array as `Rows`.

    Parameters
    ----------
    array : (n, d) float32 or float64
        Not copied.
    block : int
        Rows in a block, at least 1.

    Examples
    --------
    >>> rows = InMemory(np.arange(6.0).reshape(3, 2), block=2)
    >>> len(rows), rows.width, [len(block) for block in rows.blocks()]
    (3, 2, [2, 1])
    """

    def __init__(self, array: Block, *, block: int = _BLOCK) -> None:
        self._array = array
        self._block = block

    def __len__(self) -> int:
        return len(self._array)

    @property
    def width(self) -> int:
        """Number of coordinates d."""
        return int(self._array.shape[1])

    def blocks(self) -> Iterator[Block]:
        """Yield slices of the array."""
        for start in range(0, len(self._array), self._block):
            yield self._array[start : start + self._block]

    def pick(self, numbers: NDArray[np.intp]) -> Block:
        """Return the rows with these numbers."""
        return self._array[numbers]


def as_rows(rows: Block | Rows) -> Rows:
    """Return `rows`, an array as `InMemory`.

    Raises
    ------
    BadData
        If an array is no matrix.

    Examples
    --------
    >>> len(as_rows(np.zeros((3, 2))))
    3
    """
    if not isinstance(rows, np.ndarray):
        return rows
    if rows.ndim != 2:
        raise BadData(
            f"rows have shape {rows.shape}; (n, d) is needed", next="encode the data first"
        )
    return InMemory(rows)


def each_block(rows: Rows, work: Callable[[int, Block], Result]) -> Iterator[Result]:
    """Yield ``work(start, block)`` for each block in turn, where `start` is its first row's number.

    Several blocks are worked on at once, each by one thread; so what `work` returns must not
    depend on other blocks, and sums over the results are the same on any number of threads.

    Examples
    --------
    >>> rows = InMemory(np.ones((5, 2)), block=2)
    >>> list(each_block(rows, lambda start, block: (start, block.shape)))
    [(0, (2, 2)), (2, (2, 2)), (4, (1, 2))]
    """
    with one_thread_each() as workers, ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        start = 0
        for block in rows.blocks():
            waiting.append(pool.submit(work, start, block))
            start += len(block)
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def each_tile(start: int, block: Block) -> Iterator[tuple[int, Block]]:
    """Yield a block in pieces that stay in a processor's cache, each with its first row's number.

    Examples
    --------
    >>> [(first, len(tile)) for first, tile in each_tile(10, np.zeros((3_000, 2)))]
    [(10, 1024), (1034, 1024), (2058, 952)]
    """
    for offset in range(0, len(block), TILE):
        yield start + offset, block[offset : offset + TILE]


class _Blas:
    """The linear algebra library's own threads, switched off while anyone wants that."""

    def __init__(self) -> None:
        self.threads = 1
        self._lock = threading.Lock()
        self._users = 0
        self._limit: Any = None

    @cached_property
    def _libraries(self) -> Any:
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController().select(user_api="blas")

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                counts = [found["num_threads"] for found in self._libraries.info()]
                self.threads = max(counts, default=1)
                self._limit = self._libraries.limit(limits=1)
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._limit.restore_original_limits()


_blas = _Blas()


@contextmanager
def one_thread_each() -> Iterator[int]:
    """Keep matrix products to one thread, and say how many threads there are to share out.

    On matrices of a hundred rows, threads of the linear algebra library wait for each other
    longer than they work; on a busy machine, many times longer.

    Examples
    --------
    >>> with one_thread_each() as threads:
    ...     threads >= 1
    True
    """
    _blas.enter()
    try:
        yield _blas.threads
    finally:
        _blas.leave()
