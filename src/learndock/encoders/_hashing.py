"""Strings as pseudo-random unit vectors: the same on every machine, without any list of strings."""

import re
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from learndock.core.sketch import Float

LEVEL_WIDTH = 12
TEXT_WIDTH = 24
_WORD = re.compile(r"\w+")
_BLOCK = 4_096


def level_vectors(levels: Sequence[str], width: int = LEVEL_WIDTH) -> Float:
    """Return a pseudo-random unit vector for each level of a categorical column.

    They are integers from BLAKE2b of the level, divided by their norm. No list of levels has to be
    published, new levels have vectors, too, and a level is the same in every table.

    Parameters
    ----------
    levels : sequence of str
        L levels of any length.
    width : int
        At most 32.

    Returns
    -------
    (L, width) float64
        Vectors of two levels have a mean cosine of 0, with a standard deviation of
        1 / sqrt(width).

    Examples
    --------
    >>> red, blue = level_vectors(["red", "blue"])
    >>> round(float(red @ red), 9), abs(float(red @ blue)) < 0.9
    (1.0, True)
    """
    size = 2 * width
    digests = b"".join(
        blake2b(level.encode("utf-8", "surrogatepass"), digest_size=size).digest()
        for level in levels
    )
    raw = np.frombuffer(digests, dtype="<i2").reshape(-1, width).astype(np.float64)
    raw /= np.sqrt((raw * raw).sum(axis=1, keepdims=True))
    return raw


def text_vectors(texts: Sequence[str], width: int = TEXT_WIDTH) -> Float:
    """Return a unit vector for each free text: the sum of its words' vectors.

    Words are compared in lower case; one that occurs c times counts 1 + log c.

    Parameters
    ----------
    texts : sequence of str
        L texts of any length.
    width : int
        At most 32.

    Returns
    -------
    (L, width) float64
        Of length 1; 0 for a text without a word.

    Notes
    -----
    Costs O(length of the texts): each distinct word of 4,096 texts is hashed once.

    Examples
    --------
    >>> one, other = text_vectors(["A red bicycle", "a bicycle: RED"])
    >>> round(float(one @ other), 9)
    1.0
    """
    blocks = [texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK)]
    return np.concatenate([np.empty((0, width)), *(_text_vectors(b, width) for b in blocks)])


def _text_vectors(texts: Sequence[str], width: int) -> Float:
    from scipy.sparse import csr_array

    found = [_WORD.findall(text.lower()) for text in texts]
    words = sorted({word for text in found for word in text})  # summed in an order of their own
    place = {word: i for i, word in enumerate(words)}
    ends = np.cumsum([0, *map(len, found)])
    columns = np.fromiter((place[word] for text in found for word in text), np.int64, ends[-1])
    counts = csr_array((np.ones(len(columns)), columns, ends), shape=(len(texts), len(words)))
    counts.sum_duplicates()
    counts.data = 1 + np.log(counts.data)
    total: Float = counts @ level_vectors(words, width)
    length = np.sqrt((total * total).sum(axis=1, keepdims=True))
    return total / np.where(length == 0, 1.0, length)
