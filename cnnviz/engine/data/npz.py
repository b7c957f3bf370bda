"""A data set in one .npz file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...net.plan import Plan
from ...text import _
from ..pictures import Array
from .base import DataError, Raw, divided


def read(path: Path, plan: Plan) -> Raw:
    """`x_train`, `y_train` and, where given, `x_test`, `y_test`, `classes`; without a test a part is held out."""
    with np.load(path, allow_pickle=False) as file:
        missing = [k for k in ("x_train", "y_train") if k not in file]
        if missing:
            text = _("{path} needs the arrays x_train and y_train (and x_test, y_test, classes); it has {have}.")
            raise DataError(text.format(path=path, have=", ".join(file.files) or _("none")))
        x, y = _images(path, file["x_train"]), _labels(file["y_train"])
        test = (_images(path, file["x_test"]), _labels(file["y_test"])) if "x_test" in file else None
        count = max(int(labels.max(initial=0)) for labels in (y, *(test[1:] if test else ()))) + 1
        classes = tuple(str(c) for c in file["classes"]) if "classes" in file else tuple(map(str, range(count)))
    return Raw(x, y, *test, classes) if test else divided(x, y, classes, plan.held_out)


def _images(path: Path, x: Array) -> Array:
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] not in (1, 3):
        x = x.transpose(0, 2, 3, 1)
    if x.dtype == np.uint8:
        return x
    x = x.astype(np.float32)
    if not x.size or not (float(x.min()) >= 0 and float(x.max()) <= 1):
        raise DataError(_("{path}: pictures must be uint8, or numbers in 0…1.").format(path=path))
    return x


def _labels(y: Array) -> Array:
    return y.reshape(-1).astype(np.int64)
