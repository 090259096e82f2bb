"""How each kind of column becomes coordinates, comes back, and moves to another space.

A block holds the coordinates of one column; its last one tells where there is no value.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learndock.core.columns import Values
from learndock.core.sketch import Float
from learndock.core.space import Column, Kind
from learndock.encoders._hashing import LEVEL_WIDTH, TEXT_WIDTH, level_vectors, text_vectors
from learndock.errors import SpaceMismatch

DAY = 86_400.0
LARGEST = 1e150
"""Numbers are read up to here, so that no sum overflows."""

_SPREAD: dict[Kind, float] = {"numeric": 1.25, "datetime": 1.0}
"""1.25 is 1 / standard deviation of asinh of a standard normal variable."""
_CIRCLE = 1 / 3
"""Radius of a date's circles: a third of its variance, two thirds are the trend."""
_PERIODS = (DAY, 7 * DAY, 365.2425 * DAY)

WIDTHS: dict[Kind, int] = {
    "numeric": 2,
    "boolean": 2,
    "datetime": 2 + 2 * len(_PERIODS),
    "categorical": LEVEL_WIDTH + 1,
    "text": TEXT_WIDTH + 1,
}
"""Coordinates of a column, its indicator of missing values included."""
_ENDLESS, _MISSING = (-math.inf, math.inf), (0.0, 1.0)
RANGES: dict[Kind, list[tuple[float, float]]] = {
    "numeric": [_ENDLESS, _MISSING],
    "boolean": [(-1.0, 1.0), _MISSING],
    "datetime": [_ENDLESS, *[(-_CIRCLE, _CIRCLE)] * (2 * len(_PERIODS)), _MISSING],
    "categorical": [*[(-1.0, 1.0)] * LEVEL_WIDTH, _MISSING],
    "text": [*[(-1.0, 1.0)] * TEXT_WIDTH, _MISSING],
}
"""Least and largest value of each coordinate."""

# ---------------------------------------------------------------- values to coordinates


def writer(column: Column, found: Values) -> Callable[[slice, Float], None]:
    """Return what writes some rows of a column, which are (m, width), into a block."""
    fill = _FILL[column.kind](column, found)

    def write(rows: slice, block: Float) -> None:
        missing = found.missing[rows]
        fill(found.values[rows], block)
        if missing.any():
            block[missing] = 0.0
        block[:, -1] = missing

    return write


_Fill = Callable[[NDArray[np.float64], Float], None]


def _numbers(column: Column, found: Values) -> _Fill:
    def fill(values: Float, block: Float) -> None:
        block[:, 0] = _standard(values, column)

    return fill


def _booleans(column: Column, found: Values) -> _Fill:
    def fill(values: Float, block: Float) -> None:
        block[:, 0] = 2.0 * values - 1.0

    return fill


def _dates(column: Column, found: Values) -> _Fill:
    def fill(values: Float, block: Float) -> None:
        block[:, 0] = _standard(values, column)
        for i, period in enumerate(_PERIODS):
            angle = (2 * math.pi / period) * np.mod(values, period)
            block[:, 1 + 2 * i] = _CIRCLE * np.cos(angle)
            block[:, 2 + 2 * i] = _CIRCLE * np.sin(angle)

    return fill


def _vectors(column: Column, found: Values) -> _Fill:
    of_levels = level_vectors if column.kind == "categorical" else text_vectors
    table = np.pad(of_levels(found.levels), ((0, 1), (0, 1)))  # the last row is no level's

    def fill(codes: NDArray[np.float64], block: Float) -> None:
        block[:] = table[codes]

    return fill


_FILL: dict[Kind, Callable[[Column, Values], _Fill]] = {
    "numeric": _numbers,
    "boolean": _booleans,
    "datetime": _dates,
    "categorical": _vectors,
    "text": _vectors,
}


def _standard(values: Float, column: Column) -> Float:
    """Return the coordinate of values: asinh((x - centre) / scale), also where that overflows."""
    with np.errstate(over="ignore"):
        out = values - column.center
        out /= column.scale
    np.clip(out, -LARGEST, LARGEST, out=out)
    np.arcsinh(out, out=out)
    out *= _SPREAD[column.kind]
    return out


# ---------------------------------------------------------------- coordinates to values


def values_of(block: Float, column: Column) -> Float:
    """Return the (K,) numbers or seconds that points stand for; NaN where most have no value."""
    with np.errstate(over="ignore"):
        values = column.center + column.scale * _quotient(block, column)
    return np.where(block[:, -1] >= 0.5, np.nan, np.clip(values, -1e300, 1e300))


def _quotient(block: Float, column: Column) -> Float:
    """Return (x - centre) / scale of points.

    A point between rows with a value and rows without one is drawn towards zero as far as its
    indicator says; that is undone.
    """
    most = _SPREAD[column.kind] * math.asinh(LARGEST)
    straight = np.clip(_apart(block, block[:, 0]), -most, most)
    quotient: Float = np.sinh(straight / _SPREAD[column.kind])
    return quotient


def _apart(block: Float, coordinate: Float) -> Float:
    """Return a coordinate as if no value of the point were missing; 0 where all are."""
    present = 1.0 - block[:, -1]
    return np.divide(coordinate, present, out=np.zeros(len(block)), where=present > 0)


def carried(block: Float, source: Column, target: Column) -> Float:
    """Return a column's coordinates in those of another space's column.

    Raises
    ------
    SpaceMismatch
        If one cannot stand for the other.
    """
    if source.kind != target.kind:
        return _between(block, source, target)
    same = (source.center, source.scale) == (target.center, target.scale)
    if source.kind not in _SPREAD or same:
        return block
    with np.errstate(over="ignore"):
        shift = (source.center - target.center) / target.scale
        quotient = shift + source.scale / target.scale * _quotient(block, source)
    straight = _SPREAD[target.kind] * np.arcsinh(np.clip(quotient, -LARGEST, LARGEST))
    return _moved(block, straight)


def _moved(block: Float, straight: Float) -> Float:
    """Return a block whose first coordinate is this one where no value is missing."""
    moved = block.copy()
    moved[:, 0] = straight * (1.0 - block[:, -1])
    return moved


def _between(block: Float, source: Column, target: Column) -> Float:
    """Carry between booleans and numbers 0 and 1."""
    if (source.kind, target.kind) == ("boolean", "numeric"):
        share = (_apart(block, block[:, 0]) + 1) / 2
        return _moved(block, _standard(share, target))
    if (source.kind, target.kind) == ("numeric", "boolean"):
        values = source.center + source.scale * _quotient(block, source)
        present = block[:, -1] < 1
        if ((values > -_SLACK) & (values < 1 + _SLACK))[present].all():
            return _moved(block, 2.0 * np.clip(values, 0.0, 1.0) - 1.0)
    raise SpaceMismatch(
        f"column {source.name!r} is {source.kind}, and {target.name!r} is {target.kind}",
        next="pair columns of one kind",
        source=source.name,
        target=target.name,
    )


_SLACK = 0.05
"""How far from 0 and 1 the rounded points of a column of zeros and ones may lie."""
