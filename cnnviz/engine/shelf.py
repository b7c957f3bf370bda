"""Data sets and pictures that are in use, fitted to an Input and kept, so that an edit does not load them again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TypeVar

from ..link.messages import Picture, PictureFile, PictureInfo, Pixels, Sample, Sentence
from ..net.go import Position
from ..net.layers import Board, Source, Tokens
from ..net.plan import Plan
from ..net.positions import positions, title
from ..text import _
from . import data, pictures, planes, sentences
from .data import Data
from .look import Shot
from .pictures import Array

DATA_SETS = 2  # kept: the run's and the editor's
T = TypeVar("T")


class Shelf:
    """Loads on demand; the latest few of each kind stay. Threads may share it: one loads, the others wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loading: tuple[object, ...] | None = None  # the source of what is being loaded
        self._left = False  # nobody waits for that any more
        self._wanted: Callable[[], bool] | None = None  # whether the run that waits for it still does
        self.tell: Callable[[str, int, int], None] = lambda name, done, total: None
        self._data: dict[Hashable, Data] = {}
        self._decoded: tuple[Picture, Array] | None = None

    def data(self, plan: Plan, layer: Source, wanted: Callable[[], bool] | None = None) -> Data:
        """The plan's data set in the Input's size and channels.

        `wanted`: of a run that needs it whatever the editor turns to meanwhile: asked again and again, whether it still
        does. Raises DataError, Cancelled among them.
        """
        key = (plan.source, layer if isinstance(layer, Tokens) else (layer.channels, layer.size))
        with self._lock:
            found = self._data.pop(key, None) or self._load(plan, layer, wanted)
            _keep(self._data, key, found, DATA_SETS)
        return found

    def _load(self, plan: Plan, layer: Source, wanted: Callable[[], bool] | None) -> Data:
        self._loading, self._left, self._wanted = plan.source, False, wanted

        def tell(done: int, total: int) -> bool:
            self.tell(plan.data, done, total)
            return not self._left and (wanted is None or wanted())

        try:
            return data.load(plan.data, plan.data_dir, layer, plan, tell)
        finally:
            self._loading = self._wanted = None

    def leave(self, unless: tuple[object, ...] | None = None) -> None:
        """What is being loaded is not wanted, `unless` it is this source of a plan, or a run needs it.

        Without `unless` it is left in any case.
        """
        if self._loading is not None and (unless is None or (self._loading != unless and self._wanted is None)):
            self._left = True

    def shot(self, picture: Picture, plan: Plan, layer: Source) -> Shot:
        """The picture as the network takes it in. Raises PictureError or DataError."""
        if isinstance(layer, Board):
            return _position(picture, layer)
        if isinstance(picture, Position):
            raise pictures.PictureError(_("This network takes no board positions. Page to a picture of the data set."))
        if isinstance(picture, Sample):
            whole = self.data(plan, layer)
            fitted, label = data.sample(whole, picture.split, picture.index, layer)
            name, size, _box = whole.origin(picture.split, picture.index)
            info = PictureInfo(name, size, label, fitted.box)
            if isinstance(layer, Tokens):
                texts = whole.train_texts if picture.split == "train" else whole.test_texts
                info = replace(info, words=sentences.words(texts[picture.index], layer.length, layer.vocabulary))
            return Shot(fitted, info)
        if isinstance(picture, Sentence):
            return _sentence(picture.text, layer)
        array = self._decode(picture)
        name = Path(picture.path).name if isinstance(picture, PictureFile) else picture.name
        fitted = pictures.fit(array, layer)
        return Shot(fitted, PictureInfo(name, (array.shape[0], array.shape[1]), None, fitted.box))

    def forget(self) -> None:
        """Open the picture file anew the next time: it may have changed."""
        self._decoded = None

    def _decode(self, picture: PictureFile | Pixels) -> Array:
        if self._decoded is None or self._decoded[0] is not picture:
            if isinstance(picture, PictureFile):
                self._decoded = (picture, pictures.decode(picture.path))
            else:
                self._decoded = (picture, pictures.pixels(picture.array, picture.name))
        return self._decoded[1]


def _sentence(text: str, layer: Source) -> Shot:
    if not isinstance(layer, Tokens):
        raise pictures.PictureError(_("This network takes pictures, not sentences. Open one, or page to one."))
    values = sentences.encoded([text], layer.length, layer.vocabulary)[0]
    words = sentences.words(text, layer.length, layer.vocabulary)
    return Shot(pictures.plain(values), PictureInfo(_("typed"), layer.size, words=words))


def _position(picture: Picture, layer: Board) -> Shot:
    """A board set by a person, or one of those that come with the program."""
    if isinstance(picture, Sample):
        index = picture.index % len(positions())
        return planes.shot(positions()[index], layer, title(index))
    if not isinstance(picture, Position):
        raise pictures.PictureError(_("This network takes board positions. Set one by clicking on the board."))
    return planes.shot(picture, layer, _("your position"))


def _keep(shelf: dict[Hashable, T], key: Hashable, value: T, most: int) -> None:
    shelf[key] = value
    while len(shelf) > most:
        del shelf[next(iter(shelf))]
