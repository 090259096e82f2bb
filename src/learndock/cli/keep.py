"""Commands of those who keep a dock: init, verify, backup, alias set."""

from pathlib import Path

from learndock.cli import rendering
from learndock.cli.options import DryRun
from learndock.cli.session import Here
from learndock.cli.settings import DOCK, find_owner


def init(folder: Path, /, *, dry_run: DryRun = False, session: Here) -> None:
    """Make a dock in a new or empty FOLDER. A dock that is there stays as it is.

        $ learndock init models

    Parameters
    ----------
    folder : Path
        Where; it is made.
    """
    from learndock.service import dock

    there = dock.is_dock(folder)
    if not there:
        dock.check_free(folder)
    if not dry_run:
        dock.Dock(folder, owner=find_owner())
    done = "a dock already" if there else "a dock"
    then = f"export {DOCK}={folder.resolve()}"
    planned = dry_run and not there
    session.put(rendering.made(folder, done, dry_run=planned, then=then, created=not there))


def verify(*, session: Here) -> int:
    """Read the whole dock again, byte for byte, and report what does not hold.

    Exit status 1 says that something does not.

        $ learndock verify --dock models
    """
    with session.busy("verifying") as say:
        dock = session.dock()
        found = dock.verify(progress=lambda done, of: say(f"verifying: {done} of {of}"))
    session.put(rendering.health(found, dock))
    return 0 if found else 1


def backup(folder: Path, /, *, dry_run: DryRun = False, session: Here) -> None:
    """Copy the dock into a new FOLDER, consistently, while others go on working.

    The copy is a dock itself.

        $ learndock backup ../models-monday

    Parameters
    ----------
    folder : Path
        Where; it must be new or empty.
    """
    with session.busy(f"copying to {folder}") as say:
        dock = session.dock()
        dock.backup(
            folder,
            dry_run=dry_run,
            progress=lambda done, of: say(f"copying to {folder}: {done} of {of}"),
        )
    then = f"learndock verify --dock {folder}"
    session.put(rendering.made(folder, f"a copy of {dock.folder}", dry_run=dry_run, then=then))


def set_alias(ref: str, alias: str, /, *, dry_run: DryRun = False, session: Here) -> None:
    """Let ALIAS, such as stable, mean this version; an alias that is there is moved.

        $ learndock alias set ada/store-12@2 stable

    Parameters
    ----------
    ref : str
        owner/name@version, or sha256:...
    alias : str
        A movable name: lower case, no number.
    """
    dock = session.dock()
    found = dock.show(ref) if dry_run else dock.alias(ref, alias)
    session.put(rendering.changed(found.ref, f"called {alias}", dry_run=dry_run, alias=alias))
