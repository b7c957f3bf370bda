"""The sign that a run gives of its life, and its ear for what others ask of it through its folder (link/control.py)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from ...link import control
from ...link.control import Alive

LOOK = 0.5  # seconds between two looks for a request


class Beacon:
    """Beats and listens in a thread of its own: no long step silences it, and no slow disk holds the training up.

    `tell` gives what shall be told now. `heard` is called in that thread with what was asked: control.PAUSE, GO, STOP.
    A disk that does not take the beats is no error here: the recorder says so. `ours` tells whether the folder is still
    this run's; where it is another's, nothing is written there, and nothing is heard.
    """

    def __init__(
        self,
        folder: Path,
        tell: Callable[[], Alive],
        heard: Callable[[str], None] = lambda what: None,
        ours: Callable[[], bool] = lambda: True,
    ):
        self._folder, self._tell, self._heard, self._ours = folder, tell, heard, ours
        self._over = Event()
        self._thread: Thread | None = None
        self._beats = self._number = 0

    def start(self) -> None:
        """The run begins; what was asked of an earlier one is forgotten."""
        with suppress(OSError):
            (self._folder / control.CONTROL).unlink(missing_ok=True)
        self._beat(self._tell())
        self._thread = Thread(target=self._work, name="beacon", daemon=True)
        self._thread.start()

    def close(self, end: str) -> None:
        """The run has ended like that ("done", "stopped" …)."""
        if self._thread is None:
            return
        self._over.set()
        self._thread.join()
        self._thread = None
        if not self._ours():
            return
        with suppress(OSError):
            (self._folder / control.CONTROL).unlink(missing_ok=True)
        self._beat(replace(self._tell(), phase=control.ENDED, end=end))

    def _work(self) -> None:
        last, quiet = self._tell(), 0.0
        while not self._over.wait(LOOK):
            quiet += LOOK
            if not self._ours():
                continue
            what, number = control.asked(self._folder)
            if number and number != self._number:
                self._number = number
                self._heard(what)
                quiet = control.BEAT
            told = self._tell()
            if quiet >= control.BEAT or (told.phase, told.lost) != (last.phase, last.lost):
                self._beat(told)
                last, quiet = told, 0.0

    def _beat(self, told: Alive) -> None:
        self._beats += 1
        with suppress(OSError):
            control.beat(self._folder, replace(told, beat=self._beats, heard=self._number))
