"""CIFAR-10 and CIFAR-100, from the pickled batches of their makers."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from ...net.plan import Plan
from ...text import _
from ..pictures import Array
from . import npz
from .base import Damaged, Missing, Raw, find

TEN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TEN_FOLDERS = ("cifar10", "cifar-10-batches-py", "cifar10/cifar-10-batches-py")
HUNDRED_FOLDERS = ("cifar100", "cifar-100-python", "cifar100/cifar-100-python")


def read_ten(folder: Path, plan: Plan) -> Raw:
    """CIFAR-10."""
    names = tuple(f"data_batch_{i}" for i in range(1, 6))
    place = _place(folder, TEN_FOLDERS, (*names, "test_batch"))
    if place is None:
        packed = find(folder, TEN_FOLDERS, ("cifar10.npz",))
        if packed is not None:
            return npz.read(packed, plan)
        text = _(
            "cifar10 is not there: put data_batch_1 … data_batch_5 and test_batch into {folder}, or train on digits."
        )
        raise Missing(text.format(folder=folder / "cifar10"))
    train = [_batch(place / n, b"labels") for n in names]
    test = _batch(place / "test_batch", b"labels")
    return Raw(np.concatenate([x for x, _y in train]), np.concatenate([y for _x, y in train]), *test, TEN)


def read_hundred(folder: Path, plan: Plan) -> Raw:
    """CIFAR-100 by its hundred fine classes."""
    place = _place(folder, HUNDRED_FOLDERS, ("train", "test", "meta"))
    if place is None:
        text = _("cifar100 is not there: put train, test and meta into {folder}, or train on digits.")
        raise Missing(text.format(folder=folder / "cifar100"))
    meta = _content(place / "meta")
    names = tuple(n.decode() if isinstance(n, bytes) else str(n) for n in meta[b"fine_label_names"])
    train, test = (_batch(place / n, b"fine_labels") for n in ("train", "test"))
    return Raw(*train, *test, names)


def _place(folder: Path, folders: tuple[str, ...], names: tuple[str, ...]) -> Path | None:
    """The first folder that has all of these files."""
    places = (folder, *(folder / f for f in folders))
    return next((p for p in places if all((p / n).is_file() for n in names)), None)


def _batch(path: Path, labels: bytes) -> tuple[Array, Array]:
    batch = _content(path)
    x = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return x, np.asarray(batch[labels], np.int64)


def _content(path: Path) -> dict[bytes, Any]:
    content = _Plain(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    if not isinstance(content, dict):
        raise Damaged(_("{path} is not one of CIFAR's files. Get it again.").format(path=path))
    return content


class _Plain(pickle.Unpickler):
    """Reads arrays and plain values; anything else a pickle could run is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.removeprefix("numpy.").replace("_core", "core"), name) == ("core.multiarray", "_reconstruct"):
            return np.empty(0).__reduce__()[0]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes in old pickles
            return lambda text, encoding: text.encode("latin1")
        raise pickle.UnpicklingError(f"it holds {module}.{name}, which is no plain data")
