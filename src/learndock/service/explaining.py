"""What leaves the machine: how each column was read, and every byte of the sketch."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from learndock.core.data import count_rows
from learndock.core.ports import Columnar, Reading
from learndock.core.sketch import Sketch
from learndock.service.encoding import encoder_of
from learndock.service.rows import SAMPLED, Blocks

SHOWN = 400
"""Numbers of an array that are printed; of more, the first points only."""
HEAD = 3


@dataclass(frozen=True)
class Section:
    """Some bytes of a sketch file.

    Attributes
    ----------
    start, end : int
        The first byte, and the one after the last.
    what : str
        What they are, in words.
    content : JSON
        What they say.
    """

    start: int
    end: int
    what: str
    content: Any


@dataclass(frozen=True)
class Explanation:
    """How rows were read, and what of them leaves the machine.

    Attributes
    ----------
    rows : int
        Number of rows of which `readings` tell.
    sampled : bool
        Whether these are a random sample of more rows in a file.
    readings : tuple of Reading
        A column each, or all rows as one.
    coordinates : dict of str to (int, int)
        The first and the last coordinate of each column, from 0.
    sections : tuple of Section
        The sketch's file from the first byte to the last.
    """

    rows: int
    sampled: bool
    readings: tuple[Reading, ...]
    coordinates: dict[str, tuple[int, int]]
    sections: tuple[Section, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON, with every number."""
        return asdict(self)

    def __str__(self) -> str:
        which = "a random sample of " if self.sampled else ""
        lines = [f"how {which}{self.rows:,} rows were read"]
        read = [_reading(one, self.coordinates.get(one.name)) for one in self.readings]
        lines += [f"  {line}" for line in _table(read)]
        lines += ["", f"what leaves the machine: these {self.sections[-1].end:,} bytes"]
        for section in self.sections:
            lines.append(f"  {section.start:>7,} to {section.end - 1:>7,}  {section.what}")
            lines += [f"      {line}" for line in _content(section.content)]
        return "\n".join(lines)


def explain(sketch: Sketch, data: Any) -> Explanation:
    """Say how data is read in a sketch's space, and show the sketch byte for byte.

    Parameters
    ----------
    sketch : Sketch
        Any.
    data : data frame, (n, d) array, list of texts, pictures, Path, or iterable of such
        The rows that it was made of; of a file a random sample of 20,000 is told about.

    Raises
    ------
    BadData, SpaceMismatch
        If the data cannot be read, or does not go with the sketch's space.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(1000, 2))
    >>> told = ld.explain(ld.sketch(rows, size=5), rows)
    >>> [reading.kind for reading in told.readings], told.sections[-1].end
    (['numeric', 'numeric'], 916)
    """
    blocks, encoder = Blocks.of(data), encoder_of(sketch.space)
    sample = blocks.sample()
    parts = encoder.parts(sketch.space) if isinstance(encoder, Columnar) else {}
    return Explanation(
        rows=count_rows(sample),
        sampled=not blocks.whole and count_rows(sample) >= SAMPLED,
        readings=encoder.explain(sample, sketch.space),
        coordinates={name: (part.start, part.stop - 1) for name, part in parts.items()},
        sections=_sections(sketch),
    )


def _sections(sketch: Sketch) -> tuple[Section, ...]:
    """Take the sketch's file apart: safetensors has a length, a JSON header, and the arrays."""
    content = sketch.to_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    facts = json.loads(header.pop("__metadata__")["learndock"])
    found = [
        Section(0, 8, "length of the header", start - 8),
        Section(8, start, "header, as JSON: where each array is, and facts", header | facts),
    ]
    for name, place in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, end = (start + offset for offset in place["data_offsets"])
        values = np.frombuffer(content[first:end], "<f4").reshape(place["shape"])
        shape = " x ".join(map(str, values.shape))
        found.append(Section(first, end, f"{name}: {shape} numbers of 4 bytes", _numbers(values)))
    return tuple(found)


def _numbers(values: Any) -> Any:
    """Return float32 numbers as Python's that print as short; minus zero is zero."""
    return [float(str(one)) + 0.0 if one.ndim == 0 else _numbers(one) for one in values]


def _reading(one: Reading, place: tuple[int, int] | None) -> tuple[str, ...]:
    missing = f"{one.missing:.1%} missing" if one.missing else ""
    unread = f"{one.unread:,} unread" if one.unread else ""
    where = "" if place is None else f"coordinates {place[0]}-{place[1]}"
    return one.name, one.kind, where, missing, unread, one.told


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        .rstrip()
        for row in rows
    ]  # fmt: skip


def _content(content: Any) -> list[str]:
    if isinstance(content, dict):
        return [
            f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in content.items()
        ]
    if not isinstance(content, list):
        return [str(content)]
    if not isinstance(content[0], list):
        return [json.dumps(content)]
    few = len(content) * len(content[0]) <= SHOWN
    lines = [json.dumps(point) for point in (content if few else content[:HEAD])]
    return lines if few else [*lines, f"... and {len(content) - HEAD:,} more; --json has them all"]
