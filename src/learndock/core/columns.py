"""Reading a table's columns: by their type, and strings by what they stand for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from learndock.core.data import (
    array_of,
    frame_of,
    is_missing,
    is_sparse,
    names_of,
    recognise,
    require_columns,
    require_width,
)
from learndock.core.space import Kind
from learndock.core.strings import Guess, booleans, dates, guess, numbers
from learndock.errors import BadData

_NUMBERS = (Real, Decimal)
_EXAMPLES, _SHOWN = 3, 40
"""So many strings that cannot be read are shown, and so many characters of each."""


@dataclass(frozen=True, eq=False)
class Values:
    """One column of n rows, read.

    Attributes
    ----------
    kind : str
        ``categorical`` for all strings, until `read_as` reads them as something else.
    values : (n,) array
        Numbers (seconds since 1970 for a datetime, 0 and 1 for a boolean), NaN where there is
        none; of a categorical or text column the row's place in `levels`, -1 where there is none.
    missing : (n,) bool
        True where there is no value.
    levels : tuple of str
        The L distinct strings, also of strings that were read as something else.
    unread : int
        Strings that could not be read as `kind` and count as missing.
    odd : tuple of str
        Some of them.
    """

    kind: Kind
    values: NDArray[Any]
    missing: NDArray[np.bool_]
    levels: tuple[str, ...] = ()
    unread: int = 0
    odd: tuple[str, ...] = ()

    @property
    def present(self) -> int:
        """How many rows have a value, also one that could not be read."""
        return len(self.missing) - int(self.missing.sum()) + self.unread

    @property
    def examples(self) -> str:
        """The odd strings, as words."""
        return ", ".join(repr(odd[:_SHOWN]) for odd in self.odd)

    def __getitem__(self, rows: Any) -> "Values":
        return replace(self, values=self.values[rows], missing=self.missing[rows])

    @property
    def counts(self) -> NDArray[np.intp]:
        """How often each level of a categorical or text column occurs, (L,)."""
        return np.bincount(self.values[~self.missing], minlength=len(self.levels))


def columns_of(data: Any, names: Sequence[str] | None = None) -> Iterator[tuple[str, Values]]:
    """Yield a table's columns, each read by its type; an array has ``x0, x1, ...``.

    Parameters
    ----------
    data : data frame, (n, d) array, or sparse matrix
        Of any library.
    names : sequence of str, optional
        Read only these; other columns of a data frame may hold anything, and an array has none.

    Yields
    ------
    (str, Values)
        One column at a time, so that a sparse matrix is never dense as a whole.

    Raises
    ------
    BadData
        If two columns have one name, a column's type cannot be read, or the data is no table.
    SpaceMismatch
        If a column of `names` is missing, or an array has another number of columns.

    Examples
    --------
    >>> dict(columns_of([[1.0, float("nan")]]))["x1"].missing
    array([ True])
    """
    found = names_of(data)
    wanted = found if names is None else tuple(names)
    if recognise(data) == "array":
        require_width(len(found), wanted)
        require_columns(found, wanted)
        place = {name: i for i, name in enumerate(found)}
        array = data.tocsc() if is_sparse(data) else array_of(data)
        for name in wanted:
            yield name, _numbers("numeric", _column(array, place[name]))
        return
    require_columns(found, wanted)
    frame = frame_of(data)
    for name in wanted:
        yield name, _series(frame[name])


def _column(array: Any, place: int) -> NDArray[Any]:
    """Return one column of an array as (n,) float64."""
    return array_of(array[:, [place]])[:, 0] if is_sparse(array) else array[:, place]


def _series(series: "nw.Series[Any]") -> Values:
    """Read one column of a data frame by its type."""
    dtype = series.dtype
    if dtype == nw.Boolean:
        return _numbers("boolean", series.cast(nw.Float64).to_numpy())
    if dtype.is_numeric():
        return _numbers("numeric", series.cast(nw.Float64).to_numpy())
    if dtype in (nw.Datetime, nw.Date):
        return _numbers("datetime", _seconds(series))
    if dtype in (nw.Categorical, nw.Enum):
        return _categories(series)
    return _strings(series) if dtype == nw.String else _objects(series.name, series.to_list())


def _seconds(series: "nw.Series[Any]") -> NDArray[np.float64]:
    """Return dates and times as seconds since 1970 in UTC, NaN where there is none."""
    if series.dtype == nw.Date:
        series = series.cast(nw.Datetime("us"))
    elif getattr(series.dtype, "time_zone", None):
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    stamps = series.to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)


def _numbers(kind: Kind, values: NDArray[Any]) -> Values:
    found = np.asarray(values, dtype=np.float64)
    return Values(kind, found, np.isnan(found))


def _categories(series: "nw.Series[Any]") -> Values:
    """Read a column of categories; those of pandas may be numbers or booleans."""
    if not series.implementation.is_pandas():
        return _strings(series.cast(nw.String))
    native = series.to_native()
    codes = native.cat.codes.to_numpy()
    found = _objects(series.name, native.cat.categories.to_list())
    gone = np.nan if found.kind != "categorical" else -1
    values = np.append(found.values, gone)[codes]
    return replace(found, values=values, missing=codes < 0)


def _strings(series: "nw.Series[Any]") -> Values:
    """Read a column of strings; each distinct one becomes a Python object once, if it can."""
    native = series.to_native()
    if series.implementation.is_pyarrow():
        import pandas as pd

        return _factorised(pd.arrays.ArrowExtensionArray(native))
    return _factorised(native if series.implementation.is_pandas() else series.to_numpy())


def _factorised(values: Any) -> Values:
    import pandas as pd

    codes, levels = pd.factorize(values)
    return Values("categorical", codes, codes < 0, tuple(levels.tolist()))


def _objects(name: str, found: list[Any]) -> Values:
    """Read a column of Python objects: strings, booleans or numbers with gaps, or categories."""
    missing = np.array([is_missing(value) for value in found], dtype=bool)
    present = [value for value, gone in zip(found, missing, strict=True) if not gone]
    types = {type(value) for value in present}
    if types and all(issubclass(one, bool | np.bool_) for one in types):
        return _with_gaps("boolean", present, missing)
    if types and all(issubclass(one, _NUMBERS) for one in types):
        try:
            return _with_gaps("numeric", present, missing)
        except OverflowError as error:
            raise BadData(
                f"column {name!r} holds an integer too large for a float",
                next="cap it, or convert the column to strings",
                column=name,
            ) from error
    if types and all(issubclass(one, date) for one in types):
        return _moments(name, found)
    odd = [one.__name__ for one in types if not issubclass(one, (str, np.bool_, *_NUMBERS))]
    if odd:
        raise BadData(
            f"column {name!r} holds {min(odd)}, which cannot be read",
            next="convert it to numbers, booleans, strings or datetimes, or drop the column",
            column=name,
        )
    levels = np.full(len(found), None, dtype=object)
    levels[~missing] = [str(value) for value in present]
    return _factorised(levels)


def _moments(name: str, found: list[Any]) -> Values:
    """Read Python's dates and datetimes, of any zones; without one they are in UTC."""
    import pandas as pd

    try:
        stamps = pd.to_datetime(pd.Series(found, dtype=object), utc=True, format="mixed")
    except (ValueError, TypeError) as error:
        raise BadData(
            f"column {name!r} holds dates that cannot be read: {error}",
            next="convert it, for example with `pandas.to_datetime`",
            column=name,
        ) from error
    return _numbers("datetime", _seconds(nw.from_native(stamps, series_only=True)))


def _with_gaps(kind: Kind, present: list[Any], missing: NDArray[np.bool_]) -> Values:
    found = np.full(len(missing), np.nan)
    found[~missing] = [float(value) for value in present]
    return Values(kind, found, missing)


def guess_of(found: Values) -> Guess:
    """Return what a column is: by its type, or what its strings stand for.

    Examples
    --------
    >>> frame = {"open": ["yes", "no"], "price": ["1.50 €", "2 €"]}
    >>> import pandas as pd
    >>> [guess_of(found).kind for _, found in columns_of(pd.DataFrame(frame))]
    ['boolean', 'numeric']
    """
    return guess(found.levels, found.counts) if found.levels else Guess(found.kind)


def read_as(found: Values, wanted: Guess) -> Values:
    """Return a column of strings as another kind.

    Blank strings count as missing, and so does what cannot be read, which is counted.

    Examples
    --------
    >>> import pandas as pd
    >>> _, found = next(columns_of(pd.DataFrame({"x": ["1.5", "", "soon"]})))
    >>> read = read_as(found, Guess("numeric"))
    >>> read.values, read.unread, read.odd
    (array([1.5, nan, nan]), 1, ('soon',))
    """
    if wanted.kind == "categorical":
        return found
    if wanted.kind == "text":
        return replace(found, kind="text")
    readings = {
        "numeric": lambda: numbers(found.levels, wanted.decimal, mark=wanted.mark),
        "boolean": lambda: booleans(found.levels),
        "datetime": lambda: dates(found.levels),
    }
    of_level = readings[wanted.kind]()
    values = np.append(of_level, np.nan)[found.values]
    lost = [i for i in np.flatnonzero(np.isnan(of_level)) if found.levels[i].strip()]
    return replace(
        found,
        kind=wanted.kind,
        values=values,
        missing=np.isnan(values),
        unread=int(found.counts[lost].sum()),
        odd=tuple(found.levels[i] for i in lost[:_EXAMPLES]),
    )
