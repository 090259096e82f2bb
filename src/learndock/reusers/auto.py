"""The default: stitching without labels, stacking with some, your own model where better."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float
from learndock.reusers._shared import out_of_fold, rule_of

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
            return rule_of("stitch", team, None, None, seed=seed)
        if not len(team.weights):
            return rule_of("own", team, evidence, y, seed=seed)
        if len(y) >= LEAST_LABELS:
            own, stack = (_losses(name, team, evidence, y, seed) for name in ("own", "stack"))
            gain = stack - own
            if gain.mean() > ONE_SIDED * gain.std(ddof=1) / np.sqrt(len(gain)):
                return rule_of("own", team, evidence, y, seed=seed)
        return rule_of("stack", team, evidence, y, seed=seed)


def _losses(name: str, team: Team, evidence: Evidence, y: NDArray[Any], seed: int) -> Float:
    """Return the out-of-fold loss of each labelled row: squared error, or surprise."""
    said = out_of_fold(
        lambda rows: rule_of(name, team, evidence[rows], y[rows], seed=seed).combine,
        evidence,
        seed=seed,
    )
    if not team.classes:
        return np.asarray((said - y) ** 2)
    chance = 1 / len(team.classes)
    return np.asarray(-np.log(0.99 * said[np.arange(len(y)), y] + 0.01 * chance))


plugin: Reuser = Auto()
