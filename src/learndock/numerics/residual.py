"""What a few labels say about the errors of a prediction: a Gaussian process on the residuals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

STRENGTHS = (0.0, 0.1, 0.3, 1.0)
NOISES = (0.3, 0.6, 1.0)
CHOSEN_ON = 200
"""Rows on which the constants are chosen."""
OFFSET = 0.1
"""Prior variance of a constant shift."""


@dataclass(frozen=True, eq=False)
class Residual:
    """A fitted process: the residual at new rows is a weighted sum of kernel values.

    Attributes
    ----------
    strengths : (G,) float64
        Multiplier of each kernel; 0 where it explains nothing.
    offset : float
        Multiplier of the constant kernel.
    coefficients : (n,) float64
        One for each labelled row.
    """

    strengths: Float
    offset: float
    coefficients: Float

    def predict(self, grams: Sequence[Float]) -> Float:
        """Return (m,) residuals from (m, n) kernel values between new and labelled rows."""
        total = np.full(grams[0].shape, self.offset)
        for strength, gram in zip(self.strengths, grams, strict=True):
            total += strength * gram
        return np.asarray(total @ self.coefficients)


def fit_residual(grams: Sequence[Float], residual: Float) -> Residual:
    r"""Fit a Gaussian process with kernel :math:`\sum_g a_g K_g + c` to residuals.

    The multipliers and the noise are those, of a small grid, under which each residual is the
    most probable given the others (leave-one-out predictive probability), tried on at most 200
    rows.

    Parameters
    ----------
    grams : sequence of (n, n) float64
        Kernel values between the labelled rows, one matrix for each kernel, of about unit scale.
    residual : (n,) float64
        Label minus prediction, in the unit of the target.

    Returns
    -------
    Residual
        With all strengths zero where the kernels explain nothing: then only a shrunken shift.

    Notes
    -----
    Costs O(n^3), and O(200^3) for each point of the grid: 3 times 4 to the number of kernels.

    References
    ----------
    .. [1] Rasmussen and Williams, "Gaussian Processes for Machine Learning", MIT Press 2006,
       section 5.4.2.

    Examples
    --------
    >>> x = np.linspace(0, 3, 40)
    >>> gram = np.exp(-((x[:, None] - x) ** 2))
    >>> found = fit_residual([gram], np.sin(2 * x))
    >>> bool(np.abs(found.predict([gram]) - np.sin(2 * x)).mean() < 0.3)
    True
    """
    unit = float(np.mean(residual**2)) or 1.0
    some = np.linspace(0, len(residual) - 1, min(len(residual), CHOSEN_ON)).astype(np.intp)
    few = [gram[np.ix_(some, some)] for gram in grams]
    grid = product(product(STRENGTHS, repeat=len(grams)), NOISES)
    strengths, noise = max(
        grid, key=lambda constants: _likely(few, residual[some], unit, *constants)
    )
    inverse = _inverse(grams, unit, strengths, noise)
    return Residual(unit * np.array(strengths), unit * OFFSET, inverse @ residual)


def _inverse(
    grams: Sequence[Float], unit: float, strengths: Sequence[float], noise: float
) -> Float:
    """Return the inverse of the covariance of the labels."""
    prior = OFFSET + sum(s * gram for s, gram in zip(strengths, grams, strict=True))
    return np.asarray(np.linalg.inv(unit * (prior + noise * np.eye(len(grams[0])))))


def _likely(
    grams: Sequence[Float], residual: Float, unit: float, strengths: Sequence[float], noise: float
) -> float:
    """Return the log probability of each residual given the others, but for a constant.

    Left out, row i has the mean y_i - coefficient_i / precision_i and variance 1 / precision_i.
    """
    inverse = _inverse(grams, unit, strengths, noise)
    precision = np.diag(inverse)
    return 0.5 * float(np.sum(np.log(precision) - (inverse @ residual) ** 2 / precision))
