"""Bytes in memory: for tests, and for docks that end with their process."""

from collections.abc import Callable

from obstore.store import MemoryStore

from learndock.core.ports import Store
from learndock.stores._objects import Objects


def memory(location: str) -> Objects:
    """Return a new, empty store; the location is not used.

    Examples
    --------
    >>> list(memory("").digests())
    []
    """
    return Objects(MemoryStore())


plugin: Callable[[str], Store] = memory
