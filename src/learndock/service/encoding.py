"""Which encoder reads a space, or data without one."""

from typing import Any

from learndock.core import registry
from learndock.core.ports import Columnar, Encoder
from learndock.core.space import Space
from learndock.errors import BadData, Invalid, Unavailable


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


def encoder_and_source(data: Any, wanted: str) -> tuple[Encoder, str]:
    """Return the encoder that is wanted for such data, and where its own files are.

    Parameters
    ----------
    data : data
        What is to be encoded.
    wanted : str
        ``NAME`` or ``NAME:SOURCE``, as in ``onnx:minilm/``; empty for the one that claims the data.

    Raises
    ------
    Invalid
        If a source is given for an encoder that has none: one with columns or a built-in space.
    BadData, NotFound, Unavailable
        As `encoder_for` does.
    """
    name, _, source = wanted.partition(":")
    encoder = encoder_for(data, name)
    if source and (encoder.builtin is not None or isinstance(encoder, Columnar)):
        raise Invalid(
            f"encoder {name!r} takes nothing behind the colon, and {source!r} is there",
            next=f"say encoder={name!r}",
        )
    return encoder, source
