"""The best single member: the heaviest of the mixture, or with labels the one that errs least."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float


class Single:
    """One member answers for all rows."""

    least_members = 1
    least_labels = 0

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Pick by labels when there are some, else by weight."""
        if evidence is None or y is None:
            best, why = int(team.weights.argmax()), "the heaviest of the mixture"
        else:
            best, why = int(_losses(team, evidence, y).argmin()), f"errs least on {len(y)} labels"
        weights = np.zeros(len(team.weights))
        weights[best] = 1.0
        return Rule("single", partial(_answer, best), weights, why)


def _answer(best: int, seen: Evidence) -> Float:
    return seen.outputs[:, best]


def _losses(team: Team, evidence: Evidence, y: NDArray[Any]) -> Float:
    """Return each member's error rate, or its mean squared error."""
    if team.classes:
        said = evidence.outputs.argmax(axis=2)
        return np.asarray((said != y[:, None]).mean(axis=0))
    return np.asarray(((evidence.outputs - y[:, None]) ** 2).mean(axis=0))


plugin: Reuser = Single()
