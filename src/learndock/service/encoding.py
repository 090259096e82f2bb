"""Which encoder reads a space, or data without one."""

from typing import Any

from learndock.core import registry
from learndock.core.ports import Encoder
from learndock.core.space import Space
from learndock.errors import BadData, Unavailable


def encoder_of(space: Space) -> Encoder:
    """Return the encoder of a space."""
    found: Encoder = registry.load("encoders", space.encoder)
    return found


def encoder_for(data: Any, name: str) -> Encoder:
    """Return the encoder of a name, or the one that claims such data.

    Raises
    ------
    BadData
        If none claims it.
    NotFound, Unavailable
        As `registry.load` does for a name.
    """
    if name:
        chosen: Encoder = registry.load("encoders", name)
        return chosen
    for candidate in registry.names("encoders"):
        try:
            found: Encoder = registry.load("encoders", candidate)
        except Unavailable:
            continue  # what it needs is not installed
        if found.claims(data):
            return found
    raise BadData(f"no encoder reads {type(data).__name__}", next="name one with `encoder=`")
