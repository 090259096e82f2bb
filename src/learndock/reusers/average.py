"""The plain average of all members: the baseline that others have to beat."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float


class Average:
    """Every member counts the same; a class that a member does not know gets nothing from it."""

    least_members = 1
    least_labels = 0

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Nothing is fitted."""
        members = len(team.weights)
        even = np.full(members, 1 / members)
        return Rule("average", _mean, even, "all count the same")


def _mean(seen: Evidence) -> Float:
    return np.asarray(seen.outputs.mean(axis=1))


plugin: Reuser = Average()
