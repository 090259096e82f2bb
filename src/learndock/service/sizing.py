"""What may be asked of a sketch: of how many rows, how many points, and which seed."""

from learndock.errors import Invalid, PrivacyGate

MOST_POINTS = 100
LEAST_POINTS = 5
ROWS_PER_POINT = 20
FEW_ROWS = 100
"""Fewer rows get a coarse sketch, unless their owner consents to a full one."""
LEAST_ROWS = 20
"""Fewer rows get none."""


def require_seed(seed: int) -> None:
    """Raise `Invalid` if nothing can be drawn with such a seed."""
    if seed < 0:
        raise Invalid(f"seed is {seed}; 0 or more is needed", next="give another seed")


def require_rows(rows: int, *, consent: bool) -> None:
    """Raise `PrivacyGate` if there are too few rows to hide one, and the owner does not consent."""
    if consent not in (True, False):
        raise Invalid(f"consent is {consent!r}; True or False is needed", next="say consent=True")
    if rows < LEAST_ROWS and not consent:
        raise PrivacyGate(
            f"{rows} rows are too few to hide one of them; {LEAST_ROWS} are needed for a coarse "
            f"sketch and {FEW_ROWS} for a full one",
            next="give more rows, or say consent=True (--consent) if these rows may be guessed",
            rows=rows,
        )


def least_points(rows: int, *, consent: bool) -> int:
    """Return the least number of points that is chosen unasked."""
    return LEAST_POINTS if consent or rows >= FEW_ROWS else 1


def allowed_points(rows: int, size: int | None, *, consent: bool) -> int:
    """Return the number of points: the one that is asked for, or as many as rows allow.

    Raises
    ------
    Invalid
        If rows do not allow so many, and the owner does not consent.

    Examples
    --------
    >>> from learndock.service.sizing import allowed_points
    >>> [allowed_points(rows, None, consent=False) for rows in (60, 100, 800, 10_000)]
    [3, 5, 40, 100]
    """
    most = max(least_points(rows, consent=consent), rows // ROWS_PER_POINT)
    if size is None:
        return min(MOST_POINTS, most)
    if size < 1 or (size > most and not consent):
        raise Invalid(
            f"a sketch of {size} points was asked for; {rows} rows allow 1 to {most}",
            next="ask for fewer points",
            size=size,
            allowed=most,
        )
    return size
