"""A data set fitted to a network's Input by the rule for pictures (pictures.py), or a sentence why there is none.

`digits`, `shapes` and `sentences` are always there; the others are read from files that lie in a folder. Nothing is
downloaded unless somebody asks (fetching.py), and no file is run: pickles may hold arrays and plain values only.
"""

from __future__ import annotations

import pickle
import zipfile
import zlib
from dataclasses import replace

import numpy as np

from ...net.layers import Board, Input, Source, Tokens
from ...net.plan import Plan
from ...text import _
from .. import memory, pictures, sentences
from ..pictures import Array, Box, Fitted
from . import files, leaks, sets
from .base import Damaged, Data, DataError, Raw, Tell, go_on, unheard

FILES = Input(3, (64, 64))
"""How pictures in files are read where no network says it."""
BLOCK = 512  # pictures fitted between two looks at whether to go on


def load(name: str, folder: str, layer: Source, plan: Plan | None = None, tell: Tell = unheard) -> Data:
    """The data set of this name, or at this path, fitted to the network's Input.

    plan  its settings for the data set, other than name and folder, count
    tell  is told how many pictures are there; False leaves it

    Raises DataError, Cancelled among them.
    """
    plan = replace(plan or Plan(), data=name, data_dir=folder)
    if isinstance(layer, Tokens):
        return _sentences(name, layer)
    if isinstance(layer, Board):
        text = _("There is no data set of board positions. Look at positions, or load weights trained elsewhere.")
        raise DataError(text)
    if name == sets.SENTENCES:
        text = _("{name} holds no pictures, but this network takes pictures. Train on digits, or start with Tokens.")
        raise DataError(text.format(name=name))
    return _made(plan, _read(plan), layer, tell)


def as_it_is(plan: Plan, tell: Tell = unheard) -> Data:
    """The plan's data set in its own size; where every picture is a file, in FILES. Raises DataError."""
    if plan.data == sets.SENTENCES:
        return _sentences(plan.data, Tokens())
    raw = _read(plan)
    if isinstance(raw, files.Listing):
        return _made(plan, raw, FILES, tell)
    _check(plan.data, raw)
    return _made(plan, raw, Input(raw.train_x.shape[3], (raw.train_x.shape[1], raw.train_x.shape[2])), tell)


def _made(plan: Plan, raw: Raw | files.Listing, layer: Source, tell: Tell) -> Data:
    name = plan.data
    if isinstance(raw, files.Listing):
        return _without_leaks(files.decode(name, raw, layer, tell), plan)
    _check(name, raw)
    _check_memory(name, raw, layer)
    size = (raw.train_x.shape[1], raw.train_x.shape[2])
    box = pictures.crop(size, layer.size)
    try:
        train_x, test_x = (_fit(name, x, layer, box, tell) for x in (raw.train_x, raw.test_x))
    except pictures.PictureError as error:
        raise DataError(f"{name}: {error}") from error
    return _without_leaks(Data(name, raw.classes, train_x, raw.train_y, test_x, raw.test_y, size, box), plan)


def _without_leaks(data: Data, plan: Plan) -> Data:
    """Where the plan says so, without the held-out pictures that are trained on, too. Raises DataError if all are."""
    if not plan.drop_leaks:
        return data
    found = leaks.find(data)
    if len(found.leaked) == len(data.test_y):
        text = _("Every held-out picture of {name} is trained on, too: none is left. Keep them, or hold others out.")
        raise DataError(text.format(name=data.name))
    return leaks.without(data, found)


def _read(plan: Plan) -> Raw | files.Listing:
    """What the files hold; what is wrong with them as a sentence."""
    name = plan.data
    try:
        return sets.read(plan)
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
        raise Damaged(text.format(name=name, why=why.rstrip("."))) from error


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
    x, y = data.split(split)
    if not 0 <= index < len(x):
        text = _("{name} has {count} pictures here; there is no number {index}.")
        raise pictures.PictureError(text.format(name=data.name, count=len(x), index=index))
    if data.test_texts:
        return pictures.plain(x[index]), int(y[index])
    _name, _size, box = data.origin(split, index)
    return Fitted(pictures.shown(x[index]), pictures.normalised(x[index], layer), box), int(y[index])


def _sentences(name: str, layer: Tokens) -> Data:
    """The sentences as numbers of this vocabulary, filled up to the network's length."""
    if name != sets.SENTENCES:
        text = _("{name} holds no sentences, but this network takes sentences. Train on {sentences}.")
        raise DataError(text.format(name=name, sentences=sets.SENTENCES))
    whole = sentences.sentences()
    train_x, test_x = (sentences.encoded(t, layer.length, layer.vocabulary) for t in (whole.train, whole.test))
    train_y, test_y = (np.array(y, np.int64) for y in (whole.train_classes, whole.test_classes))
    texts = whole.train, whole.test
    return Data(name, sentences.CLASSES, train_x, train_y, test_x, test_y, layer.size, pictures.WHOLE, *texts)


def _fit(name: str, x: Array, layer: Source, box: Box, tell: Tell) -> Array:
    if x.shape[1:] == (*layer.size, layer.channels):
        return np.array(x.transpose(0, 3, 1, 2), order="C")  # a copy: odd strides choose other kernels in torch
    out = np.empty((len(x), layer.channels, *layer.size), x.dtype)
    for i, picture in enumerate(x):
        if i % BLOCK == 0:
            go_on(name, tell, i, len(x))
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
