"""Every vector compared with the query: exact, in memory, for up to some 50,000 vectors."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from learndock.core.ports import Index
from learndock.core.sketch import Float
from learndock.errors import Invalid, NotFound

_UNIT = float(np.finfo(np.float32).eps)
_FINE = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float32).tiny)
_LONGEST = 1e18
"""Above this length an inner product could leave the range of float32."""
_BLOCK = 1024
"""Rows that are compared in float64 at a time."""


class Exact:
    """An index that is a float32 matrix.

    One matrix-vector product in float32 says which rows may be among the best, given how far
    rounding can lead; only those are compared again in float64. So answers are those of
    float64, at the speed of float32.

    Parameters
    ----------
    width : int
        Length D of the vectors.

    Examples
    --------
    >>> index = Exact(2)
    >>> index.add(["a", "b"], np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32))
    >>> index.nearest(np.zeros(2), 2)
    [('a', 0.0), ('b', 5.0)]
    """

    def __init__(self, width: int) -> None:
        if width < 1:
            raise Invalid(f"an index has vectors of length {width}; at least 1 is needed")
        self._width = width
        self._keys: list[str] = []
        self._rows: dict[str, int] = {}
        self._matrix = np.empty((0, width), dtype=np.float32)
        self._squares = np.empty(0)

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add (n, D) vectors; a key that is there is replaced. O(n D), growth amortised.

        Raises
        ------
        Invalid
            If the shape does not fit, or a value is not finite or too large for float32.
        """
        with np.errstate(over="ignore"):
            vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.shape != (len(keys), self._width):
            raise Invalid(
                f"vectors have shape {vectors.shape}; ({len(keys)}, {self._width}) needed"
            )
        squares = np.square(vectors, dtype=np.float64).sum(axis=1)
        _check_length(squares)
        rows = [self._row(key) for key in keys]
        self._reserve(len(self._keys))
        self._matrix[rows] = vectors
        self._squares[rows] = squares

    def remove(self, keys: Sequence[str]) -> None:
        """Remove keys; those that are not there are passed over. The last row fills each gap."""
        for key in keys:
            row = self._rows.pop(key, None)
            if row is None:
                continue
            last = self._keys.pop()
            if last != key:
                self._keys[row] = last
                self._rows[last] = row
                self._matrix[row] = self._matrix[len(self)]
                self._squares[row] = self._squares[len(self)]

    def nearest(self, vector: Float, count: int) -> list[tuple[str, float]]:
        """Return up to `count` keys with their Euclidean distance, nearest first, ties by key.

        Raises
        ------
        Invalid
            If the vector does not fit, or is not finite or too large for float32.

        Notes
        -----
        O(n D) time: about 5 ms for 10,000 vectors of length 1,024.
        """
        query, square = self._query(vector)
        products, slack = self._products(query, square)
        squares = self._squares[: len(self)]
        slack = 2.0 * slack + 4.0 * (self._width + 8) * _FINE * (squares + square)
        rows = _candidates(squares - 2.0 * products, slack, count)
        found = self._exactly(rows, lambda block: np.linalg.norm(block - query, axis=1))
        return self._best(rows, found, count)

    def largest(self, vector: Float, count: int) -> list[tuple[str, float]]:
        """Return up to `count` keys with their inner product, largest first, ties by key.

        Raises
        ------
        Invalid
            If the vector does not fit, or is not finite or too large for float32.
        """
        query, square = self._query(vector)
        products, slack = self._products(query, square)
        rows = _candidates(-products, slack, count)
        found = self._exactly(rows, lambda block: -(block * query).sum(axis=1))
        return [(key, -value) for key, value in self._best(rows, found, count)]

    def vectors(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, D) vectors of keys that are there, as a copy.

        Raises
        ------
        NotFound
            If a key is not there.
        """
        if unknown := [key for key in keys if key not in self._rows]:
            raise NotFound(f"the index has no vector of {', '.join(unknown)}", keys=unknown)
        rows = np.array([self._rows[key] for key in keys], dtype=np.intp)
        return self._matrix[rows]

    def __len__(self) -> int:
        return len(self._keys)

    def _row(self, key: str) -> int:
        row = self._rows.setdefault(key, len(self._keys))
        if row == len(self._keys):
            self._keys.append(key)
        return row

    def _reserve(self, count: int) -> None:
        if count > len(self._squares):
            more = max(count, 2 * len(self._squares)) - len(self._squares)
            self._matrix = np.pad(self._matrix, ((0, more), (0, 0)))
            self._squares = np.pad(self._squares, (0, more))

    def _query(self, vector: Float) -> tuple[Float, float]:
        query = np.asarray(vector, dtype=np.float64)
        if query.shape != (self._width,):
            raise Invalid(f"the vector has shape {query.shape}; ({self._width},) is needed")
        with np.errstate(over="ignore", invalid="ignore"):
            square = float(query @ query)
        _check_length(np.array([square]))
        return query, square

    def _products(self, query: Float, square: float) -> tuple[Float, Float]:
        """Return inner products in float32, and how far each may be from the truth.

        A product of length D errs by at most about D units of rounding times both lengths [1]_.

        References
        ----------
        .. [1] Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1.
        """
        products = self._matrix[: len(self)] @ query.astype(np.float32)
        lengths = np.sqrt(self._squares[: len(self)])
        rounding = _UNIT * np.sqrt(square) * lengths
        underflow = _TINY * (1.0 + lengths)
        slack = (self._width + 8) * (rounding + underflow)
        return products.astype(np.float64), slack

    def _exactly(self, rows: NDArray[np.intp], value: Callable[[Float], Float]) -> Float:
        blocks = (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
        values = [value(self._matrix[block].astype(np.float64)) for block in blocks]
        return np.concatenate([np.empty(0), *values])

    def _best(self, rows: NDArray[np.intp], values: Float, count: int) -> list[tuple[str, float]]:
        found = sorted((float(v), self._keys[row]) for v, row in zip(values, rows, strict=True))
        return [(key, value) for value, key in found[:count]]


def _check_length(squares: Float) -> None:
    if not (squares <= _LONGEST**2).all():
        raise Invalid(f"a vector is not finite, or longer than {_LONGEST:g}")


def _candidates(rough: Float, slack: Float, count: int) -> NDArray[np.intp]:
    """Return every row that may be among the `count` smallest, each being known to +- `slack`."""
    if count < 1:
        return np.empty(0, dtype=np.intp)
    if count >= len(rough):
        return np.arange(len(rough))
    bound = np.partition(rough + slack, count - 1)[count - 1]
    return np.flatnonzero(rough - slack <= bound)


plugin: Callable[[int], Index] = Exact
