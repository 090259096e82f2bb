"""Names of columns: their words, and how alike two names are."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from learndock.core.sketch import Float

Words = tuple[str, ...]

_PREFIX, _SKELETON = 0.9, 0.8
"""How alike a word and its abbreviation are."""
_SHORTEST = 3
"""Letters of the shortest prefix that counts as an abbreviation."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_VOWELS = frozenset("aeiou")
_GENERIC = re.compile(r"(x|v|f|c|col|column|var|variable|feature|field|attr|attribute|unnamed)?\d*")


def words_of(name: str, *, unit: str = "") -> Words:
    """Return the words of a column's name in lower case, without the unit at its end.

    Parameters
    ----------
    name : str
        As in the data: ``snake_case``, ``camelCase``, with blanks or brackets, of any script.
    unit : str, optional
        The column's unit, such as ``cm``.

    Returns
    -------
    tuple of str
        Empty where the name holds neither a letter nor a digit.

    Examples
    --------
    >>> words_of("passengerCount"), words_of("Sepal length (cm)", unit="cm")
    (('passenger', 'count'), ('sepal', 'length'))
    """
    words, tail = _split(name), _split(unit)
    if tail and len(tail) < len(words) and words[-len(tail) :] == tail:
        return words[: -len(tail)]
    return words


def _split(text: str) -> Words:
    plain = unicodedata.normalize("NFKC", text)
    return tuple(_WORD.findall(_HUMP.sub(" ", plain).casefold()))


def is_generic(words: Words) -> bool:
    """Say whether a name tells a place only, such as ``x0`` or ``Unnamed: 3``.

    Examples
    --------
    >>> is_generic(words_of("x0")), is_generic(words_of("week"))
    (True, False)
    """
    return _GENERIC.fullmatch("".join(words)) is not None


def name_likeness(left: Sequence[Words], right: Sequence[Words]) -> Float:
    """Return how alike names are, word by word and in any order.

    Two words are as alike as the cosine of their counts of 2 to 4 letters in a row. A word is .9
    like a prefix of at least three letters (``temp``), and .8 like a word of its first letter and
    later consonants in order (``qty``). A name is as like another as, in the mean, each of its
    words is like the nearest of the other's [1]_; of both directions the lesser counts.

    Parameters
    ----------
    left : sequence of m tuples of str
        Words of each name, as `words_of` returns them.
    right : sequence of n tuples of str
        The same of the other side.

    Returns
    -------
    (m, n) float64
        From 0 to 1; 1 where the words are the same, 0 where a name has no word.

    Notes
    -----
    Costs O(p q) time and memory for p and q different words.

    References
    ----------
    .. [1] Monge and Elkan, "The Field Matching Problem: Algorithms and Applications", KDD 1996.

    Examples
    --------
    >>> name_likeness([("mean", "temp")], [("temperature", "mean"), ("price",)]).round(2)
    array([[0.95, 0.  ]])
    """
    if not any(left) or not any(right):
        return np.zeros((len(left), len(right)))
    ours, theirs = (
        list(dict.fromkeys(w for words in side for w in words)) for side in (left, right)
    )
    alike = _word_likeness(ours, theirs)
    there = _nearest_of(alike, theirs, right)
    back = _nearest_of(alike.T, ours, left)
    return np.minimum(_mean_over(there, ours, left), _mean_over(back, theirs, right).T)


def _nearest_of(alike: Float, words: list[str], names: Sequence[Words]) -> Float:
    """Return (p, n) how like each word is to the nearest word of each name."""
    place = {word: i for i, word in enumerate(words)}
    out = np.zeros((len(alike), len(names)))
    for j, name in enumerate(names):
        out[:, j] = alike[:, [place[word] for word in name]].max(axis=1, initial=0.0)
    return out


def _mean_over(nearest: Float, words: list[str], names: Sequence[Words]) -> Float:
    """Return (m, n) means over the words of each name."""
    place = {word: i for i, word in enumerate(words)}
    out = np.zeros((len(names), nearest.shape[1]))
    for i, name in enumerate(names):
        if name:
            out[i] = nearest[[place[word] for word in name]].mean(axis=0)
    return out


def _word_likeness(left: list[str], right: list[str]) -> Float:
    from sklearn.feature_extraction.text import HashingVectorizer

    vectors = HashingVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), alternate_sign=False, n_features=2**14
    )
    out: Float = (vectors.transform(left) @ vectors.transform(right).T).toarray()
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            if one[0] == other[0]:
                out[i, j] = 1.0 if one == other else max(out[i, j], _abbreviation(one, other))
    return out


def _abbreviation(one: str, other: str) -> float:
    """Return how alike two words are if one abbreviates the other, else 0."""
    short, long = sorted((one, other), key=len)
    if short.isdigit():
        return 0.0
    if len(short) >= _SHORTEST and long.startswith(short):
        return _PREFIX
    letters = iter(long[1:])
    in_order = len(short) > 1 and all(letter in letters for letter in short[1:])
    return _SKELETON if in_order and not _VOWELS & set(short[1:]) else 0.0
