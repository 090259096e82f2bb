"""The way in: commands and their options, and how errors are told."""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

import learndock
from learndock.cli import audit, keep, prove, share, spaces, use
from learndock.cli.session import Session, as_json, visible
from learndock.errors import DockError

USAGE = 2
INTERRUPTED = 130
HUNG_UP = 141
"""128 and the number of SIGPIPE, as a shell tells it."""

COMMANDS: dict[str, tuple[Callable[..., Any], ...]] = {
    "Use": (use.search, use.reuse, use.show, use.ls, use.fetch, use.demo),
    "Share": (share.sketch, share.merge, share.pack, share.submit, share.withdraw, audit.audit),
    "Dock": (keep.init, keep.verify, keep.backup),
    "Prove": (prove.doctor, prove.version, prove.completion),
}


def _build() -> App:
    """Return the tree of commands, in the groups and the order of the help."""
    root = App(
        name="learndock",
        help="Find trained models that fit your task by a sketch of your data, and reuse them.",
        help_epilogue="Exit status: 0 done, 1 error, 2 usage, 3 nothing fits, 4 refused.",
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(show_default=lambda value: str(value) if value else None),
        version=f"learndock {learndock.__version__}",
    )
    root.meta.suppress_keyboard_interrupt = False
    root.meta.group_parameters = Group("Everywhere", sort_key=len(COMMANDS))
    groups = {name: Group(name, sort_key=key) for key, name in enumerate(COMMANDS)}
    for name, commands in COMMANDS.items():
        for command in commands:
            root.command(command, group=groups[name])
    alias = App(
        name="alias", help="Movable names for versions, such as stable.", group=groups["Dock"]
    )
    alias.command(keep.set_alias, name="set")
    root.command(alias)
    space = App(name="space", help="Coordinate systems that owners share.", group=groups["Dock"])
    for verb in (spaces.ls, spaces.show, spaces.add, spaces.make):
        space.command(verb)
    root.command(space)
    return root


app = _build()


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    dock: str = "",
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
) -> int:
    """Run one command.

    Parameters
    ----------
    dock : str
        Folder of the dock; else LEARNDOCK_DOCK, else the config file.
    json : bool
        Print one JSON document; errors are JSON too, on standard error.
    quiet : bool
        Print only references.
    """
    session = Session(dock, json, quiet)
    command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *where, **more: session.warn(message)
        return command(*bound.args, **bound.kwargs, **dict.fromkeys(ignored, session)) or 0


def main(tokens: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    tokens : sequence of str, optional
        The words after `learndock`; else those of the process.
    """
    words = list(sys.argv[1:] if tokens is None else tokens)
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HUNG_UP
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(words: list[str]) -> int:
    as_data = "--json" in words
    try:
        result: Any = app.meta(
            words, exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        chain = " ".join(["learndock", *(error.command_chain or ())])
        told = str(error).partition(" Available commands:")[0]  # the help has them
        _tell(as_data, "usage", told, f"see `{chain} --help`", {})
        return USAGE
    except DockError as error:
        _tell(as_data, error.code, error.message, error.next or _help(words), error.facts)
        return error.exit
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _tell(as_data, "error", f"{where}{error.strerror or error}", "see `learndock doctor`", {})
        return DockError.exit
    return result if isinstance(result, int) else 0


def _help(words: list[str]) -> str:
    """Return what to type where an error does not say it."""
    command = next((word for word in words if word in app), "")
    return f"see `{' '.join(['learndock', command]).strip()} --help`"


def _tell(as_data: bool, code: str, message: str, then: str, facts: dict[str, Any]) -> None:
    """Say on standard error what went wrong, in one line."""
    told = " ".join(message.split()).rstrip(".")
    if as_data:
        line = as_json({"error": code, "message": told, "next": then, "facts": facts})
    else:
        line = visible(f"learndock: {told}; {then}")
    sys.stderr.write(f"{line}\n")
