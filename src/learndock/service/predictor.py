"""The estimator that a user gets: fetched members, combined by a rule that fits the task."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from learndock.core import registry
from learndock.core.data import as_input, count_rows, form_of
from learndock.core.learnware import Learnware
from learndock.core.ports import Evidence, Model, Reuser, Rule, Runtime, Team
from learndock.core.sketch import Float, Label
from learndock.core.space import Space
from learndock.errors import BadData, BadModel, Invalid, UnknownLabels
from learndock.numerics.density import density
from learndock.service.encoding import encoder_of


@dataclass(frozen=True, eq=False)
class Member:
    """One fetched learnware, where it comes from, and how much it counts."""

    ref: str
    weight: float
    learnware: Learnware = field(repr=False)

    @cached_property
    def model(self) -> Model:
        """The model, loaded at the first use.

        Raises
        ------
        BadModel
            If it does not answer with the classes that its manifest names.
        """
        manifest = self.learnware.manifest
        runtime: Runtime = registry.load("runtimes", manifest.runtime)
        model = runtime.load(self.learnware.files)
        if [*map(repr, model.classes)] != [*map(repr, manifest.classes)]:
            raise BadModel(
                f"{self.ref} answers with the classes {list(model.classes)[:5]}, and its manifest "
                f"names {list(manifest.classes)[:5]}",
                next="tell its owner, and search for others",
            )
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Travel without the loaded model: whoever unpickles it loads it anew."""
        return {key: value for key, value in vars(self).items() if key != "model"}


@dataclass(frozen=True)
class Report:
    """How an answer predicts, and what training would have taken instead.

    Attributes
    ----------
    method, why : str
        How members are combined, and why so.
    members : tuple of (str, float)
        References with how much each counts.
    labels : int
        How many labels of the user were used.
    rows_reused : int
        About how many rows the members were trained or checked on, by their sketches: what one
        would have had to collect and label instead.
    seconds : float
        Time to fit the combination.
    """

    method: str
    why: str
    members: tuple[tuple[str, float], ...]
    labels: int
    rows_reused: int
    seconds: float

    def __str__(self) -> str:
        lines = [f"method      {self.method}: {self.why}"]
        lines += [f"{'members' if i == 0 else '':<12}{weight:.2f}  {ref}"
                  for i, (ref, weight) in enumerate(self.members)]  # fmt: skip
        lines.append(
            f"instead     about {self.rows_reused:,} labelled rows stand behind these members; "
            f"you gave {self.labels}"
        )
        return "\n".join(lines)


class Predictor(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A combination of learnwares as a scikit-learn estimator. `Answer.reuse` makes it.

    Parameters
    ----------
    members : sequence of Member
        The fetched learnwares.
    space : Space
        Where their sketches and the user's rows compare.
    shares : mapping of label to float
        The user's class shares as far as sketches tell.
    method : str
        A reuser's name.
    seed : int
        For what cross-validates.

    Attributes
    ----------
    report_ : Report
        Members, weights, method, why, and what training would have taken instead.
    """

    def __init__(
        self,
        members: Sequence[Member],
        space: Space,
        shares: dict[Label, float] | None = None,
        method: str = "auto",
        seed: int = 0,
    ) -> None:
        self.members = members
        self.space = space
        self.shares = shares
        self.method = method
        self.seed = seed

    def fit(self, X: Any = None, y: Any = None) -> "Predictor":
        """Fit the combination; rows and labels stay here, and both are optional."""
        if X is None and y is not None:
            raise Invalid("labels were given without rows", next="give X and y together")
        start = time.perf_counter()
        team = self._team(y)
        evidence, target = None, None
        if X is not None:
            form_of(X)
            evidence = self._evidence(X, team)
            target = None if y is None else self._target(y, count_rows(X), team)
        reuser: Reuser = registry.load("reusers", self.method)
        labels = 0 if target is None else len(target)
        _suits(self.method, reuser, members=len(self.members), labels=labels)
        self.team_ = team
        self.rule_: Rule = reuser.fit(team, evidence, target, seed=self.seed)
        self.report_ = Report(
            method=self.rule_.method,
            why=self.rule_.why,
            members=tuple(
                (member.ref, float(weight))
                for member, weight in zip(self.members, self.rule_.weights, strict=True)
            ),
            labels=labels,
            rows_reused=sum(member.learnware.sketch.rows for member in self.members),
            seconds=time.perf_counter() - start,
        )
        return self

    def _combine(self, X: Any) -> Float:
        check_is_fitted(self, "rule_")
        form_of(X)
        return self.rule_.combine(self._evidence(X, self.team_))

    def _evidence(self, X: Any, team: Team) -> Evidence:
        """Encode rows once, and ask every member about them."""
        coords = encoder_of(self.space).encode(X, self.space)
        gamma = self.space.sharpness * self.space.gamma
        shape = (len(coords), len(self.members))
        near = np.empty(shape)
        outputs = np.zeros((*shape, len(team.classes)) if team.classes else shape)
        for i, member in enumerate(self.members):
            said = member.model.outputs(as_input(X, member.learnware.manifest.input))
            if team.classes:
                columns = [team.classes.index(label) for label in member.model.classes]
                outputs[:, i, columns] = said
            else:
                outputs[:, i] = said
            near[:, i] = density(
                coords, member.learnware.sketch.points, member.learnware.sketch.weights, gamma=gamma
            )
        return Evidence(coords, outputs, near)

    def _team(self, y: Any) -> Team:
        """Return what is known of the members before any row is seen."""
        weights = np.array([member.weight for member in self.members], dtype=np.float64)
        if weights.sum() > 0:
            weights /= weights.sum()
        if isinstance(self, RegressorMixin):
            empty = np.zeros(0)
            return Team("regression", (), weights, np.zeros((len(weights), 0)), empty)
        own = [] if y is None else np.asarray(y).tolist()
        if any(label is None or label != label for label in own):  # NaN
            raise BadData("the labels hold missing values", next="drop those rows")
        known = {label for member in self.members for label in member.model.classes}
        if own and known and not known & set(own):
            raise UnknownLabels(
                f"none of your labels is a class that the members know: {_some(own)} against "
                f"{_some(known)}",
                next="rename your labels to theirs, or train a model of your own (method='own')",
            )
        classes = sort_labels(known | set(own))
        priors = np.zeros((len(self.members), len(classes)))
        for i, member in enumerate(self.members):
            columns = [classes.index(label) for label in member.learnware.sketch.classes]
            priors[i, columns] = member.learnware.sketch.prior
        shares = np.array([(self.shares or {}).get(label, 0.0) for label in classes])
        total = shares.sum()
        even = np.full(len(classes), 1 / max(len(classes), 1))
        return Team("classification", classes, weights, priors, shares / total if total else even)

    def _target(self, y: Any, rows: int, team: Team) -> NDArray[Any]:
        values = np.asarray(y)
        if values.shape != (rows,):
            raise BadData(
                f"labels have shape {values.shape} for {rows} rows",
                next="give one label a row",
            )
        if team.classes:
            return np.array([team.classes.index(label) for label in values.tolist()])
        try:
            numbers = values.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise BadData(f"the labels are no numbers: {error}") from error
        if not np.isfinite(numbers).all():
            raise BadData("the labels hold NaN or infinity", next="drop those rows")
        return numbers


class ClassifierPredictor(ClassifierMixin, Predictor):  # type: ignore[misc]
    """A combination of classifiers; classes are the union of what the members know."""

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels in the order of the columns of `predict_proba`."""
        check_is_fitted(self, "rule_")
        labels = self.team_.classes
        alike = len({type(label) for label in labels}) == 1
        return np.array(labels, dtype=None if alike else object)

    def predict_proba(self, X: Any) -> Float:
        """Return (n, C) probabilities."""
        return self._combine(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return (n,) labels."""
        labels: NDArray[Any] = self.classes_[self._combine(X).argmax(axis=1)]
        return labels


class RegressorPredictor(RegressorMixin, Predictor):  # type: ignore[misc]
    """A combination of regressors."""

    def predict(self, X: Any) -> Float:
        """Return (n,) values."""
        return self._combine(X)


def _some(labels: Iterable[Label]) -> str:
    """Return a few labels, as Python writes them."""
    return ", ".join(sorted({repr(label) for label in labels})[:5])


def _suits(method: str, reuser: Reuser, *, members: int, labels: int) -> None:
    """Raise `Invalid` if a method needs more members or labels than there are."""
    for what, there, needed in (
        ("members", members, reuser.least_members),
        ("labels", labels, reuser.least_labels),
    ):
        if there < needed:
            raise Invalid(
                f"method {method!r} needs at least {needed} {what}, and there are {there}",
                next="use method='auto'",
            )


def sort_labels(labels: set[Label]) -> tuple[Label, ...]:
    """Return labels in one order: numbers by value, then strings by letter."""
    return tuple(sorted(labels, key=lambda label: (isinstance(label, str), label)))
