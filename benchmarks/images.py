"""Encoders of pictures: linear accuracy, and whether near sketches are those of like classes.

Each is a layer of filters pooled over cells, beside coarse brightness, projected to the same width
by principal components of the same public pictures; the built-in one is told as it is.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import _pictures
from learndock.core.pictures import Pixels, squares
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.encoders import image
from learndock.numerics.density import density
from learndock.numerics.kernels import median_gamma, mmd
from learndock.service.fitting import sketch_coords
from tools.make_image_constants import in_equal_parts, projection, public_squares

Coords = NDArray[np.float64]
Layer = Callable[[Pixels], Pixels]

TARGETS = {
    "built-in/linear/fashion": (">=", 0.85),
    "built-in/linear/mnist": (">=", 0.97),
    "built-in/linear/both": (">=", 0.88),
    "built-in/search/other data set told apart": (">=", 0.99),
    "built-in/seconds for 10,000": ("<=", 20.0),
}
NAMES = ("fashion", "mnist")
TRAINED = 10_000
LEARNWARES, USERS = 30, 40
ROWS, FEW = 600, 300
"""Of a learnware, and of a user."""
LIKE = 0.05
"""Overlaps that differ less than this count as the same."""
SHARPNESS = (4, 8, 16, 32, 64)
PATCH, STEP, FILTERS = 6, 2, 64
CELLS = 4


def run(seed: int) -> dict[str, Any]:
    """Return the figures of each encoder."""
    parts = {name: _pictures.load(name) for name in NAMES}
    public = np.concatenate(public_squares()) @ image.LUMA
    encoders: dict[str, Callable[[Any], Coords]] = {
        "built-in": lambda pictures: image.plugin.encode(pictures, image.SPACE),
        "pixels": projected(lambda grey: pooled(grey[..., None], 8), public),
        "random filters": projected(layer(random_filters(seed)), public),
        "whitened patches": projected(layer(patch_centroids(public, seed)), public),
    }
    return {name: figures(encode, parts, seed) for name, encode in encoders.items()}


def figures(encode: Callable[[Any], Coords], parts: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return what is measured of one encoder."""
    train, test, seconds = {}, {}, 0.0
    for shift, (name, (known, unknown)) in enumerate(parts.items()):
        start = time.perf_counter()
        train[name] = encode(known[0][:TRAINED]), known[1][:TRAINED] + 10 * shift
        seconds = time.perf_counter() - start
        test[name] = encode(unknown[0]), unknown[1] + 10 * shift
    train["both"], test["both"] = both(train, TRAINED // 2), both(test, None)
    gamma = float(f"{median_gamma(train['both'][0]):.3g}")
    space = Space(name="measured", modality="vector", encoder="vector", gamma=gamma,
                  width=train["both"][0].shape[1], scales=image.SPACE.scales)  # fmt: skip
    return {
        "width": space.width,
        "gamma": gamma,
        "seconds for 10,000": round(seconds, 2),
        "linear": {name: linear(train[name], test[name]) for name in train},
        "search": search(train["both"], test["both"], space, seed),
        "density by sharpness": by_density(train, test, space),
    }


def both(labelled: dict[str, Any], count: int | None) -> tuple[Coords, NDArray[np.int64]]:
    """Return the two data sets as one of 20 classes, in equal parts."""
    coords, labels = zip(*(labelled[name] for name in NAMES), strict=True)
    return np.concatenate([x[:count] for x in coords]), np.concatenate([y[:count] for y in labels])


# ---------------------------------------------------------------- measures


def linear(train: Any, test: Any) -> float:
    """Return the test accuracy of logistic regression on standardised coordinates."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=150, tol=1e-3))
    return round(float(model.fit(*train).score(*test)), 4)


def search(train: Any, test: Any, space: Space, seed: int) -> dict[str, float]:
    """Return how well the distance between sketches tells which classes two tasks share."""
    rng = np.random.default_rng(seed)
    offers = [
        task(train, i % 2, int(rng.integers(3, 5)), ROWS, space, rng) for i in range(LEARNWARES)
    ]
    found, lost, agreement, nearest, own = [], [], [], [], []
    for user in range(USERS):
        sketch, shares = task(test, user % 2, int(rng.integers(2, 5)), FEW, space, rng)
        away = np.array([distance(sketch, offer) for offer, _ in offers])
        overlap = np.array([np.minimum(shares, offered).sum() for _, offered in offers])
        alike = np.arange(LEARNWARES) % 2 == user % 2
        lost.append(overlap.max() - overlap[away.argmin()])
        found.append(lost[-1] < LIKE)
        agreement.append(np.corrcoef(-away[alike], overlap[alike])[0, 1])
        nearest += [away[alike].min(), away[~alike].min()]
        own += [0, 1]
    return {
        "best found": round(float(np.mean(found)), 3),
        "overlap lost": round(float(np.mean(lost)), 4),
        "correlation with overlap": round(float(np.mean(agreement)), 3),
        "other data set told apart": round(float(roc_auc_score(own, nearest)), 4),
    }


def task(
    labelled: Any, which: int, count: int, rows: int, space: Space, rng: np.random.Generator
) -> tuple[Sketch, Coords]:
    """Return a sketch of some classes of one data set, and the share of each of the 20 classes."""
    coords, labels = labelled
    classes = 10 * which + rng.choice(10, count, replace=False)
    chosen = rng.choice(np.flatnonzero(np.isin(labels, classes)), rows, replace=False)
    shares = np.bincount(labels[chosen], minlength=20) / rows
    return sketch_coords(coords[chosen], space, consent=True), shares


def distance(one: Sketch, other: Sketch) -> float:
    """Return the MMD between two sketches."""
    return mmd(one.points, one.weights, other.points, other.weights, gammas=one.space.gammas)


def by_density(train: Any, test: Any, space: Space) -> dict[str, dict[str, float]]:
    """Return how often the class whose sketch is densest is right, by data set and sharpness."""
    found: dict[str, dict[str, float]] = {}
    for name in NAMES:
        (coords, labels), (rows, truth) = train[name], test[name]
        classes = np.unique(labels)
        made = [sketch_coords(coords[labels == it][:ROWS], space, consent=True) for it in classes]
        found[name] = {}
        for sharp in SHARPNESS:
            gamma = sharp * space.gamma
            read = [density(rows[:2_000], it.points, it.weights, gamma=gamma) for it in made]
            right = classes[np.argmax(read, axis=0)] == truth[:2_000]
            found[name][str(sharp)] = round(float(right.mean()), 3)
    return found


# ---------------------------------------------------------------- the others


def projected(read: Layer, public: Pixels) -> Callable[[Any], Coords]:
    """Return an encoder: a layer and brightness, scaled and projected by public pictures."""
    beside = image.CELLS**2

    def features(grey: Pixels) -> Pixels:
        return np.hstack([read(grey), pooled(grey[..., None], image.CELLS)])

    known = features(public)
    scale = in_equal_parts(known, known.shape[1] - beside)
    mean, axes = projection(known * scale, image.SPACE.width - 2 * image.COLOUR_CELLS**2)

    def encode(pictures: Any) -> Coords:
        blocks = (features(block @ image.LUMA) for block in squares(pictures, image.SIDE))
        return np.concatenate([(block * scale - mean) @ axes for block in blocks]).astype(float)

    return encode


def pooled(maps: Pixels, cells: int) -> Pixels:
    """Return the (m, cells * cells * k) means of (m, s, s, k) maps over overlapping cells."""
    size = maps.shape[1]
    centres = (np.arange(cells) + 0.5) * size / cells
    near = np.maximum(0, 1 - np.abs(np.arange(size) + 0.5 - centres[:, None]) * cells / size)
    near = (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    means: Pixels = np.einsum("ah,bw,mhwk->mabk", near, near, maps, optimize=True)
    return means.reshape(len(maps), -1)


def patches(grey: Pixels) -> Pixels:
    """Return patches of even mean and contrast, (m, s, s, 36)."""
    wide = np.pad(grey, ((0, 0), (2, 2), (2, 2)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(wide, (PATCH, PATCH), axis=(1, 2))
    cut = windows[:, ::STEP, ::STEP]
    flat = cut.reshape(*cut.shape[:3], -1)
    flat = flat - flat.mean(axis=-1, keepdims=True)
    even: Pixels = flat / np.sqrt((flat**2).mean(axis=-1, keepdims=True) + 0.01)
    return even


def layer(respond: Callable[[Pixels], Pixels]) -> Layer:
    """Return square roots of pooled responses to patches, a few pictures at a time."""

    def read(grey: Pixels) -> Pixels:
        steps = range(0, len(grey), 100)
        return np.concatenate(
            [np.sqrt(pooled(respond(patches(grey[i : i + 100])), CELLS)) for i in steps]
        )

    return read


def random_filters(seed: int) -> Callable[[Pixels], Pixels]:
    """Return the rectified response to random filters of mean zero."""
    filters = np.random.default_rng(seed).normal(size=(PATCH**2, FILTERS)).astype(np.float32)
    filters -= filters.mean(axis=0)
    filters /= np.linalg.norm(filters, axis=0)
    return lambda cut: np.maximum(cut @ filters, 0)


def patch_centroids(public: Pixels, seed: int) -> Callable[[Pixels], Pixels]:
    """Return the triangle response to centroids of whitened patches.

    Coates and Ng, "Learning Feature Representations with K-means" (2012).
    """
    rng = np.random.default_rng(seed)
    cut = patches(public).reshape(-1, PATCH**2)
    cut = cut[cut.std(axis=1) > 0.2]
    cut = cut[rng.choice(len(cut), 20_000, replace=False)]
    mean = cut.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((cut - mean).T))
    whiten = ((axes / np.sqrt(variances + 0.1)) @ axes.T).astype(np.float32)
    fitted = KMeans(FILTERS, n_init=1, max_iter=20, random_state=seed).fit((cut - mean) @ whiten)
    centroids = fitted.cluster_centers_.astype(np.float32)

    def respond(found: Pixels) -> Pixels:
        white = (found - mean) @ whiten
        away = (white**2).sum(axis=-1, keepdims=True) + (centroids**2).sum(axis=1)
        away = np.sqrt(np.maximum(away - 2 * white @ centroids.T, 0))
        response: Pixels = np.maximum(away.mean(axis=-1, keepdims=True) - away, 0)
        return response

    return respond
