"""What a user asks with, and what a search returns."""

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

from pydantic import Field, ValidationError

from learndock.core.sketch import Label, Sketch
from learndock.core.space import Frozen
from learndock.errors import Invalid, NothingFits

SHOWN = 8
"""How many members are printed."""

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class Requirement:
    """What a user asks with: a sketch, and wishes in words and fields. No row, ever.

    Attributes
    ----------
    sketch : Sketch
        Of the user's rows, in a space of the dock.
    want : str
        Words; learnwares that match them only.
    task, target, license : str
        Fields that a learnware must have; empty means any.
    """

    sketch: Sketch
    want: str = ""
    task: str = ""
    target: str = ""
    license: str = ""


@dataclass(frozen=True)
class Hit:
    """One learnware near the task. `distance` is the MMD to the user's sketch: 0 is the same."""

    ref: str
    id: str
    distance: Amount
    task: str
    target: str = ""
    license: str = ""
    description: str = ""


@dataclass(frozen=True)
class Part:
    """One member of a mixture and its weight."""

    ref: str
    id: str
    weight: Amount


@dataclass(frozen=True)
class Mixture:
    """A weighted combination of learnwares that together look like the task.

    Attributes
    ----------
    parts : tuple of Part
        Members, heaviest first. A weight is the mean of two: the learnware's in the nearest
        mixture of whole sketches, and that of its class-wise parts; for regression, half of
        that and half of what is the same for all. They sum to one.
    residual : float
        Distance between the mixture of whole sketches and the task's sketch.
    gap : float
        Frank-Wolfe gap: residual^2 is at most 2 gap above the best over the whole dock.
    shares : mapping of label to float
        How much of the task each class makes up, as far as sketches tell; empty for regression.
    """

    parts: tuple[Part, ...] = ()
    residual: float = 0.0
    gap: float = 0.0
    shares: Mapping[Label, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Coverage:
    """How much of the task something in the dock serves; the rest is *unseen*.

    Attributes
    ----------
    share, low, high : float
        Estimated share of the task's rows that are covered, with the range that chance of
        sampling explains.
    foreign : bool
        The task as a whole is unlike everything in the dock.
    distance : float
        Distance from the task to the nearest mixture of the dock's class-wise sketches, beyond
        the error of the sketches.
    noise : float
        The distance that sampling alone explains.
    """

    share: Share
    low: Share
    high: Share
    foreign: bool
    distance: float
    noise: float


@dataclass(frozen=True)
class Answer:
    """What a search returns: ranked hits, a weighted mixture, coverage. False when nothing fits."""

    rows: int
    space: str
    task: str
    target: str
    hits: tuple[Hit, ...]
    mixture: Mixture
    coverage: Coverage
    searched: int
    seconds: float
    reuser: Callable[..., Any] | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.mixture.parts) and not self.coverage.foreign

    def reuse(self, X: Any = None, y: Any = None, *, method: str = "auto", seed: int = 0) -> Any:
        """Fetch the members and return one scikit-learn estimator that predicts for this task.

        Parameters
        ----------
        X : data, optional
            Some of the task's rows; they stay here.
        y : (n,) labels, optional
            What `X` should be predicted as. Without labels the answer works too.
        method : {"auto", "single", "average", "stitch", "stack"}
            How members are combined. ``auto`` picks by what is known and says why.
        seed : int
            For the methods that cross-validate.

        Raises
        ------
        NothingFits
            If the search found nothing for this task.
        """
        if not self:
            raise NothingFits(
                self.sentence, next="submit a learnware for it, or train your own model"
            )
        if self.reuser is None:
            raise Invalid("this answer is not tied to a dock", next="use `dock.reuse(answer)`")
        return self.reuser(self, X, y, method=method, seed=seed)

    @property
    def sentence(self) -> str:
        """One sentence that says what was found."""
        if not self.mixture.parts:
            return f"nothing here fits: no learnware in space {self.space} meets the wishes"
        if self.coverage.foreign:
            return (
                f"nothing here fits: the task is {self.coverage.distance:.2f} away from everything "
                f"that {self.searched} learnwares know; chance explains {self.coverage.noise:.2f}"
            )
        return (
            f"{len(self.mixture.parts)} of {self.searched} learnwares together cover about "
            f"{self.coverage.share:.0%} of the task"
        )

    def to_json(self) -> str:
        """Return the answer as JSON; `from_json` gives it back."""
        data = asdict(replace(self, reuser=None))
        del data["reuser"]
        data["mixture"]["shares"] = list(self.mixture.shares.items())
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Answer":
        """Read an answer that `to_json` wrote.

        Raises
        ------
        Invalid
            If the text is something else.
        """
        try:
            told = _Written.model_validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "JSON"
            raise Invalid(
                f"not an answer: {where}: {first['msg']}",
                next="write one with `learndock search DATA -o ANSWER`",
            ) from error
        shares = dict(told.mixture.shares)
        mixture = Mixture(**{**dict(told.mixture), "shares": shares})
        return cls(**{**dict(told), "mixture": mixture})

    def __str__(self) -> str:
        return "\n".join(f"{name:<12}{value}".rstrip() for name, value in self._lines())

    def _repr_html_(self) -> str:
        told = f" of {self.target}" if self.target else ""
        head = f"{self.sentence}; {self.task}{told}, space {self.space}"
        cover = self.coverage
        rows = [(f"covered {cover.share:.0%}", f"{cover.low:.0%} to {cover.high:.0%}", cover.share)]
        distances = {hit.id: f"MMD {hit.distance:.3f}, {hit.license}" for hit in self.hits}
        rows += [(p.ref, distances.get(p.id, ""), p.weight) for p in self.mixture.parts[:SHOWN]]
        body = "".join(_html_row(*row) for row in rows) if self else ""
        return f"<p>{html.escape(head)}</p><table>{body}</table>"

    def _lines(self) -> list[tuple[str, str]]:
        """Return the printed table: a name and a value for each line."""
        cover = self.coverage
        told = "" if self.target == "" else f" of {self.target}"
        lines = [("task", f"about {self.rows:,} rows, space {self.space}, {self.task}{told}")]
        if not self:
            return [*lines, ("answer", self.sentence)]
        filled = round(22 * cover.share)
        lines.append(
            (
                "coverage",
                f"{'#' * filled}{'.' * (22 - filled)}  {cover.share:.0%} "
                f"({cover.low:.0%}-{cover.high:.0%})    unseen {1 - cover.share:.0%}",
            )
        )
        shown = self.mixture.parts[:SHOWN]
        lines += [("" if i else "mixture", f"{p.weight:.2f}  {p.ref}") for i, p in enumerate(shown)]
        if rest := self.mixture.parts[SHOWN:]:
            told = f"{sum(part.weight for part in rest):.2f}  {len(rest)} more"
            lines.append(("", told))
        lines.append(("", f"residual {self.mixture.residual:.3f}, gap {self.mixture.gap:.1e}"))
        lines += [("best single", f"{hit.ref}  MMD {hit.distance:.3f}") for hit in self.hits[:1]]
        others = {(hit.task, hit.target) for hit in self.hits} - {(self.task, self.target)}
        lines += [("also here", f"{task} of {target or 'something'}: ask for that task or target")
                  for task, target in sorted(others)]  # fmt: skip
        lines.append(("cost", f"{self.searched} learnwares searched in {self.seconds:.2f} s"))
        return lines


def _html_row(name: str, told: str, share: float) -> str:
    """Return a row of a table with a bar as long as a share."""
    left = "style='text-align:left'"
    bar = f"<div style='width:{150 * share:.0f}px;height:0.8em;background:#0072b2'></div>"
    return (
        f"<tr><th {left}>{html.escape(name)}</th><td>{share:.2f}</td>"
        f"<td style='min-width:150px'>{bar}</td><td {left}>{html.escape(told)}</td></tr>"
    )


class _WrittenMixture(Frozen):
    """A mixture as JSON has it: class shares are pairs, so that labels keep their types."""

    parts: tuple[Part, ...]
    residual: Amount
    gap: float
    shares: tuple[tuple[Label, Amount], ...]


class _Written(Frozen):
    """What `Answer.to_json` writes."""

    rows: int
    space: str
    task: str
    target: str
    hits: tuple[Hit, ...]
    mixture: _WrittenMixture
    coverage: Coverage
    searched: int
    seconds: float
