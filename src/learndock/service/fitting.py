"""Fitting a sketch to encoded rows, gated before it may leave."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from learndock.core.sketch import QUANTILES, Float, Gate, Label, Sketch, round_rows
from learndock.core.space import Space
from learndock.errors import PrivacyGate
from learndock.numerics.density import density
from learndock.numerics.privacy import gate
from learndock.numerics.reduced import Reduced, reduce
from learndock.numerics.rounding import significant
from learndock.numerics.rows import Rows, as_rows
from learndock.service.encoding import encoder_of
from learndock.service.simulating import simulated_membership
from learndock.service.sizing import (
    FEW_ROWS,
    allowed_points,
    least_points,
    require_rows,
    require_seed,
)

DECIMALS = 3
"""Points are rounded to so many."""
CROWD = 5
"""Rows that hide one another: an outcome with fewer is merged into another."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a model answers on the rows that are sketched.

    No outcome of a sketch is that of fewer than 5 rows: a class with fewer is counted as the most
    frequent class, and a bin with fewer as the nearest bin that has enough.

    Attributes
    ----------
    columns : (n,) int
        For each row the class, or the bin of the predicted value.
    classes : tuple of labels
        Names of the classes; empty for regression.
    edges : tuple of float
        Inner edges of the bins; empty for classification.
    """

    columns: NDArray[np.intp]
    classes: tuple[Label, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """Number of columns C."""
        return len(self.classes) or len(self.edges) + 1

    def merged(self) -> NDArray[np.intp]:
        """Return `columns` without outcomes of fewer than 5 rows, unless all have fewer."""
        counts = np.bincount(self.columns, minlength=self.count)
        most = int(counts.argmax())
        crowded = np.flatnonzero(counts >= CROWD)
        target = np.arange(self.count)
        for rare in np.flatnonzero(counts < CROWD):
            nearest = crowded[np.abs(crowded - rare).argmin()] if len(crowded) else most
            target[rare] = most if self.classes else nearest
        merged: NDArray[np.intp] = target[self.columns]
        return merged

    def coarse(self) -> "Outcomes":
        """Return the same for few rows: classes as they are, all values in one bin."""
        return self if self.classes else Outcomes(np.zeros_like(self.columns))


def sketch_coords(
    coords: Float | Rows,
    space: Space,
    *,
    size: int | None = None,
    seed: int = 0,
    consent: bool = False,
    outcomes: Outcomes | None = None,
    held_out: Float | None = None,
    confidence: Float | None = None,
    accuracy: tuple[float, ...] = (),
) -> Sketch:
    """Sketch rows that are encoded already; `sketch` and `pack` end here."""
    require_seed(seed)
    rows = as_rows(coords)
    require_rows(len(rows), consent=consent)
    coarse = len(rows) < FEW_ROWS and not consent
    if coarse:
        outcomes = outcomes and outcomes.coarse()
        held_out, confidence, accuracy = None, None, ()
    columns = None if outcomes is None else outcomes.merged()
    published = round_rows(len(rows))
    low, high = encoder_of(space).bounds(space)
    for points_wanted in _sizes(len(rows), size, consent=consent):
        reduced = reduce(
            rows,
            points_wanted,
            gammas=space.gammas,
            labels=columns,
            classes=0 if outcomes is None else outcomes.count,
            seed=seed,
            low=low,
            high=high,
        )
        points, weights, parts = rounded(reduced, published, outcomes=outcomes is not None)
        measured = _gate(points, rows, consent=consent, seed=seed)
        if measured.passed:
            break
    else:
        raise _refusal(measured)
    if coarse:
        guessed = simulated_membership(
            rows.pick(np.arange(len(rows))), space, ratio=len(points) / len(rows), seed=seed
        )
        measured = replace(measured, membership=significant(guessed))
    quantiles: tuple[float, ...] = ()
    if held_out is not None and len(held_out):
        gamma = space.sharpness * space.gamma
        quantiles = _quantiles(density(held_out, points, weights, gamma=gamma))
    return Sketch(
        space=space,
        points=points,
        weights=weights,
        outcomes=parts,
        classes=() if outcomes is None else outcomes.classes,
        edges=() if outcomes is None else outcomes.edges,
        rows=published,
        mmd=significant(reduced.mmd),
        density=quantiles,
        confidence=() if confidence is None else _quantiles(confidence),
        accuracy=tuple(significant(value) for value in accuracy),
        gate=measured,
    )


def _sizes(rows: int, size: int | None, *, consent: bool) -> list[int]:
    """Return the numbers of points to try: the one asked for, or ever fewer."""
    most = min(allowed_points(rows, size, consent=consent), rows)
    if size is not None:
        return [most]
    least = least_points(rows, consent=consent)
    return [most, *(most // part for part in (2, 4) if most // part >= least)]


def _gate(points: Float, rows: Rows, *, consent: bool, seed: int) -> Gate:
    """Measure how near the points come to rows, and how near chance would bring them."""
    found, limit = gate(points, rows, seed=seed)
    return Gate(
        nearest=significant(found.nearest),
        close=significant(found.close),
        limit=significant(limit),
        copies=found.copies,
        consent=bool(consent),
    )


def _refusal(gate: Gate) -> PrivacyGate:
    return PrivacyGate(
        f"{gate.close:.0%} of the sketch's points lie close to a single row ({gate.copies} "
        f"copies); chance explains {gate.limit:.0%}",
        next="leave out a column that numbers the rows (--drop), ask for fewer points, give more "
        "rows, or say consent=True (--consent)",
        close=gate.close,
        limit=gate.limit,
        copies=gate.copies,
    )


def _quantiles(values: Float) -> tuple[float, ...]:
    """Return quantiles with 5 rows or more on either side; of fewer than 10 rows none."""
    if len(values) < 2 * CROWD:
        return ()
    levels = np.clip(QUANTILES, CROWD / len(values), 1 - CROWD / len(values))
    return tuple(significant(value) for value in np.quantile(values, levels))


def rounded(reduced: Reduced, rows: int, *, outcomes: bool) -> tuple[Float, Float, Float | None]:
    """Return points to three decimals, weights and outcomes to three digits.

    The share of an outcome is that of whole rows, of the rounded number `rows` that is
    published, so that shares do not give the true one away.
    """
    points = np.round(reduced.points, DECIMALS).astype(np.float32).astype(np.float64)
    if reduced.outcomes is None or not outcomes:
        weights = _all_significant(reduced.weights)
        return points, weights / weights.sum(), None
    parts = _all_significant(reduced.outcomes)
    masses = parts.sum(axis=0)
    whole = np.round(rows * reduced.outcomes.sum(axis=0))
    parts *= whole / np.where(masses == 0, 1.0, masses) / whole.sum()
    return points, parts.sum(axis=1), parts


def _all_significant(values: Float) -> Float:
    return np.array([significant(value) for value in values.flat]).reshape(values.shape)
