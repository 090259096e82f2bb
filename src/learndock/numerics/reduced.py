"""The reduced set: a few weighted points that stand for many rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learndock.errors import BadData, Invalid
from learndock.numerics.descent import Fit, centres, clipped, descend, fit
from learndock.numerics.kernels import Frame, check_gammas, gram
from learndock.numerics.privacy import hidden
from learndock.numerics.rows import (
    TILE,
    Block,
    InMemory,
    Rows,
    as_rows,
    each_block,
    each_tile,
    one_thread_each,
)
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]
Whole = NDArray[np.integer]

_SAMPLE = 5_000  # rows among which the points move
_MEASURED = 2_000  # rows whose mutual kernel values enter the measured distance
_STEPS = 220  # of Adam; of fewer rows than a sample, half as many are enough
_BATCH = 512
_CROWD = 5  # rows that a point stands for at least
_FLAT = 1e-7  # of the longest axis of the points' span: shorter ones are rounding


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
    """

    points: Float
    weights: Float
    outcomes: Float | None
    mmd: float


def reduce(
    rows: Block | Rows,
    size: int,
    *,
    gammas: Sequence[float],
    labels: Whole | None = None,
    classes: int = 0,
    seed: int = 0,
    low: Float | None = None,
    high: Float | None = None,
) -> Reduced:
    r"""Find a few weighted points whose kernel mean embedding is near that of all rows.

    .. math:: \min_{Z,\, b \in \Delta}
        \Bigl\lVert \tfrac1n \sum_i k(x_i, \cdot) - \sum_j b_j k(z_j, \cdot) \Bigr\rVert

    Points start at the centres of a short k-means and are moved by Adam on random batches of
    5,000 random rows; weights come from quadratic programs, the last on all rows. With labels,
    each class is fitted by itself on the same points, so that column c of the outcomes sketches
    p(x, label = c). Where the moved points are no better than the start, the start is taken.
    Points that came close to a single row are moved away by `learndock.numerics.privacy.hidden`.

    Parameters
    ----------
    rows : (n, d) float64, or Rows
        Finite. `learndock.numerics.rows.Rows` may be larger than memory.
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
        Its distance is exact up to 2,000 rows. Above, the kernel values between different rows
        come from 2,000 random ones: an unbiased estimate of the squared distance, usually
        within a few percent.

    Raises
    ------
    BadData
        If there is no row, or a value that is no finite number.
    Invalid
        If `size`, `labels`, `classes` or `gammas` cannot be.

    Notes
    -----
    Costs O(n K d) time for one pass over the rows, and memory that does not grow with n beyond
    the rows and labels themselves. Kernel values of the rows are in single precision.

    References
    ----------
    .. [1] Wu, Xu, Liu and Zhou, "Model Reuse With Reduced Kernel Mean Embedding
       Specification", IEEE TKDE 35 (2023), 699-710.
    .. [2] Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(1000, 2))
    >>> found = reduce(rows, 10, gammas=[0.25])
    >>> found.points.shape, found.mmd < 0.02
    ((10, 2), True)
    """
    check_gammas(gammas)
    known = as_rows(rows)
    _check(known, size)
    groups = _groups(labels, len(known), classes)
    crowd = _CROWD if _CROWD * size <= len(known) else 0
    rng = np.random.default_rng(seed)
    with one_thread_each():
        sample = _some(known, _SAMPLE, rng)
        frame = Frame.around(sample, gammas)
        start = centres(sample, _even(sample), size, frame=frame, rng=rng)
        moved = _moved(start, sample, frame, rng)
        points = min(
            (clipped(candidate, low, high) for candidate in (start, moved)),
            key=lambda candidate: _fitted(candidate, InMemory(sample), frame).loss,
        )
        if crowd:
            points = clipped(hidden(points, sample, seed=seed), low, high)
        best = _fitted(points, known, frame, groups, crowd)
        probe = _some(known, _MEASURED, rng)
        return Reduced(
            points=best.points,
            weights=best.weights,
            outcomes=None if labels is None else best.outcomes,
            mmd=_distance(best, len(known), probe, frame),
        )


def _check(rows: Rows, size: int) -> None:
    if len(rows) == 0:
        raise BadData("0 rows cannot be reduced; 1 is needed", next="give rows")
    if not 1 <= size <= len(rows):
        raise Invalid(
            f"{size} points were asked for; {len(rows)} rows allow 1 to {len(rows)}",
            next="ask for fewer points",
            size=size,
            rows=len(rows),
        )


@dataclass(frozen=True)
class _Groups:
    """Which rows are fitted together."""

    labels: Whole
    count: int


def _groups(labels: Whole | None, rows: int, classes: int) -> _Groups:
    """Return the classes of the rows, or one for all of them."""
    if labels is None:
        return _Groups(np.zeros(rows, dtype=np.int8), 1)
    if labels.shape != (rows,) or labels.min() < 0 or labels.max() >= classes:
        raise Invalid(
            f"labels of shape {labels.shape}, from {labels.min()} to {labels.max()}, were given; "
            f"{rows} whole numbers from 0 to {classes - 1} are needed",
            next="give one class number for each row",
        )
    return _Groups(labels, classes)


def _some(rows: Rows, most: int, rng: np.random.Generator) -> Float:
    """Return the rows, or as many random ones as are allowed."""
    count = len(rows)
    drawn = rng.choice(count, most, replace=False) if count > most else np.arange(count)
    return _finite(rows.pick(np.sort(drawn))).astype(np.float64)


def _finite(rows: Block) -> Block:
    if not np.isfinite(rows).all():
        raise BadData(
            "rows with values that are no finite numbers cannot be reduced",
            next="encode the data first",
        )
    return rows


def _moved(start: Float, rows: Float, frame: Frame, rng: np.random.Generator) -> Float:
    """Return the points, moved so that their embedding comes near that of the rows."""

    def weigh(points: Float) -> Float:
        linear = frame.gram(points, rows).mean(axis=1, dtype=np.float64)
        return on_simplex(gram(points, points, gammas=frame.kernel), linear)

    return descend(
        start,
        rows,
        _even(rows),
        frame=frame,
        weigh=weigh,
        steps=_STEPS if len(rows) >= _SAMPLE else _STEPS // 2,
        batch=_BATCH,
        rng=rng,
    )


def _even(rows: Float) -> Float:
    return np.full(len(rows), 1 / len(rows))


def _fitted(
    points: Float,
    rows: Rows,
    frame: Frame,
    groups: _Groups | None = None,
    crowd: int = 0,
) -> Fit:
    """Fit the weights on all rows, in one pass over them."""
    groups = groups or _groups(None, len(rows), 0)

    def sums(start: int, block: Block) -> Float:
        out = np.zeros((len(points), groups.count))
        for first, tile in each_tile(start, _finite(block)):
            labels = groups.labels[first : first + len(tile)]
            order = np.argsort(labels, kind="stable")
            present, starts = np.unique(labels[order], return_index=True)
            values = frame.gram(points, tile[order])
            out[:, present] += np.add.reduceat(values, starts, axis=1, dtype=np.float64)
        return out

    linear = sum(each_block(rows, sums), start=np.zeros((len(points), groups.count)))
    masses = np.bincount(groups.labels, minlength=groups.count) / len(rows)
    return fit(points, linear / len(rows), masses, gammas=frame.kernel, least=crowd / len(rows))


def _distance(found: Fit, rows: int, probe: Float, frame: Frame) -> float:
    """Return the distance to all rows.

    In the span of the points' kernels the fit has told where the rows' embedding lies. Across it
    lies the mean of what the span lacks of each row; its squared length is the mean, over all
    pairs of rows, of the kernel less that in the span. A row with itself and different rows are
    estimated from the probe: what the span lacks is so little that a few thousand rows do.
    """
    lengths, axes = np.linalg.eigh(found.inner)
    kept = lengths > _FLAT * lengths[-1]
    into = (axes[:, kept] / np.sqrt(lengths[kept])).T
    within = into @ (found.linear - found.inner @ found.weights)
    spanned = into @ frame.gram(found.points, probe)
    count = len(probe)
    own = np.square(spanned).sum(axis=0)
    pairs = np.square(spanned.sum(axis=1)).sum() - own.sum()
    same = 1 - own.mean()
    different = _mean_apart(probe, frame) - pairs / max(1, count * (count - 1))
    across = (same + (rows - 1) * different) / rows
    return math.sqrt(max(0.0, float(within @ within + across)))


def _mean_apart(rows: Float, frame: Frame) -> float:
    """Return the mean kernel value between two different rows; 0 where there is only one."""

    def total(start: int, block: Block) -> float:
        out = 0.0
        for first, tile in each_tile(start, rows[start:]):
            kernel = float(frame.gram(block, tile).sum(dtype=np.float64))
            out += kernel if first == start else 2 * kernel  # others stand for their mirror too
        return out

    count = len(rows)
    both = sum(each_block(InMemory(rows, block=TILE), total))
    return (both - count) / max(1, count * (count - 1))
