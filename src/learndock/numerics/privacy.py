"""How near the points of a sketch come to single rows, and how near chance would bring them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from learndock.errors import BadData, SketchMismatch
from learndock.numerics.kernels import Frame, median_gamma
from learndock.numerics.rows import Block, InMemory, Rows, as_rows, each_block, each_tile

Float = NDArray[np.float64]
Numbers = NDArray[np.intp]
Keys = NDArray[np.uint64]

_CROWD = 5  # equal rows that hide one another
_HIDING = 15  # most rows whose mean takes the place of a point
_NONE = -1  # the number of no row
_PROBES = 200
_BEYOND = 1e30  # more than any squared distance in a frame
_SURE = 0.999


@dataclass(frozen=True)
class Nearness:
    """How near points come to rows, measured by how near rows are to each other.

    Attributes
    ----------
    nearest : float
        Median over points of (distance to the nearest row) / (that row's distance to its own
        nearest other row). Above 1, points lie further from rows than rows from each other.
    close : float
        Share of the points that lie within half of that row's own distance, and whose row is
        not one of 5 or more equal ones.
    copies : int
        Points that equal a row, in single precision, of which there are fewer than 5.
    """

    nearest: float
    close: float
    copies: int


def nearness(points: Float, rows: Block | Rows, *, seed: int = 0) -> Nearness:
    """Measure how near the points of a sketch come to single rows.

    A row's own distance is that to the nearest row that differs from it. Five or more equal
    rows hide one another: a point on them, as is common in tables of categories, gives no one
    away and counts neither as close nor as a copy.

    Parameters
    ----------
    points : (K, d) float64
        The sketch's points.
    rows : (n, d) float64, or Rows
        All the rows that it stands for; each is looked at, none is passed over.
    seed : int
        Draws the numbers by which equal rows are recognised. The result does not depend on it.

    Returns
    -------
    Nearness
        Distances are without unit.

    Raises
    ------
    SketchMismatch
        If points and rows differ in width.
    BadData
        If there are no rows.

    Notes
    -----
    Costs O(n K d) time for two passes over the rows, and memory that does not grow with n.
    Distances are found in single precision with a bound on their rounding, and all that could
    be the least are measured again in double: the result is exact.

    References
    ----------
    .. [1] Park et al., "Data Synthesis based on Generative Adversarial Networks", VLDB 2018:
       distance to the closest record.

    Examples
    --------
    >>> rows = np.arange(20.0)[:, None]
    >>> nearness(np.array([[3.0], [7.5]]), rows)
    Nearness(nearest=0.25, close=0.5, copies=1)
    """
    return _nearness(_neighbours(points, as_rows(rows), None, seed))


def expected_close(rows: Block | Rows, *, count: int, seed: int = 0) -> float:
    """Return the largest share of close points that chance explains.

    Rows are left out one at a time: how often is a fresh row of the same source close, in the
    sense of `nearness`, to a row that is there? As many of `count` points may be, plus what
    the binomial law allows once in a thousand sketches.

    Parameters
    ----------
    rows : (n, d) float64, or Rows
        All the rows; up to 200 random ones are left out in turn.
    count : int
        Number of points K of the sketch.
    seed : int
        Draws the rows that are left out.

    Returns
    -------
    float
        A share of the points, for comparison with `Nearness.close`.

    Raises
    ------
    BadData
        If there are no rows.

    Notes
    -----
    Costs O(n d) time for each row left out, in two passes over the rows.

    References
    ----------
    .. [1] Laplace's rule of succession, for the share where few rows or none are close.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 20))
    >>> expected_close(rows, count=100) < 0.1
    True
    """
    known = as_rows(rows)
    out = _left_out(known, seed)
    return _limit(_neighbours(known.pick(out), known, out, seed), count)


def gate(points: Float, rows: Block | Rows, *, seed: int = 0) -> tuple[Nearness, float]:
    """Return `nearness` of the points and the `expected_close` of as many, in the same passes.

    Parameters
    ----------
    points : (K, d) float64
        The sketch's points.
    rows : (n, d) float64, or Rows
        All the rows that it stands for.
    seed : int
        As in `nearness` and `expected_close`.

    Returns
    -------
    found : Nearness
    limit : float
        The largest `found.close` that chance explains.

    Raises
    ------
    SketchMismatch, BadData
        As `nearness` does.

    Notes
    -----
    Costs O(n (K + 200) d) time for two passes over the rows.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 20))
    >>> found, limit = gate(np.zeros((1, 20)), rows)
    >>> found.close <= limit
    True
    """
    known = as_rows(rows)
    out = _left_out(known, seed)
    places = np.vstack([points, known.pick(out).astype(np.float64)])
    without = np.concatenate([np.full(len(points), _NONE), out])
    found = _neighbours(places, known, without, seed)
    return _nearness(found[: len(points)]), _limit(found[len(points) :], len(points))


def relative_distances(
    points: Float, rows: Block | Rows, *, seed: int = 0
) -> tuple[Float, NDArray[np.bool_]]:
    """Return how near each point lies to a row, and whether it equals one.

    Parameters
    ----------
    points : (K, d) float64
        The sketch's points.
    rows : (n, d) float64, or Rows
        All the rows that it stands for.
    seed : int
        As in `nearness`.

    Returns
    -------
    relative : (K,) float64
        Distance to the nearest row / that row's distance to its own nearest other row; infinite
        where that row is one of 5 or more equal ones.
    copies : (K,) bool
        Whether the point is a row, in single precision, of which there are fewer than 5.

    Raises
    ------
    SketchMismatch, BadData
        As `nearness` does.

    Notes
    -----
    Costs as much as `nearness`.

    Examples
    --------
    >>> rows = np.arange(20.0)[:, None]
    >>> relative_distances(np.array([[3.0], [7.5]]), rows)
    (array([0. , 0.5]), array([ True, False]))
    """
    found = _neighbours(points, as_rows(rows), None, seed)
    relative = np.where(found.alike < _CROWD, found.distance / found.own, np.inf)
    return np.where(found.copies, 0.0, relative), found.copies


def hidden(points: Float, rows: Float, *, seed: int = 0) -> Float:
    """Move points that give a single row away to the middle of several rows.

    A sharp kernel draws a point into a lone row. Such a point, one that is close in the sense of
    `nearness`, goes to the mean of the 5 nearest rows; if it is close to a row there, to that of
    6, and so on, up to 15.

    Parameters
    ----------
    points : (K, d) float64
        A sketch's points.
    rows : (n, d) float64
        The rows by which they were moved, at least 5.
    seed : int
        As in `nearness`.

    Returns
    -------
    (K, d) float64
        The points, few of them changed.

    Notes
    -----
    Costs O(n K d) time.

    References
    ----------
    .. [1] Domingo-Ferrer and Mateo-Sanz, "Practical Data-Oriented Microaggregation for
       Statistical Disclosure Control", IEEE TKDE 14 (2002), 189-201: a mean of k rows in place
       of each.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [90.0]])
    >>> hidden(np.array([[90.0], [2.5]]), rows)
    array([[20. ],
           [ 2.5]])
    """
    points = points.copy()
    close = np.arange(len(points))
    for crowd in range(_CROWD, min(_HIDING, len(rows)) + 1):
        close = close[_neighbours(points[close], InMemory(rows), None, seed).close]
        if len(close) == 0:
            break
        for point in close:
            apart = np.linalg.norm(rows - points[point], axis=1)
            points[point] = rows[np.argpartition(apart, crowd - 1)[:crowd]].mean(axis=0)
    return points


@dataclass(frozen=True, eq=False)
class _Neighbours:
    """The nearest row of each of some places, and how near that row is to another one."""

    distance: Float
    own: Float
    there: Numbers
    """Rows that equal the place."""
    alike: Numbers
    """Rows that equal the nearest row, itself included; without the row that is passed over."""

    def __getitem__(self, part: slice) -> "_Neighbours":
        return _Neighbours(self.distance[part], self.own[part], self.there[part], self.alike[part])

    @property
    def close(self) -> NDArray[np.bool_]:
        """Whether the place gives its row away."""
        close: NDArray[np.bool_] = (self.distance < self.own / 2) & (self.alike < _CROWD)
        return close

    @property
    def copies(self) -> NDArray[np.bool_]:
        """Whether the place is a row that no equal ones hide."""
        copies: NDArray[np.bool_] = (self.there > 0) & (self.there < _CROWD)
        return copies


def _nearness(found: _Neighbours) -> Nearness:
    return Nearness(
        nearest=float(np.median(found.distance / found.own)),
        close=float(found.close.mean()),
        copies=int(found.copies.sum()),
    )


def _limit(found: _Neighbours, count: int) -> float:
    chance = (int(found.close.sum()) + 1) / (len(found.close) + 2)
    at_most = bdtr(np.arange(count + 1, dtype=float), count, chance)
    return float(np.searchsorted(at_most, _SURE)) / count


def _left_out(rows: Rows, seed: int) -> Numbers:
    """Return ascending numbers of random rows."""
    _check_some(rows)
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(len(rows), min(len(rows), _PROBES), replace=False))


def _neighbours(places: Block, rows: Rows, without: Numbers | None, seed: int) -> _Neighbours:
    """Find the nearest rows, and those nearest to them; pass over one row for each place."""
    _check(places, rows)
    if without is None:
        without = np.full(len(places), _NONE)
    search = _Search.of(rows, seed)
    first = search.nearest(places, without)
    numbers, back = np.unique(first.number, return_inverse=True)
    found = rows.pick(numbers)[back]
    second = search.nearest(found, without, differing=True)
    itself = (without != _NONE) & (search.hash(found) == search.hash(places))
    return _Neighbours(first.distance, second.distance, first.equal, second.equal - itself)


@dataclass(frozen=True, eq=False)
class _Nearest:
    """The nearest row of each place: infinitely far where there is none."""

    distance: Float
    number: Numbers
    equal: Numbers
    """Rows that equal the place."""

    @classmethod
    def none(cls, count: int) -> "_Nearest":
        zeros = np.zeros(count, dtype=np.intp)
        return cls(np.full(count, np.inf), zeros, zeros.copy())

    def update(self, places: Numbers, distance: Float, number: Numbers) -> None:
        """Take over what is nearer."""
        nearer = distance < self.distance[places]
        self.distance[places[nearer]] = distance[nearer]
        self.number[places[nearer]] = number[nearer]


@dataclass(frozen=True, eq=False)
class _Search:
    """Rows that can be searched for the nearest and for equal ones."""

    rows: Rows
    frame: Frame
    multipliers: Keys

    @classmethod
    def of(cls, rows: Rows, seed: int) -> "_Search":
        some = rows.pick(_left_out(rows, seed)).astype(np.float64)
        frame = Frame.around(some, [median_gamma(some)])
        odd = np.random.default_rng(seed).integers(2**63, size=rows.width, dtype=np.uint64)
        return cls(rows, frame, 2 * odd + 1)

    def hash(self, x: Block) -> Keys:
        """Return one number for each row: the same for rows equal in single precision."""
        with np.errstate(over="ignore"):
            single = x.astype(np.float32) + np.float32(0)  # no negative zero
        keys: Keys = single.view(np.uint32).astype(np.uint64) @ self.multipliers
        return keys

    def nearest(self, x: Block, without: Numbers, *, differing: bool = False) -> _Nearest:
        """Find the nearest row to each of x.

        Parameters
        ----------
        x : (K, d) float64
            Where to search from.
        without : (K,) int
            The number of a row to pass over, for each of x; -1 for none.
        differing : bool
            Pass over rows that equal x.
        """
        places = _Places(x, without, self.hash(x), self.frame)
        every = np.arange(len(x))
        best = _Nearest.none(len(x))

        def work(start: int, block: Block) -> _Nearest:
            # Blocks that are done already tell what is too far; that saves time and no more.
            found = _Nearest(best.distance.copy(), best.number.copy(), np.zeros_like(best.equal))
            for first, tile in each_tile(start, block):
                places.look(tile, self.hash(tile), first, found, differing=differing)
            return found

        for found in each_block(self.rows, work):
            best.update(every, found.distance, found.number)
            best.equal[:] += found.equal
        return best


class _Places:
    """Where the nearest rows are searched from.

    With rounding at most r (|p|^2 + |x|^2) for place p and row x, their squared distance is at
    least (1 - r) |p|^2 + (1 - r) |x|^2 - 2 <p, x>: one matrix product, in single precision.
    """

    def __init__(self, x: Block, without: Numbers, keys: Keys, frame: Frame) -> None:
        self._x = x
        self._without = without
        self._keys = keys
        self._frame = frame
        self._rounding = (x.shape[1] + 8) * 2.0**-22
        near = frame.into(x)
        self._square = np.square(near, dtype=np.float64).sum(axis=1)
        self._factors = np.column_stack(
            [-2 * near, np.full(len(x), 1 - self._rounding, dtype=np.float32)]
        )

    def look(
        self, tile: Block, keys: Keys, first: int, found: _Nearest, *, differing: bool
    ) -> None:
        """Look for nearer and for equal rows in a tile whose first row has this number."""
        kinds, rows, which, counts = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        distinct = tile[rows]
        least = self._bounds(distinct)

        place = np.searchsorted(kinds, self._keys).clip(max=len(kinds) - 1)
        equal = np.flatnonzero(kinds[place] == self._keys)
        found.equal[equal] += counts[place[equal]]
        if differing:
            least[equal, place[equal]] = np.inf
        own = np.flatnonzero((self._without >= first) & (self._without < first + len(tile)))
        kind = which[self._without[own] - first]
        alone = counts[kind] == 1
        least[own[alone], kind[alone]] = np.inf

        nearest = least.argmin(axis=1)
        bound = least[np.arange(len(least)), nearest]
        hope = np.flatnonzero(bound <= self._reach(found.distance))
        enough = np.minimum(found.distance[hope], self._apart(hope, distinct[nearest[hope]]))
        pair, kind = np.nonzero(least[hope] <= self._reach(enough, hope)[:, None])
        distance = self._apart(hope[pair], distinct[kind])
        number = first + rows[kind]
        order = np.lexsort((number, distance, pair))
        _, best = np.unique(pair[order], return_index=True)
        found.update(hope, distance[order[best]], number[order[best]])

    def _bounds(self, rows: Block) -> NDArray[np.float32]:
        """Return for each place and row what their squared distance is at least, less |p|^2."""
        near = self._frame.into(rows)
        square = np.einsum("ij,ij->i", near, near)
        bounds: NDArray[np.float32] = self._factors @ np.column_stack([near, square]).T
        return bounds

    def _reach(self, distance: Float, places: Numbers | slice = slice(None)) -> NDArray[np.float32]:
        """Return the bound above which no row is as near as `distance`."""
        square = np.square(distance * self._frame.scale) * (1 + self._rounding)
        square -= (1 - self._rounding) * self._square[places]
        reach: NDArray[np.float32] = np.minimum(square, _BEYOND).astype(np.float32)
        return reach

    def _apart(self, places: Numbers, rows: Block) -> Float:
        apart: Float = np.linalg.norm(self._x[places].astype(np.float64) - rows, axis=1)
        return apart


def _check_some(rows: Rows) -> None:
    if len(rows) == 0:
        raise BadData("nearness to 0 rows was asked for; 1 is needed", next="give rows")


def _check(points: Block, rows: Rows) -> None:
    _check_some(rows)
    if points.shape[1] != rows.width:
        raise SketchMismatch(
            f"points have {points.shape[1]} coordinates and rows {rows.width}; both need the same",
            next="encode the rows in the sketch's space",
            left=points.shape[1],
            right=rows.width,
        )
