"""The privacy gate: the sketch was measured before it left, and passed or had consent."""

from learndock.core.findings import Finding, Level
from learndock.core.learnware import Learnware
from learndock.core.ports import Check


class GateCheck:
    """Refuses a sketch without a passed gate; warns where the owner overruled it."""

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return what the gate's record says."""
        gate = learnware.sketch.gate
        if gate is None or not gate.passed:
            return [
                Finding(
                    "gate",
                    Level.REFUSE,
                    "the sketch did not pass the privacy gate",
                    "make it with `learndock pack`",
                )
            ]
        if gate.consent:
            told = "the owner let the sketch leave without the privacy gate's consent"
            return [Finding("gate", Level.WARN, told)]
        return []


plugin: Check = GateCheck()
