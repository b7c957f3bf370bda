"""MNIST and what has its form: two files of pictures and two of classes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from ...net.plan import Plan
from ...text import _
from ..pictures import Array
from .base import Damaged, Missing, Raw, Reader, find

STEMS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
KANA = tuple("おきすつなはまやれを")


def reader(name: str, folders: tuple[str, ...], classes: tuple[str, ...]) -> Reader:
    """What reads such a set from one of these folders."""

    def read(folder: Path, plan: Plan) -> Raw:
        arrays = []
        for stem in STEMS:
            path = find(folder, folders, (f"{stem}-ubyte.gz", f"{stem}-ubyte", f"{stem.replace('-idx', '.idx')}-ubyte"))
            if path is None:
                text = _(
                    "{name} is not there: put {file} and the three files beside it into {folder}, or train on digits."
                )
                raise Missing(text.format(name=name, file="train-images-idx3-ubyte.gz", folder=folder / folders[0]))
            arrays.append(array(path))
        x, y, test_x, test_y = arrays
        return Raw(x[..., None], y.astype(np.int64), test_x[..., None], test_y.astype(np.int64), classes)

    return read


def array(path: Path) -> Array:
    """The array in a file of MNIST's format: two zeros, type 8 (uint8), number of axes, sizes, values."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise Damaged(_("{path} is not an idx file of bytes. Get it again.").format(path=path))
    axes = content[3]
    shape = [int(n) for n in np.frombuffer(content, ">u4", axes, 4)]
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if len(values) != int(np.prod(shape)):
        raise Damaged(_("{path} is incomplete. Get it again.").format(path=path))
    return values.reshape(shape)
