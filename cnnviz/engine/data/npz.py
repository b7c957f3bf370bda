"""A data set in one .npz file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ...net.plan import Plan
from ...text import _, grouped
from ..pictures import Array
from .base import DataError, Raw, divided
from .files import two_or_more

MOST = 100_000
"""Classes that are taken for classes: a number above is rather an id, and each below it would be a class."""


def read(path: Path, plan: Plan) -> Raw:
    """`x_train`, `y_train` and, where given, `x_test`, `y_test`, `classes`; without a test a part is held out.

    Classes are numbers from 0, names, or rows with a single 1. Raises DataError, OSError and zipfile.BadZipFile.
    """
    if not zipfile.is_zipfile(path) and path.stat().st_size:
        raise DataError(_("{path} is no .npz file, or a damaged one. Write it with numpy.savez.").format(path=path))
    with np.load(path, allow_pickle=False) as file:
        missing = [k for k in ("x_train", "y_train") if k not in file]
        if missing:
            text = _("{path} needs the arrays x_train and y_train (and x_test, y_test, classes); it has {have}.")
            raise DataError(text.format(path=path, have=", ".join(file.files) or _("none")))
        keys = ("x_train", "y_train", *(("x_test", "y_test") if "x_test" in file else ()))
        if "x_test" in file and "y_test" not in file:
            raise DataError(_("{path} has x_test, but no y_test, the classes of these pictures.").format(path=path))
        arrays = {key: _array(path, file, key) for key in (*keys, *(("classes",) if "classes" in file else ()))}
    x = [_images(path, arrays[key]) for key in keys[::2]]
    named = [arrays[key] for key in keys[1::2]]
    names = tuple(str(c) for c in arrays["classes"]) if "classes" in arrays else ()
    if all(y.dtype.kind == "U" for y in named):
        names = names or tuple(sorted({str(c) for y in named for c in y.reshape(-1)}))
        named = [_numbered(path, y, names) for y in named]
    y = [_labels(path, labels) for labels in named]
    for images, labels in zip(x, y, strict=True):
        if len(images) != len(labels):
            text = _("{name} has {pictures} pictures but {labels} classes for them.")
            raise DataError(text.format(name=path, pictures=len(images), labels=len(labels)))
    classes = names or _counted(path, max(int(labels.max(initial=0)) for labels in y))
    if not names:
        two_or_more(path, classes)
    if len(x) > 1 and x[0].ndim == x[1].ndim == 4 and x[0].shape[1:] != x[1].shape[1:]:
        text = _("{path}: the pictures in x_test are {test}, but those in x_train are {train}. Make them the same.")
        train, test = ("×".join(map(str, a.shape[1:])) for a in x)
        raise DataError(text.format(path=path, train=train, test=test))
    return Raw(x[0], y[0], x[1], y[1], classes) if len(x) > 1 else divided(x[0], y[0], classes, plan.held_out)


def _array(path: Path, file: Any, key: str) -> Array:
    try:
        array: Array = file[key]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        text = _("{path}: {key} holds Python objects, which could run code and are not opened. Save it as numbers.")
        raise DataError(text.format(path=path, key=key)) from error
    return array


def _images(path: Path, x: Array) -> Array:
    if x.ndim and not len(x):
        raise DataError(_("{path} has an array of pictures that is empty. Put some in.").format(path=path))
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] not in (1, 3):
        x = x.transpose(0, 2, 3, 1)
    if x.dtype == np.uint8:
        return x
    x = x.astype(np.float32) if x.dtype.kind in "biuf" else np.array([np.nan], np.float32)
    if not (float(x.min()) >= 0 and float(x.max()) <= 1):
        raise DataError(_("{path}: pictures must be uint8, or numbers in 0…1.").format(path=path))
    return x


def _counted(path: Path, last: int) -> tuple[str, ...]:
    """Classes that have no names."""
    if last >= MOST:
        text = _("{path}: its classes go up to {last}. Number them from 0, or write them as text.")
        raise DataError(text.format(path=path, last=grouped(last)))
    return tuple(map(str, range(last + 1)))


def _numbered(path: Path, y: Array, names: tuple[str, ...]) -> Array:
    """The numbers of classes that are named."""
    index = {name: i for i, name in enumerate(names)}
    unknown = sorted({str(c) for c in y.reshape(-1)} - index.keys())
    if unknown:
        text = _("{path}: there is no {name} in its array classes. Add it there, or leave out that array.")
        raise DataError(text.format(path=path, name=unknown[0]))
    return np.array([index[str(c)] for c in y.reshape(-1)], np.int64)


def _labels(path: Path, y: Array) -> Array:
    if y.dtype.kind not in "biuf" or not np.all(np.isfinite(y)) or np.any(y != np.floor(y)):
        text = _("{path}: classes must be whole numbers from 0, names, or rows with a single 1.")
        raise DataError(text.format(path=path))
    if y.ndim == 2 and y.shape[1] > 1 and np.all((y == 0) | (y == 1)) and np.all(y.sum(1) == 1):
        y = y.argmax(1)
    return y.reshape(-1).astype(np.int64)
