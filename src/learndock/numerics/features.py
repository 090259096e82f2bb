"""Random features: a mean embedding as one vector."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learndock.errors import Invalid, SketchMismatch
from learndock.numerics.kernels import check_gammas

Float = NDArray[np.float64]

_BLOCK = 1_024  # points embedded at once


@dataclass(frozen=True, eq=False)
class Features:
    """Waves by which point sets turn into vectors whose inner products estimate the kernel.

    Attributes
    ----------
    frequencies : (D / 2, d) float64
        One wave's frequency in each coordinate.
    amplitudes : (D / 2,) float64
        How much each wave counts; their squares sum to one.
    """

    frequencies: Float
    amplitudes: Float

    def embed(self, points: Float, weights: Float) -> Float:
        """Return the embedding of a weighted point set.

        Parameters
        ----------
        points : (K, d) float64
            Points, in the coordinates of a space.
        weights : (K,) or (K, C) float64
            Their weights; or one set of weights in each column, embedded one by one.

        Returns
        -------
        (D,) or (C, D) float64
            The Euclidean distance between two embeddings is about the MMD. Linear in the
            weights: the rows for the columns of a matrix sum to the embedding of its row sums.

        Raises
        ------
        SketchMismatch
            If the points do not have d coordinates.

        Notes
        -----
        Costs O(K D (d + C)) time.
        """
        if points.shape[1] != self.frequencies.shape[1]:
            raise SketchMismatch(
                f"points have {points.shape[1]} coordinates; these features need "
                f"{self.frequencies.shape[1]}",
                next="sketch in the features' space",
            )
        count = len(self.amplitudes)
        out = np.zeros((*weights.shape[1:], 2 * count))
        for start in range(0, len(points), _BLOCK):
            part = slice(start, start + _BLOCK)
            phase = points[part] @ self.frequencies.T
            out[..., :count] += weights[part].T @ np.cos(phase)
            out[..., count:] += weights[part].T @ np.sin(phase)
        return out * np.tile(self.amplitudes, 2)


def random_features(width: int, count: int, *, gammas: Sequence[float], seed: int) -> Features:
    r"""Draw orthogonal random features of the mean-of-Gaussians kernel.

    Each term :math:`\exp(-g r^2)` gets an equal number of waves, up to one, with frequencies
    that are normal with variance 2 g and orthogonal within groups of up to `width`.

    Parameters
    ----------
    width : int
        Number of coordinates d.
    count : int
        Length D of an embedding: a cosine and a sine for each wave. Even, at least twice the
        number of `gammas`.
    gammas : sequence of float
        As in `learndock.numerics.kernels.gram`.
    seed : int
        The same seed gives the same bits wherever NumPy's `Generator.standard_normal` does:
        all else is additions, products, quotients and square roots in a fixed order, and no
        linear algebra library.

    Returns
    -------
    Features
        The error of an estimated kernel value is about 1 / sqrt(D).

    Raises
    ------
    Invalid
        If `width` or `count` cannot be, or a kernel width is not a positive number.

    Notes
    -----
    Costs O(D d min(D, d)) time.

    References
    ----------
    .. [1] Rahimi and Recht, "Random Features for Large-Scale Kernel Machines", NeurIPS 2007.
    .. [2] Yu et al., "Orthogonal Random Features", NeurIPS 2016.

    Examples
    --------
    >>> features = random_features(2, 512, gammas=[0.5, 2.0], seed=0)
    >>> here = features.embed(np.zeros((1, 2)), np.ones(1))
    >>> here.shape, round(float(here @ here), 6)
    ((512,), 1.0)
    """
    check_gammas(gammas)
    if width < 1 or count % 2 or count < 2 * len(gammas):
        raise Invalid(
            f"{count} features of {width} coordinates were asked for; an even number, at least "
            f"{2 * len(gammas)}, of 1 or more coordinates is needed",
            next="give an even count",
        )
    rng = np.random.default_rng(seed)
    shares = [len(part) for part in np.array_split(np.arange(count // 2), len(gammas))]
    return Features(
        frequencies=np.vstack(
            [
                np.sqrt(2 * g) * _orthogonal_normals(share, width, rng)
                for g, share in zip(gammas, shares, strict=True)
            ]
        ),
        amplitudes=np.concatenate(
            [np.full(share, 1 / np.sqrt(share * len(gammas))) for share in shares]
        ),
    )


def _orthogonal_normals(count: int, width: int, rng: np.random.Generator) -> Float:
    """Return (count, width) standard normal rows, orthogonal within groups of up to `width`."""
    groups = []
    for start in range(0, count, width):
        size = min(width, count - start)
        directions = _orthonormal(rng.standard_normal((width, size)))
        lengths = np.sqrt(np.square(rng.standard_normal((width, size))).sum(axis=0))
        groups.append((directions * lengths).T)
    return np.vstack(groups)


def _orthonormal(columns: Float) -> Float:
    """Return the columns made orthonormal, by the modified Gram-Schmidt process.

    Sums run down the columns one row after the other, so the result has the same bits on every
    machine; a library's QR does not promise that.
    """
    out = columns.copy()
    for j in range(out.shape[1]):
        out[:, j] /= np.sqrt(np.square(out[:, j]).sum())
        rest = out[:, j + 1 :]
        rest -= out[:, j : j + 1] * (out[:, j : j + 1] * rest).sum(axis=0)
    return out
