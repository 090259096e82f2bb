"""Space: the sketch is in a space whose encoder this dock has."""

from learndock.core import registry
from learndock.core.findings import Finding, Level
from learndock.core.learnware import Learnware
from learndock.core.ports import Check


class SpaceCheck:
    """Refuses a space that nothing here can encode data for."""

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return whether there is an encoder of that name."""
        space, known = learnware.sketch.space, registry.names("encoders")
        if space.encoder in known:
            return []
        told = f"space {space} needs encoder {space.encoder!r}; there are {', '.join(known)}"
        return [Finding("space", Level.REFUSE, told, "sketch it in a space of the dock")]


plugin: Check = SpaceCheck()
