"""Making sketches: data to coordinates to a few moved points, gated before it may leave."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core import registry
from learndock.core.data import count_rows, form_of
from learndock.core.ports import Encoder
from learndock.core.sketch import QUANTILES, Float, Gate, Label, Sketch, round_rows
from learndock.core.space import Space
from learndock.errors import BadData, Invalid, PrivacyGate
from learndock.numerics.density import density
from learndock.numerics.privacy import expected_close, nearness
from learndock.numerics.reduced import Reduced, reduce

MOST_POINTS = 100
LEAST_POINTS = 5
ROWS_PER_POINT = 20
FEW_ROWS = 100
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


def encoder_of(space: Space) -> Encoder:
    """Return the encoder of a space."""
    found: Encoder = registry.load("encoders", space.encoder)
    return found


def space(data: Any, *, name: str = "data", encoder: str = "") -> Space:
    """Make a space for data: public, rounded constants, frozen from then on.

    Parameters
    ----------
    data : data frame, (n, d) array, or list of texts
        Rows like those that will be compared. Texts have a built-in space.
    name : str
        What people call it, such as ``weekly-sales``.
    encoder : str, optional
        An encoder's name, such as ``vector``; else the one that claims such data.

    Raises
    ------
    BadData
        If the data cannot be read.

    Examples
    --------
    >>> made = ld.space(np.random.default_rng(0).normal(size=(200, 3)), name="demo")
    >>> str(made), [column.name for column in made.columns]
    ('table/demo@1', ['x0', 'x1', 'x2'])
    """
    form_of(data)
    return _encoder_for(data, encoder).space(data, name=name)


def _encoder_for(data: Any, name: str) -> Encoder:
    if name:
        chosen: Encoder = registry.load("encoders", name)
        return chosen
    for candidate in registry.names("encoders"):
        found: Encoder = registry.load("encoders", candidate)
        if found.claims(data):
            return found
    raise BadData(f"no encoder reads {type(data).__name__}", next="name one with `encoder=`")


def sketch(
    data: Any,
    *,
    space: Space | None = None,
    size: int | None = None,
    seed: int = 0,
    encoder: str = "",
    consent: bool = False,
) -> Sketch:
    """Sketch rows: a few weighted points that stand for them, none of which is a row.

    Parameters
    ----------
    data : data frame, (n, d) array, or list of texts
        The rows. They stay here.
    space : Space, optional
        Where to sketch; sketches compare within one space only. Without one, texts use the
        built-in space and tables get a new one from their own rounded constants.
    size : int, optional
        Number of points K, at most n / 20; by default min(100, n / 20), at least 5, or a half or
        a quarter of that where the privacy gate wants it.
    seed : int
        The same data, space and seed give the same sketch on one machine.
    encoder : str, optional
        An encoder's name, when no `space` is given.
    consent : bool
        Let the sketch pass although the privacy gate objects or there are under 100 rows.

    Raises
    ------
    PrivacyGate
        If there are fewer than 100 rows, or points come too near to rows.
    BadData, SpaceMismatch
        If the data cannot be read, or does not go with the space.

    Notes
    -----
    Costs O(n K d) time and O(n d) memory for the reduced kernel mean embedding [1]_.

    References
    ----------
    .. [1] Wu, Xu, Liu and Zhou, "Model Reuse With Reduced Kernel Mean Embedding
       Specification", IEEE TKDE 35 (2023), 699-710.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(1000, 3))
    >>> made = ld.sketch(rows, size=20)
    >>> made.points.shape, round(float(made.weights.sum()), 6), made.gate.passed
    ((20, 6), 1.0, True)
    """
    form_of(data)
    require_rows(data, consent=consent)
    if space is None:
        space = _encoder_for(data, encoder).space(data, name="data")
    coords = encoder_of(space).encode(data, space)
    return sketch_coords(coords, space, size=size, seed=seed, consent=consent)


def sketch_coords(
    coords: Float,
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
    if seed < 0:
        raise Invalid(f"seed is {seed}; 0 or more is needed", next="give another seed")
    rows = len(coords)
    columns = None if outcomes is None else outcomes.merged()
    low, high = encoder_of(space).bounds(space)
    for points_wanted in _sizes(rows, size, consent=consent):
        reduced = reduce(
            coords,
            points_wanted,
            gammas=space.gammas,
            labels=columns,
            classes=0 if outcomes is None else outcomes.count,
            seed=seed,
            low=low,
            high=high,
        )
        points = np.round(reduced.points, DECIMALS).astype(np.float32).astype(np.float64)
        gate = _gate(points, coords, consent=consent, seed=seed)
        if gate.passed:
            break
    else:
        raise _refusal(gate)
    weights, parts = _rounded(reduced, round_rows(rows))
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
        rows=round_rows(rows),
        mmd=_digits(reduced.mmd),
        density=quantiles,
        confidence=() if confidence is None else _quantiles(confidence),
        accuracy=tuple(_digits(value) for value in accuracy),
        gate=gate,
    )


def require_rows(data: Any, *, consent: bool) -> None:
    """Raise `PrivacyGate` if there are too few rows to hide one, and the owner does not consent."""
    rows = count_rows(data)
    if rows < FEW_ROWS and not consent:
        raise PrivacyGate(
            f"{rows} rows are too few to hide one of them; {FEW_ROWS} are needed",
            next="give more rows, or say consent=True (--consent) if these rows may be guessed",
            rows=rows,
        )


def _sizes(rows: int, size: int | None, *, consent: bool) -> list[int]:
    """Return the numbers of points to try: the one asked for, or ever fewer."""
    allowed = max(LEAST_POINTS, rows // ROWS_PER_POINT)
    if size is None:
        most = min(MOST_POINTS, allowed, rows)
        return [most, *(most // part for part in (2, 4) if most // part >= LEAST_POINTS)]
    if size < 1 or (size > allowed and not consent):
        raise Invalid(
            f"a sketch of {size} points was asked for; {rows} rows allow 1 to {allowed}",
            next="ask for fewer points",
            size=size,
            allowed=allowed,
        )
    return [min(size, rows)]


def _gate(points: Float, rows: Float, *, consent: bool, seed: int) -> Gate:
    """Measure how near the points come to rows, and how near chance would bring them."""
    found = nearness(points, rows, seed=seed)
    return Gate(
        nearest=_digits(found.nearest),
        close=_digits(found.close),
        limit=_digits(expected_close(rows, count=len(points), seed=seed)),
        copies=found.copies,
        consent=consent,
    )


def _refusal(gate: Gate) -> PrivacyGate:
    return PrivacyGate(
        f"{gate.close:.0%} of the sketch's points lie close to a single row ({gate.copies} "
        f"copies); chance explains {gate.limit:.0%}",
        next="ask for fewer points, give more rows, or say consent=True (--consent)",
        close=gate.close,
        limit=gate.limit,
        copies=gate.copies,
    )


def _quantiles(values: Float) -> tuple[float, ...]:
    return tuple(_digits(value) for value in np.quantile(values, QUANTILES))


def _rounded(reduced: Reduced, rows: int) -> tuple[Float, Float | None]:
    """Return weights and outcomes to three digits; the share of an outcome as whole rows.

    `rows` is the rounded number that is published, so shares do not give the true one away.
    """
    if reduced.outcomes is None:
        weights = _all_digits(reduced.weights)
        return weights / weights.sum(), None
    outcomes = _all_digits(reduced.outcomes)
    masses = outcomes.sum(axis=0)
    whole = np.round(rows * reduced.outcomes.sum(axis=0))
    outcomes *= whole / np.where(masses == 0, 1.0, masses) / whole.sum()
    return outcomes.sum(axis=1), outcomes


def _all_digits(values: Float) -> Float:
    return np.array([_digits(value) for value in values.flat]).reshape(values.shape)


def _digits(value: float) -> float:
    """Round to three significant digits: nothing finer leaves."""
    return float(f"{value:.3g}")
