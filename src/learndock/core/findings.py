"""What admission rules see, and the worst of it."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad a finding is."""

    PASS = 0
    WARN = 1
    REFUSE = 2


@dataclass(frozen=True)
class Finding:
    """What one check saw: its name, how bad it is, what it saw, and what to do."""

    check: str
    level: Level
    message: str
    next: str = ""


@dataclass(frozen=True)
class Verdict:
    """All findings of a submit; as bad as the worst."""

    findings: tuple[Finding, ...] = ()

    @property
    def level(self) -> Level:
        """The worst level found."""
        return max((finding.level for finding in self.findings), default=Level.PASS)

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """The findings that refuse."""
        return tuple(f for f in self.findings if f.level is Level.REFUSE)
