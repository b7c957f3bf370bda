"""Messages over the child's stdin and stdout, and the child's side of its own life and death."""

from __future__ import annotations

import faulthandler
import io
import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Condition, Event, Lock, Thread
from typing import Any, NoReturn

from .mailbox import Mailbox, Writer
from .messages import Bell, Command, Look, Open, Quit, Reply, Watch

GRACE = 2.0
"""Seconds from the end of commands to the end of the engine."""

Serve = Callable[[Callable[[], Command | None], Callable[[Reply], None], Mailbox], None]
"""The engine: `serve(receive, send, mailbox)` works until `receive()` gives Quit or None."""

_HEADER = struct.Struct("<4sQ")
_MARK = b"cnv1"
_LIMIT = 1 << 32


class WireError(Exception):
    """What came over the wire is not a message."""


@cache
def _rung(bell: Bell) -> bytes:
    """What is sent 40 times a second is pickled once."""
    return pickle.dumps(bell, 5)


class Wire:
    """Messages in both directions over two unbuffered streams. Any thread may send; one receives."""

    def __init__(self, source: io.RawIOBase, sink: io.RawIOBase) -> None:
        self._source = io.BufferedReader(source)
        self._sink = sink
        self._lock = Lock()

    def send(self, message: Any) -> None:
        """Write one message; waits while the pipe is full. Raises OSError where the other end is closed."""
        body = _rung(message) if isinstance(message, Bell) else pickle.dumps(message, 5)
        with self._lock:
            rest = memoryview(_HEADER.pack(_MARK, len(body)) + body)
            while rest:
                rest = rest[self._sink.write(rest) or 0 :]

    def receive(self) -> Any:
        """Wait for the next message; None at the end of the stream. Raises WireError where it is no message."""
        header = self._source.read(_HEADER.size)
        if not header:
            return None
        if len(header) < _HEADER.size:
            raise WireError(f"the stream ends inside a header, after {len(header)} of {_HEADER.size} bytes")
        mark, length = _HEADER.unpack(header)
        if mark != _MARK or length > _LIMIT:
            raise WireError(f"this is not a message: {header!r}")
        body = self._source.read(length)
        if len(body) < length:
            raise WireError(f"the stream ends inside a message, after {len(body)} of {length} bytes")
        try:
            return pickle.loads(body)
        except Exception as error:
            raise WireError(f"a message of {length} bytes cannot be read: {error!r}") from error

    def close_sink(self) -> None:
        """Tell the other end that no more comes."""
        with self._lock:
            self._sink.close()

    def close_source(self) -> None:
        """Receive no more. Not while another thread is receiving."""
        self._source.close()


class Outbox:
    """Commands that wait to be sent, or to be obeyed: a queue in which only the latest state counts.

    A newer Watch or Look replaces one that still waits. A newer Open does so too, unless a command for the older net
    waits behind it, or the older one brings weights that the newer net would keep. All else stays, in order.
    """

    def __init__(self) -> None:
        self._waiting: list[Command] = []
        self._closed = False
        self._change = Condition()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, command: Command) -> None:
        """Add a command at the end; never waits. Dropped once the outbox is closed."""
        with self._change:
            if self._closed:
                return
            old = self._outdated(command)
            if old is not None:
                del self._waiting[old]
            self._waiting.append(command)
            self._change.notify()

    def get(self) -> Command | None:
        """Wait for the first command and take it; None once the outbox is closed and empty."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed)
            return self._waiting.pop(0) if self._waiting else None

    def close(self, drop: bool = False) -> None:
        """Take no more commands; those that wait are still given out, unless `drop`."""
        with self._change:
            self._closed = True
            if drop:
                self._waiting.clear()
            self._change.notify_all()

    def _outdated(self, new: Command) -> int | None:
        """Place of the waiting command that the new one replaces."""
        if not isinstance(new, Watch | Look | Open):
            return None
        for i in reversed(range(len(self._waiting))):
            old = self._waiting[i]
            if type(old) is type(new):
                kept = isinstance(old, Open) and (old.fresh or old.weights) and isinstance(new, Open) and not new.fresh
                return None if kept else i
            if isinstance(new, Open) and not isinstance(old, Watch | Look):
                return None
        return None


# ── the child's side ─────────────────────────────────────────────────────────────────────────────────────────────────
def take_over_stdio() -> Wire:
    """The wire to the window, over what was stdin and stdout.

    From now on stdin is empty and stdout is stderr, for Python, C libraries and grandchildren alike: a stray print
    ends in the log and not in a message.
    """
    source, sink = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (source, sink):
            msvcrt.setmode(descriptor, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)

    def let_go() -> None:
        os.dup2(nothing, source)
        os.dup2(nothing, sink)

    if hasattr(os, "register_at_fork"):  # a forked worker that outlives us must not keep the window waiting for our end
        os.register_at_fork(after_in_child=let_go)
    return Wire(io.FileIO(source, "rb"), io.FileIO(sink, "wb"))


def run_child(folder: str | Path, serve: Serve) -> NoReturn:
    """The engine process: serve the window at the other end of stdin and stdout, then end.

    Commands are read by a thread of their own, so that the end of the stream is heard while `serve` is busy. From then
    on (or from Quit on) the process has GRACE seconds to save and end by itself. Where `serve` still loads, having
    neither sent nor received, it ends at once. So let `serve` itself import what is slow or might print.

    Exit status: 0 where `serve` returned or was loading, 1 where it raised, the wire broke, or time ran out; the reason
    is on stderr.
    """
    wire = take_over_stdio()
    for name in ("SIGINT", "SIGHUP"):  # Ctrl-C, or a closed terminal: the window decides
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with suppress(OSError):  # where memory runs out, the system ends the engine and not the person's work
        Path("/proc/self/oom_score_adj").write_text("500")
    inbox = Outbox()
    loaded = Event()
    broken: list[WireError] = []
    Thread(target=_pump, args=(wire, inbox, loaded, broken), name="commands", daemon=True).start()

    def receive() -> Command | None:
        loaded.set()
        return inbox.get()

    def send(reply: Reply) -> None:
        loaded.set()
        with suppress(OSError):  # the window is gone: `receive` says so
            wire.send(reply)

    status = 0
    try:
        serve(receive, send, Writer(folder))
        if broken:
            raise broken[0]
    except BaseException:
        traceback.print_exc()
        status = 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)  # not by returning: that would wait for threads, and for torch to tidy up


def _pump(wire: Wire, inbox: Outbox, loaded: Event, broken: list[WireError]) -> None:
    try:
        while (command := wire.receive()) is not None:
            inbox.put(command)
            if isinstance(command, Quit):
                break
    except WireError as error:
        broken.append(error)
    finally:
        if not loaded.is_set() and not broken:
            os._exit(0)
        # A watchdog in C: it bites even where a library keeps Python from running, and logs where everybody stood.
        faulthandler.dump_traceback_later(GRACE, exit=True, file=2)
        inbox.close()
