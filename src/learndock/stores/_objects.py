"""What all object stores share: bytes under ``sha256/ab/cdef...`` in one of obstore's stores."""

import re
from collections.abc import Iterator

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from learndock.core.disk import faults_told
from learndock.core.identity import digest as digest_of
from learndock.errors import Corrupt, Invalid, NotFound

ROOT = "sha256"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(ROOT + r"/([0-9a-f]{2})/([0-9a-f]{62})")


class Objects:
    """A store on any of obstore's stores whose puts are atomic and durable by themselves.

    Parameters
    ----------
    objects : obstore.store.ObjectStore
        Where the bytes go.
    place : str
        What errors call it.

    Examples
    --------
    >>> from obstore.store import MemoryStore
    >>> store = Objects(MemoryStore())
    >>> store.get(store.put(b"model"))
    b'model'
    """

    def __init__(self, objects: ObjectStore, place: str = "the store") -> None:
        self._objects = objects
        self._place = place

    def put(self, content: bytes) -> str:
        """Store some bytes and return their digest. What is there intact is not written again."""
        digest = digest_of(content)
        with faults_told(self._place, BaseError):
            if self._read(digest) != content:
                self._write(key(digest), content)
            self._keep(key(digest))
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest, after comparing them with it."""
        with faults_told(self._place, BaseError):
            content = self._read(digest)
        if content is None:
            raise NotFound(f"there are no bytes of digest {digest}", digest=digest)
        if digest_of(content) != digest:
            raise Corrupt(
                f"the bytes filed under {digest} have another digest",
                next="put the original content again, or restore a backup",
                digest=digest,
            )
        return content

    def digests(self) -> Iterator[str]:
        """Yield every digest that is stored; files of other names are passed over."""
        with faults_told(self._place, BaseError):
            paths = [entry["path"] for some in obstore.list(self._objects, ROOT) for entry in some]
        for path in paths:
            if match := _KEY.fullmatch(path):
                yield "".join(match.groups())

    def _read(self, digest: str) -> bytes | None:
        try:
            return bytes(obstore.get(self._objects, key(digest)).bytes())
        except FileNotFoundError:
            return None

    def _write(self, path: str, content: bytes) -> None:
        obstore.put(self._objects, path, content)

    def _keep(self, path: str) -> None:
        """Make what is there durable, also when another process put it."""


def key(digest: str) -> str:
    """Return where the bytes of a digest are.

    Raises
    ------
    Invalid
        If it is no digest.

    Examples
    --------
    >>> key("ab" + 62 * "0")[:14]
    'sha256/ab/0000'
    """
    if not _DIGEST.fullmatch(digest):
        raise Invalid(f"{digest!r} is no digest; 64 hexadecimal digits in lower case are needed")
    return f"{ROOT}/{digest[:2]}/{digest[2:]}"
