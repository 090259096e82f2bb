"""The public coordinate system in which sketches compare."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from learndock.core.identity import canonical, digest

MAX_COLUMNS = 2_000
MAX_WIDTH = 13 * MAX_COLUMNS
"""Coordinates of the widest table: each categorical column has 13."""
MAX_NAME = 1_000
MAX_CONSTANTS = 100_000
"""Bytes that a space's constants may have as JSON."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
ColumnName = Annotated[str, Field(max_length=MAX_NAME)]
Kind = Literal["numeric", "categorical", "boolean", "datetime", "text"]
Decimal = Literal[".", ","]
Modality = Literal["table", "text", "vector", "image"]


class Frozen(BaseModel):
    """Base of all data that is written to files: immutable, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Column(Frozen):
    """One column of a table space.

    Attributes
    ----------
    name : str
        The column's name in the data.
    kind : {"numeric", "categorical", "boolean", "datetime", "text"}
        How it is read.
    unit : str
        Of a number, such as ``kg``, where the owner or the column's name says it.
    decimal : {".", ","}
        What stands before the decimals of numbers that are written as strings.
    center, scale : float
        Public robust centre and scale of a numeric column, in the column's own unit (seconds
        since 1970 for a datetime); both are rounded.
    """

    name: ColumnName
    kind: Kind
    unit: str = Field(default="", max_length=50)
    decimal: Decimal = "."
    center: float = 0.0
    scale: float = Field(default=1.0, gt=0)


class Space(Frozen):
    """The public coordinate system in which sketches compare. Frozen; known by its digest.

    Attributes
    ----------
    name : str
        For people: ``weekly-sales``. Two spaces of one name and different content are different.
    version : int
        Counts up when its maker changes the constants.
    modality : {"table", "text", "vector", "image"}
        What kind of data it takes.
    encoder : str
        The adapter that turns data into its coordinates.
    width : int
        Number of coordinates d, at most 26,000.
    gamma : float
        g0 = 1 / median squared distance between two rows, in squared coordinate units.
    scales : tuple of float
        The kernel is the mean over s of exp(-s g0 r^2), for at most 8 s.
    sharpness : float
        Densities are read with s = `sharpness` alone.
    columns : tuple of Column
        The columns of a table, in order, at most 2,000; empty for other modalities.
    constants : dict
        What else the encoder needs, as plain JSON of at most 100 kB.
    """

    name: Name
    version: int = Field(default=1, ge=1)
    modality: Modality
    encoder: Name
    width: int = Field(ge=1, le=MAX_WIDTH)
    gamma: float = Field(gt=0)
    scales: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(0.25, 1.0, 4.0), min_length=1, max_length=8
    )
    sharpness: float = Field(default=4.0, gt=0)
    columns: tuple[Column, ...] = Field(default=(), max_length=MAX_COLUMNS)
    constants: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("columns")
    @classmethod
    def _distinct(cls, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        if len({column.name for column in columns}) < len(columns):
            raise ValueError("two columns have one name")
        return columns

    @field_validator("constants")
    @classmethod
    def _small(cls, constants: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if (length := len(canonical(constants))) > MAX_CONSTANTS:
            raise ValueError(f"{length:,} bytes of JSON; at most {MAX_CONSTANTS:,} are allowed")
        return constants

    @cached_property
    def id(self) -> str:
        """SHA-256 of the canonical JSON; spaces compare and hash by it."""
        return digest(canonical(self))

    @property
    def gammas(self) -> tuple[float, ...]:
        """The g in the kernel's terms exp(-g r^2)."""
        return tuple(scale * self.gamma for scale in self.scales)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed; unlike pydantic's it has its own `id`.

        Examples
        --------
        >>> space = Space(name="demo", modality="vector", encoder="vector", width=2, gamma=1.0)
        >>> space.model_copy(update={"width": 3}) == space
        False
        """
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("id", None)
        return copied

    def __hash__(self) -> int:
        return hash(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.id == other.id

    def __str__(self) -> str:
        return f"{self.modality}/{self.name}@{self.version}"
