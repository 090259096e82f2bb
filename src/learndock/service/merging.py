"""Merging sketches without their rows, and updating one with further rows."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.sketch import (
    QUANTILES,
    Float,
    Gate,
    Label,
    Release,
    ReleasePart,
    Sketch,
    round_rows,
)
from learndock.errors import BadData, Invalid, SketchMismatch
from learndock.numerics.merging import merge as merge_points
from learndock.numerics.rounding import significant
from learndock.service.encoding import encoder_of
from learndock.service.fitting import Outcomes, rounded, sketch_coords
from learndock.service.releasing import release_coords
from learndock.service.rows import Blocks
from learndock.service.sizing import require_seed


def merge(*sketches: Sketch, size: int | None = None, seed: int = 0) -> Sketch:
    """Merge sketches of separate rows into one of all these rows, which nobody has to pool.

    Parameters
    ----------
    *sketches : Sketch
        In one space, of rows that no two of them share. Those with outcomes need them all, of
        the same bins where they are bins; classes may differ.
    size : int, optional
        Number of points; by default that of the largest sketch.
    seed : int
        The same sketches and seed give the same sketch on one machine.

    Returns
    -------
    Sketch
        Its `mmd` is a bound on the distance to all rows: the distance to the weighted union of
        the sketches, plus the mean of theirs to their own rows. Thresholds of density are
        left out; those of confidence come from the mixture of the distributions, accuracy is
        weighted by rows. The gate is the worst of all: what is made of sketches that may leave
        may leave. Of differentially private sketches the merged one states the largest cost of
        each part: every row pays for its own sketch only.

    Raises
    ------
    SketchMismatch
        If spaces or outcomes differ, or only some are differentially private.
    Invalid
        If no sketch is given, `size` is not positive, or `seed` is negative.

    Notes
    -----
    Costs O(N K d) time for N points in all.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(2000, 3))
    >>> space = ld.space(rows, name="demo")
    >>> north, south = (ld.sketch(part, space=space) for part in (rows[:800], rows[800:]))
    >>> both = ld.merge(north, south)
    >>> both.rows, len(both) <= 60
    (2000, True)
    """
    require_seed(seed)
    _check(sketches, size)
    space = sketches[0].space
    counts = np.array([sketch.rows for sketch in sketches], dtype=float)
    shares = counts / counts.sum()
    classes = tuple(dict.fromkeys(label for sketch in sketches for label in sketch.classes))
    low, high = encoder_of(space).bounds(space)
    found = merge_points(
        np.concatenate([sketch.points for sketch in sketches]),
        np.concatenate([_masses(*pair, classes) for pair in zip(sketches, shares, strict=True)]),
        size=size or max(map(len, sketches)),
        gammas=space.gammas,
        seed=seed,
        low=low,
        high=high,
    )
    with_outcomes = sketches[0].outcomes is not None
    points, weights, outcomes = rounded(found, int(counts.sum()), outcomes=with_outcomes)
    own = np.array([sketch.mmd for sketch in sketches])
    return Sketch(
        space=space,
        points=points,
        weights=weights,
        outcomes=outcomes,
        classes=classes,
        edges=sketches[0].edges,
        rows=round_rows(int(counts.sum())),
        mmd=min(1.0, significant(found.mmd + float(shares @ own))),
        confidence=_confidence(sketches, shares),
        accuracy=_accuracy(sketches, shares, classes),
        gate=_gate([sketch.gate for sketch in sketches]),
        release=_release([sketch.release for sketch in sketches if sketch.release]),
    )


def update(
    sketch: Sketch,
    data: Any,
    answers: Any = None,
    *,
    size: int | None = None,
    seed: int = 0,
    consent: bool = False,
    epsilon: float | None = None,
    delta: float | None = None,
) -> Sketch:
    """Return a sketch that stands for further rows too; the earlier ones are not needed.

    Parameters
    ----------
    sketch : Sketch
        Of the earlier rows.
    data : data, Path, or iterable of data
        The new rows, none of which is among the earlier ones.
    answers : (n,) labels or values, optional
        What the model answers on the new rows; needed where the sketch has outcomes.
    size : int, optional
        Number of points; by default as many as the larger of both sketches has.
    seed, consent
        As in `sketch`; the new rows pass the privacy gate by themselves.
    epsilon, delta
        As in `sketch`: what the new rows pay. Needed where the sketch is differentially private,
        and only there.

    Raises
    ------
    SketchMismatch
        If the sketch is differentially private and the new rows are not to be, or the reverse.
    BadData
        If answers are missing, too many, or unknown to the sketch.
    PrivacyGate, SpaceMismatch
        As `sketch` does.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(2000, 3))
    >>> monday = ld.sketch(rows[:1000])
    >>> ld.update(monday, rows[1000:]).rows
    2000
    """
    _check_privacy(sketch.release is not None, epsilon is not None)
    rows = Blocks.of(data).encoded(sketch.space)
    outcomes = _outcomes(sketch, answers, len(rows))
    how: dict[str, Any] = {"seed": seed, "consent": consent, "outcomes": outcomes}
    if epsilon is None:
        fresh = sketch_coords(rows, sketch.space, **how)
    else:
        fresh = release_coords(rows, sketch.space, epsilon=epsilon, delta=delta, **how)
    return merge(sketch, fresh, size=size, seed=seed)


def _check(sketches: Sequence[Sketch], size: int | None) -> None:
    if not sketches or (size is not None and size < 1):
        raise Invalid(
            f"{len(sketches)} sketches and size {size} were given; 1 or more of each are needed",
            next="give the sketches one after the other: merge(a, b)",
        )
    for left, right in pairwise(sketches):
        if left.space != right.space:
            raise SketchMismatch(
                f"sketches in spaces {left.space} ({left.space.id[:12]}) and {right.space} "
                f"({right.space.id[:12]}) cannot be merged",
                next="sketch both in one space, or re-key one with `rekey`",
            )
        if left.edges != right.edges or _kind(left) != _kind(right):
            raise SketchMismatch(
                "sketches with other outcomes cannot be merged: both need classes, the same "
                "bins, or none",
                next="sketch both in the same way",
            )
        _check_privacy(left.release is not None, right.release is not None)


def _check_privacy(left: bool, right: bool) -> None:
    if left != right:
        raise SketchMismatch(
            "a differentially private sketch and a plain one cannot be merged: the whole would be "
            "neither private nor measured by the gate",
            next="sketch both with epsilon=, or both without",
        )


def _kind(sketch: Sketch) -> tuple[bool, bool]:
    return sketch.outcomes is not None, bool(sketch.classes)


def _masses(sketch: Sketch, share: float, classes: tuple[Label, ...]) -> Float:
    """Return a sketch's part of the union's masses, (K, C) in the order of all classes."""
    if sketch.outcomes is None:
        return share * sketch.weights[:, None]
    if not classes:
        return share * sketch.outcomes
    masses = np.zeros((len(sketch), len(classes)))
    masses[:, [classes.index(label) for label in sketch.classes]] = share * sketch.outcomes
    return masses


def _confidence(sketches: Sequence[Sketch], shares: Float) -> tuple[float, ...]:
    """Return quantiles of the mixture of the sketches' distributions of confidence."""
    if not all(sketch.confidence for sketch in sketches):
        return ()
    grid = np.unique(np.concatenate([sketch.confidence for sketch in sketches]))
    levels = (0.0, *QUANTILES, 1.0)
    below = sum(
        share * np.interp(grid, (0.0, *sketch.confidence, 1.0), levels)
        for sketch, share in zip(sketches, shares, strict=True)
    )
    return tuple(significant(value) for value in np.interp(QUANTILES, below, grid))


def _accuracy(
    sketches: Sequence[Sketch], shares: Float, classes: tuple[Label, ...]
) -> tuple[float, ...]:
    """Return accuracy by class, weighted by the class's rows; or the root mean square error."""
    if not all(sketch.accuracy for sketch in sketches):
        return ()
    if not classes:
        squares = [sketch.accuracy[0] ** 2 for sketch in sketches]
        return (significant(float(np.sqrt(shares @ squares))),)
    right, rows = np.zeros(len(classes)), np.zeros(len(classes))
    for sketch, share in zip(sketches, shares, strict=True):
        place = [classes.index(label) for label in sketch.classes]
        mass = share * np.maximum(sketch.prior, 1e-9)  # a class without rows counts little
        right[place] += mass * np.array(sketch.accuracy)
        rows[place] += mass
    return tuple(significant(value) for value in right / rows)


def _gate(gates: Sequence[Gate | None]) -> Gate | None:
    known = [gate for gate in gates if gate is not None]
    if len(known) < len(gates):
        return None
    guessed = [gate.membership for gate in known if gate.membership is not None]
    return Gate(
        nearest=min(gate.nearest for gate in known),
        close=max(gate.close for gate in known),
        limit=max(gate.limit for gate in known),
        copies=max(gate.copies for gate in known),
        consent=any(gate.consent for gate in known),
        membership=max(guessed, default=None),
    )


def _release(releases: Sequence[Release]) -> Release | None:
    """Return the accounting of disjoint rows: each row pays for its own sketch only."""
    parts: dict[str, list[ReleasePart]] = {}
    for release in releases:
        for part in release.parts:
            parts.setdefault(part.what, []).append(part)
    return Release.of(*map(_dearest, parts.values())) if parts else None


def _dearest(parts: Sequence[ReleasePart]) -> ReleasePart:
    """Return a part that costs as much as the dearest, and has the noise of the least hidden."""
    barest = min(parts, key=lambda part: (part.noise or 0.0) / (part.sensitivity or 1.0))
    return replace(
        barest,
        epsilon=max(part.epsilon for part in parts),
        delta=max(part.delta for part in parts),
        entries=max(part.entries for part in parts),
    )


def _outcomes(sketch: Sketch, answers: Any, rows: int) -> Outcomes | None:
    """Return the outcomes of new rows in the sketch's own classes or bins."""
    if sketch.outcomes is None:
        return None
    given = [] if answers is None else np.asarray(answers).tolist()
    if len(given) != rows:
        raise BadData(
            f"the sketch has outcomes, and {len(given)} answers were given for {rows} rows",
            next="give what the model answers on each new row",
            answers=len(given),
            rows=rows,
        )
    if not sketch.classes:
        return Outcomes(_bins(sketch.edges, given), edges=sketch.edges)
    columns = {label: column for column, label in enumerate(sketch.classes)}
    if unknown := [label for label in given if label not in columns]:
        raise BadData(
            f"the model answers {unknown[0]!r}, which is none of {list(sketch.classes)[:5]}",
            next="give the answers of the sketch's own model",
        )
    return Outcomes(np.array([columns[label] for label in given]), classes=sketch.classes)


def _bins(edges: tuple[float, ...], values: list[Any]) -> NDArray[np.intp]:
    try:
        return np.searchsorted(edges, np.array(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise BadData(
            f"a regressor's answers are numbers, and these are not: {error}", next="give numbers"
        ) from error
