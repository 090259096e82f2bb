"""Commands that prove something, and help the shell: doctor, version, completion."""

import platform
import sys
from typing import Literal

import learndock
from learndock.cli import rendering
from learndock.cli.session import Here, Page


def doctor(*, session: Here) -> int:
    """Tell what is installed, what is missing and how to get it, and how the dock is.

    Exit status 1 says that the dock that is named does not open.

        $ learndock doctor
    """
    from learndock.cli.examination import examine

    with session.busy("looking around"):
        found = examine(session)
    session.put(rendering.examination(found))
    return 0 if found["dock"]["well"] else 1


def version(*, session: Here) -> None:
    """Print the version.

    $ learndock version
    """
    found = learndock.__version__
    data = {"learndock": found, "python": platform.python_version()}
    session.put(Page(f"learndock {found}", data, (found,)))


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print what lets a shell complete commands and options.

        $ learndock completion bash > ~/.local/share/bash-completion/completions/learndock

    Parameters
    ----------
    shell : str
        The shell that is to read it.
    """
    from learndock.cli import app

    sys.stdout.write(app.generate_completion(shell=shell))
