"""Outcomes: the sketch says what the model answers, for every class that the manifest names."""

from learndock.core.findings import Finding, Level
from learndock.core.learnware import Learnware
from learndock.core.ports import Check


class OutcomesCheck:
    """Refuses a sketch whose outcomes are missing or are not those of the manifest."""

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return whether sketch and manifest speak of the same outcomes."""
        sketch, manifest = learnware.sketch, learnware.manifest
        if sketch.outcomes is None:
            told = "the sketch does not say what the model answers"
        elif sketch.classes != manifest.classes:
            told = (
                f"the sketch has the classes {list(sketch.classes)[:5]}, and the manifest "
                f"{list(manifest.classes)[:5]}"
            )
        else:
            return []
        return [Finding("outcomes", Level.REFUSE, told, "make it with `learndock pack`")]


plugin: Check = OutcomesCheck()
