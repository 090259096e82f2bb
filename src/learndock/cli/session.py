"""What holds for one command: which dock is meant, and how to speak to the user."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from learndock.cli.settings import DOCK, find_location, find_owner
from learndock.errors import NotFound

if TYPE_CHECKING:
    from learndock.service.dock import Dock

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_COUNT = re.compile(r": (\d+) of (\d+)$")


@dataclass(frozen=True)
class Page:
    """One result in its three forms: for people, for machines, and as bare references.

    Attributes
    ----------
    text : str
        What a person reads.
    data : JSON value
        What `--json` prints.
    ids : tuple of str
        What `-q` prints, one a line.
    """

    text: str
    data: Any
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """What holds for one command.

    Attributes
    ----------
    location : str
        The dock that the command line names; empty where environment or config file decide.
    json, quiet : bool
        Print one JSON document; print references only.
    """

    location: str = ""
    json: bool = False
    quiet: bool = False

    def dock(self, *, create: bool = False, location: str = "") -> "Dock":
        """Open the dock that is meant; `location` is asked where the command line names none.

        Raises
        ------
        NotFound
            If none is named, or there is none and `create` is false.
        """
        from learndock.service.dock import Dock

        found = self.location or location or find_location("")
        if not found:
            raise NotFound(
                "no dock is named",
                next=f"say --dock DIR or set {DOCK}; make one with `learndock init DIR`",
            )
        return Dock(found, owner=find_owner(), create=create)

    def dock_if_named(self) -> "Dock | None":
        """Open the dock that is meant, or return nothing if none is named."""
        return self.dock() if find_location(self.location) else None

    def put(self, page: Page) -> None:
        """Print a result on standard output, in the form that was asked for."""
        if self.json:
            sys.stdout.write(as_json(page.data) + "\n")
        elif self.quiet:
            sys.stdout.writelines(f"{name}\n" for name in page.ids)
        else:
            sys.stdout.write(visible(page.text) + "\n")

    def remark(self, text: str) -> None:
        """Say something on standard error, beside the result."""
        if not (self.json or self.quiet):
            sys.stderr.write(visible(text) + "\n")

    def warn(self, message: Warning | str) -> None:
        """Say in one line what a library warns of."""
        self.remark(f"learndock: warning: {' '.join(str(message).split())}")

    @contextmanager
    def busy(self, doing: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal that something is going on, and for how long; yield what tells more.

        Words that end like ``users served: 3 of 50`` fill a bar.
        """
        if self.json or self.quiet or not sys.stderr.isatty():
            yield lambda text: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        words = TextColumn("{task.description}", markup=False)
        columns = (SpinnerColumn(), words, BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            progress.add_task(visible(doing), total=None)
            (task,) = progress.tasks

            def say(text: str) -> None:
                counted = _COUNT.search(text)
                task.completed, task.total = map(int, counted.groups()) if counted else (0, None)
                task.description = visible(text)

            yield say


Here = Annotated[Session, Parameter(parse=False)]
"""The type of a command's `session`, which no option sets."""


def as_json(data: Any) -> str:
    """Return data as one line of JSON in ASCII; what JSON has no form for is told as text."""
    return json.dumps(data, default=str)


def visible(text: str) -> str:
    r"""Return text that cannot steer a terminal: a stranger's control characters are spelt out.

    Examples
    --------
    >>> print(visible("red" + chr(27) + "[31m"))
    red\x1b[31m
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
