"""A person's picture becomes what the network takes in: opened, cropped, scaled, normalised, in one documented way.

1. The picture is turned as its EXIF data says; transparency is laid on white; only the first frame counts.
2. The largest part in the middle that has the network's aspect ratio is cut out.
3. It is scaled by Pillow's bilinear filter, which widens with the reduction and so does not alias; pictures of 8 bits
   stay at 8 bits, exactly as torchvision's Resize has it.
4. Colour becomes grey as 0.299 R + 0.587 G + 0.114 B (ITU-R 601); grey becomes colour by repetition.
5. Values 0…1 become (value − mean) / std by the Input's settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..net.layers import Board, Source, Tokens
from ..text import _

Array = np.ndarray[Any, np.dtype[Any]]
Box = tuple[float, float, float, float]

LIMIT = 89_000_000
"""Pixels of the largest picture that is opened; just below where Pillow warns of decompression bombs."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")  # none that runs another program (as EPS does)
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


class PictureError(ValueError):
    """The picture cannot be used; the message is a sentence that names it."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A picture as the network takes it in.

    shown   (height, width, 3) uint8, before normalising
    values  (channels, height, width) float32, normalised
    box     the part of the picture that was taken: top, left, bottom, right as fractions
    """

    shown: Array
    values: Array
    box: Box


def decode(path: str | Path) -> Array:
    """The picture in a file: (height, width, 1 or 3) uint8, or float32 in 0…1 where it has more than 8 bits.

    Raises PictureError.
    """
    path = Path(path)
    name = path.name or str(path)
    try:
        if not path.is_file():
            text = _("There is no file {path}.") if not path.exists() else _("{path} is not a file.")
            raise PictureError(text.format(path=path))
        with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
            _check_size(name, image.size)
            image.load()
            return _array(_turned(image))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(_too_large(name)) from error
    except UnidentifiedImageError as error:
        text = _("{name} is not a picture this program can read. Use PNG, JPEG, BMP, GIF, WebP or TIFF.")
        raise PictureError(text.format(name=name)) from error
    except PermissionError as error:
        raise PictureError(_("{name} may not be read. Check the file's permissions.").format(name=name)) from error
    except MemoryError as error:
        raise PictureError(_("There is not enough memory to open {name}.").format(name=name)) from error
    except Exception as error:  # Pillow's decoders raise nearly everything on broken files
        text = _("{name} is damaged or incomplete: {why}. Save it again, or use another one.")
        raise PictureError(text.format(name=name, why=str(error).rstrip(".") or type(error).__name__)) from error


def pixels(array: Array, name: str = "") -> Array:
    """A picture in memory, (height, width) or (height, width, 1 to 4) uint8, in the form `decode` gives."""
    given = np.asarray(array)
    if given.ndim == 2:
        given = given[..., None]
    if given.dtype != np.uint8 or given.ndim != 3 or not 1 <= given.shape[2] <= 4 or not given.size:
        shape = "×".join(map(str, given.shape))
        raise PictureError(
            _("{name} is not a picture: {shape} {dtype}.").format(name=name, shape=shape, dtype=given.dtype)
        )
    _check_size(name, (given.shape[1], given.shape[0]))
    modes = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    channels = given.shape[2]
    flat = np.ascontiguousarray(given if channels > 1 else given[..., 0])
    return _array(Image.frombytes(modes[channels], (given.shape[1], given.shape[0]), flat.tobytes()))


def fit(picture: Array, layer: Source) -> Fitted:
    """A picture, (height, width, channels) uint8 or float in 0…1, in the form the network takes in.

    Raises PictureError where the channels do not go together, or the network takes no pictures.
    """
    if isinstance(layer, Tokens):
        raise PictureError(_("This network takes sentences, not pictures. Type one, or page through the data set."))
    if isinstance(layer, Board):
        raise PictureError(_("This network takes board positions, not pictures. Set one by clicking on the board."))
    box = crop(picture.shape[:2], layer.size)
    raw = scaled(picture, layer, box)
    return Fitted(shown(raw), normalised(raw, layer), box)


def plain(values: Array) -> Fitted:
    """Values that are no picture, (channels, height, width): the network gets them as they are, nothing is shown."""
    return Fitted(np.zeros((*values.shape[1:], 3), np.uint8), values.astype(np.float32), WHOLE)


def crop(size: tuple[int, ...], to: tuple[int, int]) -> Box:
    """The largest part in the middle of a picture of `size` that has the aspect ratio of `to` (both height, width)."""
    height, width = size
    scale = min(height / to[0], width / to[1])
    tall, wide = to[0] * scale / height, to[1] * scale / width
    return (1 - tall) / 2, (1 - wide) / 2, (1 + tall) / 2, (1 + wide) / 2


def scaled(picture: Array, layer: Source, box: Box) -> Array:
    """That part of the picture in the network's size and channels: (channels, height, width), values as given."""
    height, width, have = picture.shape
    need = layer.channels
    if have != need and not (have in (1, 3) and need in (1, 3)):
        text = _("The network takes {need} channels, but a picture has {have}. Set the Input's channels to {have}.")
        raise PictureError(text.format(need=need, have=have))
    area = (box[1] * width, box[0] * height, box[3] * width, box[2] * height)
    planes = _planes(picture, need if have in (1, 3) else have)
    if (height, width) == layer.size:
        resized = [np.asarray(p) for p in planes]
    else:
        size = (layer.size[1], layer.size[0])
        resized = [np.asarray(p.resize(size, Image.Resampling.BILINEAR, box=area)) for p in planes]
    stacked = [a[None] if a.ndim == 2 else a.transpose(2, 0, 1) for a in resized]
    whole = np.concatenate(stacked)
    if whole.dtype != np.uint8:
        whole = np.clip(whole.astype(np.float32, copy=False), 0.0, 1.0)
    if len(whole) != need:
        whole = np.repeat(whole, need, axis=0)
    return np.array(whole, order="C")  # a copy: odd strides choose other kernels in torch


def normalised(raw: Array, layer: Source) -> Array:
    """(value − mean) / std of values 0…255 (uint8) or 0…1: float32 of the same shape, (…, channels, height, width)."""
    values = raw.astype(np.float32)
    if raw.dtype == np.uint8:
        values /= np.float32(255)
    mean = np.array(layer.mean, np.float32).reshape(-1, 1, 1)
    std = np.array(layer.std, np.float32).reshape(-1, 1, 1)
    return (values - mean) / std


def shown(raw: Array) -> Array:
    """(height, width, 3) uint8 of (channels, height, width); of other than 1 or 3 channels their mean is shown."""
    if raw.dtype != np.uint8:
        raw = np.rint(np.clip(raw, 0, 1) * 255).astype(np.uint8)
    if len(raw) not in (1, 3):
        raw = np.rint(raw.mean(axis=0, keepdims=True)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(raw.transpose(1, 2, 0), (*raw.shape[1:], 3)))


def _planes(picture: Array, channels: int) -> list[Image.Image]:
    """Pillow images that together hold the picture: one of 8 bits, or one for each channel."""
    have = picture.shape[2]
    if picture.dtype == np.uint8 and have in (1, 3):
        mode = "L" if have == 1 else "RGB"
        bytes_ = np.ascontiguousarray(picture).tobytes()
        image = Image.frombytes(mode, (picture.shape[1], picture.shape[0]), bytes_)
        return [image.convert("L") if channels == 1 else image]
    if have == 3 and channels == 1:
        picture = picture @ np.array([0.299, 0.587, 0.114], picture.dtype)[:, None]
    return [Image.fromarray(np.ascontiguousarray(picture[..., i])) for i in range(picture.shape[2])]


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block is no reason to refuse the picture
        return image


def _array(image: Image.Image) -> Array:
    if image.mode.startswith("I;16"):
        return _deep(np.asarray(image), 65535.0)
    if image.mode == "I":
        values = np.asarray(image)
        return _deep(values, 65535.0 if values.max(initial=0) <= 65535 else 2.0**31 - 1)
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image))
        low, high = float(values.min()), float(values.max())
        if low >= 0 and high <= 1:
            return _deep(values, 1.0)
        return _deep(values - low, (high - low) or 1.0)  # measured values: darkest to brightest
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        mode = "LA" if grey else "RGBA"
        ground = Image.new(mode, image.size, "white")
        image = Image.alpha_composite(ground.convert("RGBA"), image.convert("RGBA"))
    whole = np.asarray(image.convert("L" if grey else "RGB"))
    return np.array(whole[..., None] if whole.ndim == 2 else whole)


def _deep(values: Array, brightest: float) -> Array:
    unit: Array = np.clip(values.astype(np.float32) / np.float32(brightest), 0, 1)[..., None]
    return unit


def _check_size(name: str, size: tuple[int, int]) -> None:
    if size[0] * size[1] > LIMIT:
        raise PictureError(_too_large(name, size))


def _too_large(name: str, size: tuple[int, int] | None = None) -> str:
    dimensions = f" ({size[0]}×{size[1]})" if size else ""
    text = _("{name}{size} has more than {limit} million pixels. Make it smaller first.")
    return text.format(name=name, size=dimensions, limit=LIMIT // 1_000_000)
