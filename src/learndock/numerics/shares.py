"""Class shares of a task, read from where its embedding lies among class-wise atoms."""

import math

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]

_JOIN = 10  # atoms that join the active set at once
_TOLERANCE = 1e-9  # of the Frank-Wolfe gap, relative to the longest squared atom
_FLOOR = 1e-3


def hull(atoms: Float, target: Float) -> tuple[Float, float]:
    r"""Return the point of the atoms' convex hull that is nearest to a target.

    .. math:: \min_{w \in \Delta} \lVert \sum_i w_i a_i - t \rVert

    Parameters
    ----------
    atoms : (A, D) float64
        Corners of the hull, at least one; a few thousand are well.
    target : (D,) float64
        Any point.

    Returns
    -------
    weights : (A,) float64
        On the simplex; at most about D of them are not zero.
    distance : float
        Between the nearest point and the target.

    Raises
    ------
    Invalid
        If there is no atom.

    Notes
    -----
    An active set grows by the atoms that lie furthest beyond the current point and loses those
    without weight, until none lies beyond: each round costs O(A D + s^3) for s active atoms.

    References
    ----------
    .. [1] Wolfe, "Finding the Nearest Point in a Polytope", Mathematical Programming 11 (1976),
       128-149.

    Examples
    --------
    >>> weights, distance = hull(np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([1.0, 3.0]))
    >>> weights.round(6), round(distance, 6)
    (array([0.5, 0.5]), 3.0)
    """
    if len(atoms) == 0:
        raise Invalid("the hull of 0 atoms was asked for; 1 is needed", next="give atoms")
    squares = np.square(atoms).sum(axis=1)
    active = np.array([np.argmin(squares - 2 * atoms @ target)])
    weights, best = np.ones(1), np.inf
    while True:
        point = weights @ atoms[active]
        rest = target - point
        distance = float(np.linalg.norm(rest))
        beyond = atoms @ rest - point @ rest
        done = beyond.max() <= _TOLERANCE * squares.max() or distance >= best
        if done:
            break
        best = distance
        joining = np.argsort(-beyond, kind="stable")[:_JOIN]
        active = np.union1d(active[weights > 0], joining[beyond[joining] > 0])
        weights = on_simplex(atoms[active] @ atoms[active].T, atoms[active] @ target)
    out = np.zeros(len(atoms))
    out[active] = weights
    return out, distance


def temper(shares: Float, known: int) -> Float:
    r"""Draw class shares towards equal ones, the more so the more classes they are spread over.

    .. math:: \pi_c \propto \max(k_c, 10^{-3})^{(1 - H^2) / 2}, \qquad
        H = \exp(-\textstyle\sum_c k_c \log k_c) / C

    The nearest point of a hull gives sparse shares: right where a task has few of the classes,
    wrong where it has all of them. The exponent takes both cases with one rule.

    Parameters
    ----------
    shares : (C,) float64
        Class shares, on the simplex.
    known : int
        Number of classes that the members know, at least 1.

    Returns
    -------
    (C,) float64
        On the simplex, in the same order; no share is zero.

    Raises
    ------
    Invalid
        If `known` is under 1.

    Notes
    -----
    Own design. Accuracy of stitched answers on the 20 newsgroups, 50 models of 4 classes: .843
    for tasks of 2 superclasses, .880 for 8 classes, .793 for all 20, where the true shares
    reach .850, .895 and .799.

    Examples
    --------
    >>> temper(np.array([0.25, 0.25, 0.25, 0.25]), 4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    >>> temper(np.array([0.9, 0.1]), 20).round(3)
    array([0.749, 0.251])
    """
    if known < 1:
        raise Invalid(f"shares over {known} known classes were given; 1 is needed", next="give 1")
    present = shares[shares > 0]
    spread = min(math.exp(-float(present @ np.log(present))) / known, 1.0)
    tempered = np.maximum(shares, _FLOOR) ** ((1 - spread**2) / 2)
    out: Float = tempered / tempered.sum()
    return out


def chosen(scores: Float, priors: Float, shares: Float, *, size: int) -> list[int]:
    r"""Choose few members that together know all the classes of a task well.

    .. math:: \max_S \sum_c \pi_c \sqrt{\textstyle\sum_{i \in S} s_i\, p_i(c)}

    Greedily, one member after the other; the root lets a second member that knows a class count
    less than the first, so that no class is left to a single weak member.

    Parameters
    ----------
    scores : (M,) float64
        How much each member has of the task, >= 0.
    priors : (M, C) float64
        Each member's own class shares.
    shares : (C,) float64
        The task's class shares, on the simplex.
    size : int
        Most members.

    Returns
    -------
    list of int
        Positions of the members, in the order in which they were chosen; ties by position.

    Notes
    -----
    Costs O(size M C). The greedy choice reaches at least 63 % of the best value [1]_.

    References
    ----------
    .. [1] Nemhauser, Wolsey and Fisher, "An Analysis of Approximations for Maximizing
       Submodular Set Functions", Mathematical Programming 14 (1978), 265-294.

    Examples
    --------
    The second member knows what the first knows; the third knows the other class.

    >>> priors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> chosen(np.array([0.5, 0.4, 0.1]), priors, np.array([0.5, 0.5]), size=2)
    [0, 2]
    """
    brings = scores[:, None] * priors
    have = np.zeros(len(shares))
    left = list(range(len(scores)))
    picked: list[int] = []
    while left and len(picked) < size:
        values = np.sqrt(have + brings[left]) @ shares
        best = left.pop(int(values.argmax()))
        picked.append(best)
        have = have + brings[best]
    return picked


def sampling_noise(rows: int, norm2: float) -> float:
    r"""Return how far the embedding of a sample lies from that of its source, by chance alone.

    .. math:: \sqrt{(1 - \lVert e \rVert^2) / (n - 1)}

    where e is the embedding of the sample; a single row tells nothing, and the noise is 1.

    Parameters
    ----------
    rows : int
        Number of rows n in the sample.
    norm2 : float
        Squared length of the embedding, between 0 and 1.

    Returns
    -------
    float
        Root of the expected squared distance, in MMD units.

    Raises
    ------
    Invalid
        If `rows` is under 1.

    References
    ----------
    .. [1] Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), 723-773.

    Examples
    --------
    >>> round(sampling_noise(101, 0.75), 6)
    0.05
    """
    if rows < 1:
        raise Invalid(f"a sample of {rows} rows was given; 1 is needed", next="give rows")
    return math.sqrt(max(1 - norm2, 0.0) / (rows - 1)) if rows > 1 else 1.0
