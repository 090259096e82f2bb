"""Stitching: each member counts where its sketch has data, and for the classes it knows."""

from functools import partial
from typing import Any

from numpy.typing import NDArray

from learndock.core.ports import Evidence, Reuser, Rule, Team
from learndock.core.sketch import Float
from learndock.numerics.shares import temper
from learndock.numerics.stitching import soft_select, stitch


class Stitch:
    """Density-weighted likelihoods under the user's class shares; needs no label."""

    least_members = 1
    least_labels = 0

    def fit(
        self, team: Team, evidence: Evidence | None, y: NDArray[Any] | None, *, seed: int
    ) -> Rule:
        """Temper the class shares; labels are not looked at."""
        if team.classes:
            shares = temper(team.shares, known=int((team.priors.sum(axis=0) > 0).sum()))
            combine = partial(_classify, team, shares)
            why = "each member counts where its sketch has data and it is sure of a class"
        else:
            combine = partial(_regress, team)
            why = "each member counts where its sketch has data"
        return Rule("stitch", combine, team.weights, why)


def _classify(team: Team, shares: Float, seen: Evidence) -> Float:
    # Where a member is unsure it has less to say than its density promises.
    heard = seen.density * seen.outputs.max(axis=2)
    return stitch(seen.outputs, heard, priors=team.priors, weights=team.weights, shares=shares)


def _regress(team: Team, seen: Evidence) -> Float:
    return soft_select(seen.outputs, seen.density, team.weights)


plugin: Reuser = Stitch()
