"""Models made into networks, and checkpoints matched to one: in a thread of their own, since they take their time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...link import messages
from ...link.messages import Advance, Import, Models
from ..post import Post
from .worker import Worker

if TYPE_CHECKING:  # torch.fx and torchvision are loaded with the first model
    from ..foreign.imported import Imported

TELL = 0.1  # seconds between two words on how far a download is


class Importer(Worker):
    """Keeps the last model that was imported. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post):
        super().__init__("import")
        self._post = post
        self._wanted: Import | None = None  # not begun yet
        self._asked = False
        self._made: tuple[int, Imported | None] = (0, None)
        self._begin()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self, command: Import) -> None:
        """Make a network of this model instead of any that is being made."""
        with self._change:
            self._wanted, self._newest = command, command.number
            self._change.notify_all()

    def forget(self) -> None:
        """What is being made is not wanted any more."""
        with self._change:
            self._wanted, self._newest = None, 0
            self._change.notify_all()

    def list(self) -> None:
        """Tell which models there are."""
        with self._change:
            self._asked = True
            self._change.notify_all()

    def adopt(self, model: Imported) -> int:
        """Give this model, made elsewhere, a number that no window gives."""
        with self._change:
            self._made = (OWN, model)
            return OWN

    def made(self, number: int) -> Imported | None:
        """Wait for the model of this number; None where there is none, or it could not be made."""
        with self._change:
            self._change.wait_for(
                lambda: self._made[0] == number or self._newest != number or self._closed,
            )
            return self._made[1] if self._made[0] == number else None

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _waits(self) -> object:
        return self._wanted or self._asked

    def _turn(self) -> None:
        with self._change:
            command, self._wanted = self._wanted, None
            asked, self._asked = self._asked, False
        if asked:
            self._try(self._list)
        if command is not None:
            self._import(command)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (Exception, SystemExit) as error:
            self._post.failed("import", error)

    def _list(self) -> None:
        from .. import vision

        names = tuple((name, tuple(w.name for w in vision.weights(name))) for name in vision.models())
        self._post.send(Models(names))

    def _import(self, command: Import) -> None:
        from ..foreign.download import Cancelled
        from ..foreign.models import load_model

        self._post.send(Advance(command.number))
        model: Imported | None = None
        told = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > TELL or done == total:
                told = time.monotonic()
                self._post.send(Advance(command.number, done, total))

        def go_on() -> bool:
            return self._newest == command.number

        try:
            model = load_model(command.spec, command.shape, command.weights, tell, go_on)
        except Cancelled:
            pass
        except (Exception, SystemExit) as error:
            if go_on():
                self._post.failed("import", error)
        with self._change:
            wanted = go_on()
            self._made = (command.number, model)
            self._change.notify_all()
        if model is not None and wanted:
            self._post.send(messages.Imported(command.number, model.network, model.classes, model.notes))


OWN = -1
"""Number of the model that the engine was started with."""
