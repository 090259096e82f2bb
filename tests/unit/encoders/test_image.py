import hashlib
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from safetensors.numpy import load

from learndock.core.pictures import read_square
from learndock.encoders import image
from learndock.errors import BadData, Corrupt, SpaceMismatch
from learndock.numerics.kernels import median_gamma

RNG = np.random.default_rng(0)
TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "make_image_constants.py"))
PICTURES = np.rint(255 * TOOL["cuts"](40, RNG)).astype(np.uint8)
DRAWN = np.rint(255 * TOOL["drawings"](40, RNG)[..., 0]).astype(np.uint8)
PHOTOGRAPHS, DRAWINGS = list(PICTURES), list(DRAWN)
CONSTANTS = Path(image.__file__).with_name(image.FILE)


def encode(*pictures):
    return image.plugin.encode(list(pictures), image.SPACE)


USUAL = 1 / np.sqrt(median_gamma(encode(*PHOTOGRAPHS, *DRAWINGS)))
"""The median distance between two of them."""


def apart(*pictures):
    """Distances of the others from the first, in usual distances."""
    coords = encode(*pictures)
    return np.linalg.norm(coords[1:] - coords[0], axis=1) / USUAL


def by_the_book(picture):
    """The recipe, word for word, pixel by pixel."""
    constants = {name: it.astype(float) for name, it in load(CONSTANTS.read_bytes()).items()}
    square = read_square(picture, 32).astype(float)
    grey = np.pad(square @ [0.299, 0.587, 0.114], 1, mode="edge")
    strengths, light = np.zeros((8, 6, 6)), np.zeros((6, 6))
    for y, x in np.ndindex(32, 32):
        down = grey[y + 2, x + 1] - grey[y, x + 1]
        across = grey[y + 1, x + 2] - grey[y + 1, x]
        share = np.outer(tent(y, 6), tent(x, 6))
        light += share * grey[y + 1, x + 1]
        turn = np.arctan2(down, across) % np.pi / np.pi * 8
        for angle, part in ((int(turn), 1 - turn % 1), (int(turn) + 1, turn % 1)):
            strengths[angle % 8] += share * part * np.hypot(down, across)
    seen = np.concatenate([np.sqrt(strengths + 1e-3).ravel() - np.sqrt(1e-3), light.ravel()])
    red, green, blue = np.moveaxis(square, 2, 0)
    pool = np.array([tent(i, 3) for i in range(32)])
    colour = [pool.T @ plane @ pool for plane in (red - green, (red + green) / 2 - blue)]
    shape = (seen - constants["mean"]) @ constants["projection"]
    return np.concatenate([shape, constants["colour"] * np.ravel(colour)])


def tent(pixel, cells):
    """The share of a pixel in the mean of each cell."""
    width = 32 / cells
    centres = (np.arange(cells) + 0.5) * width
    every = np.maximum(0, 1 - np.abs(np.arange(32)[:, None] + 0.5 - centres) / width)
    return (every / every.sum(axis=0))[pixel]


@pytest.mark.parametrize("picture", [PHOTOGRAPHS[0], DRAWINGS[0]], ids=["photograph", "drawing"])
def test_coordinates_are_gradients_brightness_and_colour(picture):
    np.testing.assert_allclose(encode(picture)[0], by_the_book(picture), atol=1e-4)


def test_coordinates_are_the_same_on_every_machine():
    checks = np.indices((32, 32)).sum(axis=0) // 8 % 2 == 0
    assert encode(checks)[0, :4] == pytest.approx([0.08702, 0.16926, -0.10601, -0.18958], abs=1e-4)


def test_the_space_is_built_in_whatever_the_pictures_and_the_name_are():
    assert image.plugin.space(PICTURES, name="a") == image.plugin.space(DRAWINGS, name="b")
    assert image.plugin.builtin == image.SPACE
    assert str(image.SPACE) == "image/static-image@1"


def test_the_constants_are_those_that_the_space_names():
    content = CONSTANTS.read_bytes()
    assert hashlib.sha256(content).hexdigest() == image.SPACE.constants[image.FILE]
    assert len(content) <= 300_000


@pytest.mark.slow
def test_the_constants_can_be_made_again():
    made, kept = TOOL["make"](), load(CONSTANTS.read_bytes())
    assert made.keys() == kept.keys()
    for name, values in kept.items():
        np.testing.assert_allclose(made[name], values, atol=2e-3)


def test_other_constants_are_refused(monkeypatch, tmp_path):
    (tmp_path / image.FILE).write_bytes(b"other")
    monkeypatch.setattr(image, "__file__", str(tmp_path / "image.py"))
    with pytest.raises(Corrupt, match="is not the one that space"):
        image._model.__wrapped__()


def test_a_space_of_other_constants_is_refused():
    other = image.SPACE.model_copy(update={"constants": {"recipe": 2}})
    with pytest.raises(SpaceMismatch, match="the only one"):
        image.plugin.encode(PICTURES, other)


# ---------------------------------------------------------------- what should be near


@pytest.mark.parametrize("picture", DRAWINGS[:3])
def test_a_grey_picture_is_the_same_in_colour_and_has_no_colour(picture):
    grey, colour = encode(picture, np.stack([picture] * 3, axis=2))
    np.testing.assert_allclose(grey, colour, atol=1e-5)
    np.testing.assert_array_equal(grey[78:], 0)


def test_colour_tells_tinted_pictures_apart_and_leaves_their_shape():
    white = np.stack([DRAWINGS[0]] * 3, axis=2)
    red, blue = white * np.array([[1, 0, 0], [0, 0, 1]], np.uint8)[:, None, None]
    coords = encode(red, blue)
    assert np.linalg.norm(coords[0, 78:] - coords[1, 78:]) > 0.1
    assert apart(PICTURES[0], PICTURES[0][..., ::-1])[0] > 0.1


def test_a_negative_has_the_same_gradients():
    grey = np.stack([DRAWINGS[0], 255 - DRAWINGS[0]]) / np.float32(255)
    strengths = image._gradients(grey)
    np.testing.assert_allclose(strengths[0].sum(axis=0), strengths[1].sum(axis=0), atol=1e-5)
    np.testing.assert_allclose(image.shapes(grey)[0, :288], image.shapes(grey)[1, :288], atol=1e-3)


@pytest.mark.parametrize("picture", [*PHOTOGRAPHS[:3], *DRAWINGS[:3]])
def test_a_picture_at_another_size_is_near(picture):
    at = [PIL.Image.fromarray(picture).resize((size, size)) for size in (28, 64, 200)]
    assert (apart(picture, *at) < 0.3).all()


@pytest.mark.parametrize("picture", [*PHOTOGRAPHS[:3], *DRAWINGS[:3]])
def test_one_bit_changes_little(picture):
    flipped = picture.copy()
    flipped[12, 20] ^= 1
    worst = picture.copy()
    worst[12, 20] ^= 128
    low, high = apart(picture, flipped, worst)
    assert low < 0.03
    assert high < 0.3


@pytest.mark.parametrize("picture", [*PHOTOGRAPHS[:3], *DRAWINGS[:3]])
def test_a_jpeg_and_16_bits_are_near(picture, tmp_path):
    PIL.Image.fromarray(picture).save(tmp_path / "picture.jpg", quality=90)
    jpeg, deep = apart(picture, tmp_path / "picture.jpg", picture.astype(np.uint16) * 257)
    assert jpeg < 0.3
    assert deep < 1e-4


def test_an_array_is_the_same_as_its_files(tmp_path):
    paths = [tmp_path / f"{row}.png" for row in range(len(PICTURES))]
    for path, picture in zip(paths, PICTURES, strict=True):
        PIL.Image.fromarray(picture).save(path)
    coords = image.plugin.encode(PICTURES, image.SPACE)
    np.testing.assert_allclose(encode(*paths), coords, atol=1e-5)
    np.testing.assert_allclose(encode(*PICTURES), coords, atol=1e-5)


def test_the_order_of_pictures_does_not_matter():
    order = np.random.default_rng(1).permutation(len(PICTURES))
    coords = image.plugin.encode(PICTURES, image.SPACE)
    np.testing.assert_allclose(
        image.plugin.encode(PICTURES[order], image.SPACE), coords[order], atol=1e-5
    )


def test_the_hardest_pictures_stay_within_the_bounds():
    low, high = image.plugin.bounds(image.SPACE)
    pure = np.zeros((6, 40, 40, 3), np.uint8)
    pure[0, ..., 0], pure[1, ..., 1], pure[2, ..., 2], pure[3] = 255, 255, 255, 255
    pure[4, ::2], pure[5, :, ::2, :2] = 255, 255
    coords = image.plugin.encode(pure, image.SPACE)
    assert ((low <= coords) & (coords <= high)).all()
    np.testing.assert_allclose(np.abs(coords[0, 78:87]), high[78:87], rtol=1e-5)


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize("table", [np.zeros((2, 2)), ["a text"]])
def test_what_is_no_picture_is_not_claimed_and_refused(table):
    assert not image.plugin.claims(table)
    for refuse in (
        lambda: image.plugin.encode(table, image.SPACE),
        lambda: image.plugin.space(table, name="x"),
        lambda: image.plugin.explain(table, image.SPACE),
    ):
        with pytest.raises(BadData, match="takes pictures"):
            refuse()


def test_explain_tells_the_five_commonest_kinds_and_counts_the_others():
    many = [np.zeros((9, width), np.uint8) for width in range(5, 13)] + [DRAWINGS[0]] * 2
    told = image.plugin.explain(many, image.SPACE)
    assert len(told) == 1
    assert told[0].told.startswith("2 of 32 x 32 uint8, 1 of 5 x 9 uint8")
    assert "4 other kinds; the middle square" in told[0].told


def test_arrays_need_no_pillow():
    code = (
        "import sys; sys.modules['PIL'] = None; import numpy as np;"
        "from learndock.encoders.image import plugin, SPACE;"
        "plugin.explain(np.zeros((2, 8, 8)), SPACE); plugin.encode(np.zeros((2, 8, 8)), SPACE)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
