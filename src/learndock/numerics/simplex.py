"""Least squares over weights on the simplex."""

import numpy as np
import quadprog
from numpy.typing import NDArray

from learndock.errors import Invalid

Float = NDArray[np.float64]

_RIDGES = (1e-9, 1e-7, 1e-5)  # relative to the mean of the diagonal; the first that works


def on_simplex(gram: Float, linear: Float) -> Float:
    r"""Return the weights on the simplex that bring a weighted sum nearest to a target.

    .. math:: \arg\min_{w \ge 0,\; \sum_j w_j = 1} \tfrac12 w^\top G w - c^\top w

    For weights of another sum t, give ``linear / t`` and multiply the answer by t.

    Parameters
    ----------
    gram : (K, K) float64
        Inner products of the parts, positive semidefinite; it may be singular.
    linear : (K,) float64
        Inner products of the parts with the target.

    Returns
    -------
    (K,) float64
        Nonnegative, summing to one.

    Raises
    ------
    Invalid
        If a value is not finite, or `gram` is not positive semidefinite.

    Notes
    -----
    Costs O(K^3): 2.5 ms at K = 100. A ridge of 1e-9 of the mean diagonal makes the answer
    unique; it grows only where rounding has made `gram` indefinite by more than that.

    References
    ----------
    .. [1] Goldfarb and Idnani, "A Numerically Stable Dual Method for Solving Strictly Convex
       Quadratic Programs", Mathematical Programming 27 (1983), 1-33.

    Examples
    --------
    >>> on_simplex(np.eye(2), np.array([1.0, 0.5])).round(6)
    array([0.75, 0.25])
    """
    if not (np.isfinite(gram).all() and np.isfinite(linear).all()):
        raise Invalid("a quadratic program has values that are not finite", next="check the points")
    for ridge in _RIDGES:
        found = _solve(gram, linear, ridge)
        if found is not None:
            return found
    raise Invalid(
        f"the ({len(gram)}, {len(gram)}) gram matrix is not positive semidefinite",
        next="give inner products",
    )


def _solve(gram: Float, linear: Float, ridge: float) -> Float | None:
    """Return the weights, or None where the ridge does not suffice."""
    count = len(linear)
    scale = float(np.trace(gram)) / count or 1.0
    constraints = np.hstack([np.ones((count, 1)), np.eye(count)])
    bounds = np.concatenate([[1.0], np.zeros(count)])
    try:
        found = quadprog.solve_qp(
            gram / scale + ridge * np.eye(count), linear / scale, constraints, bounds, 1
        )[0]
    except ValueError:  # "matrix G is not positive definite" or "constraints are inconsistent"
        return None
    weights: Float = np.maximum(found, 0)
    # A program too ill-conditioned for the ridge shows by a sum that is off.
    return weights / weights.sum() if abs(weights.sum() - 1) < 1e-6 else None
