"""How near the points of a sketch come to single rows, and how near chance would bring them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from learndock.errors import BadData, SketchMismatch
from learndock.numerics.kernels import squared_distances

Float = NDArray[np.float64]

_CROWD = 5  # equal rows that hide one another
_BLOCK = 4_096
_PROBES = 300
_SURE = 0.999


@dataclass(frozen=True)
class Nearness:
    """How near points come to rows, measured by how near rows are to each other.

    Attributes
    ----------
    nearest : float
        Median over points of (distance to the nearest row) / (that row's distance to its own
        nearest other row). Above 1, points lie further from rows than rows from each other.
    close : float
        Share of the points that lie within half of that row's own distance, and whose row is
        not one of 5 or more equal ones.
    copies : int
        Points that equal a row, in single precision, of which there are fewer than 5.
    """

    nearest: float
    close: float
    copies: int


def nearness(points: Float, rows: Float, *, seed: int = 0) -> Nearness:
    """Measure how near the points of a sketch come to single rows.

    A row's own distance is that to the nearest row that differs from it. Five or more equal
    rows hide one another: a point on them, as is common in tables of categories, gives no one
    away and counts neither as close nor as a copy.

    Parameters
    ----------
    points : (K, d) float64
        The sketch's points.
    rows : (n, d) float64
        All the rows that it stands for; each is looked at, none is passed over.
    seed : int
        Draws the numbers by which equal rows are recognised. The result does not depend on it.

    Returns
    -------
    Nearness
        Distances are without unit.

    Raises
    ------
    SketchMismatch
        If points and rows differ in width.
    BadData
        If there are no rows.

    Notes
    -----
    Costs O(n K d) time and memory for two copies of a part of the rows.

    References
    ----------
    .. [1] Park et al., "Data Synthesis based on Generative Adversarial Networks", VLDB 2018:
       distance to the closest record.

    Examples
    --------
    >>> rows = np.arange(20.0)[:, None]
    >>> nearness(np.array([[3.0], [7.5]]), rows)
    Nearness(nearest=0.25, close=0.5, copies=1)
    """
    _check(points, rows)
    known = _Rows(rows, seed)
    distance, row = known.nearest(points)
    own, _ = known.nearest(rows[row], differing=True)
    close = (distance < own / 2) & (known.equals(rows[row]) < _CROWD)
    copies = known.equals(points)
    return Nearness(
        nearest=float(np.median(distance / own)),
        close=float(close.mean()),
        copies=int(((copies > 0) & (copies < _CROWD)).sum()),
    )


def expected_close(rows: Float, *, count: int, seed: int = 0) -> float:
    """Return the largest share of close points that chance explains.

    Rows are left out one at a time: how often is a fresh row of the same source close, in the
    sense of `nearness`, to a row that is there? As many of `count` points may be, plus what
    the binomial law allows once in a thousand sketches.

    Parameters
    ----------
    rows : (n, d) float64
        All the rows; up to 300 random ones are left out in turn.
    count : int
        Number of points K of the sketch.
    seed : int
        Draws the rows that are left out.

    Returns
    -------
    float
        A share of the points, for comparison with `Nearness.close`.

    Raises
    ------
    BadData
        If there are no rows.

    Notes
    -----
    Costs O(n d) time for each row left out.

    References
    ----------
    .. [1] Laplace's rule of succession, for the share where few rows or none are close.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 20))
    >>> expected_close(rows, count=100) < 0.1
    True
    """
    _check(rows, rows)
    rng = np.random.default_rng(seed)
    out = rng.choice(len(rows), min(len(rows), _PROBES), replace=False)
    known = _Rows(rows, seed)
    distance, row = known.nearest(rows[out], without=out)
    own, _ = known.nearest(rows[row], differing=True, without=out)
    others = known.equals(rows[row]) - known.same(row, out)
    hits = int(((distance < own / 2) & (others < _CROWD)).sum())
    chance = (hits + 1) / (len(out) + 2)
    at_most = bdtr(np.arange(count + 1, dtype=float), count, chance)
    return float(np.searchsorted(at_most, _SURE)) / count


class _Rows:
    """Rows that can be searched for the nearest and for equal ones."""

    def __init__(self, rows: Float, seed: int) -> None:
        self._rows = rows
        self._center = rows.mean(axis=0)  # distances lose fewer digits near the origin
        odd = np.random.default_rng(seed).integers(2**63, size=rows.shape[1], dtype=np.uint64)
        self._multipliers = 2 * odd + 1
        self._keys = self._hash(rows)
        self._unique, self._counts = np.unique(self._keys, return_counts=True)

    def _hash(self, x: Float) -> NDArray[np.uint64]:
        """Return one number for each row: the same for rows equal in single precision."""
        single = x.astype(np.float32) + np.float32(0)  # no negative zero
        keys: NDArray[np.uint64] = single.view(np.uint32).astype(np.uint64) @ self._multipliers
        return keys

    def equals(self, x: Float) -> NDArray[np.intp]:
        """Return how many of the rows equal each of x."""
        keys = self._hash(x)
        place = np.searchsorted(self._unique, keys).clip(max=len(self._unique) - 1)
        return np.where(self._unique[place] == keys, self._counts[place], 0)

    def same(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return whether rows are equal, by their numbers."""
        return np.equal(self._keys[left], self._keys[right])

    def nearest(
        self, x: Float, *, differing: bool = False, without: NDArray[np.intp] | None = None
    ) -> tuple[Float, NDArray[np.intp]]:
        """Return the distance to the nearest row for each of x, and that row's number.

        Parameters
        ----------
        x : (K, d) float64
            Where to search from.
        differing : bool
            Pass over rows that equal x.
        without : (K,) int, optional
            A row to pass over, for each of x.

        Returns
        -------
        distances : (K,) float64
            Infinite where all rows were passed over.
        numbers : (K,) int
        """
        keys = self._hash(x)
        best = np.full(len(x), np.inf)
        number = np.zeros(len(x), dtype=np.intp)
        every = np.arange(len(x))
        for start in range(0, len(self._rows), _BLOCK):
            block = self._rows[start : start + _BLOCK]
            squared = squared_distances(x - self._center, block - self._center)
            if differing:
                squared[keys[:, None] == self._keys[start : start + _BLOCK]] = np.inf
            if without is not None:
                here = (without >= start) & (without < start + len(block))
                squared[every[here], without[here] - start] = np.inf
            first = squared.argmin(axis=1)
            better = squared[every, first] < best
            best[better] = squared[every, first][better]
            number[better] = start + first[better]
        exact = np.linalg.norm(x - self._rows[number], axis=1)
        return np.where(np.isinf(best), np.inf, exact), number


def _check(points: Float, rows: Float) -> None:
    if len(rows) == 0:
        raise BadData("nearness to 0 rows was asked for; 1 is needed", next="give rows")
    if points.shape[1] != rows.shape[1]:
        raise SketchMismatch(
            f"points have {points.shape[1]} coordinates and rows {rows.shape[1]}; both need "
            "the same",
            next="encode the rows in the sketch's space",
            left=points.shape[1],
            right=rows.shape[1],
        )
