"""Attacking a sketch before somebody else does."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from learndock.core.audit import Audit, Closeness
from learndock.core.data import require_columns
from learndock.core.ports import Columnar
from learndock.core.sketch import Float, Release, Sketch
from learndock.core.space import Space
from learndock.errors import BadData, SpaceMismatch, Unavailable
from learndock.numerics.attacks import Trial, attribute_advantage, membership
from learndock.numerics.privacy import relative_distances
from learndock.numerics.rows import Rows, as_rows
from learndock.service.encoding import encoder_of
from learndock.service.releasing import release_coords
from learndock.service.rows import Blocks
from learndock.service.simulating import Maker, plain, trials
from learndock.service.sizing import require_seed

MOST_ROWS = 20_000
"""Members, and non-members, that are attacked: the intervals are narrow enough then."""
OWN = (0.85, 1.35)
"""Rows that are given, as a share of those sketched: counts are rounded, and a fifth held out."""
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
    rows : data, Path, or iterable of data
        What the sketch was made of, in a form that its space's encoder reads. They stay here.
    held_out : data, Path, or iterable of data, optional
        Rows of the same source that the sketch did not see. With them this very sketch is
        attacked. Without, sketches of random halves of the rows are, with as many points to a row
        and as private as this one: the audit then tells what such sketches give away.
    attribute : str, optional
        A column of a table: how well is it guessed from the others and the sketch?
    seed : int
        The same arguments give the same audit on one machine, but for a private sketch without
        rows held out: the noise of others like it is secret.

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
    Unavailable
        If a private sketch is given without rows held out, and opendp is not installed.

    Notes
    -----
    Costs O(n K d) time, and some seconds for each private sketch; at most 20,000 rows are
    attacked, and files are read bit by bit. Private sketches of halves have twice the noise to a
    row: the stated epsilon bounds what an attack finds, whatever the audit says.

    Examples
    --------
    >>> rows, unseen = np.random.default_rng(0).normal(size=(2, 600, 3))
    >>> found = ld.audit(ld.sketch(rows), rows, held_out=unseen)
    >>> found.closeness.copies, 0.4 < found.membership.auc.value < 0.7
    (0, True)
    """
    require_seed(seed)
    unseen = None if held_out is None else Blocks.of(held_out).encoded(sketch.space)
    coords = Blocks.of(rows).encoded(sketch.space)
    _require_own(sketch, len(coords))
    return audit_coords(sketch, coords, held_out=unseen, attribute=attribute, seed=seed)


def _require_own(sketch: Sketch, rows: int) -> None:
    """Raise `BadData` if a sketch cannot be of so many rows; a learnware holds a fifth out."""
    least, most = (share * sketch.rows for share in OWN)
    if not least <= rows <= most:
        raise BadData(
            f"the sketch stands for about {sketch.rows:,} rows, and {rows:,} were given",
            next="give the rows that it was made of",
            rows=rows,
            sketched=sketch.rows,
        )


def audit_coords(
    sketch: Sketch,
    coords: Float | Rows,
    *,
    held_out: Float | Rows | None = None,
    attribute: str = "",
    seed: int = 0,
) -> Audit:
    """Audit with rows that are encoded already; `audit` ends here."""
    hidden = _hidden(sketch.space, attribute)
    rows, unseen = as_rows(coords), None if held_out is None else as_rows(held_out)
    attacked = _trials(sketch, rows, unseen, seed)
    return Audit(
        points=len(sketch),
        rows=sketch.rows,
        direct=held_out is not None,
        trials=len(attacked),
        trial_points=len(attacked[0].points),
        trial_rows=len(attacked[0].members),
        closeness=_closeness(sketch, rows),
        membership=membership(attacked, gamma=sketch.space.gamma, seed=seed),
        attribute=attribute,
        advantage=(
            None
            if hidden is None
            else attribute_advantage(attacked, hidden, gamma=sketch.space.gamma, seed=seed)
        ),
    )


def _closeness(sketch: Sketch, rows: Rows) -> Closeness:
    relative, copies = relative_distances(sketch.points, rows)
    told = relative[np.isfinite(relative)]
    return Closeness(
        median=float(np.median(told)) if len(told) else np.inf,
        least=float(relative.min()),
        close=int((relative < NEAR).sum()),
        copies=int(copies.sum()),
    )


def _trials(sketch: Sketch, rows: Rows, held_out: Rows | None, seed: int) -> Sequence[Trial]:
    """Return the sketches that are attacked: this one, or those of halves."""
    if held_out is not None:
        members, rest = _some(rows, MOST_ROWS, seed), _some(held_out, MOST_ROWS, seed)
        return [Trial.of(sketch.points, sketch.weights, members, rest, seed=seed)]
    make = plain(sketch.space)
    if sketch.release is not None:
        make = _private(sketch.space, sketch.release)
    ratio = len(sketch) / sketch.rows
    return trials(_some(rows, 2 * MOST_ROWS, seed), make, ratio=ratio, seed=seed)


def _private(space: Space, release: Release) -> Maker:
    """Return what makes private sketches at the cost of this one's points."""
    spent = next(part for part in release.parts if part.what == "points")

    def make(rows: Float, size: int, seed: int) -> tuple[Float, Float]:
        try:
            made = release_coords(
                rows,
                space,
                epsilon=spent.epsilon,
                delta=spent.delta,
                size=size,
                seed=seed,
                consent=True,
            )
        except Unavailable as error:
            raise Unavailable(
                "attacking sketches like this private one needs opendp, which is not installed",
                next='give held_out= (--held-out), or pip install "learndock[private]"',
                **error.facts,
            ) from error
        return made.points, made.weights

    return make


def _some(rows: Rows, most: int, seed: int) -> Float:
    """Return the rows, or as many random ones as are allowed."""
    numbers = np.arange(len(rows))
    if len(rows) > most:
        numbers = np.random.default_rng(seed).choice(len(rows), most, replace=False)
    return rows.pick(np.sort(numbers)).astype(np.float64)


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
