"""The window's side: starts the engine process, talks to it, notices its death, ends it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Self, cast

from .launch import LOG, Launched, launch, sweep
from .mailbox import Reader
from .messages import Command, Frame, Quit, Reply
from .wire import GRACE, Outbox, Wire, WireError

_TAIL = 8192  # bytes of the log that tell of a death
_AFTER_KILL = 2.0  # seconds in which the system must have ended a killed process


class Client:
    """The engine in a process of its own.

    `on_reply(reply)` and `on_lost(exit status, end of the log)` are called from a thread of the client's: pass a
    signal's emit. `on_lost` comes once, where the process ends without having been asked to. An engine that is merely
    silent is not lost. The status is the system's: minus the signal's number where one ended it.

    `launched` is an engine that runs already (see launch.py); it is taken over at the start. `command` starts another
    program than the engine.
    """

    own = True

    def __init__(
        self,
        on_reply: Callable[[Reply], object],
        on_lost: Callable[[int, str], object],
        command: Sequence[str] = (),
        launched: Launched | None = None,
    ) -> None:
        self._on_reply = on_reply
        self._on_lost = on_lost
        self._command = command
        self._launched = launched
        self._child: _Child | None = None
        self._lock = Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        child = self._child
        return child is not None and child.process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process's id, also after its death; None before the start and after the end."""
        child = self._child
        return None if child is None else child.process.pid

    def start(self) -> None:
        """Start the engine; returns at once, Ready follows when it has loaded torch. Raises OSError where it cannot."""
        with self._lock:
            if self._child is None:
                launched, self._launched = self._launched or launch(self._command), None
                self._child = _Child(launched, self._on_reply, self._on_lost)

    def send(self, command: Command) -> None:
        """Send a command; never waits. Dropped where there is no engine to obey it."""
        child = self._child
        if child is not None:
            child.outbox.put(command)

    def frame(self) -> Frame | None:
        """The newest frame, once; None where there is no newer one."""
        child = self._child
        return None if child is None else child.mailbox.take()

    def kill(self) -> None:
        """End the process now, whatever it does: nothing is saved, and no reply comes any more."""
        self._end(None)

    def restart(self) -> None:
        """A fresh engine in place of the present one, which is killed if it still runs. Nothing of the old one's comes
        any more; what it was told must be told again."""
        self.kill()
        self.start()

    def close(self, timeout: float = GRACE) -> None:
        """Have the engine save and end; kill it after `timeout` seconds. May be called again."""
        self._end(timeout)

    def _end(self, timeout: float | None) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end(timeout)


class _Child:
    """One engine process from its start to its end, with its folder and the two threads at its pipes."""

    def __init__(
        self, launched: Launched, on_reply: Callable[[Reply], object], on_lost: Callable[[int, str], object]
    ) -> None:
        self._on_reply = on_reply
        self._on_lost = on_lost
        self._asked = False  # to end
        self._deaf = False
        self.outbox = Outbox()
        self.process, self._folder = launched.process, launched.folder
        self.mailbox = Reader(self._folder)
        self._wire = Wire(cast(io.RawIOBase, self.process.stdout), cast(io.RawIOBase, self.process.stdin))
        self._threads = (
            Thread(target=self._listen, name="engine replies"),
            Thread(target=self._talk, name="engine commands"),
        )
        for thread in self._threads:
            thread.start()

    def end(self, timeout: float | None) -> None:
        """Ask it to end and wait; kill it after `timeout` seconds, or at once for None. Leaves nothing behind."""
        self._asked = True
        self._deaf = timeout is None
        if timeout is not None:
            self.outbox.put(Quit())
            self.outbox.close()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        self.process.kill()  # nothing happens where it has ended
        self.outbox.close(drop=True)
        for thread in self._threads:
            if thread is not threading.current_thread():  # `on_lost` may restart
                thread.join(_AFTER_KILL)
        self._remove()

    def _remove(self) -> None:
        self.mailbox.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _talk(self) -> None:
        sweep()  # here, where nobody waits for it
        while (command := self.outbox.get()) is not None:
            try:
                self._wire.send(command)
            except OSError:  # it died: `_listen` tells
                break
            except Exception as error:  # it cannot be pickled
                _tell(error)
        self.outbox.close(drop=True)
        with suppress(OSError):
            self._wire.close_sink()

    def _listen(self) -> None:
        trouble = ""
        try:
            while (reply := self._wire.receive()) is not None:
                if not self._deaf:
                    self._deliver(reply)
        except (WireError, OSError) as error:
            trouble = f"{error}\n"
            self.process.kill()
        status = self.process.wait()
        self._wire.close_source()
        self.outbox.close(drop=True)
        if not self._asked:
            self._on_lost(status, trouble + tail(self._folder / LOG))

    def _deliver(self, reply: Reply) -> None:
        try:
            self._on_reply(reply)
        except Exception as error:
            _tell(error)


def _tell(error: Exception) -> None:
    """A bug of the caller's: told like every bug, and no reason to stop talking and listening."""
    thread = threading.current_thread()
    threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, thread)))


def tail(log: Path) -> str:
    """The end of a log file; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
