"""Pictures as people hand them over: arrays, files, and Pillow's images.

One rule for each doubt, so that nothing is guessed. The type of an array says its range: bool is
0 and 1, floats lie in 0 to 1, 16-bit integers in 0 to 65,535, all other integers in 0 to 255.
Channels come last. What is transparent lies on white. A picture that is no square is cut to the
square in its middle. Of an animation the first frame counts, and a camera's note of how it was
held is heeded. A file that is cut short or unreasonably large is refused.
"""

import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learndock.errors import BadData, Unavailable

Pixels = NDArray[np.float32]

FORMATS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "JPEG2000": (".jp2", ".j2k"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
"""Formats that are read, and their suffixes. None of them starts another program."""

SUFFIXES = frozenset(suffix for suffixes in FORMATS.values() for suffix in suffixes)
_BLOCK = 1_000
"""Most pictures that are read at once."""
_BAND = 4_000_000
"""Most values that are held as floats at once, unless one row of pixels has more."""
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, OverflowError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow raises for a file that is not what it says; its errors have no common root."""

# ---------------------------------------------------------------- what there is


def are_pictures(data: Any) -> bool:
    """Say whether data is pictures: (n, h, w[, c]) values, or a list of files, images or arrays.

    In a list, an array of shape (h, w, c) is a picture, and so is one of shape (h, w) if it holds
    integers or booleans. Floats of shape (n, d) are a block of rows of a table: a grey picture of
    floats is told from them by its channel, as ``x[..., None]``.

    Examples
    --------
    >>> are_pictures(np.zeros((5, 28, 28))), are_pictures([Path("cat.jpg")]), are_pictures(["cat"])
    (True, True, False)
    >>> are_pictures([np.zeros((8, 8), np.uint8)]), are_pictures([np.zeros((8, 8))])
    (True, False)
    """
    if isinstance(data, np.ndarray):
        return data.ndim in (3, 4)
    if not isinstance(data, list | tuple) or len(data) == 0:
        return False
    first = data[0]
    if isinstance(first, np.ndarray):
        return first.ndim == 3 or (first.ndim == 2 and first.dtype.kind in "bui")
    return isinstance(first, Path) or _is_image(first)


def _is_image(picture: Any) -> bool:
    """Say whether this is one of Pillow's images, without importing Pillow."""
    return any((it.__module__, it.__name__) == ("PIL.Image", "Image") for it in type(picture).mro())


def stacked(data: Any) -> NDArray[Any]:
    """Return pictures of one shape as one array, as a model takes them; values stay as they are.

    Raises
    ------
    BadData
        If a picture cannot be read, or two have different shapes.

    Examples
    --------
    >>> stacked([np.zeros((2, 3)), np.ones((2, 3))]).shape
    (2, 2, 3)
    """
    if isinstance(data, np.ndarray):
        return data
    pictures = [_values(picture, _called(picture, row)) for row, picture in enumerate(data)]
    shapes = {picture.shape: None for picture in pictures}
    if len(shapes) > 1:
        first, other, *_ = shapes
        raise BadData(
            f"pictures of shapes {first} and {other} cannot be given to one model",
            next="bring them to one shape",
        )
    return np.stack(pictures)


def _values(picture: Any, name: str) -> NDArray[Any]:
    if isinstance(picture, np.ndarray):
        return picture
    if isinstance(picture, Path):
        with _opened(picture) as image:
            return np.asarray(image)
    return np.asarray(_require_image(picture, name))


def kinds_of(data: Any) -> Counter[str]:
    """Count pictures by size and mode; of a file only the head is read.

    Raises
    ------
    BadData
        If some cannot be read.

    Examples
    --------
    >>> kinds_of(np.zeros((5, 28, 30), np.uint8))
    Counter({'30 x 28 uint8': 5})
    """
    if isinstance(data, np.ndarray):
        return Counter({_kind_of_array(_checked_stack(data)[0]): len(data)})
    return Counter(_kind(picture, _called(picture, row)) for row, picture in enumerate(data))


def _kind(picture: Any, name: str) -> str:
    if isinstance(picture, np.ndarray):
        return _kind_of_array(_checked(picture, name))
    if isinstance(picture, Path):
        with _opened(picture) as image:
            return f"{image.width} x {image.height} {image.format} {image.mode}"
    image = _require_image(picture, name)
    return f"{image.width} x {image.height} {image.mode}"


def _kind_of_array(pixels: NDArray[Any]) -> str:
    height, width, channels = pixels.shape
    colours = {1: "", 3: " RGB", 4: " RGBA"}[channels]
    return f"{width} x {height} {pixels.dtype.name}{colours}"


# ---------------------------------------------------------------- pictures to squares


def read_square(picture: Any, side: int, *, name: str = "the picture") -> Pixels:
    """Return the middle of one picture of any size and mode as (side, side, 3) values in 0 to 1.

    Parameters
    ----------
    picture : (h, w) or (h, w, 1, 3 or 4) array, Path, or PIL image
        Left as it is.
    side : int
        Pixels on each side of the square; > 0.
    name : str
        What an error calls the picture; a file is called by its path.

    Raises
    ------
    BadData
        If it is no picture, cut short, empty, or larger than Pillow's limit against
        decompression bombs; if a value is not finite or outside its type's range.
    Unavailable
        If it is a file and Pillow is not installed.

    Notes
    -----
    Pixels are averaged under a triangle as wide as the shrinkage, which is linear interpolation
    where a picture grows. Costs O(h w side) time; a few megabytes beyond the picture as stored.

    Examples
    --------
    >>> square = read_square(np.full((2, 2), 51, np.uint8), 3)
    >>> square.shape, round(float(square.mean()), 6)
    ((3, 3, 3), 0.2)
    """
    square: Pixels = _squared(_pixels(picture, side, name)[None], side)[0]
    return square


def squares(data: Any, side: int) -> Iterator[Pixels]:
    """Yield pictures as (m, side, side, 3) blocks, each picture read as by `read_square`.

    Parameters
    ----------
    data : (n, h, w[, c]) array, or list of what `read_square` takes
        What `are_pictures` says yes to.
    side : int
        Pixels on each side; > 0.

    Raises
    ------
    BadData, Unavailable
        As `read_square` does; the error names the file or counts pictures from 0.

    Examples
    --------
    >>> [block.shape for block in squares(np.zeros((1500, 28, 28), np.uint8), 16)]
    [(1000, 16, 16, 3), (500, 16, 16, 3)]
    """
    if isinstance(data, np.ndarray):
        pixels = _checked_stack(data)
        for start in range(0, len(pixels), _BLOCK):
            yield _squared(pixels[start : start + _BLOCK], side)
        return
    for start in range(0, len(data), _BLOCK):
        rows = enumerate(data[start : start + _BLOCK], start)
        yield np.stack([read_square(it, side, name=_called(it, row)) for row, it in rows])


def _called(picture: Any, row: int) -> str:
    return str(picture) if isinstance(picture, Path) else f"picture {row}"


def _squared(pixels: NDArray[Any], side: int) -> Pixels:
    """Return (n, h, w, c) pixels as (n, side, side, 3), a band of rows at a time."""
    count, height, width, channels = pixels.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    middle = pixels[:, top : top + edge, left : left + edge]
    weights = _weights(edge, side)
    found = np.zeros((count, 1 if channels == 1 else 3, side, side), np.float32)
    band = max(1, _BAND // (count * edge * channels))
    for start in range(0, edge, band):
        stop = min(start + band, edge)
        values = np.moveaxis(_opaque(middle[:, start:stop]), 3, 1)
        narrow = values.reshape(-1, edge) @ weights.T
        found += weights[:, start:stop] @ narrow.reshape(*values.shape[:3], side)
    found = np.clip(np.moveaxis(found, 1, 3), 0.0, 1.0)
    return np.broadcast_to(found, (count, side, side, 3))


@lru_cache(maxsize=64)
def _weights(size: int, side: int) -> Pixels:
    """Return how much each of `size` pixels counts in each of `side`, as (side, size)."""
    reach = max(1.0, size / side)
    centres = (np.arange(side) + 0.5) * size / side - 0.5
    near = np.maximum(0.0, 1.0 - np.abs(np.arange(size) - centres[:, None]) / reach)
    weights: Pixels = (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


def _opaque(pixels: NDArray[Any]) -> Pixels:
    """Return pixels as floats in 0 to 1, the transparent on white, with 1 or 3 channels."""
    values: Pixels = pixels.astype(np.float32) / np.float32(_top(pixels.dtype))
    if values.shape[-1] == 4:
        alpha = values[..., 3:]
        values = values[..., :3] * alpha + (1 - alpha)
    return values


def _top(dtype: np.dtype[Any]) -> int:
    """Return the value of white."""
    if dtype.kind in "bf":
        return 1
    return 65_535 if dtype.kind == "u" and dtype.itemsize == 2 else 255


# ---------------------------------------------------------------- arrays


def _checked_stack(data: NDArray[Any]) -> NDArray[Any]:
    """Return (n, h, w, c) pixels whose values are in range."""
    if data.ndim == 3 and data.shape[2] in (3, 4):
        raise BadData(
            f"an array has shape {data.shape}: pictures {data.shape[2]} pixels wide, "
            "or one picture in colour",
            next="give one picture as x[None], and narrow pictures as x[..., None]",
        )
    pixels = data[..., None] if data.ndim == 3 else data
    _require_pixels(pixels, "each picture")
    if (bad := _first_bad(pixels)) is not None:
        _require_range(pixels[bad], f"picture {bad}")
    return pixels


def _first_bad(pixels: NDArray[Any]) -> int | None:
    """Return the first of n pictures with a value that is not finite or out of range."""
    if _in_range(pixels):
        return None
    return next(row for row, picture in enumerate(pixels) if not _in_range(picture))


def _checked(picture: NDArray[Any], name: str) -> NDArray[Any]:
    """Return (h, w, c) pixels whose values are in range."""
    pixels = picture[..., None] if picture.ndim == 2 else picture
    _require_pixels(pixels[None], name)
    _require_range(pixels, name)
    return pixels


def _require_pixels(pixels: NDArray[Any], name: str) -> None:
    """Raise `BadData` unless (n, h, w, c) pixels have some, and numbers in 1, 3 or 4 channels."""
    shape = pixels.shape[1:]
    if len(shape) != 3 or shape[2] not in (1, 3, 4):
        raise BadData(
            f"{name} has shape {shape}; (h, w) or (h, w, c) with 1, 3 or 4 channels c is needed",
            next="move channels to the end with np.moveaxis, and drop those beyond colour",
            shape=list(shape),
        )
    if 0 in shape:
        raise BadData(
            f"{name} has no pixels: its shape is {shape}", next="drop it", shape=list(shape)
        )
    if pixels.dtype.kind not in "buif":
        raise BadData(f"{name} holds values of type {pixels.dtype}", next="give integers or floats")


def _in_range(pixels: NDArray[Any]) -> bool:
    if pixels.dtype.kind == "b" or pixels.dtype in (np.uint8, np.uint16):
        return True
    return bool(pixels.min() >= 0 and pixels.max() <= _top(pixels.dtype))  # NaN is in no range


def _require_range(pixels: NDArray[Any], name: str) -> None:
    if _in_range(pixels):
        return
    if not np.isfinite(pixels).all():
        raise BadData(f"{name} holds NaN or infinity", next="drop it, or repair it")
    raise BadData(
        f"{name} has values from {pixels.min():.6g} to {pixels.max():.6g}; "
        f"{pixels.dtype} must lie in 0 to {_top(pixels.dtype)}",
        next="give uint8 for 0 to 255, uint16 for 0 to 65,535, floats for 0 to 1",
    )


# ---------------------------------------------------------------- files and images


def _pixels(picture: Any, side: int, name: str) -> NDArray[Any]:
    """Return (h, w, c) pixels of one picture, in the type in which they are stored."""
    if isinstance(picture, np.ndarray):
        return _checked(picture, name)
    if isinstance(picture, Path):
        with _opened(picture) as image:
            image.draft(None, (4 * side, 4 * side))  # a large JPEG is decoded at 1/2 to 1/8
            return _decoded(image, str(picture))
    image = _require_image(picture, name)
    try:
        return _decoded(image, name)
    except _BROKEN as error:
        raise _unreadable(name, error) from error


def _require_image(picture: Any, name: str) -> Any:
    if not _is_image(picture):
        raise BadData(
            f"{name} is {type(picture).__name__}, and a picture is needed",
            next="give arrays, pathlib.Path of files, or PIL images",
        )
    return picture


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a picture's file in Pillow; what Pillow raises meanwhile becomes `BadData`."""
    pillow = _pillow("Image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(path, formats=list(FORMATS)) as image:
                yield image
    except BadData:
        raise
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning) as error:
        raise BadData(
            f"{path} has more pixels than Pillow's limit of {pillow.MAX_IMAGE_PIXELS:,}",
            next="make it smaller, if you trust it",
            file=str(path),
        ) from error
    except _BROKEN as error:
        raise _unreadable(str(path), error) from error


def _pillow(module: str) -> Any:
    try:
        return import_module(f"PIL.{module}")
    except ModuleNotFoundError as error:
        raise Unavailable(
            "files of pictures need 'PIL', which is not installed",
            next='pip install "learndock[image]"',
            missing="PIL",
        ) from error


def _unreadable(name: str, error: Exception) -> BadData:
    said = " ".join(str(error).split())[:200]
    return BadData(
        f"{name} cannot be read as a picture: {said or type(error).__name__}",
        next=f"give a whole file: {', '.join(FORMATS)}",
        file=name,
    )


def _decoded(image: Any, name: str) -> NDArray[Any]:
    """Return (h, w, c) pixels of one of Pillow's images, upright."""
    if 0 in image.size:
        raise BadData(f"{name} has no pixels: its size is {image.size}", next="drop it", file=name)
    upright = _pillow("ImageOps").exif_transpose(image)
    if upright.mode == "I":
        return _checked(_sixteen_bits(np.asarray(upright)), name)
    if upright.mode == "F" or upright.mode.startswith("I;16"):
        return _checked(np.asarray(upright), name)
    if upright.has_transparency_data:
        return _checked(np.asarray(upright.convert("RGBA")), name)
    plain = upright if upright.mode in ("1", "L", "RGB") else upright.convert("RGB")
    return _checked(np.asarray(plain), name)


def _sixteen_bits(values: NDArray[Any]) -> NDArray[Any]:
    """Return the 32-bit integers in which Pillow keeps 16 bits."""
    if values.min() < 0 or values.max() > 65_535:
        raise ValueError(f"values from {values.min()} to {values.max()} are no 16 bits")
    return values.astype(np.uint16)
