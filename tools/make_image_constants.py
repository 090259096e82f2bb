"""Make the constants of the image space: `python -m tools.make_image_constants [FILE]`.

They come from 4,000 squares cut out of the two photographs that scikit-learn carries (CC BY 2.0)
and 2,000 drawings of random pen strokes. The file holds a mean and a projection; no picture can
be made from it. A new file has a new digest, and so makes a new space: raise `recipe` with it.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from safetensors.numpy import save
from sklearn.datasets import load_sample_images

from learndock.core.pictures import read_square
from learndock.encoders.image import CELLS, FILE, LUMA, SIDE, SPACE, colours, shapes

CUTS, DRAWINGS = 4_000, 2_000
COLOUR_SHARE = 1 / 3
"""Variance of colour among the cuts, as a share of the variance of shape."""

Squares = NDArray[np.float32]


def cuts(count: int, rng: np.random.Generator) -> Squares:
    """Return squares of 32 to 400 pixels out of photographs; half of them are negatives."""
    photographs = load_sample_images().images
    found = []
    for i in range(count):
        photograph = photographs[i % len(photographs)]
        edge = int(np.exp(rng.uniform(np.log(SIDE), np.log(400))))
        top, left = (rng.integers(0, size - edge + 1) for size in photograph.shape[:2])
        square = read_square(photograph[top : top + edge, left : left + edge], SIDE)
        square = square[:, ::-1] if rng.random() < 0.5 else square
        found.append(1 - square if rng.random() < 0.5 else square)
    return np.stack(found)


def drawings(count: int, rng: np.random.Generator) -> Squares:
    """Return one to three curved strokes each, white on black or black on white."""
    return np.stack([drawing(rng) for _ in range(count)])


def drawing(rng: np.random.Generator) -> Squares:
    """Return one drawing of Bezier curves."""
    size = 4 * SIDE
    image = Image.new("L", (size, size))
    pen = ImageDraw.Draw(image)
    t = np.linspace(0, 1, 24)[:, None]
    blend = np.hstack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    for _ in range(rng.integers(1, 4)):
        curve = blend @ rng.uniform(0.2 * size, 0.8 * size, (4, 2))
        pen.line(list(map(tuple, curve)), fill=255, width=int(rng.integers(6, 18)), joint="curve")
    square = read_square(image, SIDE)
    return 1 - square if rng.random() < 0.3 else square


def public_squares() -> tuple[Squares, Squares]:
    """Return the cuts and the drawings from which the constants are made."""
    rng = np.random.default_rng(0)
    return cuts(CUTS, rng), drawings(DRAWINGS, rng)


def projection(features: Squares, width: int) -> tuple[Squares, Squares]:
    """Return the mean and principal components, each divided by the root of its deviation."""
    mean = features.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((features - mean).T))
    variances, axes = variances[::-1][:width], axes[:, ::-1][:, :width]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(width)]
    return mean, axes * np.sign(largest) / variances**0.25


def in_equal_parts(features: Squares, gradients: int) -> Squares:
    """Return what scales each value so that gradients and brightness have variance one each."""
    spread = features.var(axis=0)
    parts = [spread[:gradients].sum(), spread[gradients:].sum()]
    return np.repeat(1 / np.sqrt(parts), [gradients, len(spread) - gradients])


def make() -> dict[str, NDArray[np.float16]]:
    """Return the constants: `mean`, `projection`, and the weight of `colour`."""
    photographs, drawn = public_squares()
    features = shapes(np.concatenate([photographs, drawn]) @ LUMA)
    tint = colours(photographs)
    scale = in_equal_parts(features, features.shape[1] - CELLS**2)
    mean, axes = projection(features * scale, SPACE.width - tint.shape[1])
    axes /= np.sqrt(((features * scale - mean) @ axes).var(axis=0).sum())
    colour = np.sqrt(COLOUR_SHARE / tint.var(axis=0).sum())
    made = {"mean": mean / scale, "projection": axes * scale[:, None], "colour": colour[None]}
    return {name: np.ascontiguousarray(values, np.float16) for name, values in made.items()}


if __name__ == "__main__":
    target = Path(sys.argv[1] if sys.argv[1:] else f"src/learndock/encoders/{FILE}")
    content = save(make())
    target.write_bytes(content)
    print(f"{target}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
