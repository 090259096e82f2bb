"""Files that are whole and on the disk under their name, or are not there at all."""

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from learndock.errors import StorageFault


@contextmanager
def faults_told(place: Path | str, *kinds: type[Exception]) -> Iterator[None]:
    """Raise what the disk has against reading or writing a place as an error of learndock.

    Parameters
    ----------
    place : Path or str
        What is read or written.
    *kinds
        Errors that mean the same as `OSError`.

    Raises
    ------
    StorageFault
        If one of them is raised within.

    Examples
    --------
    >>> with faults_told("models"):
    ...     raise PermissionError(13, "Permission denied")
    Traceback (most recent call last):
    learndock.errors.StorageFault: models: Permission denied; check permissions and free space...
    """
    faults: tuple[type[Exception], ...] = (OSError, *kinds)
    try:
        yield
    except faults as error:
        said = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise StorageFault(
            f"{place}: {said}", next="check permissions and free space there", place=str(place)
        ) from error


def write(path: Path, content: bytes) -> None:
    """Write a file that appears under its name when the disk has it, in place of an older one.

    Raises
    ------
    StorageFault
        If it cannot be written; then nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model"
    >>> write(path, b"bytes")
    >>> path.read_bytes()
    b'bytes'
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    with faults_told(path):
        try:
            partial.write_bytes(content)
            flush_file(partial)
            move(partial, path)
        finally:
            with suppress(OSError):
                partial.unlink()


def move(source: Path, target: Path) -> None:
    """Give a file of the same file system another name, and flush the name.

    Raises
    ------
    StorageFault
        If it cannot be moved.
    """
    with faults_told(target):
        source.replace(target)
        flush_folder(target.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, and flush their names.

    Raises
    ------
    StorageFault
        If it cannot be made.
    """
    with faults_told(folder):
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            flush_folder(path.parent)


def flush_file(path: Path) -> None:
    """Wait until the disk has a file, which may be another user's."""
    # Windows flushes only what is open for writing.
    with path.open("rb" if os.name == "posix" else "rb+") as file:
        _flush(file.fileno())


def flush_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder."""
    if os.name != "posix":  # elsewhere a folder cannot be opened, and need not be flushed
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        _flush(handle)
    finally:
        os.close(handle)


def _flush(handle: int) -> None:
    if sys.platform == "darwin":  # where fsync does not wait for the drive's own cache
        import fcntl

        with suppress(OSError):  # some file systems do not know it
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)
