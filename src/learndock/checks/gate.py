"""The privacy gate: the sketch was measured before it left, and passed, or is private."""

from learndock.core.findings import Finding, Level
from learndock.core.learnware import Learnware
from learndock.core.ports import Check


class GateCheck:
    """Refuses a sketch without a passed gate; warns where the owner overruled it.

    A differentially private sketch needs no gate. Its accounting has to be the manifest's.
    """

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return what the gate's record says, or the accounting."""
        gate, release = learnware.sketch.gate, learnware.sketch.release
        if release != learnware.manifest.release:
            told = "sketch and manifest state another accounting of differential privacy"
            return [Finding("gate", Level.REFUSE, told, "make it with `learndock pack`")]
        if release is not None:
            return []
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
