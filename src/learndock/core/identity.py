"""Canonical JSON and SHA-256: the same content always has the same digest."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def canonical(value: BaseModel | Any) -> bytes:
    """Return the one JSON form of a value: sorted keys, no white space, UTF-8, finite numbers.

    The form follows RFC 8785 for what manifests and spaces hold (strings, integers, short
    decimal numbers, lists, objects with ASCII keys).

    Examples
    --------
    >>> canonical({"b": 1, "a": [0.5, "é"]}).decode()
    '{"a":[0.5,"é"],"b":1}'
    """
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes as 64 hexadecimal digits.

    Examples
    --------
    >>> digest(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(content).hexdigest()
