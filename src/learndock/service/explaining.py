"""What leaves the machine: how each column was read, and every byte of the sketch."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from learndock.core.data import count_rows
from learndock.core.ports import Reading
from learndock.core.sketch import Sketch
from learndock.service.encoding import encoder_of
from learndock.service.rows import Blocks

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
        Number of rows of which `readings` tell: all, or a random sample of a file.
    readings : tuple of Reading
        A column each, or all rows as one.
    sections : tuple of Section
        The sketch's file from the first byte to the last.
    """

    rows: int
    readings: tuple[Reading, ...]
    sections: tuple[Section, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON, with every number."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"how {self.rows:,} rows were read"]
        lines += [f"  {line}" for line in _table([_reading(one) for one in self.readings])]
        lines += ["", f"what leaves the machine: these {self.sections[-1].end:,} bytes"]
        for section in self.sections:
            lines.append(f"  {section.start:>7,} to {section.end - 1:>7,}  {section.what}")
            lines += [f"      {line}" for line in _content(section.content)]
        return "\n".join(lines)


def explain(data: Any, sketch: Sketch) -> Explanation:
    """Say how data is read in a sketch's space, and show the sketch byte for byte.

    Parameters
    ----------
    data : data frame, (n, d) array, list of texts, pictures, Path, or iterable of such
        The rows; of a file a random sample of 20,000 is told about.
    sketch : Sketch
        What was made of them.

    Raises
    ------
    BadData, SpaceMismatch
        If the data cannot be read, or does not go with the sketch's space.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(1000, 2))
    >>> told = ld.explain(rows, ld.sketch(rows, size=5))
    >>> [reading.kind for reading in told.readings], told.sections[-1].end
    (['numeric', 'numeric'], 916)
    """
    sample = Blocks.of(data).sample()
    return Explanation(
        rows=count_rows(sample),
        readings=encoder_of(sketch.space).explain(sample, sketch.space),
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
        Section(8, start, "header: where each array is, and these facts, as JSON", facts),
    ]
    for name, place in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, end = (start + offset for offset in place["data_offsets"])
        values = np.frombuffer(content[first:end], "<f4").reshape(place["shape"])
        shape = " x ".join(map(str, values.shape))
        found.append(Section(first, end, f"{name}: {shape} numbers of 4 bytes", _numbers(values)))
    return tuple(found)


def _numbers(values: Any) -> Any:
    """Return float32 numbers as Python's that print as short."""
    return [float(str(one)) if one.ndim == 0 else _numbers(one) for one in values]


def _reading(one: Reading) -> tuple[str, ...]:
    missing = f"{one.missing:.1%} missing" if one.missing else ""
    unread = f"{one.unread:,} unread" if one.unread else ""
    return one.name, one.kind, missing, unread, one.told


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
