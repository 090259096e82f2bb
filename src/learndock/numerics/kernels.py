"""Mean-of-Gaussians kernel and the distance that it puts between weighted point sets."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid, SketchMismatch

Float = NDArray[np.float64]
Real = TypeVar("Real", np.float32, np.float64)

_TILE = 2**18  # kernel values worked on at once: 2 MB of float64 stay in a processor's cache
_SIDE = 512
_MEDIAN_ROWS = 1_000
_FAR = 1e6  # kernel widths from the centre beyond which all is equally far: its square is finite
_REACH = 3e3  # squared kernel widths at which single precision errs by 1e-3


def gram(x: Float, y: Float, *, gammas: Sequence[float]) -> Float:
    r"""Return the kernel between all points of two sets.

    .. math:: k(x, y) = \frac{1}{|\Gamma|} \sum_{g \in \Gamma} \exp(-g \lVert x - y \rVert^2)

    Parameters
    ----------
    x : (n, d) float64
        Points of the first set, in the coordinates of a space.
    y : (m, d) float64
        Points of the second set, same coordinates in the same order.
    gammas : sequence of float
        The g, each > 0, in 1 / squared coordinate units.

    Returns
    -------
    (n, m) float64
        Between 0 and 1; 1 where the points coincide.

    Raises
    ------
    SketchMismatch
        If `x` and `y` differ in width.
    Invalid
        If `gammas` is empty or has a value that is not a positive number.

    Notes
    -----
    Costs O(n m d) time. Each g that is 2, 4, 16, ... times the one before costs a few
    multiplications and no exponential.

    References
    ----------
    .. [1] Gretton et al., "Optimal Kernel Choice for Large-Scale Two-Sample Tests", NeurIPS 2012.

    Examples
    --------
    >>> gram(np.zeros((1, 2)), np.array([[0.0, 0.0], [1.0, 0.0]]), gammas=[1.0]).round(3)
    array([[1.   , 0.368]])
    """
    check_gammas(gammas)
    _same_width(x, y)
    out = np.empty((len(x), len(y)))
    share = [1 / len(gammas)] * len(gammas)
    for rows, columns in tiles(len(x), len(y)):
        out[rows, columns] = radial(squared_distances(x[rows], y[columns]), gammas, share)
    return out


def gram_times(x: Float, y: Float, values: Float, *, gammas: Sequence[float]) -> Float:
    """Return ``gram(x, y) @ values`` in memory that does not grow with x or y.

    Parameters
    ----------
    x : (n, d) float64
        Points at which to read.
    y : (m, d) float64
        Points that carry values.
    values : (m,) or (m, C) float64
        What each point of `y` carries, such as its weight.
    gammas : sequence of float
        As in `gram`.

    Returns
    -------
    (n,) or (n, C) float64
        The kernel sums.

    Raises
    ------
    SketchMismatch, Invalid
        As `gram` does.

    Notes
    -----
    Costs O(n m d) time.

    Examples
    --------
    >>> y = np.array([[0.0], [1.0]])
    >>> gram_times(np.zeros((1, 1)), y, np.array([0.5, 0.5]), gammas=[1.0]).round(3)
    array([0.684])
    """
    out = np.zeros((len(x), *values.shape[1:]))
    for rows, columns in tiles(len(x), len(y)):
        out[rows] += gram(x[rows], y[columns], gammas=gammas) @ values[columns]
    return out


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates in kernel widths around a centre, where single precision rounds least.

    Attributes
    ----------
    center : (d,) float64
        What becomes the origin.
    kernel : tuple of float
        The gammas of the kernel, in the coordinates that points come in.

    Examples
    --------
    >>> frame = Frame.around(np.array([[99.0], [100.0], [102.0]]), [4.0, 1.0])
    >>> frame.into(np.array([[101.0]])), frame.gammas
    (array([[2.]], dtype=float32), [1.0, 0.25])
    """

    center: Float
    kernel: tuple[float, ...]

    @classmethod
    def around(cls, points: Float, gammas: Sequence[float]) -> "Frame":
        """Make the frame for a kernel; its origin is amid the points, whatever lies far away."""
        some = points[:: math.ceil(len(points) / _MEDIAN_ROWS)]
        return cls(np.median(some, axis=0), tuple(gammas))

    @property
    def scale(self) -> float:
        """1 / the least kernel width."""
        return math.sqrt(max(self.kernel))

    @property
    def gammas(self) -> list[float]:
        """Those of the kernel in these coordinates; the largest is 1."""
        return [g / max(self.kernel) for g in self.kernel]

    def into(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return points in these coordinates, at most a million widths from the centre."""
        return np.clip((points - self.center) * self.scale, -_FAR, _FAR).astype(np.float32)

    def back(self, points: NDArray[np.float32]) -> Float:
        """Return points in the coordinates that they came from."""
        out: Float = points / self.scale + self.center
        return out

    def gram(
        self, x: NDArray[np.floating], y: NDArray[np.floating]
    ) -> NDArray[np.float32] | NDArray[np.float64]:
        """Return `gram` of (n, d) and (m, d) points, in half the time and to half the digits.

        Within 1e-6 for points near the centre, and within 1e-3 always: the rounding of a distance
        grows with the square of the distance from the centre, and where it is too much the work
        is done in double precision. Costs O(n m) memory: give small pieces.
        """
        gammas, share = self.gammas, [1 / len(self.kernel)] * len(self.kernel)
        near, there = self.into(x), self.into(y)
        if max(_squares(near).max(), _squares(there).max()) < _REACH:
            return radial(squared_distances(near, there), gammas, share)
        left, right = ((side - self.center) * self.scale for side in (x, y))
        return radial(squared_distances(left, right), gammas, share)


def mmd(x: Float, wx: Float, y: Float, wy: Float, *, gammas: Sequence[float]) -> float:
    r"""Return the maximum mean discrepancy between two weighted point sets.

    .. math:: \lVert \sum_i w_i k(x_i, \cdot) - \sum_j v_j k(y_j, \cdot) \rVert_{\mathcal H}

    Parameters
    ----------
    x : (n, d) float64
        Points of the first set.
    wx : (n,) float64
        Their weights. They need not sum to one: the sum is the mass.
    y : (m, d) float64
        Points of the second set, same coordinates in the same order.
    wy : (m,) float64
        Their weights.
    gammas : sequence of float
        As in `gram`.

    Returns
    -------
    float
        A distance, >= 0 and without unit. 0 when both sets are the same measure, up to about
        1e-8 from rounding.

    Raises
    ------
    SketchMismatch, Invalid
        As `gram` does.

    Notes
    -----
    Costs O((n + m)^2 d) time and constant memory.

    References
    ----------
    .. [1] Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), 723-773, Lemma 6.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0]]); w = np.array([0.5, 0.5])
    >>> mmd(x, w, x, w, gammas=[1.0])
    0.0
    """
    squared = (
        wx @ gram_times(x, x, wx, gammas=gammas)
        - 2 * (wx @ gram_times(x, y, wy, gammas=gammas))
        + wy @ gram_times(y, y, wy, gammas=gammas)
    )
    return math.sqrt(max(float(squared), 0.0))


def median_gamma(x: Float, *, seed: int = 0) -> float:
    r"""Return 1 / median squared distance between two rows, the usual kernel width.

    Parameters
    ----------
    x : (n, d) float64
        Rows, at least one.
    seed : int
        Draws the rows that are compared, where there are more than 1,000.

    Returns
    -------
    float
        Positive and finite. Where over half of the pairs coincide, 1 / mean squared distance
        of the others; where all rows are equal, 1: no width is better than another then.

    Raises
    ------
    Invalid
        If there is no row.

    Notes
    -----
    Costs O(min(n, 1000)^2 d).

    References
    ----------
    .. [1] Garreau, Jitkrittum and Kanagawa, "Large Sample Analysis of the Median Heuristic",
       2017, arXiv:1707.07269.

    Examples
    --------
    >>> median_gamma(np.array([[0.0], [2.0]]))
    0.25
    """
    if len(x) == 0:
        raise Invalid("the kernel's width was asked for 0 rows; 1 is needed", next="give rows")
    if len(x) > _MEDIAN_ROWS:
        x = x[np.random.default_rng(seed).choice(len(x), _MEDIAN_ROWS, replace=False)]
    squared = squared_distances(x, x)[np.triu_indices(len(x), 1)]
    # Distances come out of a difference of squares: what is this near to zero is zero.
    apart = squared[squared > 1e-12 * np.square(x).sum(axis=1).max()]
    if len(apart) == 0:
        return 1.0
    middle = np.median(squared) if 2 * len(apart) > len(squared) else apart.mean()
    return float(1 / middle)


def squared_distances(x: NDArray[Real], y: NDArray[Real]) -> NDArray[Real]:
    """Return (n, m) squared Euclidean distances, by one matrix product.

    Examples
    --------
    >>> squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
    array([[25.]])
    """
    out: NDArray[Real] = (-2 * x) @ y.T
    out += _squares(x)[:, None]
    out += _squares(y)
    np.maximum(out, 0, out=out)
    return out


def _squares(x: NDArray[Real]) -> NDArray[Real]:
    """Return the (n,) squared lengths."""
    out: NDArray[Real] = np.einsum("ij,ij->i", x, x)
    return out


def radial(
    squared: NDArray[Real], gammas: Sequence[float], factors: Sequence[float]
) -> NDArray[Real]:
    """Return ``sum(f * exp(-g * squared))`` over pairs of g and f, in the precision of `squared`.

    Where one g is a power of two times another, its exponential comes by squaring: that is exact
    to a few units in the last place for each doubling.

    Examples
    --------
    >>> radial(np.array([[1.0]]), [0.5, 1.0], [1.0, 2.0]).round(4)
    array([[1.3423]])
    """
    kind = squared.dtype.type
    order = np.argsort(gammas)
    power = np.exp(squared * kind(-gammas[order[0]]))
    out: NDArray[Real] = power * kind(factors[order[0]])
    for before, now in pairwise(order):
        doublings = math.log2(gammas[now] / gammas[before])
        if doublings.is_integer() and doublings <= 8:
            for _ in range(int(doublings)):
                np.square(power, out=power)
        else:
            power = np.exp(squared * kind(-gammas[now]))
        out += power * kind(factors[now])
    return out


def tiles(rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """Yield pairs of slices that cover a matrix, each of about a cache's worth of values.

    Examples
    --------
    >>> list(tiles(2, 2**17 + 1))
    [(slice(0, 2, None), slice(0, 131072, None)), (slice(0, 2, None), slice(131072, 131073, None))]
    """
    height = max(1, min(rows, max(_SIDE, _TILE // max(columns, 1))))
    width = _TILE // height
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            yield (
                slice(top, min(top + height, rows)),
                slice(left, min(left + width, columns)),
            )


def check_gammas(gammas: Sequence[float]) -> None:
    """Raise `Invalid` unless there is at least one width and all are positive numbers."""
    if len(gammas) == 0 or not all(math.isfinite(g) and g > 0 for g in gammas):
        raise Invalid(
            f"kernel widths are {list(gammas)}; one or more positive numbers are needed",
            next="give gammas > 0",
        )


def _same_width(x: Float, y: Float) -> None:
    if x.shape[1] != y.shape[1]:
        raise SketchMismatch(
            f"point sets have {x.shape[1]} and {y.shape[1]} coordinates; both need the same",
            next="sketch both in one space",
            left=x.shape[1],
            right=y.shape[1],
        )
