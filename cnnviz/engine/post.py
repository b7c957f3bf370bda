"""What leaves the engine: frames, one bell at a time, and failures as sentences."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from threading import Lock

import torch

from ..link.mailbox import Mailbox
from ..link.messages import MEMORY, Bell, Failed, Frame, Reply
from ..text import _


class Post:
    """The way to the window, for all of the engine's threads."""

    def __init__(self, send: Callable[[Reply], None], mailbox: Mailbox):
        self.send = send
        self._mailbox = mailbox
        self._lock = Lock()
        self._rung = False
        self._full = ""  # why the last frame could not be put

    def frame(self, frame: Frame) -> None:
        """Put the newest frame, and ring where the window has none that it has not taken."""
        try:
            ring = self._mailbox.put(frame)
        except OSError as error:
            if self._full != str(error):
                self._full = str(error)
                self.failed("look", error)
            return
        self._full = ""
        if ring:
            self.send(Bell(frame=True))

    def news(self) -> None:
        """Ring because there is progress, unless it has been rung and not yet answered by a Take."""
        with self._lock:
            rung, self._rung = self._rung, True
        if not rung:
            self.send(Bell())

    def heard(self) -> None:
        """The window has heard the bell for news: what comes next rings again."""
        with self._lock:
            self._rung = False

    def failed(self, what: str, error: BaseException, run: int = 0, node: str = "", look: int = 0) -> None:
        """Tell the window that something did not work."""
        details = "" if is_plain(error) else "".join(traceback.format_exception(error))
        code = MEMORY if is_full(error) else getattr(error, "code", "") if not details else ""
        self.send(Failed(what, sentence(error), details, run, node, look, code))


class Refused(ValueError):
    """A command that cannot be obeyed; the message is a sentence for a person."""


def is_plain(error: BaseException) -> bool:
    """Whether its message is a sentence already: our own errors have one."""
    return isinstance(error, MemoryError) or type(error).__module__.startswith("cnnviz.")


def is_full(error: BaseException) -> bool:
    """Whether there was not enough memory."""
    text = str(error)
    out = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return out or "can't allocate memory" in text or "not enough memory" in text


def sentence(error: BaseException) -> str:
    """What went wrong, for a person: what, where, what to do."""
    text = str(error).strip()
    ours = type(error) is MemoryError and text  # says more; numpy has one of its own
    if is_full(error) and not ours:
        return _("There is not enough memory. Use a smaller batch or a smaller network; the weights are kept.")
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else error.strerror
    if isinstance(error, SystemExit):
        return _("A part of an imported model called sys.exit while it ran. It must give a result, or raise an error.")
    if is_plain(error) and text:
        return text
    if "more than 1 value per channel" in text:
        return _("Batch normalisation of single values needs more than one picture in a batch. Raise the batch size.")
    first = text.splitlines()[0] if text else ""
    return _("Something unexpected went wrong ({kind}: {text}). Your work is kept; the log has the details.").format(
        kind=type(error).__name__, text=first
    )
