"""Sketches from noisy sums: how much noise hides a row, and points that fit what remains.

Neighbours are data sets of one size that differ in one row.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr

from learndock.errors import BadData, Invalid
from learndock.numerics.features import Features
from learndock.numerics.rows import Block, Rows, as_rows, each_block, each_tile
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]
Whole = NDArray[np.int64]

UNIT = 2**20
"""What 1 is in whole numbers: sums of whole numbers are exact in any order."""
SENSITIVITY = 2.0
"""The largest Euclidean change of `feature_sums` / UNIT when one row is replaced."""
CERTAIN = 4.0
"""Standard deviations of noise below which a count tells nothing."""

_CANDIDATES = 5_000  # from which the points start
_STEPS = 150  # of Adam
_REFIT = 25  # steps between fits of the weights
_STRIDE = 0.1  # first step of Adam, in expected standard deviations of a coordinate
_FAST, _SLOW = 0.9, 0.99  # memories of Adam
_CHECKED = 8  # one wave in so many is not fitted: it tells how good the fit is
_LIKELY = 3.0  # standard deviations of noise that a count among some bins must reach
_WINDOWS = (1, 2, 4, 8)  # bins whose counts are looked at together


def gaussian_delta(epsilon: float, scale: float, *, sensitivity: float) -> float:
    r"""Return the least delta with which Gaussian noise gives (epsilon, delta) privacy.

    .. math:: \delta = \Phi\Bigl(\tfrac{\Delta}{2\sigma} - \tfrac{\epsilon\sigma}{\Delta}\Bigr)
        - e^\epsilon \Phi\Bigl(-\tfrac{\Delta}{2\sigma} - \tfrac{\epsilon\sigma}{\Delta}\Bigr)

    Parameters
    ----------
    epsilon : float
        > 0.
    scale : float
        Standard deviation of the noise in each entry, > 0.
    sensitivity : float
        Largest Euclidean change by one row, > 0.

    References
    ----------
    .. [1] Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy: Analytical
       Calibration and Optimal Denoising", ICML 2018, Theorem 8.

    Examples
    --------
    >>> round(gaussian_delta(1.0, 3.73, sensitivity=1.0), 7)
    1e-05
    """
    half, tilt = sensitivity / (2 * scale), epsilon * scale / sensitivity
    first, second = log_ndtr(half - tilt), epsilon + log_ndtr(-half - tilt)
    return float(-np.exp(first) * np.expm1(min(second - first, 0.0)))


def gaussian_scale(epsilon: float, delta: float, *, sensitivity: float) -> float:
    """Return the least standard deviation of Gaussian noise that gives (epsilon, delta) privacy.

    Parameters
    ----------
    epsilon : float
        > 0 and at most 50.
    delta : float
        Between 0 and 1, far below 1 / n: the chance that all is given away.
    sensitivity : float
        Largest Euclidean change by one row, > 0.

    Raises
    ------
    Invalid
        If `epsilon` or `delta` is outside of that.

    References
    ----------
    .. [1] Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy: Analytical
       Calibration and Optimal Denoising", ICML 2018, Theorem 9.

    Examples
    --------
    >>> round(gaussian_scale(1.0, 1e-5, sensitivity=1.0), 2)
    3.73
    """
    if not (0 < epsilon <= 50 and 1e-30 <= delta < 1):
        raise Invalid(
            f"epsilon is {epsilon} and delta {delta}; epsilon above 0 and at most 50, and delta "
            "between 0 and 1, are needed",
            next="say epsilon=1, delta=1e-6",
        )

    def excess(exponent: float) -> float:
        return gaussian_delta(epsilon, np.exp(exponent), sensitivity=1.0) - delta

    found = brentq(excess, np.log(1e-3), np.log(1e12), xtol=1e-12)
    # A hair more, so that rounding in the search takes nothing from delta.
    return float(sensitivity * np.exp(found) * (1 + 1e-9))


def feature_sums(
    rows: Block | Rows,
    features: Features,
    columns: NDArray[np.intp],
    *,
    classes: int,
) -> Whole:
    r"""Return the sums over the rows of each class of their features, and its number of rows.

    A row x of class c adds :math:`[\phi(x), 1]` to line c, where :math:`\lVert\phi(x)\rVert = 1`.
    Replacing it by a row of the same class changes all sums by at most 2, since the ones cancel;
    by one of another class, by at most :math:`\sqrt{1 + 1 + 1 + 1} = 2`. Entries are cut towards
    zero to whole numbers of 1 / `UNIT`, which lengthens no vector, before they are summed: the
    sums are exact, and `SENSITIVITY` holds for what a computer does, too.

    Parameters
    ----------
    rows : (n, d) array, or Rows
        All n rows, several blocks of which are worked on at once.
    features : Features
        Public waves.
    columns : (n,) int
        The class of each row.
    classes : int
        Number of classes C.

    Returns
    -------
    (C, D + 1) int64
        In units of 1 / `UNIT`.

    Raises
    ------
    BadData
        If a coordinate is no finite number.

    Notes
    -----
    Costs O(n d D) time, and for each thread the memory of a block and of the sums.

    References
    ----------
    .. [1] Harder, Adamczewski and Park, "DP-MERF: Differentially Private Mean Embeddings with
       Random Features for Practical Privacy-Preserving Data Generation", AISTATS 2021.
    .. [2] Mironov, "On Significance of the Least Significant Bits for Differential Privacy",
       CCS 2012.

    Examples
    --------
    >>> from learndock.numerics.features import random_features
    >>> waves = random_features(2, 8, gammas=[1.0], seed=0)
    >>> sums = feature_sums(np.zeros((3, 2)), waves, np.array([0, 1, 1]), classes=2)
    >>> sums.shape, (sums[:, -1] // UNIT).tolist()
    ((2, 9), [1, 2])
    """

    def summed(start: int, block: Block) -> Whole:
        tiles = (
            _tile_sums(tile, features, columns[first : first + len(tile)], classes)
            for first, tile in each_tile(start, block)
        )
        return sum(tiles, start=np.zeros(shape, dtype=np.int64))

    shape = classes, 2 * len(features.amplitudes) + 1
    return sum(each_block(as_rows(rows), summed), start=np.zeros(shape, dtype=np.int64))


def _tile_sums(tile: Block, features: Features, columns: NDArray[np.intp], classes: int) -> Whole:
    with np.errstate(invalid="ignore", over="ignore"):
        phase = tile.astype(np.float64) @ features.frequencies.T
    if not np.isfinite(phase).all():  # such a row would have no bound
        raise BadData("a coordinate is no finite number", next="encode the data first")
    stretch = UNIT * np.tile(features.amplitudes, 2)
    whole = np.trunc(np.hstack([np.cos(phase), np.sin(phase)]) * stretch)
    members = np.eye(classes)[columns].T
    # Whole numbers below 2^53, so that these sums are exact, too.
    return np.column_stack([members @ whole, UNIT * members.sum(axis=1)]).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Points that fit noisy sums.

    Attributes
    ----------
    points : (K, d) float64
    outcomes : (K, C) float64
        Nonnegative, summing to one.
    mmd : float
        Estimated distance to the rows, from waves that were not fitted: their noise is taken
        off, and the standard error of that added.
    """

    points: Float
    outcomes: Float
    mmd: float


def fit_sums(
    sums: Float,
    features: Features,
    size: int,
    *,
    rows: int,
    noise: float,
    spread: float,
    low: Float,
    high: Float,
    seed: int = 0,
) -> Fitted:
    """Find weighted points whose mean embeddings fit noisy sums. Looks at no row.

    Points start at those of 5,000 random candidates that a greedy herding picks, and are moved by
    Adam through the cosines and sines; the weights of each class come from quadratic programs.

    Parameters
    ----------
    sums : (C, D + 1) float64
        Those of `feature_sums` over `UNIT`, with noise.
    features : Features
        The same waves.
    size : int
        Number of points K.
    rows : int
        Number of rows n, which is public.
    noise : float
        Standard deviation of the noise in each entry.
    spread : float
        Expected standard deviation of a coordinate around 0, from public knowledge.
    low, high : (d,) float64
        Public bounds of the coordinates.
    seed : int
        Draws the candidates.

    Notes
    -----
    Costs O(K D (d + C)) time for each of 150 steps.

    References
    ----------
    .. [1] Harder, Adamczewski and Park, "DP-MERF: Differentially Private Mean Embeddings with
       Random Features for Practical Privacy-Preserving Data Generation", AISTATS 2021.
    .. [2] Chen, Welling and Smola, "Super-Samples from Kernel Herding", UAI 2010.
    .. [3] Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> from learndock.numerics.features import random_features
    >>> waves = random_features(1, 64, gammas=[0.5], seed=0)
    >>> rows = np.random.default_rng(0).normal(2.0, 0.5, size=(500, 1))
    >>> sums = feature_sums(rows, waves, np.zeros(500, dtype=int), classes=1) / UNIT
    >>> end = np.full(1, np.inf)
    >>> found = fit_sums(sums, waves, 5, rows=500, noise=0.0, spread=1.0, low=-end, high=end)
    >>> abs((found.outcomes[:, 0] @ found.points).item() - 2.0) < 0.1
    True
    """
    masses = certain_shares(sums[:, -1], noise=noise if len(sums) > 1 else 0.0)
    count = len(features.amplitudes)
    checked = np.arange(count) % _CHECKED == 0
    means = sums[:, :-1] / rows
    known = masses > 0
    problem = _Problem.of(features, ~checked, means[known], masses[known])
    points = problem.start(size, spread=spread, low=low, high=high, seed=seed)
    points = problem.moved(points, stride=_STRIDE * spread, low=low, high=high)
    outcomes = np.zeros((size, len(sums)))
    outcomes[:, known] = problem.weights(points)
    check = _Problem.of(features, checked, means, masses)
    squared = np.square(check.residual(points, outcomes).sum(axis=0)).sum()
    entries, variance = 2 * checked.sum(), len(sums) * (noise / rows) ** 2
    excess = max(squared - entries * variance, 0.0) + np.sqrt(2 * entries) * variance
    share = np.square(features.amplitudes[checked]).sum()
    return Fitted(points, outcomes, mmd=min(1.0, float(np.sqrt(excess / share))))


@dataclass(frozen=True, eq=False)
class _Problem:
    """Some waves, and what the mean embeddings of the classes are to be there."""

    frequencies: Float
    amplitudes: Float
    target: Float
    """(C, 2 W)"""
    masses: Float

    @classmethod
    def of(
        cls, features: Features, chosen: NDArray[np.bool_], means: Float, masses: Float
    ) -> "_Problem":
        return cls(
            features.frequencies[chosen],
            np.tile(features.amplitudes[chosen], 2),
            means[:, np.tile(chosen, 2)],
            masses,
        )

    def waves(self, points: Float) -> Float:
        """Return the (K, 2 W) features of points."""
        phase = points @ self.frequencies.T
        return np.hstack([np.cos(phase), np.sin(phase)]) * self.amplitudes

    def weights(self, points: Float) -> Float:
        """Return the best (K, C) weights: for each class on the simplex, times its mass."""
        waves = self.waves(points)
        inner, linear = waves @ waves.T, waves @ self.target.T
        return np.column_stack(
            [
                mass * on_simplex(inner, linear[:, column] / mass)
                for column, mass in enumerate(self.masses)
            ]
        )

    def residual(self, points: Float, outcomes: Float) -> Float:
        """Return (C, 2 W) how far the points' mean embeddings are from their targets."""
        return outcomes.T @ self.waves(points) - self.target

    def start(self, size: int, *, spread: float, low: Float, high: Float, seed: int) -> Float:
        """Return the candidates that a herding of all classes together picks."""
        rng = np.random.default_rng(seed)
        drawn = spread * rng.standard_normal((_CANDIDATES, self.frequencies.shape[1]))
        candidates = np.clip(drawn, low, high)
        waves = self.waves(candidates)
        wanted = waves @ self.target.sum(axis=0)
        taken = np.zeros(self.target.shape[1])
        picked = []
        for number in range(1, size + 1):
            picked.append(int(np.argmax(number * wanted - waves @ taken)))
            taken += waves[picked[-1]]
        return candidates[picked]

    def moved(self, points: Float, *, stride: float, low: Float, high: Float) -> Float:
        """Return the points after some steps of Adam within the bounds."""
        mean, square = np.zeros_like(points), np.zeros_like(points)
        for step in range(_STEPS):
            if step % _REFIT == 0:
                outcomes = self.weights(points)
            slope = self.slope(points, outcomes)
            mean += (1 - _FAST) * (slope - mean)
            square += (1 - _SLOW) * (slope * slope - square)
            unbiased = np.sqrt(1 - _SLOW ** (step + 1)) / (1 - _FAST ** (step + 1))
            pace = stride * (1 - step / _STEPS) * unbiased
            points = np.clip(points - pace * mean / (np.sqrt(square) + 1e-15), low, high)
        return points

    def slope(self, points: Float, outcomes: Float) -> Float:
        """Return half the gradient, in the points, of the residual's squared length."""
        waves = self.waves(points)
        count = len(self.frequencies)
        residual = outcomes @ (outcomes.T @ waves - self.target)
        turned = residual[:, count:] * waves[:, :count] - residual[:, :count] * waves[:, count:]
        slope: Float = turned @ self.frequencies
        return slope


def certain_shares(counts: Float, *, noise: float) -> Float:
    """Return noisy counts as shares; one that noise explains is 0.

    Parameters
    ----------
    counts : (C,) float64
        With noise; some may be negative.
    noise : float
        Standard deviation of the noise in each.

    Returns
    -------
    (C,) float64
        On the simplex.

    Examples
    --------
    >>> certain_shares(np.array([300.0, 3.0, 100.0]), noise=1.0)
    array([0.75, 0.  , 0.25])
    """
    kept = np.where(counts > CERTAIN * noise, np.maximum(counts, 0.0), 0.0)
    if not kept.any():
        kept = (np.arange(len(counts)) == counts.argmax()).astype(float)
    shares: Float = kept / kept.sum()
    return shares


def histogram_quantiles(
    counts: Float, edges: Float, levels: Sequence[float], *, noise: float
) -> Float:
    """Return quantiles from a noisy histogram: never falling, exact to a bin without noise.

    Parameters
    ----------
    counts : (B,) float64
        With noise.
    edges : (B + 1,) float64
        The bins' edges, increasing.
    levels : sequence of float
        Between 0 and 1, increasing.
    noise : float
        Standard deviation of the noise in each count.

    Notes
    -----
    Counts that noise is likely to explain, also together with their neighbours', are taken for 0,
    and the others brought to the nearest ones that are not negative and have the same sum. So
    the noise of empty bins does not reach the quantiles; but tails of a few rows are cut.

    References
    ----------
    .. [1] Hay et al., "Boosting the Accuracy of Differentially Private Histograms Through
       Consistency", VLDB 2010.

    Examples
    --------
    >>> histogram_quantiles(np.array([10.0, 0.0, 30.0]), np.arange(4.0), [0.25, 0.5], noise=0.0)
    array([1.        , 2.33333333])
    """
    likely = np.where(_occupied(counts, noise), counts, 0.0)
    shares = on_simplex(np.eye(len(counts)), likely / max(float(likely.sum()), 1e-9))
    below = np.concatenate([[0.0], np.cumsum(shares)])
    kept = np.concatenate([[True], np.diff(below) > 0])  # the left end of a flat piece
    found: Float = np.interp(levels, below[kept], edges[kept])
    return found


def _occupied(counts: Float, noise: float) -> NDArray[np.bool_]:
    """Say which bins lie in a window whose count noise does not explain."""
    found = np.zeros(len(counts), dtype=bool)
    for width in _WINDOWS:
        window = np.ones(min(width, len(counts)))
        sure = np.convolve(counts, window, "valid") > _LIKELY * noise * math.sqrt(len(window))
        found |= np.convolve(sure, window) > 0
    return found
