"""Data sets: pictures with classes, fitted to a network's Input by the rule for pictures (pictures.py).

`digits` is scikit-learn's and always there; the others are read from files that lie in a folder. Nothing is
downloaded, and no file is run: pickles may hold arrays and plain values only.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import pickle
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..net.layers import Board, Source, Tokens
from ..text import _
from . import memory, pictures, sentences
from .pictures import Array, Box, Fitted

HOME = Path.home() / "cnnviz" / "data"
"""Where data sets are looked for unless a folder is given."""

SENTENCES = "sentences"
"""The one data set of sentences (sentences.py); all the others hold pictures."""

SPLIT_SEED = 0  # of the order in which a set without held-out pictures is divided
HELD_OUT = 0.2


class DataError(ValueError):
    """The data set cannot be used; the message is a sentence that says where it was looked for."""


@dataclass(frozen=True, eq=False)
class Data:
    """Pictures in the network's size, before normalising, and their classes.

    train_x, test_x  (n, channels, height, width), uint8 or float32 in 0…1
    train_y, test_y  (n,) int64
    """

    name: str
    classes: tuple[str, ...]
    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    size: tuple[int, int]  # height, width of the pictures before fitting
    box: Box = pictures.WHOLE
    train_texts: tuple[str, ...] = ()  # of sentences, which are (n, 1, words, 1) token numbers
    test_texts: tuple[str, ...] = ()

    def digest(self) -> str:
        """A number that tells this data from any other: recorded with a run."""
        h = hashlib.blake2b(digest_size=8)
        for part in (self.train_x, self.train_y, self.test_x, self.test_y):
            h.update(np.ascontiguousarray(part).data)
        return h.hexdigest()


@dataclass(frozen=True, eq=False)
class Raw:
    """A data set as its files have it: pictures (n, height, width, channels)."""

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    classes: tuple[str, ...]


def load(name: str, folder: str, layer: Source) -> Data:
    """The data set of this name, or in this .npz file, fitted to the network's Input. Raises DataError."""
    if isinstance(layer, Tokens):
        return _sentences(name, layer)
    if isinstance(layer, Board):
        text = _("There is no data set of board positions. Look at positions, or load weights trained elsewhere.")
        raise DataError(text)
    if name == SENTENCES:
        text = _("{name} holds no pictures, but this network takes pictures. Train on digits, or start with Tokens.")
        raise DataError(text.format(name=name))
    try:
        raw = _raw(name, folder)
    except DataError:
        raise
    except FileNotFoundError as error:
        text = _("There is no file {path}. Check the name, or train on digits.")
        raise DataError(text.format(path=error.filename)) from error
    except PermissionError as error:
        text = _("{path} may not be read. Change its permissions, or train on digits.")
        raise DataError(text.format(path=error.filename)) from error
    except (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        text = _("The files of {name} are damaged or of another kind: {why}. Get them again, or train on digits.")
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(text.format(name=name, why=why.rstrip("."))) from error
    _check(name, raw)
    _check_memory(name, raw, layer)
    size = (raw.train_x.shape[1], raw.train_x.shape[2])
    box = pictures.crop(size, layer.size)
    try:
        train_x, test_x = (_fit(x, layer, box) for x in (raw.train_x, raw.test_x))
    except pictures.PictureError as error:
        raise DataError(f"{name}: {error}") from error
    return Data(name, raw.classes, train_x, raw.train_y, test_x, raw.test_y, size, box)


def _check_memory(name: str, raw: Raw, layer: Source) -> None:
    """Raises DataError where the pictures, in the size the network takes in, do not fit into what is free."""
    values = layer.channels * layer.size[0] * layer.size[1]
    need = (len(raw.train_x) + len(raw.test_x)) * values * raw.train_x.itemsize
    have = memory.lacking(need)
    if have is not None:
        text = _("{name} in {size} takes about {need} of memory, but only {have} are free. Make the Input smaller.")
        size = f"{layer.channels}×{layer.size[0]}×{layer.size[1]}"
        need_text, have_text = memory.size_text(need), memory.size_text(have)
        raise DataError(text.format(name=name, size=size, need=need_text, have=have_text))


def sample(data: Data, split: str, index: int, layer: Source) -> tuple[Fitted, int]:
    """One picture, as the network takes it in, and its class. Raises PictureError where there is none of this index."""
    x, y = (data.train_x, data.train_y) if split == "train" else (data.test_x, data.test_y)
    if not 0 <= index < len(x):
        text = _("{name} has {count} pictures here; there is no number {index}.")
        raise pictures.PictureError(text.format(name=data.name, count=len(x), index=index))
    if data.test_texts:
        return pictures.plain(x[index]), int(y[index])
    return Fitted(pictures.shown(x[index]), pictures.normalised(x[index], layer), data.box), int(y[index])


def _sentences(name: str, layer: Tokens) -> Data:
    """The sentences as numbers of this vocabulary, filled up to the network's length."""
    if name != SENTENCES:
        text = _("{name} holds no sentences, but this network takes sentences. Train on {sentences}.")
        raise DataError(text.format(name=name, sentences=SENTENCES))
    whole = sentences.sentences()
    train_x, test_x = (sentences.encoded(t, layer.length, layer.vocabulary) for t in (whole.train, whole.test))
    train_y, test_y = (np.array(y, np.int64) for y in (whole.train_classes, whole.test_classes))
    texts = whole.train, whole.test
    return Data(name, sentences.CLASSES, train_x, train_y, test_x, test_y, layer.size, pictures.WHOLE, *texts)


def _fit(x: Array, layer: Source, box: Box) -> Array:
    if x.shape[1:] == (*layer.size, layer.channels):
        return np.array(x.transpose(0, 3, 1, 2), order="C")  # a copy: odd strides choose other kernels in torch
    out = np.empty((len(x), layer.channels, *layer.size), x.dtype)
    for i, picture in enumerate(x):
        out[i] = pictures.scaled(picture, layer, box)
    return out


def _check(name: str, raw: Raw) -> None:
    for x, y in ((raw.train_x, raw.train_y), (raw.test_x, raw.test_y)):
        if x.ndim != 4 or not x.size:
            text = _("{name}: pictures must be an array of (number, height, width, channels), but it is {shape}.")
            raise DataError(text.format(name=name, shape="×".join(map(str, x.shape))))
        if len(x) != len(y):
            text = _("{name} has {pictures} pictures but {labels} classes for them.")
            raise DataError(text.format(name=name, pictures=len(x), labels=len(y)))
        if int(y.min()) < 0 or int(y.max()) >= len(raw.classes):
            text = _("{name}: class {number} is outside 0…{last}.")
            wrong = int(y.min()) if int(y.min()) < 0 else int(y.max())
            raise DataError(text.format(name=name, number=wrong, last=len(raw.classes) - 1))


# ── the sets ─────────────────────────────────────────────────────────────────────────────────────────────────────────
_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_KANA = tuple("おきすつなはまやれを")
_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def _raw(name: str, folder: str) -> Raw:
    known = KNOWN.get(name)
    if known is not None:
        return known(Path(folder).expanduser() if folder else HOME)
    path = Path(folder, name).expanduser()
    if path.suffix != ".npz":
        text = _("There is no data set {name}. Known are {known}, and .npz files.")
        raise DataError(text.format(name=name, known=", ".join((*KNOWN, SENTENCES))))
    return _npz(path)


def _digits(folder: Path) -> Raw:
    """1,797 handwritten digits of 8×8 pixels, values 0…16, read without importing scikit-learn (a second)."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DataError(_("scikit-learn, which brings the digits, is not installed. Run: pip install scikit-learn"))
    table = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if table.is_file():
        with gzip.open(table, "rt", encoding="ascii") as file:
            rows = np.loadtxt(file, delimiter=",", dtype=np.float32)
    else:
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        rows = np.column_stack([x, y]).astype(np.float32)
    pictures_ = (rows[:, :64] / np.float32(16)).reshape(-1, 8, 8, 1)
    return _divided(pictures_, rows[:, 64].astype(np.int64), _DIGITS)


def _divided(x: Array, y: Array, classes: tuple[str, ...]) -> Raw:
    """A fifth is held out, chosen by a fixed seed (RandomState: its order never changes between numpy's versions)."""
    order = np.random.RandomState(SPLIT_SEED).permutation(len(x))
    cut = len(x) - round(len(x) * HELD_OUT)
    train, test = order[:cut], order[cut:]
    return Raw(x[train], y[train], x[test], y[test], classes)


def _idx_set(name: str, folders: tuple[str, ...], classes: tuple[str, ...]) -> Callable[[Path], Raw]:
    def read(folder: Path) -> Raw:
        arrays = []
        for stem in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
            path = _find(
                folder, folders, (f"{stem}-ubyte.gz", f"{stem}-ubyte", f"{stem.replace('-idx', '.idx')}-ubyte")
            )
            if path is None:
                text = _(
                    "{name} is not there: put {file} and the three files beside it into {folder}, or train on digits."
                )
                raise DataError(text.format(name=name, file="train-images-idx3-ubyte.gz", folder=folder / folders[0]))
            arrays.append(_idx(path))
        x, y, test_x, test_y = arrays
        return Raw(x[..., None], y.astype(np.int64), test_x[..., None], test_y.astype(np.int64), classes)

    return read


def _find(folder: Path, folders: tuple[str, ...], names: tuple[str, ...]) -> Path | None:
    places = (folder, *(folder / f for f in folders))
    return next((p / n for p in places for n in names if (p / n).is_file()), None)


def _idx(path: Path) -> Array:
    """The array in a file of MNIST's format: two zeros, type 8 (uint8), number of axes, sizes, values."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise DataError(_("{path} is not an idx file of bytes. Get it again.").format(path=path))
    axes = content[3]
    shape = [int(n) for n in np.frombuffer(content, ">u4", axes, 4)]
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if len(values) != int(np.prod(shape)):
        raise DataError(_("{path} is incomplete. Get it again.").format(path=path))
    return values.reshape(shape)


def _cifar10(folder: Path) -> Raw:
    names = tuple(f"data_batch_{i}" for i in range(1, 6))
    places = ("cifar10", "cifar-10-batches-py", "cifar10/cifar-10-batches-py")
    first = _find(folder, places, names[:1])
    if first is None:
        text = _(
            "cifar10 is not there: put data_batch_1 … data_batch_5 and test_batch into {folder}, or train on digits."
        )
        npz = _find(folder, places, ("cifar10.npz",))
        if npz is None:
            raise DataError(text.format(folder=folder / "cifar10"))
        return _npz(npz)
    train = [_batch(first.parent / n) for n in names]
    test = _batch(first.parent / "test_batch")
    return Raw(np.concatenate([x for x, _y in train]), np.concatenate([y for _x, y in train]), *test, _CIFAR10)


def _batch(path: Path) -> tuple[Array, Array]:
    batch = _Plain(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    x = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return x, np.asarray(batch[b"labels"], np.int64)


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


def _npz(path: Path) -> Raw:
    """`x_train`, `y_train` and, where given, `x_test`, `y_test`, `classes`; without a test a fifth is held out."""
    with np.load(path, allow_pickle=False) as file:
        missing = [k for k in ("x_train", "y_train") if k not in file]
        if missing:
            text = _("{path} needs the arrays x_train and y_train (and x_test, y_test, classes); it has {have}.")
            raise DataError(text.format(path=path, have=", ".join(file.files) or _("none")))
        x, y = _images(path, file["x_train"]), _labels(file["y_train"])
        test = (_images(path, file["x_test"]), _labels(file["y_test"])) if "x_test" in file else None
        count = max(int(labels.max(initial=0)) for labels in (y, *(test[1:] if test else ()))) + 1
        classes = tuple(str(c) for c in file["classes"]) if "classes" in file else tuple(map(str, range(count)))
    return Raw(x, y, *test, classes) if test else _divided(x, y, classes)


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


KNOWN: dict[str, Callable[[Path], Raw]] = {
    "digits": _digits,
    "mnist": _idx_set("mnist", ("mnist", "MNIST/raw", "mnist/MNIST/raw"), _DIGITS),
    "fashion-mnist": _idx_set("fashion-mnist", ("fashion-mnist", "FashionMNIST/raw"), _CLOTHES),
    "kmnist": _idx_set("kmnist", ("kmnist", "KMNIST/raw"), _KANA),
    "cifar10": _cifar10,
}
"""Readers of the data sets by name; each takes the folder to look in."""
