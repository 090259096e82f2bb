"""Bytes in a folder, on disk before a put returns."""

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import obstore
from obstore.store import LocalStore

from learndock.core.disk import flush_file, flush_folder, make_folder
from learndock.core.ports import Store
from learndock.stores._objects import Objects

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
        make_folder(self._root)
        super().__init__(LocalStore(self._root), str(self._root))
        self._forget_abandoned()

    def _write(self, path: str, content: bytes) -> None:
        arriving = f"{INCOMING}/{uuid.uuid4().hex}"
        obstore.put(self._objects, arriving, content)
        flush_file(self._root / arriving)
        obstore.rename(self._objects, arriving, path)

    def _keep(self, path: str) -> None:
        file = self._root / path
        flush_file(file)
        for folder in file.relative_to(self._root).parents:
            flush_folder(self._root / folder)

    def _forget_abandoned(self) -> None:
        limit = time.time() - ABANDONED
        for file in (self._root / INCOMING).glob("*"):
            # Another process has just moved or removed it, or it is another user's.
            with suppress(FileNotFoundError, PermissionError):
                if file.stat().st_mtime < limit:
                    file.unlink()


plugin: Callable[[str], Store] = Folder
