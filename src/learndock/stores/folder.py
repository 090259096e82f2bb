"""Bytes in a folder, on disk before a put returns."""

import os
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import obstore
from obstore.store import LocalStore

from learndock.core.ports import Store
from learndock.stores._objects import Objects, key

INCOMING = "incoming"
ABANDONED = 24 * 3600.0
"""Seconds after which an unfinished put counts as left behind by a process that died."""


class Folder(Objects):
    """A store in a folder that several processes may use at once.

    obstore writes to a file and renames it, but leaves flushing to the operating system. So
    bytes arrive under ``incoming/``, are flushed there, and only then move under their digest:
    neither a kill nor a power cut leaves a cut-off file under a digest.

    Parameters
    ----------
    location : str
        The folder; made if it is not there.
    """

    def __init__(self, location: str) -> None:
        self._root = Path(location).absolute()
        _make(self._root)
        super().__init__(LocalStore(self._root))
        self._forget_abandoned()

    def put(self, content: bytes) -> str:
        """Store some bytes, wait until the disk has them, and return their digest."""
        digest = super().put(content)
        self._flush(key(digest))
        return digest

    def _write(self, path: str, content: bytes) -> None:
        arriving = f"{INCOMING}/{uuid.uuid4().hex}"
        obstore.put(self._objects, arriving, content)
        _flush_file(self._root / arriving)
        obstore.rename(self._objects, arriving, path)

    def _flush(self, path: str) -> None:
        """Flush a file and every folder down to it, also when another process put it."""
        file = self._root / path
        _flush_file(file)
        for folder in file.relative_to(self._root).parents:
            _flush_folder(self._root / folder)

    def _forget_abandoned(self) -> None:
        limit = time.time() - ABANDONED
        for file in (self._root / INCOMING).glob("*"):
            with suppress(FileNotFoundError):  # another process has just moved or removed it
                if file.stat().st_mtime < limit:
                    file.unlink()


def _make(folder: Path) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _flush_folder(path.parent)


def _flush_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and need not be flushed
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


plugin: Callable[[str], Store] = Folder
