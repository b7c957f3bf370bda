"""What a person wants of a training without a window: by Ctrl-C, by the system's signals, or through the run folder."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from ..link import control


class Wish:
    """Heard between two steps, so that no step is left half done."""

    def __init__(self, patient: bool = False) -> None:
        """`patient`: no second Ctrl-C breaks off, as others wait for the step to end."""
        self._patient = patient
        self.stop = self.hold = False
        self._changed = Event()

    def go_on(self) -> bool:
        """Whether nobody wants to stop."""
        return not self.stop

    def asked(self, what: str) -> None:
        """This is asked through the run folder (control.PAUSE, GO, STOP); from any thread."""
        self.hold = what == control.PAUSE
        self.stop = self.stop or what == control.STOP
        self._changed.set()

    def wait(self, seconds: float) -> None:
        """Return when something else is wanted, or after so long."""
        self._changed.wait(seconds)
        self._changed.clear()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """While it lasts, the first Ctrl-C asks and the second one breaks off; a closed terminal asks, too."""
        if current_thread() is not main_thread():  # only there can signals be heard
            yield
            return
        asked = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # not under nohup
            asked.append(signal.SIGHUP)  # the terminal was closed
        before = {s: signal.signal(s, self._signal) for s in asked}
        try:
            yield
        finally:
            for s, handler in before.items():
                signal.signal(s, handler)

    def _signal(self, number: int, frame: FrameType | None) -> None:
        if self.stop and number == signal.SIGINT and not self._patient:
            raise KeyboardInterrupt
        self.stop = True
        self._changed.set()
