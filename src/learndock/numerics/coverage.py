"""How much of a task the sketches of a dock explain, and how much is unseen."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid
from learndock.numerics.shares import sampling_noise

Float = NDArray[np.float64]

# Measured on 20 Newsgroups with classes held out; see docs/why/coverage.md.
_SEEN = 0.02
"""What is left over of a task that the dock knows, relative to the spread of its atoms."""
_UNSEEN = 0.15
"""What is left over beyond that of a task that it does not know at all."""
_FOREIGN = 0.08
"""A task of which so much is left over for certain is foreign."""


@dataclass(frozen=True)
class Covered:
    """How much of a task is covered.

    Attributes
    ----------
    share, low, high : float
        Covered share of the rows, and its bounds when the sample is as far off as chance brings
        it; between 0 and 1.
    foreign : bool
        The task as a whole is unlike everything, beyond chance.
    distance : float
        Distance to the nearest mixture of atoms that the sketch's own error leaves, in MMD units.
    noise : float
        What chance alone explains, in MMD units.
    """

    share: float
    low: float
    high: float
    foreign: bool
    distance: float
    noise: float


def spread(atoms: Float) -> float:
    """Return the median squared distance of atoms to their mean: how much there is to explain.

    Parameters
    ----------
    atoms : (A, D) float64
        Embeddings, at least one.

    Returns
    -------
    float
        In squared MMD units; the squared length of the mean where all atoms are equal.

    Examples
    --------
    >>> spread(np.array([[0.0, 1.0], [2.0, 1.0]]))
    1.0
    """
    mean = atoms.mean(axis=0)
    middle = float(np.median(np.square(atoms - mean).sum(axis=1)))
    return middle or float(mean @ mean)


def covered(distance: float, *, error: float, rows: int, norm2: float, spread: float) -> Covered:
    r"""Return how much of a task is covered, from how near its sketch comes to the dock's atoms.

    Of the squared distance :math:`d^2` to the hull of class-wise atoms, :math:`\epsilon^2` is the
    error of the sketches. The rest, relative to the spread of the atoms, is about 0 for tasks that
    the dock knows, and grows with the square of the unseen share.

    Parameters
    ----------
    distance : float
        From the task's embedding to the hull.
    error : float
        Of the sketches: root of the squared error of the task's own, `Sketch.mmd`, and of the
        atoms', each times the square of its weight in the nearest point.
    rows : int
        Number of rows that were sketched.
    norm2 : float
        Squared length of the task's embedding.
    spread : float
        As `spread` returns; > 0.

    Returns
    -------
    Covered
        A rough share; sketches cannot tell an unseen class that looks like a seen one.

    Raises
    ------
    Invalid
        If `spread` is not positive.

    References
    ----------
    .. [1] Own design, after Ramaswamy, Scott and Tewari, "Mixture Proportion Estimation via
       Kernel Embeddings of Distributions", ICML 2016.

    Examples
    --------
    >>> known = covered(0.1, error=0.1, rows=1000, norm2=0.3, spread=0.04)
    >>> known.share, known.foreign
    (1.0, False)
    >>> covered(0.5, error=0.1, rows=1000, norm2=0.3, spread=0.04).foreign
    True
    """
    if not spread > 0:
        raise Invalid(f"the spread of the atoms is {spread}; more than 0 is needed", next="")
    noise = sampling_noise(rows, norm2)
    left = distance**2 - error**2
    doubt = noise**2 / spread
    ratio = left / spread
    return Covered(
        share=1 - _unseen(ratio),
        low=1 - _unseen(ratio + doubt),
        high=1 - _unseen(ratio - doubt),
        foreign=ratio - doubt > _FOREIGN,
        distance=math.sqrt(max(left, 0.0)),
        noise=noise,
    )


def _unseen(ratio: float) -> float:
    """Return the unseen share that leaves so much of the spread over."""
    return min(math.sqrt(max(ratio - _SEEN, 0.0) / _UNSEEN), 1.0)
