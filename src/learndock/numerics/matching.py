"""Which columns of two tables are the same: likeness of names and of values, and an assignment."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

Float = NDArray[np.float64]
Words = tuple[str, ...]

LEVELS = 32
"""How many quantiles stand for a distribution; the outermost are 1.6 % and 98.4 %."""
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


def quantiles(values: Float, weights: Float) -> Float:
    """Return a weighted distribution as its values at `LEVELS` evenly spaced levels.

    Parameters
    ----------
    values : (K,) float64
        In any unit.
    weights : (K,) float64
        Nonnegative, not all zero.

    Returns
    -------
    (32,) float64
        The mean absolute difference of two of these is about their Wasserstein distance [1]_.

    References
    ----------
    .. [1] Peyre and Cuturi, "Computational Optimal Transport", Foundations and Trends in Machine
       Learning 11 (2019), 355-607, section 2.6.

    Examples
    --------
    >>> quantiles(np.array([5.0, 1.0]), np.array([0.25, 0.75])).mean()
    np.float64(2.0)
    """
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    found: Float = np.quantile(values, levels, weights=weights, method="inverted_cdf")
    return found


def wasserstein(left: Float, right: Float, left_scale: Float, right_scale: Float) -> Float:
    """Return the Wasserstein-1 distance of each pair of distributions, in their common scale.

    Parameters
    ----------
    left : (m, 32) float64
        Quantiles of each column, as `quantiles` returns them.
    right : (n, 32) float64
        The same of the other side.
    left_scale, right_scale : (m,) and (n,) float64
        Spread of each column, in its own unit, > 0.

    Returns
    -------
    (m, n) float64
        In units of the root mean square of both scales. 0 where the distributions are the same.

    Examples
    --------
    >>> one = np.ones(1)
    >>> wasserstein(np.zeros((1, 32)), np.full((1, 32), 3.0), one, one)
    array([[3.]])
    """
    scale = np.sqrt((left_scale[:, None] ** 2 + right_scale[None] ** 2) / 2)
    distances: Float = cdist(left, right, "cityblock") / left.shape[1] / scale
    return distances


def assign(cost: Float, *, dustbin: float) -> list[tuple[int, int]]:
    """Return the pairs of least total cost, where leaving a pair out costs `dustbin`.

    Parameters
    ----------
    cost : (m, n) float64
        Of each pair; infinite where it cannot be.
    dustbin : float
        No pair that costs more is returned.

    Returns
    -------
    list of (int, int)
        Row and column of each pair, by row; no row and no column comes twice.

    Notes
    -----
    Each row has a dustbin of its own beside the columns. Costs O(m^2 (m + n)) time [1]_.

    References
    ----------
    .. [1] Crouse, "On Implementing 2D Rectangular Assignment Algorithms", IEEE Transactions on
       Aerospace and Electronic Systems 52 (2016), 1679-1696.

    Examples
    --------
    >>> assign(np.array([[0.2, 0.1], [0.9, 0.3]]), dustbin=0.5)
    [(0, 0), (1, 1)]
    """
    rows, columns = cost.shape
    bins = np.full((rows, rows), dustbin)
    found = zip(*linear_sum_assignment(np.hstack([cost, bins])), strict=True)
    return [(int(i), int(j)) for i, j in found if j < columns]
