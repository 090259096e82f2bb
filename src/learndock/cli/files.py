"""The files of learndock itself: sketches, learnwares, answers. Each kind has its own ending."""

import json
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learndock.errors import Invalid, NotFound

if TYPE_CHECKING:
    from learndock.core.answer import Answer
    from learndock.core.learnware import Learnware
    from learndock.core.sketch import Sketch
    from learndock.service.dock import Dock

SKETCH = ".sketch"
LEARNWARE = ".learnware"
SPACE = ".space.json"
ANSWER = ".json"
PREDICTIONS = ".csv"
MAX_ANSWER = 64 << 20
"""Bytes of an answer's file; one hit has at most some 10 kB."""
MAX_NAME = 64
"""Letters of a name, as of a space or a learnware."""
KINDS = {
    SKETCH: "sketch",
    LEARNWARE: "learnware",
    ANSWER: "answer",
    PREDICTIONS: "table",
    SPACE: "space",
}


def require_file(path: Path) -> Path:
    """Return a path at which there is a file.

    Raises
    ------
    NotFound
        If there is none.
    Invalid
        If it is a pipe or the like.
    """
    if not path.exists():
        raise NotFound(f"there is no file {path}", next=f"look for it with `ls {path.parent}`")
    if path.is_dir():
        raise NotFound(f"{path} is a folder, and a file is needed", next=f"choose with `ls {path}`")
    if not path.is_file():
        raise Invalid(f"{path} is no regular file", next="save it in a file first, and give that")
    return path


def require_path(path: Path) -> Path:
    """Return a path at which there is a file, or a folder of pictures.

    Raises
    ------
    NotFound, Invalid
        If there is neither.
    """
    return path if path.is_dir() else require_file(path)


def title(path: Path) -> str:
    """Return what a file or folder is called, without the ending of a file.

    Examples
    --------
    >>> title(Path("My Data.csv")), title(Path("/"))
    ('My Data', 'data')
    """
    called = Path(os.path.abspath(path))  # noqa: PTH100 - `absolute` leaves .. as it is
    return (called.name if path.is_dir() else called.stem) or "data"


def name_of(path: Path) -> str:
    """Return a name for what is made of a file, in the letters that names may have.

    Examples
    --------
    >>> name_of(Path("My Data (1).csv")), name_of(Path("Café.csv"))
    ('my-data-1', 'cafe')
    """
    letters = unicodedata.normalize("NFKD", title(path).lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._]+", "-", letters)[:MAX_NAME].strip("-._") or "data"


def check_target(path: Path, suffix: str) -> Path:
    """Return a path that can be written, and by whose ending the file is known again.

    Raises
    ------
    NotFound
        If its folder does not exist.
    Invalid
        If it ends otherwise.
    """
    if not path.name.lower().endswith(suffix):
        raise Invalid(
            f"{path} does not end in {suffix}, as a {KINDS[suffix]} does",
            next=f"say -o {path.parent / (path.stem or KINDS[suffix])}{suffix}",
        )
    check_folder(path.parent)
    return path


def check_folder(path: Path) -> Path:
    """Return a path at which there is a folder.

    Raises
    ------
    NotFound
        If there is none.
    """
    if not path.is_dir():
        raise NotFound(f"there is no folder {path}", next=f"make it with `mkdir {path}`")
    return path


def read_sketch(path: Path) -> "Sketch":
    """Return the sketch in a file.

    Raises
    ------
    Invalid
        If the file is something else, or too large.
    """
    from learndock.core.sketch import MAX_BYTES, Sketch

    return Sketch.from_bytes(_read(path, MAX_BYTES))


def read_learnware(path: Path) -> "Learnware":
    """Return the learnware in a file, checked against its own digests.

    Raises
    ------
    Invalid
        If the file is of another kind, or too large.
    """
    from learndock.core import archive
    from learndock.core.manifest import MAX_BYTES

    if require_file(path).suffix.lower() != LEARNWARE:
        raise Invalid(
            f"{path} is no learnware; the name of one ends in {LEARNWARE}",
            next=f"make one with `learndock pack {path} DATA --license LICENCE`",
        )
    return archive.read(_read(path, MAX_BYTES))


def _read(path: Path, limit: int) -> bytes:
    """Return a file's bytes; one that is too large is not opened."""
    if (size := require_file(path).stat().st_size) > limit:
        raise Invalid(
            f"{path} has {size:,} bytes; at most {limit:,} are allowed", next="choose another file"
        )
    return path.read_bytes()


def learnware_bytes(learnware: "Learnware") -> bytes:
    """Return a learnware as the content of a file."""
    from learndock.core import archive

    return archive.write(learnware)


def answer_document(answer: "Answer", dock: "Dock") -> dict[str, Any]:
    """Return an answer as JSON data, with where it comes from and what it says.

    `search --json` prints this, and `search -o` writes it: one form for both.
    """
    return {
        "dock": str(dock.folder.resolve()),
        "fits": bool(answer),
        "sentence": answer.sentence,
        "answer": json.loads(answer.to_json()),
    }


def read_answer(path: Path) -> "tuple[Answer, dict[str, Any]]":
    """Return the answer in a file, tied to no dock, and the whole document.

    Raises
    ------
    Invalid
        If the file is something else, or too large.
    """
    from learndock.core.answer import Answer

    content = _read(path, MAX_ANSWER)
    try:
        document = json.loads(content.decode("utf-8"))
        inner, dock = json.dumps(document["answer"]), document["dock"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _no_answer(path) from error
    if not isinstance(dock, str):
        raise _no_answer(path)
    return Answer.from_json(inner), document


def _no_answer(path: Path) -> Invalid:
    return Invalid(f"{path} is no answer", next=f"write one with `learndock search DATA -o {path}`")
