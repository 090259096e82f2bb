"""The unit of a column, where its owner or its name says it."""

import re
from typing import Any

from learndock.core.data import frame_of, recognise

KNOWN = re.compile(
    "mm|cm|km|ft|inch|mi|mg|kg|lbs?|oz|ml|sec|ms|hours|days|months|years|"
    "deg[cf]|celsius|fahrenheit|kelvin|[km]wh?|[km]?hz|[hk]?pa|bar|psi|kmh|mph|"
    "usd|eur|gbp|jpy|chf|cny|pct|percent|ppm",
    re.IGNORECASE,
)
"""What stands for a unit after an underscore. One letter, `min` and `in` mean too much else."""
_BRACKETED = re.compile(r".*\S\s*[(\[]\s*([^\d\s()\[\]][^\s()\[\]]{0,14})\s*[)\]]\s*")


def units_of(data: Any) -> dict[str, str]:
    """Return the units that a table itself tells of its columns, by name.

    They stand in ``frame.attrs["unit"]`` of pandas, as a dictionary, and in the metadata of
    pyarrow's fields under ``unit``.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"height": [180.0]})
    >>> frame.attrs["unit"] = {"height": "cm"}
    >>> units_of(frame)
    {'height': 'cm'}
    """
    if recognise(data) != "frame":
        return {}
    frame = frame_of(data)
    if frame.implementation.is_pyarrow():
        fields = {field.name: field.metadata or {} for field in frame.to_native().schema}
        told = {
            name: meta.get(b"unit", b"").decode("utf-8", "replace") for name, meta in fields.items()
        }
    else:
        attributes = getattr(data, "attrs", {}).get("unit")
        told = attributes if isinstance(attributes, dict) else {}
    return {str(name): str(unit)[:50] for name, unit in told.items() if unit}


def unit_in(name: str) -> str:
    """Return the unit in a column's name; empty if there is none.

    Examples
    --------
    >>> [unit_in(name) for name in ("height (cm)", "temp [°C]", "weight_kg", "group_m", "age")]
    ['cm', '°C', 'kg', '', '']
    """
    if bracketed := _BRACKETED.fullmatch(name):
        return bracketed[1]
    last = name.rpartition("_")[2] if "_" in name.strip("_") else ""
    return last if KNOWN.fullmatch(last) else ""
