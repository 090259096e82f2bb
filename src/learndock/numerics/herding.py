"""Rows made up from a sketch: as if drawn from it, and nearer to it than a draw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid
from learndock.numerics.descent import descend
from learndock.numerics.kernels import (
    Frame,
    check_gammas,
    gram_times,
    mmd,
    squared_distances,
)
from learndock.numerics.rows import one_thread_each

Float = NDArray[np.float64]

_CHOICE = 4  # candidates for each row
_JITTER = 0.3  # their distance from a point, in distances from there to the next point
_STEPS = 60  # of Adam
_BATCH = 4_096  # up to so many points, each step sees all


def pseudo_rows(
    points: Float, weights: Float, count: int, *, gammas: Sequence[float], seed: int = 0
) -> tuple[Float, float]:
    r"""Return rows whose mean embedding is near that of a sketch.

    Candidates lie around the sketch's points, as far off as the next point suggests. Herding
    takes one after the other,

    .. math:: x_{t+1} = \arg\max_x \; \sum_j b_j k(x, z_j)
        - \frac{1}{t + 1} \sum_{s \le t} k(x, x_s),

    and a descent then moves all of them together.

    Parameters
    ----------
    points : (K, d) float64
        The sketch's points z.
    weights : (K,) float64
        Their weights b, on the simplex.
    count : int
        Number of rows, at least 1.
    gammas : sequence of float
        As in `learndock.numerics.kernels.gram`.
    seed : int
        The same arguments give the same rows on one machine.

    Returns
    -------
    rows : (count, d) float64
        In the coordinates of the points, in the order in which they were taken.
    distance : float
        The distance (MMD) between the rows, equally weighted, and the sketch. The rows are no
        further from the data than this and the sketch's own distance together.

    Raises
    ------
    Invalid
        If `count` or `gammas` cannot be.

    Notes
    -----
    Costs O(count (count + K) d) time for each of 60 steps. The distance falls faster than the
    1 / sqrt(count) of rows drawn at random.

    References
    ----------
    .. [1] Chen, Welling and Smola, "Super-Samples from Kernel Herding", UAI 2010.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [4.0]])
    >>> rows, distance = pseudo_rows(points, np.array([0.5, 0.25, 0.25]), 20, gammas=[0.5])
    >>> rows.shape, distance < 0.01
    ((20, 1), True)
    """
    check_gammas(gammas)
    if count < 1:
        raise Invalid(f"{count} rows were asked for; 1 is needed", next="ask for more rows")
    frame, rng = Frame.around(points, gammas), np.random.default_rng(seed)
    even = np.full(count, 1 / count)
    with one_thread_each():
        candidates = _candidates(points, weights, count, rng)
        start = _herded(candidates, points, weights, count, frame)
        rows = descend(
            start,
            points,
            weights,
            frame=frame,
            weigh=lambda _: even,
            steps=_STEPS,
            batch=_BATCH,
            rng=rng,
        )
        return min(
            ((found, mmd(found, even, points, weights, gammas=gammas)) for found in (start, rows)),
            key=lambda found: found[1],
        )


def _candidates(points: Float, weights: Float, count: int, rng: np.random.Generator) -> Float:
    """Return draws from the sketch, moved off its points by a part of their distances."""
    apart = squared_distances(points, points)
    np.fill_diagonal(apart, np.inf)
    next_one = np.sqrt(apart.min(axis=1))
    spread = np.where(np.isfinite(next_one), next_one, 0.0) * _JITTER / np.sqrt(points.shape[1])
    drawn = rng.choice(len(points), _CHOICE * count, p=weights / weights.sum())
    noise = rng.normal(size=(len(drawn), points.shape[1]))
    moved: Float = points[drawn] + spread[drawn, None] * noise
    return moved


def _herded(candidates: Float, points: Float, weights: Float, count: int, frame: Frame) -> Float:
    """Take candidates one by one, each where the sketch is most under-represented."""
    goal = gram_times(candidates, points, weights, gammas=frame.kernel)
    taken = np.zeros_like(goal)
    chosen: list[int] = []
    for step in range(1, count + 1):
        best = int((goal - taken / step).argmax())
        chosen.append(best)
        goal[best] = -np.inf
        taken += frame.gram(candidates, candidates[best : best + 1])[:, 0]
    return candidates[chosen]
