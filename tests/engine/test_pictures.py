"""Pictures of real people: every kind of file opens or is refused with one sentence, and fitting is as documented."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz.engine import pictures
from cnnviz.engine.pictures import PictureError, decode, fit, pixels
from cnnviz.net.layers import Input

GREY = np.add.outer(np.arange(12) * 10, np.arange(16) * 5).astype(np.uint8)  # 12 high, 16 wide
COLOUR = np.stack([GREY, 255 - GREY, np.full_like(GREY, 40)], axis=-1)


def write(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


EXACT: dict[str, tuple[Callable[[], Image.Image], np.ndarray]] = {
    "rgb.png": (lambda: Image.fromarray(COLOUR), COLOUR),
    "grey.png": (lambda: Image.fromarray(GREY), GREY[..., None]),
    "rgb.bmp": (lambda: Image.fromarray(COLOUR), COLOUR),
    "rgb.tiff": (lambda: Image.fromarray(COLOUR), COLOUR),
    "rgb.webp": (lambda: Image.fromarray(COLOUR), COLOUR),
    "grey.gif": (lambda: Image.fromarray(GREY), GREY[..., None]),
    "bits.png": (lambda: Image.fromarray(GREY > 99), np.where(GREY > 99, 255, 0).astype(np.uint8)[..., None]),
    "cmyk.tiff": (lambda: Image.fromarray(COLOUR).convert("CMYK"), COLOUR),
}


@pytest.mark.parametrize("name", EXACT)
def test_lossless_files_give_their_pixels(tmp_path: Path, name: str) -> None:
    make, expected = EXACT[name]
    options = {"lossless": True} if name.endswith("webp") else {}
    got = decode(write(tmp_path, name, make(), **options))
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got if got.shape == expected.shape else got[..., :1], expected)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_open(tmp_path: Path, mode: str) -> None:
    got = decode(write(tmp_path, "a.jpg", Image.fromarray(COLOUR).convert(mode), quality=95))
    assert got.shape == (12, 16, 1 if mode == "L" else 3)
    if mode == "RGB":
        assert np.abs(got.astype(int) - COLOUR).mean() < 8


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_sixteen_bits_keep_their_depth(tmp_path: Path, ending: str) -> None:
    deep = (np.add.outer(np.arange(12), np.arange(16)) * 2000).astype(np.uint16)
    got = decode(write(tmp_path, f"deep.{ending}", Image.fromarray(deep)))
    np.testing.assert_allclose(got[..., 0], deep / 65535, atol=1e-6)
    assert got.dtype == np.float32


def test_measured_values_are_stretched(tmp_path: Path) -> None:
    got = decode(write(tmp_path, "m.tiff", Image.fromarray((GREY * 3.0 - 100).astype(np.float32))))
    assert got.min() == 0 and got.max() == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (2, 1), (0, 0, 0, 0) if mode == "RGBA" else (0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255) if mode == "RGBA" else (0, 255))
    got = decode(write(tmp_path, "a.png", image))
    assert got[0, 0].tolist() == [0] * got.shape[2] and got[0, 1].tolist() == [255] * got.shape[2]


def test_palettes_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    got = decode(write(tmp_path, "p.png", image, transparency=1))
    assert got[0].tolist() == [[255, 0, 0], [255, 255, 255]]
    assert decode(write(tmp_path, "p.gif", image))[0].tolist() == [[255, 0, 0], [0, 0, 255]]


def test_a_photograph_is_turned_as_it_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    got = decode(write(tmp_path, "a.png", Image.fromarray(COLOUR), exif=exif))
    np.testing.assert_array_equal(got, np.rot90(COLOUR, -1))


def test_only_the_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.new("L", (3, 2), value) for value in (10, 200)]
    got = decode(write(tmp_path, "a.gif", frames[0], save_all=True, append_images=frames[1:]))
    assert set(got.ravel().tolist()) == {10}


def test_every_format_is_one_that_pillow_opens() -> None:
    Image.init()
    assert set(pictures.FORMATS) <= set(Image.OPEN)


OF_EVERY_FORMAT = {
    "PNG": "png",
    "JPEG": "jpg",
    "BMP": "bmp",
    "GIF": "gif",
    "WEBP": "webp",
    "TIFF": "tiff",
    "PPM": "ppm",
}


@pytest.mark.parametrize("format", pictures.FORMATS)
@pytest.mark.parametrize("ending", ["", "png"])
def test_every_format_opens_by_its_contents(tmp_path: Path, format: str, ending: str) -> None:
    path = tmp_path / f"a.{ending or OF_EVERY_FORMAT[format]}"
    Image.fromarray(COLOUR).save(path, format)
    got = decode(path)
    assert got.shape == (12, 16, 3) and got.dtype == np.uint8
    assert np.abs(got.astype(int) - COLOUR).mean() < 24


def test_a_camera_s_picture_with_a_second_one_in_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    first, second = Image.fromarray(COLOUR), Image.fromarray(255 - COLOUR)
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second], quality=95, exif=exif)
    got = decode(tmp_path / "a.jpg")
    assert got.shape == (16, 12, 3) and np.abs(got.astype(int) - np.rot90(COLOUR, -1)).mean() < 8


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "PNG"])
def test_every_format_with_exif_is_turned(tmp_path: Path, format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    path = tmp_path / "a"
    Image.fromarray(COLOUR).save(path, format, exif=exif, quality=95)
    got = decode(path)
    assert got.shape == (16, 12, 3) and np.abs(got.astype(int) - np.rot90(COLOUR)).mean() < 24


@pytest.mark.parametrize(("format", "mode"), [("WEBP", "RGBA"), ("TIFF", "RGBA"), ("TIFF", "LA"), ("PNG", "PA")])
def test_every_format_with_transparency_is_laid_on_white(tmp_path: Path, format: str, mode: str) -> None:
    clear = Image.new("RGBA", (4, 2), (0, 0, 0, 0)).convert("RGBA" if mode == "PA" else mode)
    path = tmp_path / "a"
    (clear.quantize() if mode == "PA" else clear).save(path, format, **({"lossless": True} if format == "WEBP" else {}))
    assert set(decode(path).ravel().tolist()) == {255}


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "tiff"])
def test_palettes_give_their_colours(tmp_path: Path, ending: str) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert decode(write(tmp_path, f"p.{ending}", image))[0].tolist() == [[255, 0, 0], [0, 0, 255]]


@pytest.mark.parametrize("ending", sorted(OF_EVERY_FORMAT.values()))
def test_a_text_with_a_picture_s_name_is_no_picture(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"notes.{ending}"
    path.write_text("Dear diary,\n" * 50)
    with pytest.raises(PictureError) as caught:
        decode(path)
    assert str(caught.value) == (
        f"notes.{ending} is not a picture this program can read. Use PNG, JPEG, BMP, GIF, WebP or TIFF."
    )


def truncated(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path, "PNG")
    path.write_bytes(path.read_bytes()[:4000])


def huge(path: Path) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    parts = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def large(path: Path) -> None:
    Image.new("1", (10_000, 9_000)).save(path, "PNG")


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.png": (lambda p: p.write_text("hello"), "not a picture"),
    "empty.jpg": (lambda p: p.write_bytes(b""), "not a picture"),
    "drawing.svg": (lambda p: p.write_text("<svg/>"), "not a picture"),
    "script.eps": (lambda p: p.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "not a picture"),
    "truncated.png": (truncated, "damaged or incomplete"),
    "huge.png": (huge, "million pixels"),
    "large.png": (large, "million pixels"),
    "folder.png": (lambda p: p.mkdir(), "not a file"),
    "missing.png": (lambda p: None, "no file"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_files_are_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    make, words = BAD[name]
    make(tmp_path / name)
    with pytest.raises(PictureError) as caught:
        decode(tmp_path / name)
    text = str(caught.value)
    assert name in text and words in text and text.endswith(".") and "\n" not in text


def test_a_broken_file_of_every_format_is_no_crash(tmp_path: Path) -> None:
    dice = np.random.default_rng(1)
    for ending in ("png", "jpg", "bmp", "gif", "webp", "tiff"):
        whole = write(tmp_path, f"a.{ending}", Image.fromarray(COLOUR)).read_bytes()
        for i in range(40):
            broken = bytearray(whole)
            for at in dice.integers(0, len(whole), 6):
                broken[at] = dice.integers(256)
            path = tmp_path / f"b{i}.{ending}"
            path.write_bytes(broken[: dice.integers(len(whole) // 2, len(whole) + 1)])
            try:
                assert decode(path).ndim == 3
            except PictureError as error:
                assert path.name in str(error)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 2), (4, 5, 3), (4, 5, 4)])
def test_pictures_in_memory(shape: tuple[int, ...]) -> None:
    got = pixels(np.full(shape, 255, np.uint8))
    assert got.shape == (4, 5, 3 if shape[2:] in ((3,), (4,)) else 1) and got.min() == 255


def test_arrays_that_are_no_pictures_are_refused() -> None:
    for array in (np.zeros((3, 3, 5), np.uint8), np.zeros((0, 3), np.uint8), np.zeros((3, 3))):
        with pytest.raises(PictureError, match="clip is not a picture"):
            pixels(array, "clip")


def test_the_middle_part_with_the_right_aspect_ratio_is_taken() -> None:
    fitted = fit(COLOUR, Input(3, (12, 12)))
    assert fitted.box == (0.0, 0.125, 1.0, 0.875)
    np.testing.assert_array_equal(fitted.shown, COLOUR[:, 2:14])
    assert fit(COLOUR, Input(3, (6, 16))).box == (0.25, 0.0, 0.75, 1.0)


def test_values_are_exactly_the_documented_ones() -> None:
    same = fit(COLOUR, Input(3, (12, 16), (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)))
    expected = (COLOUR.transpose(2, 0, 1) / 255 - np.array([0.5, 0.4, 0.3])[:, None, None]) / np.array(
        [0.2, 0.25, 0.5]
    )[:, None, None]
    np.testing.assert_allclose(same.values, expected, atol=1e-6)
    assert same.values.dtype == np.float32
    resized = Image.fromarray(COLOUR).resize((8, 6), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(fit(COLOUR, Input(3, (6, 8))).shown, np.asarray(resized))


def test_reducing_does_not_alias() -> None:
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::2] = 255
    for array in (stripes, stripes.astype(np.float32) / 255):
        values = fit(array, Input(1, (8, 8))).values
        assert abs(values - 0.5).max() < 0.05


def test_colour_and_grey() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert fit(red, Input(1, (4, 4))).shown[0, 0].tolist() == [60, 60, 60]  # 0.299 · 200
    assert fit(red.astype(np.float32) / 255, Input(1, (4, 4))).shown[0, 0].tolist() == [60, 60, 60]
    assert fit(GREY[..., None], Input(3, (12, 16))).values.shape == (3, 12, 16)
    with pytest.raises(PictureError, match="4 channels, but a picture has 3"):
        fit(COLOUR, Input(4, (12, 16)))


def test_arrays_are_laid_out_as_torch_expects() -> None:
    """A one-channel array with unusual strides makes torch choose other kernels, with other last bits."""
    for picture in (GREY[..., None], COLOUR):
        values = torch.from_numpy(fit(picture, Input(picture.shape[2], (12, 16))).values)
        assert values.stride() == torch.empty(values.shape).stride()


def test_the_limit_is_below_pillows_own() -> None:
    assert Image.MAX_IMAGE_PIXELS is not None and pictures.LIMIT < Image.MAX_IMAGE_PIXELS
