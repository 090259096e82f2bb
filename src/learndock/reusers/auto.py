"""The default: stitching without labels, stacking with some, your own model where better."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from learndock.core import registry
from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float

FOLDS = 5
LEAST_LABELS = 10
"""With fewer labels nothing can be compared, and the members are believed."""
ONE_SIDED = 1.645
"""How many standard errors better your own model has to be: 95 % sure."""


class Auto:
    """Picks the method by what is known, and says why."""

    least_members = 0
    least_labels = 0

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Fit the method that suits; with labels, compare it with the user's own model."""
        if evidence is None or y is None:
            return _fit("stitch", team, None, None, seed)
        if not len(team.weights):
            return _fit("own", team, evidence, y, seed)
        if len(y) >= LEAST_LABELS:
            own, stack = (_losses(name, team, evidence, y, seed) for name in ("own", "stack"))
            gain = stack - own
            if gain.mean() > ONE_SIDED * gain.std(ddof=1) / np.sqrt(len(gain)):
                return _fit("own", team, evidence, y, seed)
        return _fit("stack", team, evidence, y, seed)


def _fit(
    name: str, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, seed: int
) -> Rule:
    reuser: Reuser = registry.load("reusers", name)
    return reuser.fit(team, evidence, y, seed=seed)


def _losses(name: str, team: Team, evidence: Evidence, y: NDArray[Any], seed: int) -> Float:
    """Return the out-of-fold loss of each labelled row: squared error, or surprise."""
    losses = np.empty(len(y))
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(y):
        rule = _fit(name, team, evidence[train], y[train], seed)
        said = rule.combine(evidence[test])
        if team.classes:
            chance = 1 / len(team.classes)
            p = 0.99 * said[np.arange(len(test)), y[test]] + 0.01 * chance
            losses[test] = -np.log(p)
        else:
            losses[test] = (said - y[test]) ** 2
    return losses


plugin: Reuser = Auto()
