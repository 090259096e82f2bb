"""Comparing sketches of tables that share only some of their columns."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from learndock.core.matching import SURE, Comparison, Match, Matching
from learndock.core.sketch import Float, Sketch
from learndock.core.space import Space
from learndock.errors import Invalid, SpaceMismatch
from learndock.numerics.kernels import mmd
from learndock.service.matching import Pairs, columnar, given, match

SHOWN = 12
"""How many columns an error names."""


def compare(
    left: Sketch,
    right: Sketch,
    *,
    columns: Pairs | None = None,
    accept: Pairs | None = None,
    least: float = SURE,
) -> Comparison:
    """Return how far two sketches are apart on the columns that they share.

    In one space that is the MMD. In two, the left's points are carried into the right's
    coordinates of the columns that match, and all others are dropped on both sides.

    Parameters
    ----------
    left, right : Sketch
        In one space, or of tables.
    columns : mapping of str to str, optional
        The columns to compare on, left to right; else those that `match` is sure of.
    accept, least
        As in `match`; they do not go with `columns`.

    Returns
    -------
    Comparison
        The distance with the matching, so that nobody takes a guess for a fact.

    Raises
    ------
    SpaceMismatch
        If nothing is shared; names the columns of both sides, and what is doubtful.
    Invalid
        As `match` does, or if `columns` are given with `accept` or `least`.

    Notes
    -----
    The kernel is that of `marginal` of the right side. Distances on different columns differ
    also by what they leave out, so rank by them only what was compared on the same columns.
    Costs O((K + L)^2 d).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> old = ld.sketch(pd.DataFrame({"Age": rng.normal(50, 9, 400), "ward": "north"}))
    >>> new = ld.sketch(pd.DataFrame({"age": rng.normal(50, 9, 400), "stay": rng.random(400)}))
    >>> found = ld.compare(old, new)
    >>> found.distance < 0.15, found.matching.pairs
    (True, {'age': 'Age'})
    """
    if columns is not None and (accept or least != SURE):
        raise Invalid(
            "columns= names all pairs, and accept= or least= would find others",
            next="leave columns= out, or the others",
        )
    if columns is None and not accept and left.space == right.space:
        same = (Match(column.name, column.name, 1.0, "same space") for column in left.space.columns)
        return Comparison(_distance(left.points, left, right), Matching(tuple(same)))
    matching = (
        match(left, right, accept=accept, least=least)
        if columns is None
        else given(left.space, right.space, columns)
    )
    if not matching.pairs:
        raise _nothing_shared(left.space, right.space, matching)
    part = marginal(right, matching.pairs)
    carried = columnar(right.space).carry(left.points, left.space, part.space, matching.pairs)
    return Comparison(_distance(carried, left, part), matching)


def _distance(points: Float, left: Sketch, right: Sketch) -> float:
    return mmd(points, left.weights, right.points, right.weights, gammas=right.space.gammas)


def marginal(sketch: Sketch, columns: Collection[str]) -> Sketch:
    """Return the sketch of the same rows with fewer columns.

    Parameters
    ----------
    sketch : Sketch
        Of a table.
    columns : collection of str
        Names of the columns that stay, one or more.

    Returns
    -------
    Sketch
        With the same weights and outcomes, and the same points without the other coordinates.
        `mmd` is that of the whole: an estimate here. Quantiles of the density are left out, for
        they no longer hold.

    Raises
    ------
    SpaceMismatch
        If the space has no columns, or lacks one of these, or none is named.

    Notes
    -----
    Columns weigh alike, so that the squared distance of two rows is about proportional to the
    number of columns. Therefore g is multiplied by (all columns / columns that stay): about what
    a median over rows would give, but from the space alone, hence the same for everyone.

    Examples
    --------
    >>> whole = ld.sketch(np.random.default_rng(0).normal(size=(400, 3)))
    >>> part = ld.marginal(whole, ["x2"])
    >>> part.points.shape, round(part.space.gamma / whole.space.gamma, 6)
    ((20, 2), 3.0)
    """
    space, parts = sketch.space, columnar(sketch.space).parts(sketch.space)
    if not columns or not parts.keys() >= set(columns):
        raise SpaceMismatch(
            f"columns {sorted(columns)} are asked for; {space} has {_names(space)}",
            next="name one or more of these",
        )
    kept = tuple(column for column in space.columns if column.name in columns)
    points = np.hstack([sketch.points[:, parts[column.name]] for column in kept])
    smaller = space.model_copy(
        update={
            "columns": kept,
            "width": points.shape[1],
            "gamma": space.gamma * len(space.columns) / len(kept),
        }
    )
    return replace(sketch, space=smaller, points=points, density=())


def _nothing_shared(left: Space, right: Space, matching: Matching) -> SpaceMismatch:
    doubtful = {found.source: found.target for found in matching.doubtful}
    return SpaceMismatch(
        f"{left} has {_names(left)} and {right} has {_names(right)}; none is surely the same",
        next=f"say accept={doubtful} if that is so"
        if doubtful
        else "say which are with columns={LEFT: RIGHT}",
        left=[column.name for column in left.columns],
        right=[column.name for column in right.columns],
    )


def _names(space: Space) -> str:
    names = [column.name for column in space.columns]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more
