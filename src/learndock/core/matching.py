"""Which columns of two tables are taken for the same, and what two sketches are apart there."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from learndock.core.space import Column

SURE = 0.8
"""The least confidence with which a match is used unasked."""

Confidence = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Match:
    """One column of each side that may be the same.

    Attributes
    ----------
    source, target : str
        The column's name on the left and on the right.
    confidence : float
        From 0 to 1, growing with the evidence.
    why : str
        The evidence, in words.
    """

    source: str
    target: str
    confidence: Confidence
    why: str


@dataclass(frozen=True)
class Matching:
    """What two tables share, as far as names and distributions tell.

    Attributes
    ----------
    matches : tuple of Match
        Most confident first; no column comes twice.
    left, right : tuple of Column
        What is left over on each side.
    least : float
        The least confidence with which a match is used.
    """

    matches: tuple[Match, ...]
    left: tuple[Column, ...] = ()
    right: tuple[Column, ...] = ()
    least: Confidence = SURE

    @property
    def sure(self) -> tuple[Match, ...]:
        """The matches that are used."""
        return tuple(match for match in self.matches if match.confidence >= self.least)

    @property
    def doubtful(self) -> tuple[Match, ...]:
        """The matches that are not used until somebody confirms them."""
        return tuple(match for match in self.matches if match.confidence < self.least)

    @property
    def pairs(self) -> dict[str, str]:
        """The left column of each right one that is used."""
        return {match.target: match.source for match in self.sure}

    def __str__(self) -> str:
        parts = (("same", self.sure), ("doubtful", self.doubtful))
        rows = [(part, match) for part, matches in parts for match in matches]
        names = [f"{match.source} = {match.target}" for _, match in rows]
        width = max(map(len, names), default=0)
        lines = [
            f"{part:<12}{name:<{width}}  {match.confidence:.2f}  {match.why}"
            for (part, match), name in zip(rows, names, strict=True)
        ]
        for side, columns in (("left only", self.left), ("right only", self.right)):
            if columns:
                lines.append(f"{side:<12}{', '.join(map(_told, columns))}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Comparison:
    """How far two sketches are apart on the columns that they share.

    Attributes
    ----------
    distance : float
        MMD on those columns: 0 is the same, 1.41 is the most.
    matching : Matching
        Which columns those are, and which are not.
    """

    distance: float
    matching: Matching

    def __str__(self) -> str:
        return "\n".join(filter(None, (f"{'MMD':<12}{self.distance:.3f}", str(self.matching))))


def _told(column: Column) -> str:
    return f"{column.name} ({', '.join(filter(None, (column.kind, column.unit)))})"
