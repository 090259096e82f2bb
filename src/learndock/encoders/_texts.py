"""Texts as every text encoder takes them."""

from typing import Any

from learndock.core.data import form_of, texts_of
from learndock.errors import BadData

MAX_CHARACTERS = 10_000_000
"""Of one text."""


def read_texts(data: Any) -> list[str]:
    """Return texts as a list; one that is missing is empty.

    Raises
    ------
    BadData
        If the data is not made of texts, or a text has more than 10 million characters.

    Examples
    --------
    >>> read_texts(["a cat", None])
    ['a cat', '']
    """
    if (form := form_of(data)) != "texts":
        raise BadData(
            f"a text space takes texts, and this is {form}", next="give a list of strings"
        )
    texts = texts_of(data)
    longest = max(range(len(texts)), key=lambda row: len(texts[row]))
    if (length := len(texts[longest])) > MAX_CHARACTERS:
        raise BadData(
            f"text {longest} has {length:,} characters; at most {MAX_CHARACTERS:,} are read",
            next="split it into documents, or leave it out",
            row=longest,
            characters=length,
        )
    return texts


def is_blank(text: str) -> bool:
    """Say whether a text has nothing but white space; its coordinates are zero."""
    return not text.strip()


def require_words(texts: list[str]) -> None:
    """Raise `BadData` if all texts are blank: they say nothing about a task.

    Examples
    --------
    >>> require_words(["", " "])
    Traceback (most recent call last):
    learndock.errors.BadData: all 2 texts are blank; give texts with words
    """
    if all(map(is_blank, texts)):
        raise BadData(
            f"all {len(texts):,} texts are blank", next="give texts with words", rows=len(texts)
        )


def share_of_blank(texts: list[str]) -> float:
    """Return the share of texts without a word."""
    return sum(map(is_blank, texts)) / len(texts)
