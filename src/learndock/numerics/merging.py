"""Merging sketches: a few weighted points that stand for the union of weighted points."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid
from learndock.numerics.descent import centres, clipped, descend, fit
from learndock.numerics.kernels import Frame, check_gammas, gram, gram_times
from learndock.numerics.reduced import Reduced
from learndock.numerics.rows import one_thread_each
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]

_STEPS = 150  # of Adam
_BATCH = 4_096  # up to so many points, each step sees all


def merge(
    points: Float,
    masses: Float,
    *,
    size: int,
    gammas: Sequence[float],
    seed: int = 0,
    low: Float | None = None,
    high: Float | None = None,
) -> Reduced:
    r"""Find a few weighted points near a weighted union of sketches.

    Sketches of parts with n_1, n_2, ... of n rows make the union with masses
    :math:`\tfrac{n_i}{n} b_i`. For the merged sketch M, the union U and all the rows P,

    .. math:: \mathrm{mmd}(M, P) \le \mathrm{mmd}(M, U)
        + \sum_i \tfrac{n_i}{n}\, \mathrm{mmd}_i .

    Parameters
    ----------
    points : (N, d) float64
        The points of all sketches.
    masses : (N, C) float64
        What each stands for, for each outcome; one column where there are none. Nonnegative,
        summing to one in all.
    size : int
        Most points K, at least 1. Where the union has no more, it is returned as it is.
    gammas : sequence of float
        As in `learndock.numerics.kernels.gram`.
    seed : int
        The same arguments give the same points on one machine.
    low, high : (d,) float64, optional
        Public bounds of the coordinates; points are clipped to them before the last fit.

    Returns
    -------
    Reduced
        Every point has weight, and columns of its outcomes sum to those of the masses; its `mmd`
        is the exact distance to the union, mmd(M, U).

    Raises
    ------
    Invalid
        If `masses` are no such masses, or `size` or `gammas` cannot be.

    Notes
    -----
    Costs O(N K d) time for each of 150 steps, and O(N^2 d) for the distance. Points that
    coincide count as one. The merged points see no row: a merge is post-processing of what was
    released already.

    References
    ----------
    .. [1] Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> ends = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> found = merge(ends, np.full((4, 1), 0.25), size=2, gammas=[0.5])
    >>> np.sort(found.points, axis=0).round(1).ravel(), found.weights, found.mmd < 0.01
    (array([0., 5.]), array([0.5, 0.5]), True)
    """
    check_gammas(gammas)
    _check(points, masses, size)
    target, parts = _distinct(points, masses)
    shares = parts.sum(axis=1)
    if len(target) <= size:
        return Reduced(target, shares, parts, 0.0)

    def weigh(moved: Float) -> Float:
        linear = gram_times(moved, target, shares, gammas=gammas)
        return on_simplex(gram(moved, moved, gammas=gammas), linear)

    frame, rng = Frame.around(target, gammas), np.random.default_rng(seed)
    with one_thread_each():
        start = centres(target, shares, size, frame=frame, rng=rng)
        moved = descend(
            start,
            target,
            shares,
            frame=frame,
            weigh=weigh,
            steps=_STEPS,
            batch=_BATCH,
            rng=rng,
        )
        fits = [
            fit(
                candidate,
                gram_times(candidate, target, parts, gammas=gammas),
                parts.sum(axis=0),
                gammas=gammas,
            )
            for candidate in (clipped(start, low, high), clipped(moved, low, high))
        ]
        best = min(fits, key=lambda found: found.loss)
        own = float(shares @ gram_times(target, target, shares, gammas=gammas))
    mmd = math.sqrt(max(0.0, own + best.loss))
    kept = best.weights > 0
    return Reduced(best.points[kept], best.weights[kept], best.outcomes[kept], mmd)


def _check(points: Float, masses: Float, size: int) -> None:
    if masses.ndim != 2 or len(masses) != len(points):
        raise Invalid(
            f"masses of shape {masses.shape} were given for {len(points)} points; "
            f"({len(points)}, C) is needed",
            next="give one row of masses for each point",
        )
    if not (masses.min(initial=0) >= 0 and abs(masses.sum() - 1) < 1e-6):
        raise Invalid(
            f"masses from {masses.min(initial=0):.3g} that sum to {masses.sum():.6g} were given; "
            "nonnegative ones that sum to 1 are needed",
            next="weigh each sketch by its share of the rows",
        )
    if size < 1:
        raise Invalid(f"{size} points were asked for; 1 is needed", next="ask for more points")


def _distinct(points: Float, masses: Float) -> tuple[Float, Float]:
    """Return the points that carry mass, each once, and their masses."""
    carried = masses.sum(axis=1) > 0
    found, which = np.unique(points[carried], axis=0, return_inverse=True)
    parts = np.zeros((len(found), masses.shape[1]))
    np.add.at(parts, which, masses[carried])
    return found, parts / parts.sum()
