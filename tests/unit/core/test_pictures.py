import sys
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from learndock.core.data import count_rows, take
from learndock.core.pictures import are_pictures, kinds_of, read_square, squares
from learndock.errors import BadData, Unavailable

RNG = np.random.default_rng(0)
RAMP = np.linspace(0, 255, 24 * 24).reshape(24, 24).astype(np.uint8)
COLOUR = np.stack([RAMP, RAMP.T, 255 - RAMP], axis=2)


def image_of(pixels, mode=None):
    image = PIL.Image.fromarray(pixels)
    return image.convert(mode) if mode else image


def saved(image, name, **options):
    image.save(name, **options)
    return Path(name).absolute()


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# ---------------------------------------------------------------- squares


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (28, 28), (32, 32), (200, 90), (90, 200, 3)])
@pytest.mark.parametrize("side", [1, 16, 32])
def test_an_even_picture_of_any_size_stays_even(shape, side):
    square = read_square(np.full(shape, 51, np.uint8), side)
    assert square.shape == (side, side, 3)
    assert square.dtype == np.float32
    np.testing.assert_allclose(square, 0.2, atol=1e-6)


def test_a_picture_of_the_side_itself_is_kept():
    np.testing.assert_allclose(read_square(COLOUR, 24), COLOUR / 255, atol=1e-6)


def test_the_square_in_the_middle_is_what_counts():
    wide = np.zeros((4, 10), np.uint8)
    wide[:, 3:7] = 255
    np.testing.assert_array_equal(read_square(wide, 4), 1)
    np.testing.assert_array_equal(read_square(wide.T, 4), 1)


def test_shrinking_agrees_with_pillows_triangle_filter():
    picture = RNG.integers(0, 256, (96, 96), dtype=np.uint8)
    theirs = image_of(picture).resize((32, 32), PIL.Image.Resampling.BILINEAR)
    np.testing.assert_allclose(
        read_square(picture, 32)[..., 0], np.asarray(theirs) / 255, atol=0.004
    )


def test_bands_of_rows_do_not_show(monkeypatch):
    whole = read_square(COLOUR, 10)
    monkeypatch.setattr("learndock.core.pictures._BAND", 24 * 3 * 5)
    np.testing.assert_allclose(read_square(COLOUR, 10), whole, atol=1e-6)


def test_blocks_do_not_show(monkeypatch):
    pictures = RNG.integers(0, 256, (7, 9, 8), dtype=np.uint8)
    monkeypatch.setattr("learndock.core.pictures._BLOCK", 3)
    for form in (pictures, list(pictures)):
        blocks = list(squares(form, 5))
        assert [len(block) for block in blocks] == [3, 3, 1]
        alone = np.stack([read_square(picture, 5) for picture in pictures])
        np.testing.assert_allclose(np.concatenate(blocks), alone, atol=1e-6)


@given(
    arrays(np.float32, st.tuples(*[st.integers(1, 12)] * 2), elements=st.floats(0, 1, width=32)),
    st.integers(1, 12),
)
def test_values_stay_between_the_least_and_the_largest_pixel(picture, side):
    square = read_square(picture, side)
    edge = min(picture.shape)
    top, left = ((size - edge) // 2 for size in picture.shape)
    middle = picture[top : top + edge, left : left + edge]
    assert middle.min() - 1e-5 <= square.min()
    assert square.max() <= middle.max() + 1e-5


# ---------------------------------------------------------------- types and modes


@pytest.mark.parametrize(
    "same",
    [
        (RAMP / 255).astype(np.float32),
        RAMP / 255,
        (RAMP / 255).astype(np.float16),
        RAMP.astype(np.uint16) * 257,
        RAMP.astype(np.int64),
        RAMP[..., None],
        np.stack([RAMP] * 3, axis=2),
    ],
    ids=lambda same: f"{same.dtype}{same.shape}",
)
def test_an_array_of_another_type_is_the_same_picture(same):
    np.testing.assert_allclose(read_square(same, 16), read_square(RAMP, 16), atol=1e-3)


def test_booleans_are_black_and_white():
    assert read_square(np.array([[True]]), 1)[0, 0].tolist() == [1, 1, 1]
    assert read_square(np.array([[False]]), 1)[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "RGBa"])
def test_an_image_of_any_mode_without_transparency_is_its_picture(mode):
    way = {"RGBa": ["RGBA"], "HSV": ["RGB"]}.get(mode, [])
    image = image_of(RAMP)
    for step in [*way, mode]:
        image = image.convert(step)
    np.testing.assert_allclose(read_square(image, 16), read_square(RAMP, 16), atol=0.01)


def test_one_bit_images_are_read():
    bits = image_of(RAMP > 128)
    assert bits.mode == "1"
    np.testing.assert_array_equal(read_square(bits, 24), read_square(RAMP > 128, 24))


def test_a_palette_is_looked_up():
    palette = image_of(COLOUR).convert("P", palette=PIL.Image.Palette.ADAPTIVE, colors=256)
    np.testing.assert_allclose(
        read_square(palette, 16), read_square(np.asarray(palette.convert("RGB")), 16), atol=1e-6
    )


def test_what_is_transparent_lies_on_white():
    half = np.zeros((4, 4, 4), np.uint8)
    half[:2, :, 3] = 255
    expected = np.repeat([0.0, 0.0, 1.0, 1.0], 12).reshape(4, 4, 3)
    np.testing.assert_array_equal(read_square(half, 4), expected)
    np.testing.assert_array_equal(read_square(image_of(half), 4), expected)


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_a_palette_with_transparency_lies_on_white(transparency):
    image = PIL.Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    path = saved(image, "palette.png", transparency=transparency)
    square = read_square(image_of(np.asarray(PIL.Image.open(path).convert("RGBA"))), 1)
    np.testing.assert_array_equal(read_square(path, 1), square)
    tall = saved(image.resize((2, 2), PIL.Image.Resampling.NEAREST), "p.png", transparency=0)
    assert read_square(tall, 2)[0].tolist() == [[1, 1, 1], [0, 0, 1]]


def test_a_16_bit_file_is_near_its_8_bit_version():
    path = saved(image_of(RAMP.astype(np.uint16) * 257), "deep.png")
    with PIL.Image.open(path) as image:
        assert image.mode.startswith("I")
    np.testing.assert_allclose(read_square(path, 16), read_square(RAMP, 16), atol=1e-4)


def test_32_bit_integers_hold_16_bits_or_are_refused():
    deep = RAMP.astype(np.int32) * 257
    np.testing.assert_allclose(read_square(image_of(deep), 8), read_square(RAMP, 8), atol=1e-4)
    with pytest.raises(BadData, match="no 16 bits"):
        read_square(image_of(deep - 1), 8)


def test_a_float_image_lies_in_0_to_1_or_is_refused():
    image = image_of((RAMP / 255).astype(np.float32))
    assert image.mode == "F"
    np.testing.assert_allclose(read_square(image, 8), read_square(RAMP, 8), atol=1e-5)
    with pytest.raises(BadData, match="must lie in 0 to 1"):
        read_square(image_of(RAMP.astype(np.float32)), 8)


def test_a_mode_without_a_way_to_colour_is_refused():
    with pytest.raises(BadData, match="conversion from La"):
        read_square(PIL.Image.new("La", (4, 4)), 4)


def test_of_an_animation_the_first_frame_counts():
    frames = [image_of(np.full((8, 8), value, np.uint8)) for value in (0, 255)]
    path = saved(frames[0], "moving.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_square(path, 4), 0)


def test_a_photograph_held_upright_is_turned():
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    path = saved(image_of(COLOUR), "turned.png", exif=exif)
    np.testing.assert_allclose(
        read_square(path, 24), read_square(np.rot90(COLOUR, -1), 24), atol=1e-6
    )


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "ppm", "webp", "jp2"])
def test_a_file_is_the_same_as_its_array(suffix):
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(image_of(COLOUR), f"picture.{suffix}", **options)
    np.testing.assert_array_equal(read_square(path, 16), read_square(COLOUR, 16))


def test_a_large_jpeg_is_near_its_array():
    smooth = np.asarray(image_of(COLOUR).resize((1000, 1000)))
    path = saved(image_of(smooth), "large.jpg", quality=95)
    np.testing.assert_allclose(read_square(path, 16), read_square(smooth, 16), atol=0.02)


def test_images_are_left_as_they_are():
    image = image_of(COLOUR).convert("P")
    before = (image.mode, image.size, image.tobytes())
    read_square(image, 8)
    assert (image.mode, image.size, image.tobytes()) == before


# ---------------------------------------------------------------- what is no picture


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((0, 4)), "no pixels"),
        (np.zeros((4, 4, 2)), "1, 3 or 4 channels"),
        (np.zeros((3, 8, 8)), "1, 3 or 4 channels"),
        (np.full((4, 4), np.nan), "NaN or infinity"),
        (np.full((4, 4), np.inf), "NaN or infinity"),
        (np.full((4, 4), 255.0), "floats for 0 to 1"),
        (np.full((4, 4), -1), "must lie in 0 to 255"),
        (np.full((4, 4), 256), "must lie in 0 to 255"),
        (np.full((4, 4), "a"), "values of type"),
        (np.zeros((4, 4), complex), "values of type"),
        (PIL.Image.new("L", (0, 4)), "no pixels"),
        ("cat.jpg", "is str"),
        (Path("missing.png"), r"missing\.png.*No such file"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(picture, said):
    with pytest.raises(BadData, match=said):
        read_square(picture, 8)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "webp", "jp2"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 0.95])
def test_a_file_cut_short_is_refused_with_its_name(suffix, share):
    noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(image_of(noise), f"cut.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    told = refusal(path)
    assert f"cut.{suffix}" in told or (not told and share == 0.95)  # not all need their end


def refusal(path):
    """Return what is said against a file, nothing if it is read; other errors are raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow also warns of some
        try:
            assert np.isfinite(read_square(path, 8)).all()
        except BadData as error:
            return str(error)
    return ""


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "webp", "jp2", "bmp", "ppm"])
def test_a_damaged_file_is_read_or_refused_but_raises_nothing_else(suffix):
    content = saved(image_of(COLOUR), f"whole.{suffix}").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, min(len(content), 200), 3):
            damaged[place] = rng.integers(256)
        path = Path(f"damaged.{suffix}")
        path.write_bytes(damaged)
        told = refusal(path)
        assert not told or "damaged" in told


@pytest.mark.parametrize("limit", [400, 200])
def test_a_bomb_is_refused_from_pillows_limit_on(monkeypatch, limit):
    path = saved(image_of(RAMP), "bomb.png")
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(BadData, match=rf"bomb\.png has more pixels than Pillow's limit of {limit}"):
        read_square(path, 8)


def test_formats_that_start_programs_are_not_opened():
    path = Path("page.eps")
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    with pytest.raises(BadData, match="cannot identify"):
        read_square(path, 8)


def test_an_error_counts_the_pictures_of_a_list_and_of_an_array():
    good, bad = np.zeros((5, 6)), np.full((5, 6), np.nan)
    for pictures in ([good, good, bad], np.stack([good, good, bad])):
        with pytest.raises(BadData, match="picture 2 holds NaN"):
            list(squares(pictures, 4))


@pytest.mark.parametrize("channels", [3, 4])
def test_one_picture_that_looks_like_many_narrow_ones_is_refused(channels):
    with pytest.raises(BadData, match=r"one picture in colour.*x\[None\]"):
        list(squares(np.zeros((20, 30, channels), np.uint8), 8))


def test_without_pillow_files_name_the_install_line_and_arrays_are_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert read_square(RAMP, 8).shape == (8, 8, 3)
    with pytest.raises(Unavailable, match=r'pip install "learndock\[image\]"'):
        read_square(Path("a.png"), 8)


# ---------------------------------------------------------------- recognising and listing


def test_images_are_recognised_and_their_kin_are_not():
    class Mine(PIL.Image.Image):
        pass

    assert are_pictures([PIL.Image.new("L", (2, 2))])
    assert are_pictures((Mine(),))
    assert not are_pictures([PIL.Image.Exif()])
    assert not are_pictures([])


def test_pictures_are_counted_and_taken_in_any_form():
    pictures = RNG.integers(0, 256, (4, 6, 5), dtype=np.uint8)
    for form in (pictures, list(pictures), [image_of(picture) for picture in pictures]):
        assert count_rows(form) == 4
        chosen = take(form, np.array([2, 0]))
        np.testing.assert_array_equal(np.asarray(chosen[0]), pictures[2])
        assert are_pictures(chosen)


def test_in_a_list_floats_of_two_dimensions_are_a_block_of_rows_and_no_picture():
    for kind in (np.uint8, np.uint16, np.int64, bool):
        assert are_pictures([np.zeros((8, 8), kind)])
    for kind in (np.float32, np.float64):
        assert not are_pictures([np.zeros((8, 8), kind)])
        assert are_pictures([np.zeros((8, 8, 1), kind)])
        assert are_pictures(np.zeros((1, 8, 8), kind))


def test_kinds_tell_size_and_mode_without_decoding():
    path = saved(image_of(COLOUR), "whole.png")
    path.write_bytes(path.read_bytes()[:60])
    found = kinds_of([path, image_of(RAMP), image_of(RAMP), COLOUR])
    assert found == {"24 x 24 PNG RGB": 1, "24 x 24 L": 2, "24 x 24 uint8 RGB": 1}
    assert kinds_of(np.zeros((3, 4, 5, 4))) == {"5 x 4 float64 RGBA": 3}
