"""Sketches of random halves of the rows, whose other halves are known not to be in them."""

import numpy as np

from learndock.core.space import Space
from learndock.numerics.attacks import Trial, membership
from learndock.numerics.reduced import reduce
from learndock.numerics.rows import Block
from learndock.service.encoding import encoder_of

ROWS_PER_POINT = 20
MOST_POINTS = 100
TRIALS = 5
MANY = 4_000
"""From so many rows on, one trial is certain enough."""


def trials(coords: Block, space: Space, *, size: int | None = None, seed: int = 0) -> list[Trial]:
    """Sketch random halves of the rows.

    Parameters
    ----------
    coords : (n, width) array
        Encoded rows. Of the half that is not sketched, a third is what the attacker owns.
    space : Space
        Where to sketch.
    size : int, optional
        Most points of a sketch; there is at most one for 20 rows.
    seed : int
        Draws the halves.

    Notes
    -----
    Five sketches, or one where there are 4,000 rows or more. Points and weights are not rounded,
    which can only help an attacker.
    """
    coords = coords.astype(np.float64)
    rng = np.random.default_rng(seed)
    low, high = encoder_of(space).bounds(space)
    count = len(coords) // 2
    points = max(1, min(size or MOST_POINTS, count // ROWS_PER_POINT))
    made = []
    for trial in range(TRIALS if len(coords) < MANY else 1):
        order = rng.permutation(len(coords))
        members, rest = coords[np.sort(order[:count])], coords[order[count:]]
        found = reduce(members, points, gammas=space.gammas, seed=seed + trial, low=low, high=high)
        made.append(Trial.of(found.points, found.weights, members, rest, seed=seed + trial))
    return made


def simulated_membership(
    coords: Block, space: Space, *, size: int | None = None, seed: int = 0
) -> float:
    """Return the AUC of the best membership attack on sketches of random halves of the rows.

    Parameters
    ----------
    coords : (n, width) array
        Encoded rows, at least 18.
    space : Space
        Where to sketch.
    size : int, optional
        Most points of a sketch; there is at most one for 20 rows.
    seed : int
        The same rows and seed give the same figure on one machine.

    Returns
    -------
    float
        0.5 is a coin. Of few rows, uncertain: at 50 by about 0.1.

    Raises
    ------
    BadData
        If there are too few rows.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(60, 3))
    >>> 0.3 < simulated_membership(rows, ld.space(rows, encoder="vector")) < 0.7
    True
    """
    made = trials(coords, space, size=size, seed=seed)
    return membership(made, gamma=space.gamma, seed=seed).auc.value
