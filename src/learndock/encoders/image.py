"""Pictures: histograms of gradients and coarse colour, seen through fixed public constants.

The space is built in and the same for everyone. A picture becomes a square of 32 pixels; 78
coordinates tell its shape and 18 its colour. The constants were made once by
``tools/make_image_constants.py`` from two photographs that scikit-learn carries and from random
pen strokes. Nothing is downloaded, and nothing is ever fitted to anybody's data.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from learndock.core.data import form_of, recognise
from learndock.core.identity import digest
from learndock.core.pictures import Pixels, kinds_of, squares
from learndock.core.ports import Encoder, Reading
from learndock.core.sketch import Float
from learndock.core.space import Space
from learndock.errors import BadData, Corrupt, SpaceMismatch

FILE = "_image.safetensors"
SIDE = 32
ANGLES = 8
CELLS = 6
"""Gradients and brightness are averaged over 6 x 6 cells, colour over 3 x 3."""
COLOUR_CELLS = 3
FAINT = 1e-3
"""Gradients well below this count in proportion, those above by their square root."""
SHAPE = CELLS * CELLS * (ANGLES + 1)
"""Values that the projection takes."""

SPACE = Space(
    name="static-image",
    modality="image",
    encoder="image",
    width=96,
    gamma=0.251,  # 1 / median squared distance, Fashion-MNIST and MNIST in equal parts
    scales=(0.25, 1.0, 4.0, 16.0),
    sharpness=16.0,
    constants={
        "recipe": 1,
        FILE: "b317438d81200b94d1bb491f845e0772ec7b7e9dcb5b7552e72fc50420d86176",
    },
)
"""The built-in space. Its constants are the recipe's number and the SHA-256 of the file."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


class Image:
    """Encodes arrays, files and Pillow's images of any size and mode."""

    builtin: Space | None = SPACE

    def claims(self, data: Any) -> bool:
        """Say yes to pictures in an array or a list."""
        return recognise(data) == "images"

    def space(self, data: Any, *, name: str, source: str = "") -> Space:
        """Return the built-in space, whatever the pictures and the name are.

        Raises
        ------
        BadData
            If the data is not made of pictures.

        Examples
        --------
        >>> str(Image().space(np.zeros((2, 28, 28)), name="mine"))
        'image/static-image@1'
        """
        _require_pictures(data)
        return SPACE

    def encode(self, data: Any, space: Space) -> Float:
        """Return (n, 96) coordinates: 78 of shape, which ignores colour, and 18 of colour.

        Raises
        ------
        SpaceMismatch
            If the space is not the built-in one.
        BadData
            If the data is not made of pictures, or one cannot be read.
        Unavailable
            If there are files, and Pillow is not installed.

        Notes
        -----
        Shape: the brightness, and the strength of gradients by 8 directions [1]_, averaged over
        overlapping cells; square roots of the latter [2]_; projected onto principal components
        of the public pictures, each divided by the fourth root of its variance. Colour: red less
        green, and yellow less blue, over 3 x 3 cells; zero where a picture is grey. Costs about
        0.1 ms a picture beyond reading it.

        References
        ----------
        .. [1] Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR
           2005.
        .. [2] Arandjelovic and Zisserman, "Three things everyone should know to improve object
           retrieval", CVPR 2012.

        Examples
        --------
        >>> dark, light = np.zeros((8, 8), np.uint8), np.full((8, 8), 255, np.uint8)
        >>> Image().encode([dark, light], SPACE).shape
        (2, 96)
        """
        if space != SPACE:
            raise SpaceMismatch(
                f"space {space} is not {SPACE}, the only one that this encoder has",
                next="update learndock, or encode the pictures yourself and use a vector space",
            )
        _require_pictures(data)
        low, high = self.bounds(space)
        blocks = [_coordinates(block) for block in squares(data, SIDE)]
        coords: Float = np.clip(np.concatenate(blocks), low, high, dtype=np.float64)
        return coords

    def bounds(self, space: Space) -> tuple[Float, Float]:
        """Return what the projection makes of the least and the largest value of each cell."""
        model = _model()
        most = np.concatenate([np.full(SHAPE - CELLS**2, _root(2**0.5)), np.ones(CELLS**2)])
        projection = model.projection.astype(np.float64)
        offset = model.mean @ projection
        colour = np.full(2 * COLOUR_CELLS**2, model.colour, dtype=np.float64)
        low = np.concatenate([most @ np.minimum(projection, 0) - offset, -colour])
        high = np.concatenate([most @ np.maximum(projection, 0) - offset, colour])
        return low, high

    def explain(self, data: Any, space: Space) -> tuple[Reading, ...]:
        """Say which sizes and modes there are, and how pictures are read.

        Examples
        --------
        >>> Image().explain(np.zeros((5, 28, 28), np.uint8), SPACE)[0].told
        '5 of 28 x 28 uint8; the middle square of each at 32 x 32 pixels, the transparent on white'
        """
        _require_pictures(data)
        kinds = kinds_of(data)
        listed = [f"{count:,} of {kind}" for kind, count in kinds.most_common(_MENTIONED)]
        if (more := len(kinds) - _MENTIONED) > 0:
            listed.append(f"{more:,} other kinds")
        how = f"the middle square of each at {SIDE} x {SIDE} pixels, the transparent on white"
        return (Reading(name="", kind="image", told=f"{', '.join(listed)}; {how}"),)


_MENTIONED = 5


def _require_pictures(data: Any) -> None:
    if (form := form_of(data)) != "images":
        raise BadData(
            f"an image space takes pictures, and this is {form}",
            next="give an array (n, h, w) or (n, h, w, 3), or a list of files or PIL images",
        )


# ---------------------------------------------------------------- constants


@dataclass(frozen=True, eq=False)
class _Model:
    """The (324,) mean and (324, 78) projection of shapes, and the weight of colour."""

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]
    colour: np.float32


@cache
def _model() -> _Model:
    content = Path(__file__).with_name(FILE).read_bytes()
    if digest(content) != SPACE.constants[FILE]:
        raise Corrupt(
            f"{FILE} is not the one that space {SPACE} names", next="install learndock again"
        )
    found = {name: values.astype(np.float32) for name, values in load(content).items()}
    return _Model(found["mean"], found["projection"], found["colour"][0])


# ---------------------------------------------------------------- squares to coordinates


def _coordinates(block: Pixels) -> Pixels:
    model = _model()
    shape = (shapes(block @ LUMA) - model.mean) @ model.projection
    return np.hstack([shape, model.colour * colours(block)])


def shapes(grey: Pixels) -> Pixels:
    """Return what (m, 32, 32) grey squares look like, (m, 324): gradients, then brightness."""
    count = len(grey)
    strengths = _root(_pooled(_gradients(grey), CELLS)).reshape(count, -1)
    return np.hstack([strengths, _pooled(grey, CELLS).reshape(count, -1)])


def colours(block: Pixels) -> Pixels:
    """Return red less green and yellow less blue of (m, 32, 32, 3) squares, as (m, 18)."""
    red, green, blue = np.moveaxis(block, 3, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue], axis=1)
    return _pooled(opponents, COLOUR_CELLS).reshape(len(block), -1)


def _gradients(grey: Pixels) -> Pixels:
    """Return the strength of gradients by direction, (m, 8, 32, 32); opposite ones are one."""
    padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    strength = np.hypot(across, down)
    turn = np.arctan2(down, across) * np.float32(ANGLES / np.pi) + np.float32(ANGLES)
    before = np.floor(turn)
    second = strength * (turn - before)
    angle = before.astype(np.intp)[:, None]
    found: Pixels = np.zeros((len(grey), ANGLES, *grey.shape[1:]), dtype=np.float32)
    np.put_along_axis(found, angle % ANGLES, (strength - second)[:, None], axis=1)
    np.put_along_axis(found, (angle + 1) % ANGLES, second[:, None], axis=1)
    return found


def _pooled(values: Pixels, cells: int) -> Pixels:
    """Return means over overlapping cells, (..., cells, cells) of (..., 32, 32)."""
    weights = _tents(cells)
    means: Pixels = np.matmul(np.matmul(weights, values), weights.T)
    return means


@lru_cache
def _tents(cells: int) -> Pixels:
    """Return how much each of 32 pixels counts in each cell, which reaches to its neighbours'."""
    width = SIDE / cells
    centres = (np.arange(cells) + 0.5) * width
    near = np.maximum(0.0, 1.0 - np.abs(np.arange(SIDE) + 0.5 - centres[:, None]) / width)
    weights: Pixels = (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


def _root(strength: Any) -> Any:
    return np.sqrt(strength + FAINT) - np.sqrt(FAINT)


plugin: Encoder = Image()
"""Adapters that turn raw data into coordinates of a space."""
