"""Commands about spaces: space ls, show, add, make."""

from collections import Counter
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from learndock.cli import files, reading, rendering
from learndock.cli.options import Drop, DryRun, Label, Output, Text
from learndock.cli.session import Here
from learndock.errors import Invalid

Private = Annotated[
    float | None,
    Parameter(
        help="Make the constants differentially private, at this cost.", validator=Number(gt=0)
    ),
]


def ls(*, session: Here) -> None:
    """List the dock's spaces, oldest first.

    $ learndock space ls
    """
    dock = session.dock()
    offered = Counter(entry.manifest.space for entry in dock.ls(limit=None))
    session.put(rendering.spaces([(space, offered[space.id]) for space in dock.spaces()]))


def show(space: str, /, *, session: Here) -> None:
    """Show a SPACE with its columns, and the constants that make its coordinates.

        $ learndock space show weekly-sales

    Parameters
    ----------
    space : str
        NAME, NAME@VERSION or digest of one of the dock's; one that is built in; or a
        .space.json, .sketch or .learnware file.
    """
    session.put(rendering.space(reading.require_space(space, session)))


def add(file: Path, /, *, dry_run: DryRun = False, session: Here) -> None:
    """Publish the space in FILE in the dock, before any learnware is in it.

    The same space again has no effect. A dock that is not there yet is made.

        $ learndock space add weekly-sales.space.json

    Parameters
    ----------
    file : Path
        .space.json, as `learndock space make` writes it; or a .sketch or .learnware file.
    """
    space = reading.require_space(str(files.require_file(file)), session)
    dock = session.dock(create=not dry_run)
    there = space in dock.spaces()
    dock.add_space(space, dry_run=dry_run)
    done = "in the dock already" if there else "in the dock"
    then = f"learndock sketch DATA --space {space.id[:12]}"
    session.put(rendering.space_written(space, done, dry_run=dry_run and not there, then=then))


def make(
    data: Path,
    /,
    *,
    name: str = "",
    encoder: str = "",
    revise: str = "",
    epsilon: Private = None,
    label: Label = "",
    text: Text = "",
    drop: Drop = None,
    consent: Annotated[bool, Parameter(negative="")] = False,
    output: Output = None,
    dry_run: DryRun = False,
    session: Here,
) -> None:
    """Make a space from DATA: public, rounded constants, and no row.

        $ learndock space make examples.csv --name weekly-sales --drop week

    Parameters
    ----------
    data : Path
        Rows like those that will be compared, such as an older public extract.
    name : str
        What people call it, in lower case; else the name of the file, such as my-data.
    encoder : str
        Such as vector, or onnx:FOLDER; else the one for such data.
    revise : str
        A space of which this is the next version: its name and the kinds of its columns are kept.
    consent : bool
        Do so although noise drowns the constants of so few rows.
    output : Path
        Write to this .space.json file; else NAME.space.json.
    """
    from learndock.service import spaces

    if output:
        files.check_target(output, files.SPACE)
    rows = reading.blocks(files.require_path(data), label=label, text=text, drop=drop or ())
    with session.busy(f"reading {data.name}"):
        if revise and epsilon is not None:
            raise Invalid(
                "--revise and --epsilon do not go together: the next version would not be private",
                next="leave one of them out",
            )
        if revise:
            made = spaces.revise(reading.require_space(revise, session), rows)
        else:
            called = name or files.name_of(data)
            made = spaces.space(
                rows, name=called, encoder=encoder, epsilon=epsilon, consent=consent
            )
    path = output or Path(made.name + files.SPACE)
    if not dry_run:
        spaces.write_space(made, path)
    done = f"in {path}"
    then = f"learndock space add {path}"
    session.put(rendering.space_written(made, done, dry_run=dry_run, then=then))
