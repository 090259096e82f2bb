"""Curved data: rows near a surface of few dimensions, bent through many columns."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

NOISE = 0.1
LATENT = 4
HIDDEN = 64
CLUSTERS = 6


def draw(name: str, rows: int, *, columns: int = 50, seed: int = 0) -> Float:
    """Return (rows, columns) of a data set in `DRAWN`, each column with mean 0 and deviation 1."""
    rng = np.random.default_rng(seed)
    drawn = DRAWN[name](rows, columns, rng)
    drawn += NOISE * drawn.std() * rng.normal(size=drawn.shape)
    standard: Float = (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)
    return standard


def _waves(rows: int, columns: int, rng: np.random.Generator) -> Float:
    """Return sines of random directions in four dimensions."""
    latent = rng.normal(size=(rows, LATENT))
    phases = rng.uniform(0, 2 * np.pi, columns)
    waves: Float = np.sin(latent @ rng.normal(size=(LATENT, columns)) + phases)
    return waves


def _bananas(rows: int, columns: int, rng: np.random.Generator) -> Float:
    """Return six clusters, each bent by squares of its own dimensions."""
    drawn = np.empty((rows, columns))
    cluster = rng.integers(CLUSTERS, size=rows)
    for number in range(CLUSTERS):
        own = cluster == number
        latent = rng.normal(size=(own.sum(), LATENT))
        straight, bent = rng.normal(size=(2, LATENT, columns))
        centre = 3 * rng.normal(size=columns)
        drawn[own] = centre + latent @ straight + latent**2 @ bent
    return drawn


def _network(rows: int, columns: int, rng: np.random.Generator) -> Float:
    """Return what a random network of two layers makes of eight dimensions."""
    latent = rng.normal(size=(rows, 2 * LATENT))
    hidden = np.tanh(latent @ rng.normal(size=(2 * LATENT, HIDDEN)))
    made: Float = np.tanh(hidden @ rng.normal(scale=0.25, size=(HIDDEN, columns)))
    return made


DRAWN: dict[str, Callable[[int, int, np.random.Generator], Float]] = {
    "waves": _waves,
    "network": _network,
    "bananas": _bananas,
}
