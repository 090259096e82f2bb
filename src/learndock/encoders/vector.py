"""Vectors that the caller has already computed, for example with a company's own encoder."""

import re
from typing import Any

import numpy as np

from learndock.core.data import array_of, form_of
from learndock.core.ports import Encoder, Reading
from learndock.core.sketch import Float
from learndock.core.space import MAX_WIDTH, Space
from learndock.errors import BadData, Invalid, SpaceMismatch
from learndock.numerics.kernels import median_gamma
from learndock.numerics.rounding import significant

MIN_ROWS = 5
"""Fewer rows do not hide one another behind a median distance."""


class Vector:
    """Takes (n, d) vectors as the coordinates they are; asked for by name only."""

    builtin: Space | None = None

    def claims(self, data: Any) -> bool:
        """Say no: what looks like vectors may be a table, so the caller has to choose."""
        return False

    def space(self, data: Any, *, name: str, source: str = "") -> Space:
        """Make a space for vectors like these; only their width and median distance are kept.

        Parameters
        ----------
        data : (n, d) array or data frame of numbers
            At least 5 vectors.
        name : str
            What people call the encoder that made them.
        source : str
            Its version, a whole number of 1 or more; 1 by default. Vectors of two versions do
            not compare, and neither do sketches of them move from one to the other.

        Raises
        ------
        Invalid
            If the version is no such number.
        BadData
            If there are too few vectors, more than 26,000 coordinates, or some value is no finite
            number.

        Examples
        --------
        >>> made = Vector().space(np.eye(8), name="acme-images")
        >>> made.width, made.gamma
        (8, 0.5)
        >>> Vector().space(np.eye(8), name="acme-images", source="2").constants
        {'of': 'acme-images', 'version': 2}
        """
        rows = _finite(data)
        if len(rows) < MIN_ROWS:
            raise BadData(
                f"{len(rows)} vectors were given, and a space needs at least {MIN_ROWS}",
                next="give more, or use a space that the dock has",
                rows=len(rows),
            )
        if rows.shape[1] > MAX_WIDTH:
            raise BadData(
                f"vectors have {rows.shape[1]:,} coordinates; at most {MAX_WIDTH:,} are allowed",
                next="reduce them, for example by a random projection",
                width=rows.shape[1],
            )
        return Space(
            name=name,
            modality="vector",
            encoder="vector",
            width=rows.shape[1],
            gamma=significant(median_gamma(rows)),
            scales=(0.25, 1.0, 4.0, 16.0),
            constants={"of": name, "version": _version(source)},
        )

    def encode(self, data: Any, space: Space) -> Float:
        """Return the vectors as (n, d) float64.

        Raises
        ------
        SpaceMismatch
            If they have another width than the space, or the space is no vector space.
        BadData
            If some value is no finite number.

        Examples
        --------
        >>> made = Vector().space(np.eye(8), name="acme-images")
        >>> Vector().encode(np.ones((3, 8)), made).shape
        (3, 8)
        """
        rows = _finite(data)
        if space.encoder != "vector" or rows.shape[1] != space.width:
            raise SpaceMismatch(
                f"vectors have width {rows.shape[1]}, and space {space} of encoder "
                f"{space.encoder!r} takes {space.width}",
                next="use the encoder that the space was made for",
                width=rows.shape[1],
                wanted=space.width,
            )
        return rows

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return infinities: nothing is known of these vectors."""
        return np.full(space.width, -np.inf), np.full(space.width, np.inf)

    def explain(self, data: Any, space: Space) -> tuple[Reading, ...]:
        """Say that the vectors are taken as they are.

        Examples
        --------
        >>> made = Vector().space(np.eye(8), name="acme-images")
        >>> Vector().explain(np.eye(8), made)[0].told
        'vectors of acme-images version 1, as they are'
        """
        self.encode(data, space)
        of, version = space.constants.get("of", space.name), space.constants.get("version", 1)
        told = f"vectors of {of} version {version}, as they are"
        return (Reading(name="", kind="vector", told=told),)


def _version(source: str) -> int:
    if not source:
        return 1
    if not re.fullmatch("[1-9][0-9]{0,8}", source):
        raise Invalid(
            f"{source!r} is no version of an encoder",
            next='give a whole number, such as `encoder="vector:2"`',
        )
    return int(source)


def _finite(data: Any) -> Float:
    """Return the vectors, and refuse the wrong form or values that are not finite."""
    if (form := form_of(data)) in ("texts", "images"):
        raise BadData(f"vectors are needed, and these are {form}", next="encode them first")
    rows = array_of(data)
    if rows.shape[1] == 0:
        raise BadData("the vectors have no coordinates", next="give an array of shape (n, d)")
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise BadData(
            f"{len(bad):,} vectors hold NaN or infinity, the first in row {bad[0]:,}",
            next="drop these rows, or compute them again",
            rows=len(bad),
        )
    return rows


plugin: Encoder = Vector()
