"""Moving a sketch to another version of its space, without the rows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from learndock.core.ports import Columnar
from learndock.core.sketch import Float, Sketch
from learndock.core.space import Space
from learndock.errors import SpaceMismatch
from learndock.numerics.herding import pseudo_rows
from learndock.numerics.kernels import mmd
from learndock.numerics.reduced import reduce
from learndock.numerics.rounding import significant
from learndock.service.encoding import encoder_of
from learndock.service.sizing import require_seed

LEAST_ROWS = 1_000
ROWS_PER_POINT = 10
"""How many rows are made up: so many for each point, and not fewer than the least."""
MARGIN = 1.25
"""What the stated distance is above the one expected."""

Carry = Callable[[Float], Float]


def rekey(sketch: Sketch, space: Space, *, seed: int = 0) -> Sketch:
    """Return a sketch in another version of its space, for which no row is needed.

    Parameters
    ----------
    sketch : Sketch
        In the old version.
    space : Space
        The new version: other constants, fewer columns, another kernel, or all of these.
    seed : int
        For the distance that is stated. The same arguments give the same sketch on one machine.

    Returns
    -------
    Sketch
        The same points in the new coordinates, with the same weights and outcomes. Quantiles of
        the density no longer hold, and are left out; all else stays true. `mmd`, the distance
        to the rows that nobody has here, is an estimate, usually 1.1 to 1.5 times the real one.
        It can be too low by a third for a sketch of under ten points, and by half where all but
        one of many columns go.

    Raises
    ------
    SpaceMismatch
        If the new space has a column that the sketch lacks, or has as another kind, or is not
        made by the same encoder.

    Notes
    -----
    Only the sketch is read, so that what holds of its privacy holds of what is made of it.

    How much the distance to the rows grows is tried out on rows that are made up: pseudo-rows
    are herded from the sketch [1]_, sketched with as many points, and both are moved. The factor
    by which their distance grows, at least 1, is applied to that of `sketch`, with a margin of a
    quarter. To fit new points to the pseudo-rows is worse than to move the old ones. Costs
    about 2 s for 100 points.

    References
    ----------
    .. [1] Chen, Welling and Smola, "Super-Samples from Kernel Herding", UAI 2010.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(400, 2))
    >>> old = ld.space(rows, name="demo")
    >>> new = old.model_copy(update={"version": 2, "gamma": 2 * old.gamma})
    >>> found = ld.rekey(ld.sketch(rows, space=old), new)
    >>> str(found.space), len(found)
    ('table/demo@2', 20)
    """
    require_seed(seed)
    if space == sketch.space:
        return sketch
    carry = _carrier(sketch.space, space)
    moved = replace(sketch, space=space, points=carry(sketch.points), density=())
    if np.array_equal(moved.points, sketch.points) and space.gammas == sketch.space.gammas:
        return moved
    factor = MARGIN * max(1.0, _growth(sketch, space, carry, seed))
    return replace(moved, mmd=min(1.0, significant(factor * sketch.mmd)))


def _carrier(old: Space, new: Space) -> Carry:
    """Return what moves coordinates of one space to another."""
    encoder = encoder_of(old)
    if isinstance(encoder, Columnar) and new.encoder == old.encoder:
        there = {(column.name, column.kind) for column in old.columns}
        lacking = [it.name for it in new.columns if (it.name, it.kind) not in there]
        if lacking:
            raise SpaceMismatch(
                f"space {old} lacks columns of space {new}, or has them as another kind: "
                f"{', '.join(map(repr, lacking))}",
                next="sketch the rows again",
                columns=lacking,
            )
        pairs = {column.name: column.name for column in new.columns}
        return lambda points: encoder.carry(points, old, new, pairs)
    if (new.encoder, new.width, new.constants) != (old.encoder, old.width, old.constants):
        raise SpaceMismatch(
            f"space {new} is made in another way than space {old}: {new.encoder} of width "
            f"{new.width} in place of {old.encoder} of width {old.width}, or of other constants",
            next="sketch the rows again",
        )
    return lambda points: points


def _growth(sketch: Sketch, space: Space, carry: Carry, seed: int) -> float:
    """Return by which factor the distance of a sketch like this to its rows grows."""
    old, count = sketch.space, len(sketch)
    low, high = encoder_of(old).bounds(old)
    drawn, _ = pseudo_rows(
        sketch.points,
        sketch.weights,
        max(LEAST_ROWS, ROWS_PER_POINT * count),
        gammas=old.gammas,
        seed=seed,
    )
    rows = np.clip(drawn, low, high)
    fitted = reduce(rows, count, gammas=old.gammas, seed=seed, low=low, high=high)
    even = np.full(len(rows), 1 / len(rows))
    before = mmd(rows, even, fitted.points, fitted.weights, gammas=old.gammas)
    after = mmd(carry(rows), even, carry(fitted.points), fitted.weights, gammas=space.gammas)
    return after / before if before else 1.0
