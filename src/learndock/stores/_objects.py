"""What all object stores share: bytes under ``sha256/ab/cdef...`` in one of obstore's stores."""

import re
from collections.abc import Iterator

import obstore
from obstore.store import ObjectStore

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

    Examples
    --------
    >>> from obstore.store import MemoryStore
    >>> store = Objects(MemoryStore())
    >>> store.get(store.put(b"model"))
    b'model'
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def put(self, content: bytes) -> str:
        """Store some bytes and return their digest. What is there intact is not written again."""
        digest = digest_of(content)
        if self._read(digest) != content:
            self._write(key(digest), content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest, after comparing them with it."""
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

    def has(self, digest: str) -> bool:
        """Say whether there are bytes of this digest."""
        try:
            obstore.head(self._objects, key(digest))
        except FileNotFoundError:
            return False
        return True

    def digests(self) -> Iterator[str]:
        """Yield every digest that is stored; files of other names are passed over."""
        for found in obstore.list(self._objects, ROOT):
            for entry in found:
                if match := _KEY.fullmatch(entry["path"]):
                    yield "".join(match.groups())

    def delete(self, digest: str) -> None:
        """Remove the bytes of a digest; nothing happens if there are none."""
        try:
            obstore.delete(self._objects, key(digest))
        except FileNotFoundError:
            return

    def _read(self, digest: str) -> bytes | None:
        try:
            return bytes(obstore.get(self._objects, key(digest)).bytes())
        except FileNotFoundError:
            return None

    def _write(self, path: str, content: bytes) -> None:
        obstore.put(self._objects, path, content)


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
