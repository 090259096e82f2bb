"""How much of a sketch's data lies around a row."""

import numpy as np
from numpy.typing import NDArray

from learndock.numerics.kernels import gram_times

Float = NDArray[np.float64]


def density(x: Float, points: Float, weights: Float, *, gamma: float) -> Float:
    r"""Return a sketch's density read-out at each row.

    .. math:: h(x) = \sum_j b_j \exp(-\gamma \lVert x - z_j \rVert^2)

    Parameters
    ----------
    x : (n, d) float64
        Rows, in the coordinates of the sketch's space.
    points : (K, d) float64
        The sketch's points.
    weights : (K,) float64
        Their weights.
    gamma : float
        Sharpness, > 0; a few times that of the kernel by which the points were chosen.

    Returns
    -------
    (n,) float64
        Between 0 and 1 where the weights are on the simplex. Unnormalised: read-outs compare
        between sketches of one space, and are no probabilities.

    Raises
    ------
    SketchMismatch
        If `x` and `points` differ in width.
    Invalid
        If `gamma` is not a positive number.

    Notes
    -----
    Costs O(n K d) time.

    References
    ----------
    .. [1] Parzen, "On Estimation of a Probability Density Function and Mode", Annals of
       Mathematical Statistics 33 (1962), 1065-1076.

    Examples
    --------
    >>> density(np.array([[0.0], [9.0]]), np.zeros((1, 1)), np.ones(1), gamma=1.0).round(3)
    array([1., 0.])
    """
    return gram_times(x, points, weights, gammas=(gamma,))
