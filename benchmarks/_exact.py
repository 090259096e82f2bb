"""The distance between points and rows, evaluated pair by pair and by none of learndock's code."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Float = NDArray[np.float64]
BLOCK = 1_000


class Exact:
    """Rows under the kernel mean over g of exp(-g r^2); O(n^2 d) time, once."""

    def __init__(self, rows: Float, gammas: Sequence[float]) -> None:
        self._rows, self._gammas = rows, gammas
        self._own = self._mean(rows)

    def mmd(self, points: Float, weights: Float | None = None) -> float:
        """Return the distance of the rows to (K, d) points; without weights, all weigh alike."""
        share = np.full(len(points), 1 / len(points)) if weights is None else weights
        cross = np.concatenate([self._kernel(block, self._rows).mean(axis=1)
                                for block in _blocks(points)])  # fmt: skip
        squared = self._own - 2 * share @ cross + share @ self._kernel(points, points) @ share
        return math.sqrt(max(0.0, float(squared)))

    def _mean(self, rows: Float) -> float:
        sums = [self._kernel(block, rows).sum() for block in _blocks(rows)]
        return float(sum(sums)) / len(rows) ** 2

    def _kernel(self, left: Float, right: Float) -> Float:
        squared = cdist(left, right, "sqeuclidean")
        values: Float = np.mean([np.exp(-gamma * squared) for gamma in self._gammas], axis=0)
        return values


def _blocks(rows: Float) -> list[Float]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
