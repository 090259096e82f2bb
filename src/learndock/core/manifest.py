"""The semantic part of a specification, as data."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from learndock.core.sketch import Label, Release, distinct
from learndock.core.space import ColumnName, Frozen, Name

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Path = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$")]
Task = Literal["classification", "regression"]
SKETCH = "sketch.safetensors"
MAX_FILES = 32
MAX_INPUTS = 10_000
MAX_BYTES = 2 << 30


class File(Frozen):
    """One file of a learnware: its flat name, size in bytes, and digest."""

    path: Path
    size: int = Field(ge=0, le=MAX_BYTES)
    sha256: Sha256


class Input(Frozen):
    """What the model takes.

    Attributes
    ----------
    kind : {"frame", "array", "texts", "images"}
        A data frame with named columns, a two-dimensional array, a list of strings, or pictures.
    columns : tuple of str
        Names in the order in which the model wants them; ``x0, x1, ...`` for an array.
    frame : {"", "pandas", "polars", "pyarrow"}
        The library of the frames that the model was trained on.
    shape : tuple of int
        Height, width, and channels if it has some, of each picture.
    """

    kind: Literal["frame", "array", "texts", "images"]
    columns: tuple[ColumnName, ...] = Field(default=(), max_length=MAX_INPUTS)
    frame: Literal["", "pandas", "polars", "pyarrow"] = ""
    shape: tuple[int, ...] = Field(default=(), max_length=3)


class Manifest(Frozen):
    """The semantic part of a specification: what the learnware does, and every file it has.

    A learnware's id is the digest of its manifest, which lists the digest of every other file.
    """

    format: Literal[1] = 1
    """Version of this form; another one is refused."""
    name: Name
    """What its owner calls it, such as ``store-12``."""
    description: str = Field(default="", max_length=10_000)
    """What it does, in words."""
    task: Task
    """What kind of thing it predicts."""
    target: str = Field(default="", max_length=200)
    """What it predicts, such as ``weekly sales``."""
    classes: tuple[Label, ...] = Field(default=(), max_length=1_000)
    """Labels in the order of its outputs; empty for regression."""
    license: str = Field(min_length=1, max_length=200)
    """Under what licence others may use it: an SPDX name or the owner's own terms."""
    tags: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=50)
    """Words to find it by."""
    input: Input
    """What the model takes."""
    runtime: Name
    """The adapter that loads it."""
    requires: dict[str, str] = Field(default_factory=dict, max_length=50)
    """Libraries that the runtime needs, with the versions it was stored under."""
    space: Sha256
    """Digest of the space in which it is sketched."""
    release: Release | None = None
    """The accounting of a differentially private sketch."""
    files: tuple[File, ...] = Field(min_length=1, max_length=MAX_FILES)
    """Every other file of the learnware, with size and digest."""

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("two files have one name")
        if SKETCH not in paths:
            raise ValueError(f"{SKETCH} is missing from the list of files")
        if (self.task == "classification") != (len(self.classes) >= 2):
            raise ValueError("a classifier has at least two classes, a regressor has none")
        if not distinct(self.classes):
            raise ValueError("two of the classes are one label")
        return self
