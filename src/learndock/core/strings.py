"""Strings that stand for something else: numbers, booleans, dates, or free text.

Everything here works on the distinct strings of a column, and on how often each occurs.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.space import Decimal, Kind

if TYPE_CHECKING:
    import pandas as pd

Float = NDArray[np.float64]

MARKS = "$€£¥%"
"""Signs that may stand before or after a number."""
READABLE = 0.95
"""Share of a column's values that have to be numbers for the column to be one of numbers."""
_WORDS = 3
"""Free text has so many words in the median ..."""
_TEXTS = 10
"""... and so many distinct values, and more than half as many as values."""

_PAIRS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))
_TRUTH = {word: float(i == 0) for pair in (*_PAIRS, ("1", "0")) for i, word in enumerate(pair)}


_GAP = "[ \u00a0\u202f]"


def _number(group: str, point: str) -> re.Pattern[str]:
    """Return the pattern of a number whose digits are grouped and followed in one way."""
    grouped = rf"[1-9]\d{{0,2}}(?P<by>{group}|{_GAP})\d{{3}}(?:(?P=by)\d{{3}})*"
    return re.compile(
        rf"(?P<sign>[+\-−]?)(?P<mark>[{MARKS}]?){_GAP}?"
        rf"(?P<whole>{grouped}|\d+|(?={point}\d))(?P<part>{point}\d*)?"
        rf"(?P<power>[eE][+-]?\d+)?{_GAP}?(?P<end>[{MARKS}]?)"
    )


_NUMBERS: dict[Decimal, re.Pattern[str]] = {
    ".": _number(",", r"\."),
    ",": _number(r"\.", ","),
}
_CODE = re.compile(r"0\d+|\d{16,}")
"""Digits that are no number: a leading zero would be lost, or the last of many digits."""
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_ZONE = re.compile(r":\d{2}.*(Z|[+-]\d{2}:?\d{2})$")


@dataclass(frozen=True)
class Guess:
    """What a column of strings is, and how its numbers are written."""

    kind: Kind
    decimal: Decimal = "."
    mark: str = ""
    """The sign that stands at every number, such as ``%``."""


def guess(levels: Sequence[str], counts: NDArray[np.integer[Any]]) -> Guess:
    """Return what a column of strings is.

    It is boolean if its values are the two words of one pair, such as ``yes`` and ``no``; numeric
    if at least 95 % are numbers, unless one of them is a code such as ``01234``; datetime if all
    are ISO 8601; text if most values differ and have several words; else categorical. Blank
    strings do not count.

    Parameters
    ----------
    levels : sequence of str
        The L distinct values.
    counts : (L,) int
        How often each occurs.

    Examples
    --------
    >>> guess(["1,5", "12"], np.array([1, 3]))
    Guess(kind='numeric', decimal=',', mark='')
    >>> guess(["01067", "90402"], np.array([5, 5])).kind, guess(["No", "yes"], np.ones(2, int)).kind
    ('categorical', 'boolean')
    """
    filled = [i for i, level in enumerate(levels) if counts[i] and level.strip()]
    levels, counts = [levels[i] for i in filled], counts[filled]
    if not levels:
        return Guess("categorical")
    if {level.strip().casefold() for level in levels} in map(set, _PAIRS):
        return Guess("boolean")
    if numeric := _as_numeric(levels, counts):
        return numeric
    if not np.isnan(dates(levels)).any():
        return Guess("datetime")
    return Guess("text" if _are_texts(levels, int(counts.sum())) else "categorical")


def _as_numeric(levels: Sequence[str], counts: NDArray[np.integer[Any]]) -> Guess | None:
    """Return how these strings are numbers, or nothing where too few are, or marks differ."""
    if any(_CODE.fullmatch(level.strip()) for level in levels):
        return None
    decimal, found, share = _best_reading(levels, counts)
    marks = {number[1] for number in found if number is not None}
    if share < READABLE or len(marks - {""}) > 1:
        return None
    return Guess("numeric", decimal, marks.pop() if len(marks) == 1 else "")


_Parsed = tuple[float, str] | None


def _best_reading(
    levels: Sequence[str], counts: NDArray[np.integer[Any]]
) -> tuple[Decimal, list[_Parsed], float]:
    """Return the decimal mark that reads more values, what it reads, and the share of values.

    It is a comma only where that reads more: ``1,234`` alone is a thousand.
    """
    best: tuple[Decimal, list[_Parsed], float] = (".", [], -1.0)
    for decimal in _NUMBERS:
        found = [_parsed(level, decimal) for level in levels]
        share = counts[[number is not None for number in found]].sum() / counts.sum()
        if share > best[2]:
            best = decimal, found, share
        if share == 1.0:
            break
    return best


def _are_texts(levels: Sequence[str], total: int) -> bool:
    if len(levels) < _TEXTS or 2 * len(levels) <= total:
        return False
    return bool(np.median([len(level.split()) for level in levels]) >= _WORDS)


def numbers(levels: Sequence[str], decimal: Decimal = ".", *, mark: str = "") -> Float:
    """Return strings as numbers; NaN where one is none.

    Read are grouped digits, powers of ten, surrounding spaces, and one sign of money or per cent.

    Parameters
    ----------
    levels : sequence of str
        L strings.
    decimal : {".", ","}
        What stands before the decimals; the other one, or a space, may stand between thousands.
    mark : str, optional
        The only sign that may stand at a number; any by default.

    Returns
    -------
    (L,) float64
        Per cent as they are written: ``12 %`` is 12.

    Examples
    --------
    >>> numbers(["1,234.5", " 12 ", "-1e3", "12 %", "$5", "soon"])
    array([ 1234.5,    12. , -1000. ,    12. ,     5. ,     nan])
    >>> numbers(["1.234,5", "1.5"], ",")
    array([1234.5,    nan])
    """
    values = np.full(len(levels), np.nan)
    for i, level in enumerate(levels):
        found = _parsed(level, decimal)
        if found is not None and (not mark or found[1] in ("", mark)):
            values[i] = found[0]
    return values


def _parsed(level: str, decimal: Decimal) -> _Parsed:
    """Return a number and the sign at it, or nothing where a string is no number."""
    found = _NUMBERS[decimal].fullmatch(level.strip())
    if found is None or (found["mark"] and found["end"]):
        return None
    whole = found["whole"].replace(found["by"], "") if found["by"] else found["whole"]
    value = float(whole + (found["part"] or "").replace(",", ".") + (found["power"] or ""))
    if math.isinf(value):
        return None
    return -value if found["sign"] in ("-", "−") else value, found["mark"] or found["end"]


def booleans(levels: Sequence[str]) -> Float:
    """Return strings as 1 for true and 0 for false; NaN where one is neither.

    Examples
    --------
    >>> booleans(["Yes", "off", "1", "maybe"])
    array([ 1.,  0.,  1., nan])
    """
    return np.array([_TRUTH.get(level.strip().casefold(), np.nan) for level in levels])


def timestamps(strings: Sequence[str]) -> "pd.DatetimeIndex":
    """Return ISO 8601 dates and times; NaT where a string is none. In UTC if any has a zone.

    Examples
    --------
    >>> timestamps(["2024-02-29", "2024-02-30", "29.2.2024"]).isna()
    array([False,  True,  True])
    """
    import pandas as pd

    dated = [string if _ISO.fullmatch(string) else "" for string in strings]
    zoned = any(map(_ZONE.search, dated))
    return pd.to_datetime(dated, format="ISO8601", utc=zoned, errors="coerce")


def dates(levels: Sequence[str]) -> Float:
    """Return ISO 8601 dates and times as seconds since 1970 in UTC; NaN where a string is none.

    Examples
    --------
    >>> dates(["1970-01-02", "1970-01-01T02:00+01:00", "tomorrow"])
    array([86400.,  3600.,    nan])
    """
    if not any(map(_ISO.fullmatch, levels)):
        return np.full(len(levels), np.nan)
    found = timestamps(levels)
    stamps = (found.tz_localize(None) if found.tz else found).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
