"""Runtime: the model's format is one that this dock can load."""

from learndock.core import registry
from learndock.core.findings import Finding, Level
from learndock.core.learnware import Learnware
from learndock.core.ports import Check


class RuntimeCheck:
    """Refuses a model format that no runtime here knows."""

    def inspect(self, learnware: Learnware) -> list[Finding]:
        """Return whether there is a runtime of that name."""
        known = registry.names("runtimes")
        if learnware.manifest.runtime in known:
            return []
        told = f"no runtime {learnware.manifest.runtime!r} here; there are {', '.join(known)}"
        return [Finding("runtime", Level.REFUSE, told, "export the model to ONNX")]


plugin: Check = RuntimeCheck()
