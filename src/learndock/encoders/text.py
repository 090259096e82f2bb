"""English texts: the mean of static token vectors that come in a pip package.

The space is built in and the same for everyone: WordLlama's token vectors (MIT licence), weighted
by how rare a token is, averaged over the text, scaled to length one, cut to their first 64
coordinates. The two files are read where pip put them; nothing is downloaded, and WordLlama itself
is never imported.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from learndock.core.data import recognise
from learndock.core.identity import digest
from learndock.core.ports import Encoder, Reading
from learndock.core.sketch import Float
from learndock.core.space import Space
from learndock.encoders._texts import read_texts, require_words, share_of_blank
from learndock.errors import SpaceMismatch, Unavailable

PACKAGE = "wordllama"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
VECTORS = "weights/l2_supercat_256.safetensors"
FIRST_WORD = 259
"""Smaller token ids are bytes and control tokens."""
FLATNESS = 10
RARITY = 1e-3

SPACE = Space(
    name="en-static",
    modality="text",
    encoder="text",
    width=64,
    gamma=1.56,  # 1 / median squared distance between posts of 20 Newsgroups
    scales=(0.25, 1.0, 4.0, 16.0),
    sharpness=6.0,
    constants={
        TOKENIZER: "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
        VECTORS: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
    },
)
"""The built-in space. Its constants are the SHA-256 of both files."""

_BLOCK = 2_000
_WORD = re.compile(r"\S{1,64}")

_FOUND = find_spec(PACKAGE)
if _FOUND is None:
    raise ModuleNotFoundError(f"No module named {PACKAGE!r}", name=PACKAGE)
_FOLDER = Path(next(iter(_FOUND.submodule_search_locations or ("",))))


class Text:
    """Encodes lists, arrays and series of strings."""

    builtin: Space | None = SPACE

    def claims(self, data: Any) -> bool:
        """Say yes to texts in any kind of list."""
        return recognise(data) == "texts"

    def space(self, data: Any, *, name: str, source: str = "") -> Space:
        """Return the built-in space, whatever the texts and the name are.

        Raises
        ------
        BadData
            If the data is not made of texts, all are blank, or one has more than 10 million
            characters.

        Examples
        --------
        >>> str(Text().space(["any text"], name="mine"))
        'text/en-static@1'
        """
        require_words(read_texts(data))
        return SPACE

    def encode(self, data: Any, space: Space) -> Float:
        """Return (n, 64) coordinates of length at most one; a text without a word is at zero.

        Raises
        ------
        SpaceMismatch
            If the space is not the built-in one.
        BadData
            If the data is not made of texts, or one has more than 10 million characters.
        Unavailable
            If the installed token vectors are not those of the space.

        Notes
        -----
        The weight of a token is a / (a + p) with a = 0.001, and p falls like 1 / rank: smooth
        inverse frequency [1]_, with the rank by which the vocabulary is ordered. Vectors are
        trained so that their first coordinates stand alone [2]_. Costs O(length of the texts).

        References
        ----------
        .. [1] Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence
           Embeddings", ICLR 2017.
        .. [2] Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022.

        Examples
        --------
        >>> cat, kitten, tax = Text().encode(["a cat", "a kitten", "income tax"], SPACE)
        >>> bool(cat @ kitten > cat @ tax)
        True
        """
        if space != SPACE:
            raise SpaceMismatch(
                f"space {space} is not {SPACE}, the only one that this encoder has",
                next="update learndock, or encode the texts yourself and use a vector space",
            )
        texts = read_texts(data)
        model = _model()
        blocks = (texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK))
        return np.concatenate([_encode(block, model) for block in blocks])

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return -1 and 1 for each coordinate."""
        return np.full(space.width, -1.0), np.ones(space.width)

    def explain(self, data: Any, space: Space) -> tuple[Reading, ...]:
        """Say how many texts have no word, and count as missing.

        Examples
        --------
        >>> Text().explain(["a cat", ""], SPACE)[0].missing
        0.5
        """
        missing = share_of_blank(read_texts(data))
        told = "the weighted mean of token vectors"
        return (Reading(name="", kind="text", told=told, missing=missing),)


# ---------------------------------------------------------------- token vectors


@dataclass(frozen=True, eq=False)
class _Model:
    """A tokenizer and (V, 256) float32 token vectors that carry their weights."""

    tokenizer: Tokenizer
    vectors: NDArray[np.float32]


@cache
def _model() -> _Model:
    vectors = load(_read(VECTORS))["embedding.weight"].astype(np.float32)
    return _Model(
        Tokenizer.from_buffer(_read(TOKENIZER)),
        vectors * token_weights(len(vectors)).astype(np.float32)[:, None],
    )


def _read(name: str) -> bytes:
    """Return a file of the installed package, and refuse another one than the space names."""
    path = _FOLDER / name
    content = path.read_bytes() if path.is_file() else b""
    if digest(content) != SPACE.constants[name]:
        raise Unavailable(
            f"the installed {PACKAGE} has other token vectors than space {SPACE}",
            next='pip install "wordllama==0.4.0.post1"',
            file=name,
        )
    return content


def token_weights(count: int) -> Float:
    """Return how much each of `count` tokens counts: rare ones about 1, the commonest 0.08.

    Examples
    --------
    >>> token_weights(32_000)[[0, 259, 1000, 31_999]].round(2)
    array([1.  , 0.08, 0.86, 1.  ])
    """
    frequency = np.zeros(count)
    frequency[FIRST_WORD:] = 1 / (np.arange(FIRST_WORD, count) - FIRST_WORD + 1 + FLATNESS)
    frequency /= frequency.sum()
    return RARITY / (RARITY + frequency)


# ---------------------------------------------------------------- texts to vectors


def _encode(texts: Sequence[str], model: _Model) -> Float:
    """Return the coordinates of one block of texts."""
    words: dict[str, int] = {}
    of_text = [[words.setdefault(word, len(words)) for word in _WORD.findall(t)] for t in texts]
    of_word = [_tokens(word, model.tokenizer) for word in words]
    tokens = _counts(of_text, len(words)) @ _counts(of_word, len(model.vectors))
    total = np.asarray(tokens @ model.vectors, dtype=np.float64)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    coords: Float = total[:, : SPACE.width] / np.where(length == 0, 1.0, length)
    return coords


def _tokens(word: str, tokenizer: Tokenizer) -> list[int]:
    """Return a word's token ids; half a surrogate pair counts as a question mark.

    Words one by one have the same tokens as the whole text, and each is looked up once. No
    batch: that would start threads, which warn in every process forked later.
    """
    readable = word.encode("utf-8", "replace").decode()
    ids: list[int] = tokenizer.encode(readable, add_special_tokens=False).ids
    return ids


def _counts(items: Iterable[Sequence[int]], width: int) -> csr_matrix:
    """Return how often each of `width` numbers occurs in each item, as a sparse matrix."""
    listed = list(items)
    ends = np.cumsum([0, *map(len, listed)])
    columns = np.fromiter((i for item in listed for i in item), np.intp, ends[-1])
    found = csr_matrix(
        (np.ones(len(columns), np.float32), columns, ends), shape=(len(listed), width)
    )
    found.sum_duplicates()
    return found


plugin: Encoder = Text()
