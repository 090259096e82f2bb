"""Every error that learndock raises, as one typed tree.

A message says what was given, what is needed and what to do next. `facts` carries the same
for machines; `code` is stable once released, and clients and documentation key on it.
"""

from typing import Any, ClassVar


class DockError(Exception):
    """Root of all errors of learndock.

    Parameters
    ----------
    message : str
        What was given and what is needed, in one sentence.
    next : str, optional
        What to type or do next; the command line ends its error line with it.
    **facts
        The same, for machines: plain JSON values.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    """HTTP status by which a server tells this error."""
    exit: ClassVar[int] = 1
    """Exit status by which the command line tells this error."""

    def __init__(self, message: str, *, next: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.next = next
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.message}; {self.next}" if self.next else self.message


class Invalid(DockError, ValueError):
    """Something given has the wrong form or value."""

    code = "invalid"
    status = 422


class BadData(Invalid):
    """Rows that cannot be read: empty, wrong kind, not finite, of the wrong shape."""

    code = "bad-data"


class UnknownLabels(BadData):
    """None of the labels given is a class that the members know."""

    code = "unknown-labels"


class SpaceMismatch(Invalid):
    """Data and space do not go together: columns are missing, types or widths differ."""

    code = "space-mismatch"


class SketchMismatch(Invalid):
    """Two sketches cannot be compared: another kind, width, or kernel."""

    code = "sketch-mismatch"


class BadReference(Invalid):
    """A reference is neither ``owner/name``, ``owner/name@version`` nor ``sha256:...``."""

    code = "bad-reference"


class BadManifest(Invalid):
    """A manifest lacks a field, has an unknown one, or a value out of range."""

    code = "bad-manifest"


class BadArchive(Invalid):
    """A learnware file is cut short, oversized, altered, or not a learnware at all."""

    code = "bad-archive"


class BadModel(Invalid):
    """A model cannot predict, or predicts something of the wrong shape."""

    code = "bad-model"


class NotFound(DockError, LookupError):
    """There is no such learnware, space, adapter or file."""

    code = "not-found"
    status = 404


class Conflict(DockError):
    """The name, version or alias already stands for something else."""

    code = "conflict"
    status = 409


class NothingFits(DockError):
    """Nothing in the dock serves this task."""

    code = "nothing-fits"
    status = 404
    exit = 3


class Refused(DockError):
    """An admission rule said no."""

    code = "refused"
    status = 422
    exit = 4


class UnsafeModel(Refused):
    """The model cannot be stored in a format that runs no code."""

    code = "unsafe-model"


class ModelDisagrees(Refused):
    """The stored model, loaded again, predicts something else than the original."""

    code = "model-disagrees"


class PrivacyGate(Refused):
    """The sketch comes too near to single rows, or there are too few rows to hide one."""

    code = "privacy-gate"


class Unavailable(DockError, ImportError):
    """An optional part is not installed; the message has the install line."""

    code = "unavailable"
    status = 501


class Corrupt(DockError):
    """What is stored cannot be read, or does not have the digest it is filed under."""

    code = "corrupt"


class Busy(DockError):
    """Another process holds the dock's database; nothing was written."""

    code = "busy"
    status = 503


class StorageFault(DockError):
    """The disk lets files not be read or written: no permission, no space left, or a fault."""

    code = "storage-fault"
    status = 507
