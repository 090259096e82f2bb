"""Weighted points moved towards a weighted set: what reducing, merging and herding share."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learndock.numerics.kernels import Frame, gram, radial, squared_distances
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]
Single = NDArray[np.float32]

_ROUNDS = 5  # of k-means
_REFIT = 25  # steps between fits of the weights
_STRIDE = 0.1  # first step of Adam, in standard deviations or at most in broad kernel widths
_FAST, _SLOW = 0.9, 0.99  # memories of Adam


def centres(
    target: Float,
    shares: Float,
    size: int,
    *,
    frame: Frame,
    rng: np.random.Generator,
) -> Float:
    """Return the centres of groups, after a few rounds of k-means from random points.

    Parameters
    ----------
    target : (m, d) float64
        What is grouped.
    shares : (m,) float64
        Its weights, > 0, summing to one.
    size : int
        Number of centres K, at most m.
    frame : Frame
        Coordinates to work in.
    rng : numpy.random.Generator
        Draws the first centres, by their shares.

    Returns
    -------
    (K, d) float64
        The centres.

    Notes
    -----
    Costs O(m K d) time and O(m K) memory.

    Examples
    --------
    >>> ends = np.array([[0.0], [1.0], [8.0], [9.0]])
    >>> frame, rng = Frame.around(ends, [1.0]), np.random.default_rng(0)
    >>> np.sort(centres(ends, np.full(4, 0.25), 2, frame=frame, rng=rng), axis=0)
    array([[0.5],
           [8.5]])
    """
    near = frame.into(target)
    found = near[rng.choice(len(near), size, replace=False, p=shares)]
    for _ in range(_ROUNDS):
        nearest = squared_distances(found, near).argmin(axis=0)
        order = np.argsort(nearest, kind="stable")
        filled, starts = np.unique(nearest[order], return_index=True)
        mass = np.add.reduceat(shares[order], starts)
        sums = np.add.reduceat(near[order] * shares[order, None], starts, axis=0)
        found[filled] = sums / mass[:, None]
    return frame.back(found)


def clipped(points: Float, low: Float | None, high: Float | None) -> Float:
    """Return points within bounds, where there are any.

    Examples
    --------
    >>> clipped(np.array([[2.0]]), None, np.ones(1))
    array([[1.]])
    """
    return np.clip(points, -np.inf if low is None else low, np.inf if high is None else high)


def descend(
    points: Float,
    target: Float,
    shares: Float,
    *,
    frame: Frame,
    weigh: Callable[[Float], Float],
    steps: int,
    batch: int,
    rng: np.random.Generator,
) -> Float:
    """Move points by Adam so that their weighted embedding comes near that of a target.

    Parameters
    ----------
    points : (K, d) float64
        Where they start.
    target : (m, d) float64
        What they are to stand for.
    shares : (m,) float64
        Weights of the target, summing to one.
    frame : Frame
        The kernel, and coordinates to work in.
    weigh : function of (K, d) float64
        Returns weights for the points, on the simplex; asked every 25 steps.
    steps : int
        The stride falls to zero over so many.
    batch : int
        Points of the target that are looked at in one step.
    rng : numpy.random.Generator
        Draws the batches.

    Returns
    -------
    (K, d) float64
        The moved points. They may be no better than the start: the caller compares.

    Notes
    -----
    Costs O(steps K batch d) time. Works in single precision.

    References
    ----------
    .. [1] Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> ends = np.array([[-1.0], [1.0]])
    >>> found = descend(
    ...     np.array([[0.5]]),
    ...     ends,
    ...     np.full(2, 0.5),
    ...     frame=Frame.around(ends, [0.1]),
    ...     weigh=lambda points: np.ones(1),
    ...     steps=200,
    ...     batch=2,
    ...     rng=np.random.default_rng(0),
    ... )
    >>> bool(abs(found[0, 0]) < 0.01)
    True
    """
    goal, moved = frame.into(target), frame.into(points)
    batches = _Batches(goal, shares, batch, rng)
    stride = _STRIDE * np.minimum(_spread(goal, shares), 1 / math.sqrt(min(frame.gammas)))
    mean, square = np.zeros_like(moved), np.zeros_like(moved)
    for step in range(steps):
        if step % _REFIT == 0:
            weights = weigh(frame.back(moved)).astype(np.float32)
        slope = gradient(moved, weights, *batches.draw(), gammas=frame.gammas)
        mean += (1 - _FAST) * (slope - mean)
        square += (1 - _SLOW) * (slope * slope - square)
        unbiased = math.sqrt(1 - _SLOW ** (step + 1)) / (1 - _FAST ** (step + 1))
        pace = np.float32((1 - step / steps) * unbiased) * stride
        moved -= pace * mean / (np.sqrt(square) + np.float32(1e-12))
    return frame.back(moved)


def _spread(points: Single, shares: Float) -> Single:
    """Return the (d,) standard deviations."""
    off = points - shares @ points
    return np.sqrt(shares @ np.square(off)).astype(np.float32)


class _Batches:
    """Deals points with their shares in random order, and shuffles when too few are left."""

    def __init__(self, points: Single, shares: Float, size: int, rng: np.random.Generator) -> None:
        self._points = points
        self._shares = (shares * (len(points) / min(size, len(points)))).astype(np.float32)
        self._size = size
        self._rng = rng
        self._order = np.arange(0)

    def draw(self) -> tuple[Single, Single]:
        if len(self._points) <= self._size:
            return self._points, self._shares
        if len(self._order) < self._size:
            self._order = self._rng.permutation(len(self._points))
        dealt, self._order = self._order[: self._size], self._order[self._size :]
        return self._points[dealt], self._shares[dealt]


def gradient(
    points: Single, weights: Single, target: Single, shares: Single, *, gammas: Sequence[float]
) -> Single:
    """Return the gradient, in the points, of a quarter of the squared distance to the target.

    Examples
    --------
    >>> one = np.ones(1, dtype=np.float32)
    >>> gradient(one[None], one, 0 * one[None], one, gammas=[0.5]).round(3)
    array([[0.303]], dtype=float32)
    """
    factors = [g / len(gammas) for g in gammas]
    pull = radial(squared_distances(points, target), gammas, factors) * shares
    push = radial(squared_distances(points, points), gammas, factors) * weights
    balance = pull.sum(axis=1) - push.sum(axis=1)
    slope: Single = weights[:, None] * (balance[:, None] * points + push @ points - pull @ target)
    return slope


@dataclass(frozen=True, eq=False)
class Fit:
    """Points with their best weights.

    Attributes
    ----------
    points : (K, d) float64
    outcomes : (K, C) float64
        Nonnegative weights for each part of the target.
    inner : (K, K) float64
        Kernel between the points.
    linear : (K,) float64
        Inner products of the points' kernels with the target's embedding.
    """

    points: Float
    outcomes: Float
    inner: Float
    linear: Float

    @property
    def weights(self) -> Float:
        """(K,) what each point stands for, on the simplex."""
        weights: Float = self.outcomes.sum(axis=1)
        return weights

    @property
    def loss(self) -> float:
        """Squared distance to the target, less what no choice of points changes."""
        return float(self.weights @ (self.inner @ self.weights - 2 * self.linear))


def fit(
    points: Float,
    linear: Float,
    masses: Float,
    *,
    gammas: Sequence[float],
    least: float = 0.0,
) -> Fit:
    """Fit weights to each part of a target by itself, and drop points that weigh too little.

    Parameters
    ----------
    points : (K, d) float64
        Where they lie.
    linear : (K, C) float64
        Inner products of the points' kernels with the embedding of each part.
    masses : (C,) float64
        Masses of the parts, summing to one.
    gammas : sequence of float
        As in `learndock.numerics.kernels.gram`.
    least : float
        No point is kept that weighs less, at most 1 / K.

    Returns
    -------
    Fit
        Column c of its outcomes sums to mass c.

    Notes
    -----
    Costs O(K^3) for each part, again after each round of dropped points.

    Examples
    --------
    >>> fit(np.array([[0.0], [9.0]]), np.array([[0.75], [0.25]]), np.ones(1), gammas=[1.0]).weights
    array([0.75, 0.25])
    """
    inner = gram(points, points, gammas=gammas)
    kept = np.arange(len(points))
    while True:
        left = inner[np.ix_(kept, kept)]
        outcomes = _outcomes(left, linear[kept], masses)
        weights = outcomes.sum(axis=1)
        light = int((weights < least).sum())
        if light == 0:
            return Fit(points[kept], outcomes, left, linear[kept].sum(axis=1))
        # Half of them, for the others gain by it.
        kept = np.delete(kept, np.argsort(weights, kind="stable")[: (light + 1) // 2])


def _outcomes(inner: Float, linear: Float, masses: Float) -> Float:
    """Return for each part the weights on its points, summing to the part's mass."""
    out = np.zeros_like(linear)
    for part in np.flatnonzero(masses):
        out[:, part] = masses[part] * on_simplex(inner, linear[:, part] / masses[part])
    return out
