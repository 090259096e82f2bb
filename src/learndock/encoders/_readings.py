"""Words for how a table's column is read."""

from learndock.core.columns import Values
from learndock.core.space import Column


def told(column: Column, found: Values, read: Values) -> str:
    """Say how a column that was found is read, and what became of odd values."""
    if read.missing.all() and not read.unread:
        return "no value at all"
    return "; ".join(filter(None, (_how(column, found), _lost(read))))


def _how(column: Column, found: Values) -> str:
    if column.kind == "categorical":
        return _counted(int((found.counts > 0).sum()), "level")
    if column.kind == "text":
        return f"free text, {_counted(int((found.counts > 0).sum()), 'distinct value')}"
    unit = f", in {column.unit}" if column.unit else ""
    if found.levels:
        comma = " with a decimal comma" if column.decimal == "," else ""
        return f"strings that are {_STRINGS[column.kind]}{comma}{unit}"
    return f"{_TYPES[found.kind]}{unit}"


def _lost(read: Values) -> str:
    if not read.unread:
        return ""
    share = f"{read.unread:,} of {read.present:,}"
    return f"{share} cannot be read and count as missing, such as {read.examples}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_STRINGS = {"numeric": "numbers", "boolean": "true or false", "datetime": "ISO 8601 dates"}
_TYPES = {"numeric": "numbers", "boolean": "true or false", "datetime": "dates"}
