"""Tables: named columns of numbers, categories, booleans, dates and short texts, with gaps.

Every kind of column has a mean squared distance of about two between rows, so that columns weigh
alike: a number is 1.25 asinh((x - centre) / scale); a level is a pseudo-random unit vector; a
boolean is -1 or 1; a date is a trend with three small circles; a free text is the direction of the
sum of its words' vectors. A missing value is neutral (zero) and raises an indicator of its own.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from learndock.core.columns import Values, columns_of, guess_of, read_as
from learndock.core.data import (
    count_rows,
    form_of,
    is_sparse,
    names_of,
    recognise,
    require_columns,
)
from learndock.core.ports import Columnar, Reading
from learndock.core.sketch import Float
from learndock.core.space import MAX_COLUMNS, MAX_WIDTH, Column, Space
from learndock.core.strings import MARKS, Guess
from learndock.encoders._blocks import DAY, LARGEST, RANGES, WIDTHS, carried, values_of, writer
from learndock.encoders._readings import told
from learndock.encoders._units import unit_in, units_of
from learndock.errors import BadData, SpaceMismatch
from learndock.numerics.kernels import median_gamma
from learndock.numerics.rounding import significant

RECIPE = 2
"""Counts up when coordinates are made in another way; written into every space."""
MIN_ROWS = 5
"""Fewer rows, or fewer values in a column, do not hide one another behind a median."""
SAMPLE = 1_000
"""Rows that the median distance is taken from."""

FEW_ODD = 0.01
"""So few of all rows may have strings that cannot be read even if they are most of those there."""

_NORMAL_IQR = 1.349
_BLOCK = 8_192
"""Rows that are written at once: their coordinates stay in a processor's cache."""


class Table:
    """Encodes data frames of any library, and arrays with columns ``x0, x1, ...``."""

    builtin: Space | None = None

    def claims(self, data: Any) -> bool:
        """Say yes to data frames, two-dimensional arrays and sparse matrices."""
        return recognise(data) in ("frame", "array")

    def space(self, data: Any, *, name: str, source: str = "") -> Space:
        """Make a space for a table's columns.

        Centre and scale are the median and the interquartile range, the scale rounded to two
        digits and the centre to the scale's first digit, so that they give no row away. Strings
        are read as what they stand for: numbers, booleans, dates, free text, else categories.

        Parameters
        ----------
        data : data frame, (n, d) array, or sparse matrix
            At least 5 rows, at most 2,000 columns.
        name : str
            What people call the space.

        Raises
        ------
        BadData
            If there are too few rows, too many columns, infinite values, or values that cannot
            be read.

        Notes
        -----
        Costs O(n width) time, and the memory of one column.

        Examples
        --------
        >>> made = Table().space(np.arange(20.0).reshape(10, 2), name="demo")
        >>> made.width, made.columns[0].center, made.columns[0].scale
        (4, 9.0, 6.7)
        """
        _check_size(names_of(data), data)
        units = units_of(data)
        rows = np.random.default_rng(0).permutation(count_rows(data))[:SAMPLE]
        columns: list[Column] = []
        sample: dict[str, Values] = {}
        for column_name, found in columns_of(data):
            column, read = _column(column_name, found, units.get(column_name, ""))
            columns.append(column)
            sample[column_name] = read[rows]
        draft = _space(name, columns)
        coords = _written(np.empty((len(rows), draft.width)), sample, draft)
        return draft.model_copy(update={"gamma": significant(median_gamma(coords))})

    def encode(self, data: Any, space: Space) -> Float:
        """Return (n, width) coordinates; surplus columns of a data frame are passed over.

        Integers, floats and booleans serve as numbers, 0 and 1 as booleans, strings as the kind
        that their column has, and a column without any value as every kind. A string that cannot
        be read counts as missing.

        Raises
        ------
        SpaceMismatch
            If a column is missing, has another kind, or has more strings that cannot be read than
            others; if an array has another width, or the space is no table space.
        BadData
            If a value is infinite or cannot be read.

        Notes
        -----
        Costs O(n width) time and memory: 8 bytes for each coordinate. A sparse matrix is made
        dense 8,192 rows at a time.

        Examples
        --------
        >>> rows = [[1.0], [2.0], [3.0], [4.0], [float("nan")]]
        >>> made = Table().space(rows, name="demo")
        >>> Table().encode([[float("nan")]], made)
        array([[0., 1.]])
        """
        (coords,) = self.encode_blocks([data], space)
        return coords

    def encode_blocks(self, blocks: Iterable[Any], space: Space) -> Iterator[Float]:
        """Yield the coordinates of blocks of rows, one block after the other, as of one table.

        Whether a column has more strings that cannot be read than others shows in all rows
        together, so that is refused after the last block.

        Raises
        ------
        SpaceMismatch, BadData
            As `encode` does; rows are counted from the first block's first.

        Examples
        --------
        >>> import pandas as pd
        >>> made = Table().space(np.arange(9.0)[:, None], name="demo")
        >>> blocks = [pd.DataFrame({"x0": column}) for column in (["1", "2"], ["?"])]
        >>> [len(coords) for coords in Table().encode_blocks(blocks, made)]
        [2, 1]
        """
        _check_space(space)
        tallies = {column.name: _Tally() for column in space.columns}
        start = 0
        for block in blocks:
            form_of(block)
            coords = np.empty((count_rows(block), space.width))
            for first, part in _parts(block):
                read = _read(part, space, start + first)
                _written(coords[first : first + count_rows(part)], read, space)
                for name, values in read.items():
                    tallies[name].add(values)
            start += len(coords)
            yield coords
        for column in space.columns:
            _refuse_unreadable(tallies[column.name], column, space)

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return the range of each coordinate; numbers and the trend of dates have none.

        Examples
        --------
        >>> made = Table().space(np.arange(20.0).reshape(10, 2), name="demo")
        >>> Table().bounds(made)
        (array([-inf,   0., -inf,   0.]), array([inf,  1., inf,  1.]))
        """
        pairs = [pair for column in space.columns for pair in RANGES[column.kind]]
        low, high = np.array(pairs).T
        return low, high

    def explain(self, data: Any, space: Space) -> tuple[Reading, ...]:
        """Say how each column is read, in the order of the space; then which are not read.

        Raises
        ------
        SpaceMismatch, BadData
            As `encode` does.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"price": ["$1.50", "$2", "?"] * 40 + ["$3"] * 900})
        >>> made = Table().space(frame, name="demo")
        >>> print(Table().explain(frame, made)[0].told)
        strings that are numbers, in $; 40 of 1,020 cannot be read and count as missing, such as '?'
        """
        _check_space(space)
        names = [column.name for column in space.columns]
        by_name = zip(space.columns, columns_of(data, names), strict=True)
        readings = []
        for column, (_, found) in by_name:
            read = _as_column(found, column, space)
            _refuse_unreadable(_Tally().add(read), column, space)
            readings.append(
                Reading(
                    name=column.name,
                    kind=column.kind,
                    told=told(column, found, read),
                    missing=float(read.missing.mean()),
                    unread=read.unread,
                )
            )
        surplus = [name for name in names_of(data) if name not in set(names)]
        return (*readings, *(Reading(name, "", "surplus: not read") for name in surplus))

    def parts(self, space: Space) -> dict[str, slice]:
        """Return the coordinates of each column, its indicator of missing values the last.

        Examples
        --------
        >>> Table().parts(Table().space(np.arange(20.0).reshape(10, 2), name="demo"))
        {'x0': slice(0, 2, None), 'x1': slice(2, 4, None)}
        """
        ends = accumulate((WIDTHS[column.kind] for column in space.columns), initial=0)
        return {
            column.name: slice(*ends)
            for column, ends in zip(space.columns, pairwise(ends), strict=True)
        }

    def values(self, points: Float, space: Space) -> dict[str, Float]:
        """Return the (K,) values of each numeric or datetime column, in the column's own unit.

        A datetime is in seconds since 1970. NaN where a point stands for rows most of which have
        no value.

        Examples
        --------
        >>> rows = np.arange(20.0).reshape(10, 2)
        >>> made = Table().space(rows, name="demo")
        >>> Table().values(Table().encode(rows[:3], made), made)["x1"].round(9)
        array([1., 3., 5.])
        """
        return {
            column.name: values_of(points[:, part], column)
            for column, part in zip(space.columns, self.parts(space).values(), strict=True)
            if column.kind in ("numeric", "datetime")
        }

    def carry(self, points: Float, source: Space, target: Space, pairs: Mapping[str, str]) -> Float:
        """Return points of one table space in the coordinates of another, (K, target.width).

        A number is taken back to its own unit and forth with the constants of the other space; a
        boolean and a number between 0 and 1 stand for each other. It is exact for rows.

        Parameters
        ----------
        points : (K, source.width) float64
            Points in the coordinates of `source`.
        source, target : Space
            Table spaces of this version.
        pairs : mapping of str to str
            The column of `source` for columns of `target`; the coordinates of others are NaN.

        Raises
        ------
        SpaceMismatch
            If a pair's columns are of different kinds, or one is missing.

        Examples
        --------
        >>> rows = np.arange(20.0).reshape(10, 2)
        >>> one, other = (Table().space(part, name="demo") for part in (rows, 5 + 2 * rows))
        >>> moved = Table().carry(Table().encode(rows, one), one, other, {"x0": "x0"})
        >>> bool(np.allclose(moved[:, :2], Table().encode(rows, other)[:, :2]))
        True
        """
        for space, wanted in ((source, list(pairs.values())), (target, list(pairs))):
            _check_space(space)
            require_columns([column.name for column in space.columns], wanted)
        there = {column.name: column for column in source.columns}
        from_parts, to_parts = self.parts(source), self.parts(target)
        moved = np.full((len(points), target.width), np.nan)
        for column in target.columns:
            if column.name in pairs:
                given = pairs[column.name]
                block = carried(points[:, from_parts[given]], there[given], column)
                moved[:, to_parts[column.name]] = block
        return moved


def _check_size(names: tuple[str, ...], data: Any) -> None:
    if not names:
        raise BadData("the table has no columns", next="give at least one column")
    if len(names) > MAX_COLUMNS:
        raise BadData(
            f"the table has {len(names):,} columns, and a space has at most {MAX_COLUMNS:,}",
            next="choose columns, or reduce them yourself and use the `vector` encoder",
            columns=len(names),
        )
    if (rows := count_rows(data)) < MIN_ROWS:
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
    width = sum(WIDTHS[column.kind] for column in space.columns)
    recipe = space.constants.get("recipe")
    if recipe != RECIPE or space.width != width:
        raise SpaceMismatch(
            f"space {space} has recipe {recipe} and width {space.width}; this version of "
            f"learndock makes recipe {RECIPE}, which gives {width}",
            next="update learndock, or use another space",
        )


# ---------------------------------------------------------------- constants


def _space(name: str, columns: list[Column]) -> Space:
    """Return a space of these columns whose bandwidth is not known yet."""
    width = sum(WIDTHS[column.kind] for column in columns)
    if width > MAX_WIDTH:
        raise BadData(
            f"the table's columns have {width:,} coordinates, and a space has at most "
            f"{MAX_WIDTH:,}: each column of text has {WIDTHS['text']}",
            next="leave some columns of text out",
            width=width,
        )
    return Space(
        name=name,
        modality="table",
        encoder="table",
        width=width,
        gamma=1.0,
        columns=tuple(columns),
        constants={"recipe": RECIPE},
    )


def _column(name: str, found: Values, unit: str) -> tuple[Column, Values]:
    """Return a column's kind and public constants, and its values as that kind."""
    guess = guess_of(found)
    read = read_as(found, guess) if found.levels else found
    if guess.kind not in ("numeric", "datetime"):
        return Column(name=name, kind=guess.kind), read
    column = Column(
        name=name,
        kind=guess.kind,
        unit=(guess.mark or unit or unit_in(name)) if guess.kind == "numeric" else "",
        decimal=guess.decimal,
    )
    _refuse_infinite(name, read.values)
    values = read.values[~read.missing]
    if len(values) < MIN_ROWS:
        return column, read
    center, scale = _center_and_scale(values, alone=DAY if guess.kind == "datetime" else None)
    return column.model_copy(update={"center": center, "scale": scale}), read


def _center_and_scale(values: Float, *, alone: float | None) -> tuple[float, float]:
    """Return the rounded median and robust standard deviation of finite values.

    `alone` is the scale where all values are one; by default the value's own size.
    """
    values = np.clip(values, -LARGEST, LARGEST)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    scale = (high - low) / _NORMAL_IQR
    if scale == 0:  # over half of the values are one: mean absolute deviation of a normal variable
        scale = np.abs(values - middle).mean() * math.sqrt(math.pi / 2)
    if scale == 0:
        scale = alone or abs(middle) or 1.0
    digits = -math.floor(math.log10(scale))
    return round(float(middle), digits) + 0.0, significant(scale, 2)  # + 0.0: minus zero is zero


# ---------------------------------------------------------------- coordinates


def _parts(data: Any) -> Iterator[tuple[int, Any]]:
    """Yield data as it is, or a sparse matrix in blocks of rows, with the first row's number."""
    if not is_sparse(data):
        yield 0, data
        return
    rows = data.tocsr()
    for start in range(0, count_rows(data), _BLOCK):
        yield start, rows[start : start + _BLOCK].toarray()


def _written(coords: Float, read: Mapping[str, Values], space: Space) -> Float:
    """Write columns that were read into (n, width) coordinates, a block of rows at a time."""
    writers = [writer(column, read[column.name]) for column in space.columns]
    parts = plugin.parts(space).values()
    for start in range(0, len(coords), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = coords[rows]
        for write, part in zip(writers, parts, strict=True):
            write(rows, block[:, part])
    return coords


def _read(data: Any, space: Space, start: int) -> dict[str, Values]:
    """Return the columns of a space, each as its kind; `start` is the number of the first row."""
    names = [column.name for column in space.columns]
    return {
        column.name: _as_column(found, column, space, start)
        for column, (_, found) in zip(space.columns, columns_of(data, names), strict=True)
    }


def _as_column(found: Values, column: Column, space: Space, start: int = 0) -> Values:
    """Return a column as the kind that the space has, where that loses nothing.

    `start` is the number of its first row.
    """
    kind = column.kind
    if found.levels:
        mark = column.unit if column.unit in MARKS else ""
        return read_as(found, Guess(kind, column.decimal, mark))
    if found.missing.all():
        return _blank(found, column)
    if (found.kind, kind) == ("numeric", "boolean") and _is_binary(found):
        return found
    if found.kind == kind or (found.kind, kind) == ("boolean", "numeric"):
        _refuse_infinite(column.name, found.values, start)
        return found
    raise SpaceMismatch(
        f"column {column.name!r} is {kind} in space {space}, and {found.kind} here",
        next=_REMEDY[kind],
        column=column.name,
        wanted=kind,
        found=found.kind,
    )


@dataclass
class _Tally:
    """How many of a column's values were there, and how many of them could not be read."""

    rows: int = 0
    present: int = 0
    unread: int = 0
    examples: str = ""

    def add(self, read: Values) -> "_Tally":
        self.rows += len(read.missing)
        self.present += read.present
        self.unread += read.unread
        self.examples = self.examples or read.examples
        return self


def _refuse_unreadable(tally: _Tally, column: Column, space: Space) -> None:
    """Raise `SpaceMismatch` if a column's strings are mostly something else than its kind."""
    if 2 * tally.unread <= tally.present or tally.unread <= FEW_ODD * tally.rows:
        return
    raise SpaceMismatch(
        f"column {column.name!r} is {column.kind} in space {space}, and {tally.unread:,} of "
        f"{tally.present:,} strings here cannot be read as that, such as {tally.examples}",
        next=_REMEDY[column.kind],
        column=column.name,
        wanted=column.kind,
        found="categorical",
    )


def _blank(found: Values, column: Column) -> Values:
    """Return a column without any value as any kind."""
    holds_numbers = column.kind not in ("categorical", "text")
    values = np.full(len(found.missing), np.nan if holds_numbers else -1)
    return Values(column.kind, values, found.missing)


def _is_binary(found: Values) -> bool:
    return bool(np.isin(found.values[~found.missing], (0.0, 1.0)).all())


def _refuse_infinite(name: str, values: Float, start: int = 0) -> None:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise BadData(
            f"column {name!r} holds {len(infinite):,} infinite values, the first in row "
            f"{start + infinite[0]:,}",
            next="cap them, or mark them as missing (NaN)",
            column=name,
            rows=len(infinite),
        )


_REMEDY = {
    "numeric": "convert it, for example with `pandas.to_numeric`",
    "boolean": "give true and false, or 1 and 0",
    "datetime": "convert it, for example with `pandas.to_datetime`",
    "categorical": "convert it to strings, written as in the space's other data",
    "text": "convert it to strings",
}

plugin: Columnar = Table()
