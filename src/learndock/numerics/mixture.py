"""The best weighted combination of a few atoms out of very many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid
from learndock.numerics.simplex import on_simplex

Float = NDArray[np.float64]
Look = Callable[[Float, int], tuple[Sequence[str], Float]]
"""Given a direction (D,) and a count, returns the keys and the (count, D) vectors of the atoms
with the largest inner products with it, largest first, ties by key."""

_PROGRESS = 1e-6  # a residual that falls by a smaller share has not fallen


@dataclass(frozen=True, eq=False)
class Mixed:
    """A weighted combination of atoms, with a bound on what it misses.

    Attributes
    ----------
    keys : tuple of str
        The members, heaviest first, ties by key.
    weights : (s,) float64
        Their weights, on the simplex.
    residual : float
        Euclidean distance between the combination and the target.
    gap : float
        Frank-Wolfe gap: `residual` squared is at most 2 `gap` above that of the best
        combination of any number of atoms. 0 means there is none better.
    looked : int
        How many times the atoms were searched.
    """

    keys: tuple[str, ...]
    weights: Float
    residual: float
    gap: float
    looked: int


def mixture(
    target: Float,
    look: Look,
    *,
    size: int,
    tolerance: float = 1e-4,
    swaps: int = 15,
    least: float = 0.0,
) -> Mixed:
    r"""Find at most `size` atoms whose weighted mean comes nearest to a target.

    .. math:: \min_{w \in \Delta,\; |w|_0 \le s} \lVert \sum_i w_i e_i - e_u \rVert

    Fully corrective Frank-Wolfe: the atom with the largest inner product with what is left joins,
    all weights are fitted anew, and so on. Then swap passes: each member in turn gives way to
    the best of `swaps` others if that lowers the residual, until a pass changes nothing.

    Parameters
    ----------
    target : (D,) float64
        What to approximate.
    look : callable
        Searches the atoms; see `Look`. The atoms themselves are never held here.
    size : int
        Most members s; at least 1.
    tolerance : float
        Growing stops when the gap is below this.
    swaps : int
        How many replacements are tried for each member; 0 for no swap passes.
    least : float
        Members that end with less weight are dropped, lightest first, and the rest fitted anew.

    Returns
    -------
    Mixed
        Empty, with the target's own length as residual, if there are no atoms.

    Raises
    ------
    Invalid
        If `size` is under 1.

    Notes
    -----
    Each search costs what `look` costs; each of the refits, at most `swaps` for each search,
    O(s^2 D).

    References
    ----------
    .. [1] Jaggi, "Revisiting Frank-Wolfe: Projection-Free Sparse Convex Optimization", ICML 2013.
    .. [2] Lacoste-Julien and Jaggi, "On the Global Linear Convergence of Frank-Wolfe
       Optimization Variants", NeurIPS 2015.

    Examples
    --------
    >>> atoms = np.eye(3)
    >>> def look(direction, count):
    ...     best = np.argsort(-(atoms @ direction), kind="stable")[:count]
    ...     return [f"atom-{i}" for i in best], atoms[best]
    >>> found = mixture(np.array([0.25, 0.0, 0.75]), look, size=2)
    >>> found.keys, found.weights.round(4).tolist(), round(found.residual, 6)
    (('atom-2', 'atom-0'), [0.75, 0.25], 0.0)
    """
    if size < 1:
        raise Invalid(f"a mixture of {size} members was asked for; 1 is the least", next="ask more")
    atoms = _Atoms(look)
    team = _Team(target)
    while True:
        team = _grown(team, atoms, size, tolerance)
        swapped = _swapped(team, atoms, swaps)
        if swapped is team:
            break
        team = swapped
    team = _trimmed(team, least)
    order = sorted(range(len(team.keys)), key=lambda i: (-team.weights[i], team.keys[i]))
    return Mixed(
        keys=tuple(team.keys[i] for i in order),
        weights=team.weights[order],
        residual=team.residual,
        gap=_gap(team, atoms),
        looked=atoms.looked,
    )


class _Atoms:
    """Counts how often the atoms are searched."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.looked = 0

    def largest(self, direction: Float, count: int) -> list[tuple[str, Float]]:
        self.looked += 1
        keys, vectors = self._look(direction, count)
        return [(key, np.asarray(v, dtype=float)) for key, v in zip(keys, vectors, strict=True)]


@dataclass(frozen=True, eq=False)
class _Team:
    """Members with their best weights; those that get none are no members."""

    target: Float
    keys: tuple[str, ...] = ()
    vectors: tuple[Float, ...] = ()
    weights: Float = field(default_factory=lambda: np.zeros(0))

    @property
    def rest(self) -> Float:
        """What is left of the target."""
        return self.target - self.weights @ np.array(self.vectors) if self.keys else self.target

    @property
    def residual(self) -> float:
        return float(np.linalg.norm(self.rest))

    def with_member(self, key: str, vector: Float) -> "_Team":
        return _fitted(self.target, (*self.keys, key), (*self.vectors, vector))

    def without(self, key: str) -> "_Team":
        kept = [i for i, other in enumerate(self.keys) if other != key]
        return _fitted(
            self.target,
            tuple(self.keys[i] for i in kept),
            tuple(self.vectors[i] for i in kept),
        )


def _fitted(target: Float, keys: tuple[str, ...], vectors: tuple[Float, ...]) -> _Team:
    if not keys:
        return _Team(target)
    matrix = np.array(vectors)
    weights = on_simplex(matrix @ matrix.T, matrix @ target)
    kept = np.flatnonzero(weights > 0)
    return _Team(
        target, tuple(keys[i] for i in kept), tuple(vectors[i] for i in kept), weights[kept]
    )


def _grown(team: _Team, atoms: _Atoms, size: int, tolerance: float) -> _Team:
    """Return the team with the atoms added that help most, one by one."""
    while len(team.keys) < size:
        rest = team.rest
        found = atoms.largest(rest, 1)
        if not found:
            return team
        key, vector = found[0]
        if team.keys and (key in team.keys or rest @ (vector - team.target + rest) < tolerance):
            return team
        larger = team.with_member(key, vector)
        if team.keys and larger.residual >= team.residual * (1 - _PROGRESS):
            return team
        team = larger
    return team


def _swapped(team: _Team, atoms: _Atoms, swaps: int) -> _Team:
    """Return the team after one pass of swaps: the same object if none helped."""
    if swaps < 1:
        return team
    for key in team.keys:
        if key in team.keys:  # it may have lost all weight in a swap of this pass
            team = _replaced(team, key, atoms, swaps)
    return team


def _replaced(team: _Team, key: str, atoms: _Atoms, swaps: int) -> _Team:
    """Return the team with the best replacement for one member, if there is a better one."""
    fewer = team.without(key)
    trials = [
        fewer.with_member(other, vector)
        for other, vector in atoms.largest(fewer.rest, swaps)
        if other not in team.keys
    ]
    best = min(trials, key=lambda trial: (trial.residual, trial.keys), default=team)
    return best if best.residual < team.residual * (1 - _PROGRESS) else team


def _trimmed(team: _Team, least: float) -> _Team:
    """Return the team without members lighter than `least`; the last one always stays."""
    while len(team.keys) > 1 and team.weights.min() < least:
        team = team.without(team.keys[int(team.weights.argmin())])
    return team


def _gap(team: _Team, atoms: _Atoms) -> float:
    """Return the Frank-Wolfe gap: how far the best atom lies beyond the combination."""
    rest = team.rest
    found = atoms.largest(rest, 1)
    if not found:
        return 0.0
    return max(0.0, float(rest @ (found[0][1] - team.target + rest)))
