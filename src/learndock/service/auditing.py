"""Attacking a sketch before somebody else does."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from learndock.core.audit import Audit, Closeness
from learndock.core.data import require_columns
from learndock.core.ports import Columnar
from learndock.core.sketch import Float, Sketch
from learndock.core.space import Space
from learndock.errors import SpaceMismatch
from learndock.numerics.attacks import (
    Trial,
    attribute_advantage,
    membership,
    relative_distances,
)
from learndock.service.encoding import encoder_of
from learndock.service.simulating import trials

MOST_ROWS = 20_000
"""Members, and non-members, that are attacked: the intervals are narrow enough then."""
NEAR = 0.01
"""A point is close to a row within this part of the row's distance to its own nearest other."""


def audit(
    sketch: Sketch, rows: Any, *, held_out: Any = None, attribute: str = "", seed: int = 0
) -> Audit:
    """Attack a sketch with the rows that it stands for, and tell what an attacker learns.

    Parameters
    ----------
    sketch : Sketch
        What an attacker holds.
    rows : data
        What the sketch was made of, in a form that its space's encoder reads. They stay here.
    held_out : data, optional
        Rows of the same source that the sketch did not see. With them this very sketch is
        attacked. Without, sketches of random halves of the rows are, made like this one: the
        audit then tells what such sketches give away.
    attribute : str, optional
        A column of a table: how well is it guessed from the others and the sketch?
    seed : int
        The same arguments give the same audit on one machine.

    Returns
    -------
    Audit
        Print it: it ends in a plain sentence.

    Raises
    ------
    BadData
        If the data cannot be read, or there are fewer than 18 rows, or 9 held out.
    SpaceMismatch
        If the data does not go with the sketch's space, or there is no such column.

    Notes
    -----
    Costs O(n K d) time and O(n d) memory; at most 20,000 rows are attacked.

    Examples
    --------
    >>> from learndock.service.auditing import audit
    >>> rows, unseen = np.random.default_rng(0).normal(size=(2, 600, 3))
    >>> found = audit(ld.sketch(rows), rows, held_out=unseen)
    >>> found.closeness.copies, 0.4 < found.membership.auc.value < 0.7
    (0, True)
    """
    encode = encoder_of(sketch.space).encode
    unseen = None if held_out is None else encode(held_out, sketch.space)
    return audit_coords(
        sketch, encode(rows, sketch.space), held_out=unseen, attribute=attribute, seed=seed
    )


def audit_coords(
    sketch: Sketch,
    coords: Float,
    *,
    held_out: Float | None = None,
    attribute: str = "",
    seed: int = 0,
) -> Audit:
    """Audit with rows that are encoded already; `audit` ends here."""
    hidden = _hidden(sketch.space, attribute)
    relative, copies = relative_distances(sketch.points, coords)
    attacked = _trials(sketch, coords, held_out, seed)
    return Audit(
        points=len(sketch),
        rows=sketch.rows,
        direct=held_out is not None,
        trials=len(attacked),
        closeness=Closeness(
            median=float(np.median(relative)),
            least=float(relative.min()),
            close=int((relative < NEAR).sum()),
            copies=int(copies.sum()),
        ),
        membership=membership(attacked, gamma=sketch.space.gamma, seed=seed),
        attribute=attribute,
        advantage=(
            None
            if hidden is None
            else attribute_advantage(attacked, hidden, gamma=sketch.space.gamma, seed=seed)
        ),
    )


def _trials(sketch: Sketch, coords: Float, held_out: Float | None, seed: int) -> Sequence[Trial]:
    """Return the sketches that are attacked: this one, or those of halves."""
    if held_out is None:
        return trials(_some(coords, 2 * MOST_ROWS, seed), sketch.space, size=len(sketch), seed=seed)
    members, rest = _some(coords, MOST_ROWS, seed), _some(held_out, MOST_ROWS, seed)
    return [Trial.of(sketch.points, sketch.weights, members, rest, seed=seed)]


def _some(rows: Float, most: int, seed: int) -> Float:
    """Return the rows, or as many random ones as are allowed."""
    if len(rows) <= most:
        return rows
    return rows[np.random.default_rng(seed).choice(len(rows), most, replace=False)]


def _hidden(space: Space, attribute: str) -> slice | None:
    """Return the coordinates of a column."""
    if not attribute:
        return None
    encoder = encoder_of(space)
    if not isinstance(encoder, Columnar):
        raise SpaceMismatch(
            f"column {attribute!r} is to be guessed, and space {space} has no columns",
            next="leave the attribute out",
        )
    parts = encoder.parts(space)
    require_columns(list(parts), [attribute])
    if len(parts) == 1:
        raise SpaceMismatch(
            f"{attribute!r} is the only column, and is to be guessed from the others",
            next="leave the attribute out",
        )
    return parts[attribute]
