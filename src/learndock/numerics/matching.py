"""Which columns of two tables are the same: likeness of values, and an assignment."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

Float = NDArray[np.float64]

LEVELS = 32
"""How many quantiles stand for a distribution; the outermost are 1.6 % and 98.4 %."""


def quantiles(values: Float, weights: Float) -> Float:
    """Return a weighted distribution as its values at `LEVELS` evenly spaced levels.

    Parameters
    ----------
    values : (K,) float64
        In any unit.
    weights : (K,) float64
        Nonnegative, not all zero.

    Returns
    -------
    (32,) float64
        The mean absolute difference of two of these is about their Wasserstein distance [1]_.

    References
    ----------
    .. [1] Peyre and Cuturi, "Computational Optimal Transport", Foundations and Trends in Machine
       Learning 11 (2019), 355-607, section 2.6.

    Examples
    --------
    >>> quantiles(np.array([5.0, 1.0]), np.array([0.25, 0.75])).mean()
    np.float64(2.0)
    """
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    found: Float = np.quantile(values, levels, weights=weights, method="inverted_cdf")
    return found


def wasserstein(left: Float, right: Float, left_scale: Float, right_scale: Float) -> Float:
    """Return the Wasserstein-1 distance of each pair of distributions, in their common scale.

    Parameters
    ----------
    left : (m, 32) float64
        Quantiles of each column, as `quantiles` returns them.
    right : (n, 32) float64
        The same of the other side.
    left_scale, right_scale : (m,) and (n,) float64
        Spread of each column, in its own unit, > 0.

    Returns
    -------
    (m, n) float64
        In units of the root mean square of both scales. 0 where the distributions are the same.

    Examples
    --------
    >>> one = np.ones(1)
    >>> wasserstein(np.zeros((1, 32)), np.full((1, 32), 3.0), one, one)
    array([[3.]])
    """
    scale = np.sqrt((left_scale[:, None] ** 2 + right_scale[None] ** 2) / 2)
    distances: Float = cdist(left, right, "cityblock") / left.shape[1] / scale
    return distances


def assign(cost: Float, *, dustbin: float) -> list[tuple[int, int]]:
    """Return the pairs of least total cost, where leaving a pair out costs `dustbin`.

    Parameters
    ----------
    cost : (m, n) float64
        Of each pair; infinite where it cannot be.
    dustbin : float
        No pair that costs more is returned.

    Returns
    -------
    list of (int, int)
        Row and column of each pair, by row; no row and no column comes twice.

    Notes
    -----
    Each row has a dustbin of its own beside the columns. Costs O(m^2 (m + n)) time [1]_.

    References
    ----------
    .. [1] Crouse, "On Implementing 2D Rectangular Assignment Algorithms", IEEE Transactions on
       Aerospace and Electronic Systems 52 (2016), 1679-1696.

    Examples
    --------
    >>> assign(np.array([[0.2, 0.1], [0.9, 0.3]]), dustbin=0.5)
    [(0, 0), (1, 1)]
    """
    rows, columns = cost.shape
    bins = np.full((rows, rows), dustbin)
    found = zip(*linear_sum_assignment(np.hstack([cost, bins])), strict=True)
    return [(int(i), int(j)) for i, j in found if j < columns]
