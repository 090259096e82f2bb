"""Which columns of two sketched tables are the same: stage by stage, with the evidence."""

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
from scipy.spatial.distance import cdist

from learndock.core.matching import SURE, Match, Matching
from learndock.core.names import is_generic, name_likeness, words_of
from learndock.core.ports import Columnar
from learndock.core.sketch import Float, Sketch
from learndock.core.space import Column, Kind, Space
from learndock.errors import Invalid, SpaceMismatch
from learndock.numerics.features import random_features
from learndock.numerics.matching import assign, quantiles, wasserstein
from learndock.service.encoding import encoder_of

SPELLING = 0.95
"""Confidence where names are the same but for their spelling."""
GUESS = 0.5
"""Most confidence where something speaks against: other units, or a name that says nothing."""
PATIENCE = 4.0
"""Distance of values that leaves 1 / e of the confidence."""
DUSTBIN = 1.0
"""No pair that costs more, names and values together, is listed at all."""
FEATURES = 256
BLOCK_GAMMA = 0.5
"""1 / mean squared distance of two rows in one column, whatever its kind."""

ZERO_OR_ONE = {"boolean", "numeric"}
"""Kinds that go together where a caller says so, and the numbers are 0 and 1."""

Pairs = Mapping[str, str]


def match(
    left: Sketch, right: Sketch, *, accept: Pairs | None = None, least: float = SURE
) -> Matching:
    """Say which columns of two tables are the same, and how sure that is.

    Parameters
    ----------
    left, right : Sketch
        Of tables. Only their columns and marginal distributions are looked at.
    accept : mapping of str to str, optional
        Columns of the left that are known to be the same, each with its name on the right.
    least : float
        The least confidence with which a match is sure, 0 to 1.

    Returns
    -------
    Matching
        Sure and doubtful matches, each with the evidence, and what is left over on both sides.

    Raises
    ------
    SpaceMismatch
        If a space has no columns, or a column in `accept` is missing or of another kind.
    Invalid
        If `least` is not between 0 and 1.

    Notes
    -----
    Only columns of one kind match. First come equal names (confidence 1); then names that are
    equal but for their spelling, in one unit (.95); then, in the assignment of least cost, names
    that are alike, with a confidence of likeness x exp(-distance / 4). A pair costs
    1 - likeness + distance / (1 + distance), and may stay apart for 1. The distance of numbers
    and dates is that of Wasserstein between their quantiles, in standard deviations; the
    distance of other columns is the MMD. Units that differ, and names such as ``x0``, allow .5
    at most. Costs O(m n) for m and n columns without an equal, and O(min(m, n)^2 max(m, n)) for
    their assignment.

    Examples
    --------
    >>> import pandas as pd
    >>> ages, stays = np.random.default_rng(0).normal(50, 9, size=(2, 400))
    >>> old = ld.sketch(pd.DataFrame({"Age": ages, "ward": "north"}))
    >>> new = ld.sketch(pd.DataFrame({"age": ages, "stay": stays}))
    >>> print(ld.match(old, new))
    same        Age = age  0.95  same name but for spelling
    left only   ward (categorical)
    right only  stay (numeric)
    """
    if not 0 <= least <= 1:
        raise Invalid(f"least is {least}; a number from 0 to 1 is needed", next="say least=0.8")
    unmatched = _Unmatched(left.space, right.space)
    for source, target in (accept or {}).items():
        unmatched.pair(source, target, 1.0, "confirmed")
    _pair_equal(unmatched, _name, 1.0, "same name")
    _pair_equal(unmatched, _spelling, SPELLING, "same name but for spelling")
    _pair_alike(unmatched, left, right)
    return unmatched.matching(least)


def given(left: Space, right: Space, pairs: Pairs) -> Matching:
    """Return a matching of just the pairs that the caller names, left to right.

    Raises
    ------
    SpaceMismatch
        As `match` does for `accept`.
    """
    unmatched = _Unmatched(left, right)
    for source, target in pairs.items():
        unmatched.pair(source, target, 1.0, "named by the caller")
    return unmatched.matching(SURE)


def columnar(space: Space) -> Columnar:
    """Return the encoder of a space that has columns.

    Raises
    ------
    SpaceMismatch
        If it has none.
    """
    encoder = encoder_of(space)
    if not isinstance(encoder, Columnar):
        raise SpaceMismatch(
            f"space {space} has no columns; its sketches compare within one space only",
            next="sketch both sides in one space",
        )
    return encoder


class _Unmatched:
    """The columns of both sides that are still open, and the matches so far."""

    def __init__(self, left: Space, right: Space) -> None:
        for space in (left, right):
            columnar(space)
        self.left = {column.name: column for column in left.columns}
        self.right = {column.name: column for column in right.columns}
        self._matches: list[Match] = []

    def pair(self, source: str, target: str, confidence: float, why: str) -> None:
        one, other = _free(self.left, source, "left"), _free(self.right, target, "right")
        if one.kind != other.kind and {one.kind, other.kind} != ZERO_OR_ONE:
            raise SpaceMismatch(
                f"column {source!r} is {one.kind} and {target!r} is {other.kind}; two of one kind "
                "are needed, or true and false with 0 and 1",
                next="convert one of them, and sketch again",
            )
        del self.left[source], self.right[target]
        self._matches.append(Match(source, target, confidence, why))

    def matching(self, least: float) -> Matching:
        ordered = sorted(self._matches, key=lambda found: (-found.confidence, found.source))
        left, right = (tuple(side.values()) for side in (self.left, self.right))
        return Matching(tuple(ordered), left, right, least)


def _free(columns: Mapping[str, Column], name: str, side: str) -> Column:
    if name not in columns:
        raise SpaceMismatch(
            f"there is no column {name!r} to match on the {side}; there are "
            f"{', '.join(map(repr, columns)) or 'none'}",
            next="name one of these, and each once",
        )
    return columns[name]


# ---------------------------------------------------------------- equal names


def _pair_equal(
    unmatched: _Unmatched, key: Callable[[Column], Hashable], confidence: float, why: str
) -> None:
    """Pair columns that share a key with one column of the other side, and with no other."""
    ours, theirs = (_by_key(side, key) for side in (unmatched.left, unmatched.right))
    for shared, names in ours.items():
        others = theirs.get(shared, [])
        if len(names) == len(others) == 1:
            one, other = unmatched.left[names[0]], unmatched.right[others[0]]
            if not _objection(one, other):
                unmatched.pair(one.name, other.name, confidence, why)


def _by_key(
    columns: Mapping[str, Column], key: Callable[[Column], Hashable]
) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = {}
    for name, column in columns.items():
        found.setdefault(key(column), []).append(name)
    return found


def _name(column: Column) -> Hashable:
    return column.name, column.kind


def _spelling(column: Column) -> Hashable:
    return "".join(words_of(column.name, unit=column.unit)), column.kind, column.unit


def _objection(one: Column, other: Column) -> str:
    """Return what speaks against a pair whatever its names and values, in words."""
    if one.unit and other.unit and one.unit != other.unit:
        return f"{one.unit} against {other.unit}"
    if any(is_generic(words_of(column.name)) for column in (one, other)):
        return "a name that says nothing"
    return ""


# ---------------------------------------------------------------- names that are alike


def _pair_alike(unmatched: _Unmatched, left: Sketch, right: Sketch) -> None:
    """Pair what is left by names and values, in the assignment of least cost."""
    ours, theirs = list(unmatched.left.values()), list(unmatched.right.values())
    likeness = name_likeness(
        *([words_of(it.name, unit=it.unit) for it in side] for side in (ours, theirs))
    )
    apart = _apart(left, ours, right, theirs)
    cost = np.where(np.isinf(apart), np.inf, 2 - likeness - 1 / (1 + apart))
    for i, j in assign(cost, dustbin=DUSTBIN):
        one, other = ours[i], theirs[j]
        confidence = float(likeness[i, j] * np.exp(-apart[i, j] / PATIENCE))
        why = f"names alike ({likeness[i, j]:.2f}), values {apart[i, j]:.2f} apart"
        if against := _objection(one, other):
            confidence, why = min(confidence, GUESS), f"{why}, but {against}"
        unmatched.pair(one.name, other.name, confidence, why)


def _apart(left: Sketch, ours: Sequence[Column], right: Sketch, theirs: Sequence[Column]) -> Float:
    """Return (m, n) distances of values; infinite between kinds."""
    out = np.full((len(ours), len(theirs)), np.inf)
    for kind in {column.kind for column in ours}:
        rows, columns = (
            [place for place, column in enumerate(side) if column.kind == kind]
            for side in (ours, theirs)
        )
        if rows and columns:
            out[np.ix_(rows, columns)] = _apart_in_kind(
                kind, left, [ours[i] for i in rows], right, [theirs[j] for j in columns]
            )
    return out


def _apart_in_kind(
    kind: Kind, left: Sketch, ours: Sequence[Column], right: Sketch, theirs: Sequence[Column]
) -> Float:
    if kind in ("numeric", "datetime"):
        scales = (np.array([column.scale for column in side]) for side in (ours, theirs))
        return wasserstein(_quantiles(left, ours), _quantiles(right, theirs), *scales)
    found: Float = cdist(_embeddings(left, ours), _embeddings(right, theirs))
    return found


def _quantiles(sketch: Sketch, columns: Sequence[Column]) -> Float:
    values = columnar(sketch.space).values(sketch.points, sketch.space)
    return np.array([_of_values(values[it.name], sketch.weights, it) for it in columns])


def _of_values(values: Float, weights: Float, column: Column) -> Float:
    """Return the quantiles of the points that have a value; of none, the public centre."""
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return quantiles(np.array([column.center]), np.ones(1))
    return quantiles(values[known], weights[known])


def _embeddings(sketch: Sketch, columns: Sequence[Column]) -> Float:
    parts = columnar(sketch.space).parts(sketch.space)
    blocks = [sketch.points[:, parts[column.name]] for column in columns]
    features = random_features(blocks[0].shape[1], FEATURES, gammas=[BLOCK_GAMMA], seed=0)
    return np.array([features.embed(block, sketch.weights) for block in blocks])
