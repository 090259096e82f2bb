"""Sketches of random halves of the rows, whose other halves are known not to be in them."""

from collections.abc import Callable

import numpy as np

from learndock.core.sketch import Float
from learndock.core.space import Space
from learndock.numerics.attacks import Trial, membership
from learndock.numerics.reduced import reduce
from learndock.numerics.rows import Block
from learndock.service.encoding import encoder_of
from learndock.service.sizing import ROWS_PER_POINT

TRIALS = 5
MANY = 4_000
"""From so many rows on, one trial is certain enough."""

Maker = Callable[[Float, int, int], tuple[Float, Float]]
"""Sketches rows: from them, a number of points and a seed to points and weights."""


def plain(space: Space) -> Maker:
    """Return what makes sketches that are not private.

    Points and weights are not rounded, which can only help an attacker.
    """
    low, high = encoder_of(space).bounds(space)

    def make(rows: Float, size: int, seed: int) -> tuple[Float, Float]:
        found = reduce(rows, size, gammas=space.gammas, seed=seed, low=low, high=high)
        return found.points, found.weights

    return make


def trials(coords: Block, make: Maker, *, ratio: float, seed: int = 0) -> list[Trial]:
    """Sketch random halves of the rows.

    Parameters
    ----------
    coords : (n, width) array
        Encoded rows. Of the half that is not sketched, a third is what the attacker owns.
    make : Maker
        How to sketch.
    ratio : float
        Points for a row. A sketch has at least one, and at most one for each row.
    seed : int
        Draws the halves.

    Notes
    -----
    Five sketches, or one where there are 4,000 rows or more.
    """
    coords = coords.astype(np.float64)
    rng = np.random.default_rng(seed)
    count = len(coords) // 2
    size = max(1, min(round(ratio * count), count))
    made = []
    for trial in range(TRIALS if len(coords) < MANY else 1):
        order = rng.permutation(len(coords))
        members, rest = coords[np.sort(order[:count])], coords[order[count:]]
        points, weights = make(members, size, seed + trial)
        made.append(Trial.of(points, weights, members, rest, seed=seed + trial))
    return made


def simulated_membership(
    coords: Block, space: Space, *, ratio: float = 1 / ROWS_PER_POINT, seed: int = 0
) -> float:
    """Return the AUC of the best membership attack on sketches of random halves of the rows.

    Parameters
    ----------
    coords : (n, width) array
        Encoded rows, at least 18.
    space : Space
        Where to sketch.
    ratio : float
        Points for a row, as in `trials`.
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
    made = trials(coords, plain(space), ratio=ratio, seed=seed)
    return membership(made, gamma=space.gamma, seed=seed).auc.value
