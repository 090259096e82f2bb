"""The privacy gate: the sketch was measured before it left, and passed, or is private."""

from learndock.core.findings import Finding, Level
from learndock.core.learnware import Learnware
from learndock.core.ports import Check
from learndock.core.sketch import Gate, Release, ReleasePart, Sketch, space_cost
from learndock.errors import Invalid
from learndock.numerics.release import gaussian_delta

WEAK = 10.0
"""A larger epsilon is let through, and said."""
_AGAIN = "make it with `learndock pack`"


class GateCheck:
    """Refuses a sketch without a passed gate; warns where the owner overruled it.

    A differentially private sketch needs no gate. Its accounting has to be the manifest's, and to
    be right as far as can be recomputed; that the noise was added is the owner's word.
    """

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return what the gate's record says, or the accounting."""
        release = learnware.sketch.release
        if release != learnware.manifest.release:
            return [_refused("sketch and manifest state another accounting of privacy")]
        if release is not None:
            return _of_release(release, learnware.sketch)
        return _of_gate(learnware.sketch.gate)


def _of_gate(gate: Gate | None) -> list[Finding]:
    if gate is None or not gate.passed:
        return [_refused("the sketch did not pass the privacy gate")]
    if gate.consent:
        told = "the owner let the sketch leave without the privacy gate's consent"
        return [Finding("gate", Level.WARN, told)]
    return []


def _of_release(release: Release, sketch: Sketch) -> list[Finding]:
    found = [_refused(told) for told in (*_too_cheap(release.parts), *_of_space(release, sketch))]
    if release.delta * sketch.rows >= 1:
        told = f"delta {release.delta:g} may give one of {sketch.rows:,} rows away whole"
        found.append(_refused(told))
    if release.epsilon > WEAK:
        told = f"epsilon {release.epsilon:g} hides little of a row; 1 is strong"
        found.append(Finding("gate", Level.WARN, told))
    return found


def _too_cheap(parts: tuple[ReleasePart, ...]) -> list[str]:
    """Name the parts whose noise gives less privacy than they state."""
    told = []
    for part in parts:
        if part.sensitivity is None or part.noise is None:
            continue
        delta = gaussian_delta(part.epsilon, part.noise, sensitivity=part.sensitivity)
        if not delta <= part.delta:  # nor where it is no number
            told.append(
                f"noise of {part.noise:g} in the {part.what} gives delta {delta:.2g} at epsilon "
                f"{part.epsilon:g}, and {part.delta:g} is stated"
            )
    return told


def _of_space(release: Release, sketch: Sketch) -> list[str]:
    """Say what is wrong with the stated cost of the space."""
    stated = sum(part.epsilon for part in release.parts if part.what == "space")
    try:
        cost = space_cost(sketch.space)
    except Invalid as error:
        return [error.message]
    return [] if stated >= cost else [f"the space cost epsilon {cost:g}, and {stated:g} is stated"]


def _refused(told: str) -> Finding:
    return Finding("gate", Level.REFUSE, told, _AGAIN)


plugin: Check = GateCheck()
