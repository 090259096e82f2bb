"""The statistical part of a specification: a reduced kernel mean embedding, joint with outcomes."""

import json
import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import ConfigDict

from learndock.core.identity import canonical, digest
from learndock.core.space import Frozen, Space
from learndock.errors import BadArchive, Invalid

Float = NDArray[np.float64]
Label = str | int | float | bool

FORMAT: Literal[1] = 1
QUANTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90)
"""Levels at which a sketch keeps thresholds of density and confidence."""
MAX_POINTS = 1_000
MAX_OUTCOMES = 1_000
MAX_ROWS = 10**15
MAX_BYTES = 128 << 20
"""Bytes of a file: 1,000 points of 26,000 coordinates with 1,000 outcomes take 108 MB."""


@dataclass(frozen=True)
class Gate:
    """What the privacy gate measured before the sketch left its owner.

    Attributes
    ----------
    nearest : float
        Median over points of (distance to the nearest row) / (that row's distance to its own
        nearest other row). Above 1 the points lie further from rows than rows from each other.
    close : float
        Share of the points that lie within half of a row's own nearest-neighbour distance.
    limit : float
        The largest share that passes.
    copies : int
        Points that equal a row. Always 0 in a sketch that left.
    consent : bool
        The owner overruled the gate explicitly.
    membership : float or None
        Area under the curve of a membership attack on sketches made like this one; measured
        where there are fewer than 100 rows.
    """

    nearest: float
    close: float
    limit: float
    copies: int = 0
    consent: bool = False
    membership: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the sketch may leave."""
        return self.consent or (self.copies == 0 and self.close <= self.limit)


@dataclass(frozen=True)
class ReleasePart:
    """What one private mechanism took from rows, and at what cost.

    Attributes
    ----------
    what : {"space", "points", "edges", "figures"}
        What came of it: the constants of the space; the points with their weights and outcomes;
        the edges of the bins; thresholds and accuracy.
    mechanism : str
        How it was drawn.
    epsilon, delta : float
        What it cost. The exponential mechanism, which makes spaces and edges, has a delta of 0.
    entries : int
        How many numbers were drawn.
    sensitivity : float or None
        Largest Euclidean change of these numbers when one row is replaced, where noise was added.
    noise : float or None
        Standard deviation of the noise in each of them.
    """

    what: Literal["space", "points", "edges", "figures"]
    mechanism: str
    epsilon: float
    delta: float
    entries: int
    sensitivity: float | None = None
    noise: float | None = None

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Release:
    """How a sketch was made differentially private: the accounting, for whoever reads it.

    Neighbours are data sets that differ in one row; the number of rows is public, and so are the
    names, kinds, units and decimal marks of columns.

    Attributes
    ----------
    epsilon, delta : float
        What all of the sketch together costs a row, by `of`.
    parts : tuple of ReleasePart
        At most one for each thing that was made, and always one for the points.
    """

    epsilon: float
    delta: float
    parts: tuple[ReleasePart, ...]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    @classmethod
    def of(cls, *parts: ReleasePart) -> "Release":
        """Add up what parts cost.

        Points come from sketched rows, edges and figures from held-out ones, and no row is both:
        the dearer of the two counts [1]_. A space counts in any case, since nobody can know
        whether it was made of these rows.

        References
        ----------
        .. [1] McSherry, "Privacy Integrated Queries", SIGMOD 2009: parallel composition.

        Examples
        --------
        >>> from learndock.core.sketch import Release, ReleasePart
        >>> points = ReleasePart("points", "Gaussian", 1.0, 1e-6, 4_097, 2.0, 8.5)
        >>> edges = ReleasePart("edges", "exponential", 0.25, 0.0, 9)
        >>> space = ReleasePart("space", "exponential", 0.5, 0.0, 6)
        >>> Release.of(space, points, edges).epsilon
        1.5
        """
        return cls(
            epsilon=_composed({part.what: part.epsilon for part in parts}),
            delta=_composed({part.what: part.delta for part in parts}),
            parts=parts,
        )


def _composed(costs: dict[str, float]) -> float:
    held_out = costs.get("edges", 0.0) + costs.get("figures", 0.0)
    return costs.get("space", 0.0) + max(costs.get("points", 0.0), held_out)


def space_cost(space: Space) -> float:
    """Return the epsilon that a space's constants cost; 0 where they state none.

    Raises
    ------
    Invalid
        If they state what is no cost.

    Examples
    --------
    >>> from learndock.core.sketch import space_cost
    >>> space_cost(ld.space(np.eye(9)))
    0.0
    """
    stated = space.constants.get("epsilon", 0.0)
    if (
        isinstance(stated, bool)
        or not isinstance(stated, int | float)
        or not 0 <= stated < math.inf
    ):
        raise Invalid(
            f"space {space} states that its constants cost epsilon {stated!r}; a number is needed",
            next="use another space",
        )
    return float(stated)


@dataclass(frozen=True, eq=False)
class Sketch:
    """A few weighted points that stand for many rows, and for what a model answers there.

    Attributes
    ----------
    space : Space
        The coordinate system of the points.
    points : (K, d) float64
        Moved by optimisation; none is a row.
    weights : (K,) float64
        Simplex weights.
    outcomes : (K, C) float64 or None
        Nonnegative; each row sums to that point's weight. Column c sketches p(x, f(x) = c).
    classes : tuple of labels
        The label of each column of `outcomes` (classification); empty otherwise.
    edges : tuple of float
        Inner edges of the target's bins (regression); C = len(edges) + 1.
    rows : int
        Number of rows sketched, at least 1, rounded to two digits.
    mmd : float
        Distance between the sketch and the rows it stands for, 0 to 1.
    density, confidence : tuple of float
        Quantiles, at `QUANTILES`, of the density read-out and of the model's top probability on
        held-out rows; empty when not known.
    accuracy : tuple of float
        Held-out accuracy for each class, or the root mean squared error as the only entry.
    gate : Gate or None
        What the privacy gate measured.
    release : Release or None
        The accounting, where the sketch is differentially private.
    """

    space: Space
    points: Float = field(repr=False)
    weights: Float = field(repr=False)
    outcomes: Float | None = field(default=None, repr=False)
    classes: tuple[Label, ...] = ()
    edges: tuple[float, ...] = ()
    rows: int = field(kw_only=True)
    mmd: float = 0.0
    density: tuple[float, ...] = ()
    confidence: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    gate: Gate | None = None
    release: Release | None = None

    def __post_init__(self) -> None:
        # Stored as float32: what is compared later is what was checked here.
        for name in ("points", "weights", "outcomes"):
            value = getattr(self, name)
            if value is not None:
                value = np.asarray(value, dtype=np.float32).astype(np.float64)
                value.flags.writeable = False
                object.__setattr__(self, name, value)
        _check(self)

    @property
    def id(self) -> str:
        """SHA-256 of the sketch's bytes."""
        return digest(self.to_bytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.id)

    def __len__(self) -> int:
        return len(self.weights)

    def __str__(self) -> str:
        points = "1 point" if len(self) == 1 else f"{len(self)} points"
        said = f"{points}, {self.space.width} coordinates, space {self.space}"
        said += f", about {self.rows:,} rows, {len(self.to_bytes()) / 1000:.1f} kB"
        if self.gate is not None:
            verdict = "consent" if self.gate.consent else "passed" if self.gate.passed else "failed"
            said += (
                f"\nnearest row {self.gate.nearest:.2f} x the rows' own distance; privacy gate "
                f"{verdict} ({self.gate.close:.0%} close, limit {self.gate.limit:.0%})"
            )
            if self.gate.membership is not None:
                said += (
                    "\nfew rows: told apart from others like them with an area under the curve of "
                    f"{self.gate.membership:.2f} (.50 is a coin)"
                )
        if self.release is not None:
            costs = ", ".join(f"{part.what} {part.epsilon:g}" for part in self.release.parts)
            said += (
                f"\ndifferentially private: epsilon {self.release.epsilon:g} ({costs}), delta "
                f"{self.release.delta:g}"
            )
        return said

    @property
    def prior(self) -> Float:
        """(C,) shares of the outcomes: the model's class prior."""
        return np.zeros(0) if self.outcomes is None else self.outcomes.sum(axis=0)

    def to_bytes(self) -> bytes:
        """Return the sketch as a safetensors file; the same sketch gives the same bytes."""
        tensors = {"points": self.points, "weights": self.weights}
        if self.outcomes is not None:
            tensors["outcomes"] = self.outcomes
        facts = _Facts(**{name: getattr(self, name) for name in _FIELDS})
        return safetensors.numpy.save(
            {name: value.astype(np.float32) for name, value in tensors.items()},
            metadata={"learndock": canonical(facts).decode()},
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "Sketch":
        """Read a sketch strictly: unknown fields, wrong shapes and values are refused.

        Raises
        ------
        BadArchive
            If the bytes are not a sketch of this format.
        """
        try:
            tensors = safetensors.numpy.load(content)
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
            told = header["__metadata__"]["learndock"]
            _require_format(told)
            facts = _Facts.model_validate_json(told)
            made = cls(
                points=tensors.pop("points"),
                weights=tensors.pop("weights"),
                outcomes=tensors.pop("outcomes", None),
                **{name: getattr(facts, name) for name in _FIELDS},
            )
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise BadArchive(
                f"not a sketch: {error}", next="make one with `learndock sketch DATA`"
            ) from error
        if made.to_bytes() != content:  # other arrays, types, words or spacing than are written
            raise BadArchive("the sketch is not in canonical form", next="make it again")
        return made


def _require_format(facts: str) -> None:
    """Raise `BadArchive` if facts in their canonical form are those of another format."""
    found = re.search(r'"format":(\d+),"gate":', facts)
    if found and int(found[1]) != FORMAT:
        raise BadArchive(
            f"the sketch has format {found[1]}, and this version of learndock reads {FORMAT}",
            next="update learndock",
        )


class _Facts(Frozen):
    """What a sketch file holds beside its arrays."""

    format: Literal[1] = FORMAT
    space: Space
    classes: tuple[Label, ...]
    edges: tuple[float, ...]
    rows: int
    mmd: float
    density: tuple[float, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    gate: Gate | None
    release: Release | None


_FIELDS = tuple(name for name in _Facts.model_fields if name != "format")


def _check(sketch: Sketch) -> None:
    """Raise `Invalid` unless arrays have their shapes and values, and weights are a simplex."""
    count, width = len(sketch.weights), sketch.space.width
    if not 1 <= count <= MAX_POINTS:
        raise Invalid(f"a sketch has {count} points; 1 to {MAX_POINTS} are allowed", points=count)
    if sketch.points.shape != (count, width):
        raise Invalid(
            f"sketch points have shape {sketch.points.shape}; space {sketch.space} "
            f"needs ({count}, {width})"
        )
    if sketch.weights.ndim != 1 or not _is_simplex(sketch.weights):
        raise Invalid("sketch weights must be nonnegative and sum to one")
    if not np.isfinite(sketch.points).all():
        raise Invalid("sketch points must be finite")
    if sketch.outcomes is not None:
        _check_outcomes(sketch, count)
    _check_figures(sketch)


def _check_figures(sketch: Sketch) -> None:
    if not 1 <= sketch.rows <= MAX_ROWS:
        raise Invalid(f"a sketch stands for {sketch.rows} rows; 1 to {MAX_ROWS:,} are allowed")
    if not all(map(math.isfinite, (*sketch.edges, *sketch.density, *sketch.accuracy))):
        raise Invalid("a sketch's figures must be finite")
    shares = (sketch.mmd, *sketch.confidence, *(sketch.accuracy if sketch.classes else ()))
    if not all(0 <= share <= 1 for share in shares):
        raise Invalid("mmd, confidence, and accuracy for each class must be between 0 and 1")
    if any(low >= high for low, high in pairwise(sketch.edges)):
        raise Invalid("a sketch's edges must increase")
    for name in ("density", "confidence"):
        levels = getattr(sketch, name)
        if len(levels) not in (0, len(QUANTILES)) or any(a > b for a, b in pairwise(levels)):
            raise Invalid(f"{name} must be empty or {len(QUANTILES)} quantiles that do not fall")
    if not distinct(sketch.classes):
        raise Invalid("two of the classes are one label")
    if sketch.release is not None:
        _check_release(sketch.release)


def _check_release(release: Release) -> None:
    made = [part.what for part in release.parts]
    if "points" not in made or len(set(made)) < len(made):
        raise Invalid(
            f"a release accounts for {made}; the points are needed, and nothing twice",
        )
    for part in release.parts:
        _check_part(part)
    summed = Release.of(*release.parts)
    if release != summed:
        raise Invalid(
            f"a release states epsilon {release.epsilon} and delta {release.delta}, and its parts "
            f"cost {summed.epsilon} and {summed.delta}"
        )


def _check_part(part: ReleasePart) -> None:
    if part.what in ("points", "figures"):
        scales = (part.sensitivity or 0.0, part.noise or 0.0)
        possible = 0 < part.delta < 1 and all(0 < scale < math.inf for scale in scales)
    else:
        possible = (part.delta, part.sensitivity, part.noise) == (0, None, None)
    if not (possible and 0 < part.epsilon < math.inf and part.entries >= 0):
        raise Invalid(f"no private mechanism has these figures: {part}")


def _check_outcomes(sketch: Sketch, count: int) -> None:
    outcomes = sketch.outcomes
    assert outcomes is not None  # noqa: S101 - the caller asked
    columns = len(sketch.classes) or len(sketch.edges) + 1
    if outcomes.shape != (count, columns) or columns > MAX_OUTCOMES:
        raise Invalid(f"sketch outcomes have shape {outcomes.shape}; ({count}, {columns}) needed")
    if not np.isfinite(outcomes).all() or (outcomes < 0).any():
        raise Invalid("sketch outcomes must be finite and nonnegative")
    if not np.allclose(outcomes.sum(axis=1), sketch.weights, atol=1e-4):
        raise Invalid("sketch outcomes must sum to the weights, point by point")


def _is_simplex(weights: Float) -> bool:
    return bool(
        np.isfinite(weights).all() and (weights >= 0).all() and abs(weights.sum() - 1) < 1e-4
    )


def round_rows(count: int) -> int:
    """Return a count of rows to two digits, below 100 to tens, so that no exact number is told.

    Fewer than ten stay as they are: whoever hands out a sketch of so few has consented.

    Examples
    --------
    >>> round_rows(12_345), round_rows(97), round_rows(4)
    (12000, 100, 4)
    """
    digits = max(len(str(count)) - 2, 1 if count >= 10 else 0)
    return int(round(count, -digits))


def distinct(classes: tuple[Label, ...]) -> bool:
    """Say whether no label comes twice; 1, 1.0 and True are one label, as they are one key.

    Examples
    --------
    >>> distinct((1, "1")), distinct((1, True))
    (True, False)
    """
    return len(set(classes)) == len(classes)
