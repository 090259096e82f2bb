"""How much of a task the sketches of a dock explain, and how much is unseen."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid
from learndock.numerics.shares import sampling_noise

Float = NDArray[np.float64]

# Measured on 20 Newsgroups with classes held out: `make bench NAME=coverage`.
_UNSEEN = 0.15
"""What is left over, relative to the spread of the atoms, of a task that is wholly unseen."""
_FOREIGN = 0.08
"""A task of which so much is left over is foreign."""


@dataclass(frozen=True)
class Covered:
    """How much of a task is covered.

    Attributes
    ----------
    share, low, high : float
        Covered share of the rows, and its range where chance brought the sample nothing, or
        twice as far off as is usual; between 0 and 1.
    foreign : bool
        The task as a whole is unlike everything, beyond chance.
    distance : float
        What the errors of the sketches and chance leave of the distance to the nearest mixture,
        in MMD units.
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

    Of the squared distance :math:`d^2` to the hull of class-wise atoms, part is the squared error
    of the sketches, and part is chance: the sample's embedding is off by
    :math:`(1 - \lVert e \rVert^2) / (n - 1)` on average. The rest, relative to the spread of the
    atoms, is about 0 for tasks that the dock knows, and grows with the square of the unseen share.

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
    doubt = noise**2 / spread
    ratio = (distance**2 - error**2) / spread - doubt
    return Covered(
        share=1 - _unseen(ratio),
        low=1 - _unseen(ratio + doubt),
        high=1 - _unseen(ratio - doubt),
        foreign=ratio > _FOREIGN,
        distance=math.sqrt(max(ratio * spread, 0.0)),
        noise=noise,
    )


def _unseen(ratio: float) -> float:
    """Return the unseen share that leaves so much of the spread over."""
    return min(math.sqrt(max(ratio, 0.0) / _UNSEEN), 1.0)
