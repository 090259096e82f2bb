"""The reduced set: a few weighted points that stand for many rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learndock.errors import BadData, Invalid
from learndock.numerics.kernels import (
    check_gammas,
    gram,
    gram_times,
    radial,
    squared_distances,
    tiles,
)
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]
Single = NDArray[np.float32]

_SAMPLE = 5_000  # rows among which the points move
_FITTED = 2_000  # rows on which their weights are fitted meanwhile
_MEASURED = 5_000  # rows whose mutual kernel values enter the measured distance
_ROUNDS = 5  # of k-means
_STEPS = 150  # of Adam
_BATCH = 512
_REFIT = 25  # steps between fits of the weights
_STRIDE = 0.1  # first step of Adam, in standard deviations of a coordinate
_FAST, _SLOW = 0.9, 0.99  # memories of Adam
_CROWD = 5  # rows that a point stands for at least


@dataclass(frozen=True, eq=False)
class Reduced:
    """Weighted points, and how near they come to the rows that they stand for.

    Attributes
    ----------
    points : (K, d) float64
        In the coordinates of the rows.
    weights : (K,) float64
        On the simplex.
    outcomes : (K, C) float64 or None
        Nonnegative; rows sum to `weights`, columns to the shares of the labels.
    mmd : float
        Distance between the points and all rows.
    start_mmd : float
        The same for the start, from which the points were moved; never below `mmd`.
    """

    points: Float
    weights: Float
    outcomes: Float | None
    mmd: float
    start_mmd: float


def reduce(
    rows: Float,
    size: int,
    *,
    gammas: Sequence[float],
    labels: NDArray[np.integer] | None = None,
    classes: int = 0,
    seed: int = 0,
    low: Float | None = None,
    high: Float | None = None,
) -> Reduced:
    r"""Find a few weighted points whose kernel mean embedding is near that of all rows.

    .. math:: \min_{Z,\, b \in \Delta}
        \Bigl\lVert \tfrac1n \sum_i k(x_i, \cdot) - \sum_j b_j k(z_j, \cdot) \Bigr\rVert

    Points start at the centres of a short k-means and are moved by Adam on random batches of
    rows; weights come from quadratic programs, the last on all rows. With labels, each class is
    fitted by itself on the same points, so that column c of the outcomes sketches
    p(x, label = c). Where the moved points are no better than the start, the start is returned.

    Parameters
    ----------
    rows : (n, d) float64
        Finite.
    size : int
        Most points K, between 1 and n. Where K is at most n / 5, no point stands for fewer than
        5 rows, that is, weighs less than 5 / n: lesser points are dropped, and their rows go to
        others.
    gammas : sequence of float
        As in `learndock.numerics.kernels.gram`.
    labels : (n,) int, optional
        For each row a class from 0 to `classes` - 1.
    classes : int
        Number of classes C; needed with `labels`.
    seed : int
        The same arguments give the same points on one machine.
    low, high : (d,) float64, optional
        Public bounds of the coordinates; points are clipped to them before the last fit.

    Returns
    -------
    Reduced
        Its distance is exact up to 5,000 rows. Above, the kernel values between different rows
        come from 5,000 random ones: an unbiased estimate of the squared distance, usually
        within a few percent.

    Raises
    ------
    BadData
        If `rows` is not a matrix of finite numbers with at least one row.
    Invalid
        If `size`, `labels`, `classes` or `gammas` cannot be.

    Notes
    -----
    Costs O(n K d) time, for two passes over the rows, and memory that does not grow with n
    beyond the rows themselves.

    References
    ----------
    .. [1] Wu, Xu, Liu and Zhou, "Model Reuse With Reduced Kernel Mean Embedding
       Specification", IEEE TKDE 35 (2023), 699-710.
    .. [2] Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(1000, 2))
    >>> found = reduce(rows, 10, gammas=[0.25])
    >>> found.points.shape, found.mmd < 0.5 * found.start_mmd
    ((10, 2), True)
    """
    check_gammas(gammas)
    _check(rows, size)
    groups = _groups(rows, labels, classes)
    rng = np.random.default_rng(seed)
    sample = _some(rows, _SAMPLE, rng)
    start = _centres(sample, size, rng)
    moved = _moved(start, sample, gammas, rng)
    crowd = _CROWD if _CROWD * size <= len(rows) else 0
    first, second = (
        _Fit.of(_clipped(points, low, high), groups, gammas, crowd) for points in (start, moved)
    )
    best = second if second.loss < first.loss else first
    probe = _some(rows, _MEASURED, rng)
    apart = _mean_apart(probe, gammas)
    return Reduced(
        points=best.points,
        weights=best.weights,
        outcomes=None if labels is None else best.outcomes,
        mmd=best.distance(len(rows), probe, apart, gammas),
        start_mmd=first.distance(len(rows), probe, apart, gammas),
    )


def _check(rows: Float, size: int) -> None:
    if rows.ndim != 2 or len(rows) == 0 or not np.isfinite(rows).all():
        raise BadData(
            f"rows of shape {rows.shape} cannot be reduced; (n, d) finite numbers with n >= 1 "
            "are needed",
            next="encode the data first",
        )
    if not 1 <= size <= len(rows):
        raise Invalid(
            f"{size} points were asked for; {len(rows)} rows allow 1 to {len(rows)}",
            next="ask for fewer points",
            size=size,
            rows=len(rows),
        )


def _groups(rows: Float, labels: NDArray[np.integer] | None, classes: int) -> list[Float]:
    """Return the rows of each class, or all of them as one."""
    if labels is None:
        return [rows]
    if labels.shape != (len(rows),) or labels.min() < 0 or labels.max() >= classes:
        raise Invalid(
            f"labels of shape {labels.shape}, from {labels.min()} to {labels.max()}, were given; "
            f"{len(rows)} whole numbers from 0 to {classes - 1} are needed",
            next="give one class number for each row",
        )
    return [rows[labels == label] for label in range(classes)]


def _some(rows: Float, most: int, rng: np.random.Generator) -> Float:
    """Return the rows, or as many random ones as are allowed."""
    return rows if len(rows) <= most else rows[rng.choice(len(rows), most, replace=False)]


def _centres(rows: Float, size: int, rng: np.random.Generator) -> Float:
    """Return the centres of groups of rows, after a few rounds of k-means from random rows."""
    centres = rows[rng.choice(len(rows), size, replace=False)]
    for _ in range(_ROUNDS):
        nearest = squared_distances(rows, centres).argmin(axis=1)
        counts = np.bincount(nearest, minlength=size)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, rows)
        filled = counts > 0
        centres[filled] = sums[filled] / counts[filled, None]
    return centres


def _moved(start: Float, rows: Float, gammas: Sequence[float], rng: np.random.Generator) -> Float:
    """Return the points, moved by Adam so that their embedding comes near that of the rows.

    Single precision halves the time; distances lose fewer digits near the origin.
    """
    center = rows.mean(axis=0)
    points = (start - center).astype(np.float32)
    shuffled = _Batches((rows - center).astype(np.float32), rng)
    stride = _STRIDE * rows.std(axis=0).astype(np.float32)
    mean, square = np.zeros_like(points), np.zeros_like(points)
    for step in range(_STEPS):
        if step % _REFIT == 0:
            weights = _weights(points + center, rows[:_FITTED], gammas).astype(np.float32)
        slope = _gradient(points, shuffled.draw(), weights, gammas)
        mean += (1 - _FAST) * (slope - mean)
        square += (1 - _SLOW) * (slope * slope - square)
        unbiased = math.sqrt(1 - _SLOW ** (step + 1)) / (1 - _FAST ** (step + 1))
        pace = stride * (1 - step / _STEPS) * unbiased
        points -= pace * mean / (np.sqrt(square) + np.float32(1e-12))
    out: Float = points + center
    return out


class _Batches:
    """Deals rows in random order, and shuffles when too few are left."""

    def __init__(self, rows: Single, rng: np.random.Generator) -> None:
        self._rows = rows
        self._rng = rng
        self._next = len(rows)

    def draw(self) -> Single:
        if len(self._rows) <= _BATCH:
            return self._rows
        if self._next + _BATCH > len(self._rows):
            self._rows = self._rng.permutation(self._rows)
            self._next = 0
        self._next += _BATCH
        return self._rows[self._next - _BATCH : self._next]


def _gradient(points: Single, batch: Single, weights: Single, gammas: Sequence[float]) -> Single:
    """Return the gradient of a quarter of the squared distance in the points."""
    factors = [g / len(gammas) for g in gammas]
    pull = radial(squared_distances(points, batch), gammas, factors) / np.float32(len(batch))
    push = radial(squared_distances(points, points), gammas, factors) * weights
    balance = pull.sum(axis=1) - push.sum(axis=1)
    slope: Single = weights[:, None] * (balance[:, None] * points + push @ points - pull @ batch)
    return slope


def _weights(points: Float, rows: Float, gammas: Sequence[float]) -> Float:
    """Return the simplex weights with which the points come nearest to the rows."""
    share = np.full(len(rows), 1 / len(rows))
    return on_simplex(
        gram(points, points, gammas=gammas), gram_times(points, rows, share, gammas=gammas)
    )


def _clipped(points: Float, low: Float | None, high: Float | None) -> Float:
    return np.clip(points, -np.inf if low is None else low, np.inf if high is None else high)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Points with their best weights on all rows."""

    points: Float
    outcomes: Float
    own: float
    """Squared length of the points' embedding."""
    cross: float
    """Its inner product with the rows' embedding."""

    @classmethod
    def of(cls, points: Float, groups: list[Float], gammas: Sequence[float], crowd: int) -> "_Fit":
        """Fit each group by itself, and drop points until none weighs less than a crowd."""
        rows = sum(map(len, groups))
        inner = gram(points, points, gammas=gammas)
        linear = np.column_stack(
            [
                gram_times(points, group, np.full(len(group), 1 / rows), gammas=gammas)
                for group in groups
            ]
        )
        masses = [len(group) / rows for group in groups]
        kept = np.arange(len(points))
        while True:
            outcomes = _outcomes(inner[np.ix_(kept, kept)], linear[kept], masses)
            weights = outcomes.sum(axis=1)
            light = int((weights < crowd / rows).sum())
            if light == 0:
                break
            # Half of them, for the others gain by it.
            kept = np.delete(kept, np.argsort(weights, kind="stable")[: (light + 1) // 2])
        return cls(
            points=points[kept],
            outcomes=outcomes,
            own=float(weights @ inner[np.ix_(kept, kept)] @ weights),
            cross=float(weights @ linear[kept].sum(axis=1)),
        )

    @property
    def weights(self) -> Float:
        """(K,) what each point stands for, on the simplex."""
        weights: Float = self.outcomes.sum(axis=1)
        return weights

    @property
    def loss(self) -> float:
        """Squared distance to the rows, less what no choice of points changes."""
        return self.own - 2 * self.cross

    def distance(self, rows: int, probe: Float, apart: float, gammas: Sequence[float]) -> float:
        """Return the distance to all rows.

        With f(x) = k(x, .) - the points' embedding, its square is the mean of <f(x), f(x')> over
        all pairs of rows. A row with itself: known. Different rows: the mean over those of
        the probe. Subtracting the embedding makes that mean a hundred times more certain.
        """
        share = np.full(len(probe), 1 / len(probe))
        near = self.weights @ gram_times(self.points, probe, share, gammas=gammas)
        same = 1 - 2 * self.cross + self.own
        different = apart - 2 * near + self.own
        return math.sqrt(max(0.0, float(same + (rows - 1) * different) / rows))


def _outcomes(inner: Float, linear: Float, masses: Sequence[float]) -> Float:
    """Return for each group the weights on its points, summing to the group's mass."""
    out = np.zeros_like(linear)
    for group, mass in enumerate(masses):
        if mass > 0:
            out[:, group] = mass * on_simplex(inner, linear[:, group] / mass)
    return out


def _mean_apart(rows: Float, gammas: Sequence[float]) -> float:
    """Return the mean kernel value between two different rows; 0 where there is only one."""
    count = len(rows)
    single = (rows - rows.mean(axis=0)).astype(np.float32)
    factors = [1 / len(gammas)] * len(gammas)
    total = 0.0
    for part, others in tiles(count, count):
        if part.start <= others.start:  # tiles off the diagonal stand for their mirror too
            values = radial(squared_distances(single[part], single[others]), gammas, factors)
            times = 1 if part == others else 2
            total += times * float(values.sum(dtype=np.float64))
    return (total - count) / max(1, count * (count - 1))
