"""What attacks on a sketch found out: figures, and what they mean in plain words."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from learndock.numerics.attacks import Membership, Share

COIN = 0.52
"""An attack with at most this AUC is barely better than a coin."""
ODD = 1.5
"""Sketches of so many times the points to a row are not quite alike."""
UNCERTAIN = 0.55
"""Where the interval reaches beyond, there were too few rows to say that it is no better."""


@dataclass(frozen=True)
class Closeness:
    """How near the points of a sketch lie to rows.

    A distance counts in units of how far the row is from its own nearest other row.

    Attributes
    ----------
    median, least : float
        Over the points whose nearest row does not hide: the distance to it. Infinite without any.
    close : int
        Points within a hundredth of that unit of a row.
    copies : int
        Points that equal a row. Five or more equal rows hide one another, and do not count.
    """

    median: float
    least: float
    close: int
    copies: int


@dataclass(frozen=True)
class Audit:
    """What somebody learns about single rows who holds a sketch.

    Attributes
    ----------
    points : int
        Number of points of the sketch.
    rows : int
        Rows that it stands for.
    direct : bool
        Whether this very sketch was attacked, with rows that it did not see. Otherwise sketches of
        random halves were, made like this one, with the other halves.
    trials : int
        Sketches that were attacked.
    trial_points, trial_rows : int
        Points of each, and members that were attacked with it.
    closeness : Closeness
        Of this sketch's points to its rows.
    membership : Membership
        Guessing whether a row was sketched.
    attribute : str
        The column that was to be guessed from the others; empty for none.
    advantage : Share or None
        How much oftener it is guessed well for rows that were sketched.
    """

    points: int
    rows: int
    direct: bool
    trials: int
    trial_points: int
    trial_rows: int
    closeness: Closeness
    membership: Membership
    attribute: str = ""
    advantage: Share | None = None

    def __str__(self) -> str:
        near, guess = self.closeness, self.membership
        lines = [
            ("attacked", self._attacked),
            (
                "distance",
                f"nearest row {near.median:.2f} x the rows' own distance (least {near.least:.2f}); "
                f"{near.close} points within 1 %, {near.copies} copies",
            ),
            ("membership", f"AUC {_interval(guess.auc)} by {guess.attack}"),
            ("", f"finds {_percent(guess.tpr)} of the rows where chance finds {guess.fpr:.2%}"),
        ]
        if self.advantage is not None:
            lines.append(
                (
                    "attribute",
                    f"{self.attribute} is guessed well {_signed(self.advantage)} oftener",
                )
            )
        told = "\n".join(f"{name:<11} {value}" for name, value in lines)
        return f"{told}\n\n{self.sentence}"

    @property
    def _attacked(self) -> str:
        what = f"{self.points} points for {self.rows:,} rows"
        if self.direct:
            return f"this sketch, {what}"
        each = f"{self.trial_points} points for {self.trial_rows:,} rows each"
        own, theirs = self.points / self.rows, self.trial_points / self.trial_rows
        but = " but for more points to a row" if theirs > ODD * own else ""
        return f"{self.trials} sketches of random halves, {each}, made like this one{but} ({what})"

    @property
    def sentence(self) -> str:
        """What the figures mean, in plain words.

        Examples
        --------
        >>> from learndock.core.audit import Audit, Closeness
        >>> from learndock.numerics.attacks import Membership, Share
        >>> near = Closeness(median=2.1, least=1.2, close=0, copies=0)
        >>> guess = Membership("nearest", Share(0.503, 0.48, 0.52), Share(0.0, 0.0, 0.004), 0.001)
        >>> Audit(50, 1000, True, 1, 50, 1000, near, guess).sentence
        'An attacker who holds a row and this sketch guesses whether the row was sketched no better
        than a coin: AUC .503 (.480-.520). No point is a copy of a row.'
        """
        guess = self.membership
        which = "this sketch" if self.direct else "a sketch made like this one"
        said = [
            f"An attacker who holds a row and {which} guesses whether the row was sketched "
            f"{_compared(guess.auc)} than a coin: AUC {_interval(guess.auc)}."
        ]
        if self.advantage is not None:
            helps = "gains something" if self.advantage.low > 0 else "gains nothing measurable"
            said.append(
                f"One who holds all of a row but its {self.attribute} {helps} by that row's having "
                "been sketched."
            )
        said.append(self._copied)
        return " ".join(said)

    @property
    def _copied(self) -> str:
        count = self.closeness.copies
        if count == 0:
            return "No point is a copy of a row."
        return f"{count} of the points {'is' if count == 1 else 'are'} a copy of a row."

    def to_dict(self) -> dict[str, Any]:
        """Return all figures and the sentence as plain data."""
        return asdict(self) | {"sentence": self.sentence}

    def to_json(self) -> str:
        """Return the same as one JSON document."""
        return json.dumps(self.to_dict())


def _compared(auc: Share) -> str:
    """Say how guesses compare with a coin's, and no more than the interval allows."""
    if auc.low > 0.5:
        return "barely better" if auc.value <= COIN else "better"
    return "no better" if auc.high <= UNCERTAIN else "not measurably better"


def _short(value: float) -> str:
    """Return a number of at most one without its leading zero."""
    return f"{value:.3f}".replace("0.", ".", 1)


def _interval(share: Share) -> str:
    return f"{_short(share.value)} ({_short(share.low)}-{_short(share.high)})"


def _percent(share: Share) -> str:
    return f"{share.value:.2%} ({share.low:.2%} to {share.high:.2%})"


def _signed(share: Share) -> str:
    return f"{share.value:+.1%} ({share.low:+.1%} to {share.high:+.1%})"
