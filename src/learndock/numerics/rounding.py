"""Rounding: what is published has few digits, so that it gives no row away."""


def significant(value: float, digits: int = 3) -> float:
    """Return a number rounded to so many significant digits.

    Examples
    --------
    >>> significant(0.0123456), significant(98765.0, 2)
    (0.0123, 99000.0)
    """
    return float(f"{value:.{digits}g}")
