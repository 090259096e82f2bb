"""What a few labels say about the errors of a prediction: a Gaussian process on the residuals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

STRENGTHS = (0.0, 0.1, 0.3, 1.0)
NOISES = (0.3, 0.6, 1.0)
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
    most probable given the others (leave-one-out predictive probability).

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
    Costs O(n^3) for each point of the grid: 3 times 4 to the number of kernels.

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
    best, chosen = -np.inf, Residual(np.zeros(len(grams)), 0.0, np.zeros(len(residual)))
    for strengths in product(STRENGTHS, repeat=len(grams)):
        prior = OFFSET + sum(s * gram for s, gram in zip(strengths, grams, strict=True))
        for noise in NOISES:
            inverse = np.linalg.inv(unit * (prior + noise * np.eye(len(residual))))
            coefficients = inverse @ residual
            precision = np.diag(inverse)
            # Left out, row i has mean y_i - coefficients_i / precision_i, variance 1 / precision_i.
            likely = 0.5 * float(np.sum(np.log(precision) - coefficients**2 / precision))
            if likely > best:
                best = likely
                chosen = Residual(unit * np.array(strengths), unit * OFFSET, coefficients)
    return chosen
