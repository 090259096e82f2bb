"""Tables: named columns of numbers, categories, booleans and dates, with gaps.

Every kind of column has a mean squared distance of about two between rows, so that columns weigh
alike: a number is 1.25 asinh((x - centre) / scale); a level is a pseudo-random unit vector; a
boolean is -1 or 1; a date is a trend with three small circles. A missing value is neutral (zero)
and raises an indicator of its own.
"""

import math
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.data import Values, columns_of, count_rows, names_of, recognise
from learndock.core.ports import Encoder
from learndock.core.sketch import Float
from learndock.core.space import MAX_COLUMNS, Column, Kind, Space
from learndock.errors import BadData, SpaceMismatch
from learndock.numerics.kernels import median_gamma

RECIPE = 1
"""Counts up when coordinates are made in another way; written into every space."""
MIN_ROWS = 5
"""Fewer rows, or fewer values in a column, do not hide one another behind a median."""
SAMPLE = 1_000
"""Rows that the median distance is taken from."""

LEVEL_WIDTH = 12
_SPREAD = 1.25
"""1 / standard deviation of asinh of a standard normal variable."""
_CIRCLE = 1 / 3
"""Radius of a date's circles: a third of its variance, two thirds are the trend."""
_NORMAL_IQR = 1.349
_DAY = 86_400.0
_PERIODS = (_DAY, 7 * _DAY, 365.2425 * _DAY)
_LARGEST = 1e150
"""Numbers are read up to here, so that no sum overflows."""


class Table:
    """Encodes data frames of any library, and arrays with columns ``x0, x1, ...``."""

    def claims(self, data: Any) -> bool:
        """Say yes to data frames and two-dimensional arrays."""
        return recognise(data) in ("frame", "array")

    def space(self, data: Any, *, name: str) -> Space:
        """Make a space for a table's columns.

        Centre and scale are the median and the interquartile range, the scale rounded to two
        digits and the centre to the scale's first digit, so that they give no row away.

        Parameters
        ----------
        data : data frame or (n, d) array
            At least 5 rows, at most 2,000 columns.
        name : str
            What people call the space.

        Raises
        ------
        BadData
            If there are too few rows, too many columns, infinite values, or values that cannot
            be read.

        Examples
        --------
        >>> made = Table().space(np.arange(20.0).reshape(10, 2), name="demo")
        >>> made.width, made.columns[0].center, made.columns[0].scale
        (4, 9.0, 6.7)
        """
        _check_size(names_of(data), count_rows(data))
        values = columns_of(data)
        columns = tuple(_column(column, found) for column, found in values.items())
        draft = Space(
            name=name,
            modality="table",
            encoder="table",
            width=sum(_WIDTHS[column.kind] for column in columns),
            gamma=1.0,
            columns=columns,
            constants={"recipe": RECIPE},
        )
        coords = _coordinates(_sampled(values), draft)
        return draft.model_copy(update={"gamma": _rounded(median_gamma(coords), 3)})

    def encode(self, data: Any, space: Space) -> Float:
        """Return (n, width) coordinates; surplus columns of a data frame are passed over.

        Integers, floats and booleans serve as numbers, 0 and 1 as booleans, and a column
        without any value as every kind.

        Raises
        ------
        SpaceMismatch
            If a column is missing or has another kind, an array has another width, or the space is
            no table space.
        BadData
            If a value is infinite or cannot be read.

        Notes
        -----
        Costs O(n width) time and memory: 8 bytes for each coordinate.

        Examples
        --------
        >>> rows = [[1.0], [2.0], [3.0], [4.0], [float("nan")]]
        >>> made = Table().space(rows, name="demo")
        >>> Table().encode([[float("nan")]], made)
        array([[0., 1.]])
        """
        _check_space(space)
        values = columns_of(data, [column.name for column in space.columns])
        return _coordinates(values, space)

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return the range of each coordinate; numbers and the trend of dates have none.

        Examples
        --------
        >>> made = Table().space(np.arange(20.0).reshape(10, 2), name="demo")
        >>> Table().bounds(made)
        (array([-inf,   0., -inf,   0.]), array([inf,  1., inf,  1.]))
        """
        pairs = [pair for column in space.columns for pair in _RANGES[column.kind]]
        low, high = np.array(pairs).T
        return low, high


def _check_size(names: tuple[str, ...], rows: int) -> None:
    if not names:
        raise BadData("the table has no columns", next="give at least one column")
    if len(names) > MAX_COLUMNS:
        raise BadData(
            f"the table has {len(names):,} columns, and a space has at most {MAX_COLUMNS:,}",
            next="choose columns, or reduce them yourself and use the `vector` encoder",
            columns=len(names),
        )
    if rows < MIN_ROWS:
        raise BadData(
            f"the table has {rows} rows, and a space needs at least {MIN_ROWS}: "
            "the centres of fewer give rows away",
            next="give more rows, or use a space that the dock has",
            rows=rows,
        )


def _check_space(space: Space) -> None:
    if space.encoder != "table":
        raise SpaceMismatch(
            f"space {space} belongs to encoder {space.encoder!r}, and this one is 'table'",
            next=f"use the encoder {space.encoder!r}",
        )
    width = sum(_WIDTHS[column.kind] for column in space.columns)
    recipe = space.constants.get("recipe")
    if recipe != RECIPE or space.width != width:
        raise SpaceMismatch(
            f"space {space} has recipe {recipe} and width {space.width}; this version of "
            f"learndock makes recipe {RECIPE}, which gives {width}",
            next="update learndock, or use another space",
        )


# ---------------------------------------------------------------- constants


def _column(name: str, found: Values) -> Column:
    """Return a column's kind and its public constants."""
    if found.kind not in ("numeric", "datetime"):
        return Column(name=name, kind=found.kind)
    values = _finite(name, found)[~found.missing]
    if len(values) < MIN_ROWS:
        return Column(name=name, kind=found.kind)
    center, scale = _center_and_scale(values, alone=_DAY if found.kind == "datetime" else None)
    return Column(name=name, kind=found.kind, center=center, scale=scale)


def _center_and_scale(values: Float, *, alone: float | None) -> tuple[float, float]:
    """Return the rounded median and robust standard deviation of finite values.

    `alone` is the scale where all values are one; by default the value's own size.
    """
    values = np.clip(values, -_LARGEST, _LARGEST)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    scale = (high - low) / _NORMAL_IQR
    if scale == 0:  # over half of the values are one: mean absolute deviation of a normal variable
        scale = np.abs(values - middle).mean() * math.sqrt(math.pi / 2)
    if scale == 0:
        scale = alone or abs(middle) or 1.0
    digits = -math.floor(math.log10(scale))
    return round(float(middle), digits) + 0.0, _rounded(scale, 2)  # + 0.0: minus zero is zero


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _sampled(values: Mapping[str, Values]) -> dict[str, Values]:
    """Return the same random rows of every column."""
    count = len(next(iter(values.values())).missing)
    rows = np.random.default_rng(0).permutation(count)[:SAMPLE]
    return {
        name: Values(found.kind, found.values[rows], found.missing[rows])
        for name, found in values.items()
    }


# ---------------------------------------------------------------- coordinates


def _coordinates(values: Mapping[str, Values], space: Space) -> Float:
    """Return the coordinates of columns that were read, block by block."""
    count = len(next(iter(values.values())).missing)
    coords = np.zeros((count, space.width))
    start = 0
    for column in space.columns:
        found = _as_kind(values[column.name], column, space)
        end = start + _WIDTHS[column.kind]
        block = coords[:, start:end]
        _FILL[column.kind](block[:, :-1], found, column)
        block[found.missing, :-1] = 0.0
        block[:, -1] = found.missing
        start = end
    return coords


def _as_kind(found: Values, column: Column, space: Space) -> Values:
    """Return a column as the kind that the space has, where that loses nothing."""
    kind = column.kind
    if found.kind == kind or (found.kind, kind) == ("boolean", "numeric"):
        return found
    if found.missing.all():
        return Values(kind, _blank(kind, len(found.missing)), found.missing)
    if (found.kind, kind) == ("numeric", "boolean") and _is_binary(found):
        return found
    raise SpaceMismatch(
        f"column {column.name!r} is {kind} in space {space}, and {found.kind} here",
        next=_REMEDY[kind],
        column=column.name,
        wanted=kind,
        found=found.kind,
    )


def _blank(kind: Kind, count: int) -> NDArray[Any]:
    return np.full(count, "", dtype=object) if kind == "categorical" else np.full(count, np.nan)


def _is_binary(found: Values) -> bool:
    return bool(np.isin(found.values[~found.missing], (0.0, 1.0)).all())


def _finite(name: str, found: Values) -> Float:
    """Return a column's numbers, and refuse infinite ones."""
    values: Float = found.values
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise BadData(
            f"column {name!r} holds {len(infinite):,} infinite values, the first in row "
            f"{infinite[0]:,}",
            next="cap them, or mark them as missing (NaN)",
            column=name,
            rows=len(infinite),
        )
    return values


def _fill_numeric(block: Float, found: Values, column: Column) -> None:
    block[:, 0] = _SPREAD * _standard(column, found)


def _fill_boolean(block: Float, found: Values, column: Column) -> None:
    block[:, 0] = 2.0 * found.values - 1.0


def _fill_datetime(block: Float, found: Values, column: Column) -> None:
    block[:, 0] = _standard(column, found)
    for i, period in enumerate(_PERIODS):
        angle = (2 * math.pi / period) * np.mod(found.values, period)
        block[:, 1 + 2 * i] = _CIRCLE * np.cos(angle)
        block[:, 2 + 2 * i] = _CIRCLE * np.sin(angle)


def _fill_categorical(block: Float, found: Values, column: Column) -> None:
    position = {level: i for i, level in enumerate(dict.fromkeys(found.values))}
    codes = np.fromiter(map(position.__getitem__, found.values), np.intp, len(found.values))
    block[:] = level_vectors(column.name, list(position))[codes]


def _standard(column: Column, found: Values) -> Float:
    """Return asinh((x - centre) / scale), also where the quotient overflows."""
    with np.errstate(over="ignore"):
        quotient = (_finite(column.name, found) - column.center) / column.scale
    return np.arcsinh(np.clip(quotient, -_LARGEST, _LARGEST))


def level_vectors(column: str, levels: list[str]) -> Float:
    """Return a pseudo-random unit vector for each level of a categorical column.

    They are the same on every machine: integers from BLAKE2b of column and level, divided by
    their norm. No list of levels has to be published, and new levels have vectors, too.

    Parameters
    ----------
    column : str
        The column's name; one level has different vectors in different columns.
    levels : list of str
        L levels of any length.

    Returns
    -------
    (L, 12) float64
        Vectors of two levels have a mean cosine of 0, with a standard deviation of 0.29.

    Examples
    --------
    >>> red, blue = level_vectors("colour", ["red", "blue"])
    >>> round(float(red @ red), 9), round(float(red @ blue), 2)
    (1.0, -0.11)
    """
    head = column.encode("utf-8", "surrogatepass") + b"\0"
    digests = b"".join(
        blake2b(head + level.encode("utf-8", "surrogatepass"), digest_size=2 * LEVEL_WIDTH).digest()
        for level in levels
    )
    raw = np.frombuffer(digests, dtype="<i2").reshape(-1, LEVEL_WIDTH).astype(np.int64)
    vectors: Float = raw / np.sqrt((raw * raw).sum(axis=1, keepdims=True))
    return vectors


_FILL: dict[Kind, Callable[[Float, Values, Column], None]] = {
    "numeric": _fill_numeric,
    "boolean": _fill_boolean,
    "datetime": _fill_datetime,
    "categorical": _fill_categorical,
}
_WIDTHS: dict[Kind, int] = {
    "numeric": 2,
    "boolean": 2,
    "datetime": 2 + 2 * len(_PERIODS),
    "categorical": LEVEL_WIDTH + 1,
}
"""Coordinates of a column, its indicator of missing values included."""
_ENDLESS, _MISSING = (-math.inf, math.inf), (0.0, 1.0)
_RANGES: dict[Kind, list[tuple[float, float]]] = {
    "numeric": [_ENDLESS, _MISSING],
    "boolean": [(-1.0, 1.0), _MISSING],
    "datetime": [_ENDLESS, *[(-_CIRCLE, _CIRCLE)] * (2 * len(_PERIODS)), _MISSING],
    "categorical": [*[(-1.0, 1.0)] * LEVEL_WIDTH, _MISSING],
}
_REMEDY: dict[Kind, str] = {
    "numeric": "convert it, for example with `pandas.to_numeric`",
    "boolean": "give true and false, or 1 and 0",
    "datetime": "convert it, for example with `pandas.to_datetime`",
    "categorical": "convert it to strings, written as in the space's other data",
}

plugin: Encoder = Table()
