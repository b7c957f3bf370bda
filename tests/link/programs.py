"""Small programs that the link's tests run as processes: `python -m tests.link.programs NAME [FOLDER]`."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from cnnviz.link.adjusting import Adjust
from cnnviz.link.client import Client
from cnnviz.link.mailbox import Mailbox, Writer
from cnnviz.link.messages import (
    Bell,
    Command,
    Failed,
    Frame,
    Look,
    Opened,
    PictureFile,
    Quit,
    Reply,
    Sample,
    Save,
    Saved,
    Train,
    Watch,
)
from cnnviz.link.wire import run_child

Receive = Callable[[], Command | None]
Send = Callable[[Reply], None]


def uniform(step: int) -> Frame:
    """A frame of which every array is filled with its step, in sizes that differ from step to step."""
    channels = 1 + step * 7 % 16
    maps = {f"n{i}": np.full((channels, 8 + i, 5 + step % 3), step, np.float32) for i in range(step % 4 + 1)}
    return Frame(0, 0, step, 0, maps=maps, input=np.full(step % 11 * 100, step, np.int32))


def engine(receive: Receive, send: Send, mailbox: Mailbox) -> None:
    """Does one thing for each kind of command, and prints where a library might."""
    print("a stray print")
    os.write(1, b"a stray print in C\n")
    assert sys.stdin.read() == ""
    mine = threading.Lock()
    send(Opened(0))
    while (command := receive()) is not None:
        match command:
            case Watch(interest):
                mailbox.put(uniform(interest.number))
                send(Bell(frame=True))
            case Save(path):
                send(Saved(path))
            case Adjust(lr):  # leave, as if something had gone wrong
                print("last words", file=sys.stderr)
                if lr:
                    os._exit(int(lr))
                raise MemoryError("no memory for C1")
            case Look(PictureFile(name)):
                send(Failed("environment", os.environ.get(name, ""), str(sys.path)))
            case Look(Sample()):  # fork a worker that outlives us
                worker = os.fork()
                if not worker:
                    threading.Event().wait()
                send(Opened(worker))
            case Train():  # hang
                mine.acquire()
                mine.acquire()
            case Quit():
                send(Saved("at the end"))
                return


def stubborn(receive: Receive, send: Send, mailbox: Mailbox) -> None:
    """Ignores Quit and the end of the commands."""
    send(Opened(os.getpid()))
    threading.Event().wait()


def loading(receive: Receive, send: Send, mailbox: Mailbox) -> None:
    """Takes for ever to import something."""
    print("loading")
    threading.Event().wait()


def deaf() -> None:
    """Never reads its stdin."""
    os.write(2, b"deaf\n")
    threading.Event().wait()


def babble() -> None:
    """Writes something that is no message."""
    os.write(1, b"Traceback (most recent call last):\n")
    threading.Event().wait()


def hammer(folder: str) -> None:
    """Puts frames as fast as it can, until it is killed."""
    writer, step = Writer(folder), 0
    while True:
        step += 1
        writer.put(uniform(step))


def parent() -> None:
    """Starts a stubborn engine, tells its process id, and waits to be killed."""
    client = Client(
        lambda reply: print(reply.version, flush=True), print, [sys.executable, "-m", "tests.link.programs", "stubborn"]
    )
    client.start()
    time.sleep(60)


if __name__ == "__main__":
    name, arguments = sys.argv[1], sys.argv[2:]
    if name in ("engine", "stubborn", "loading"):
        run_child(arguments[0], globals()[name])
    elif name == "hammer":
        hammer(*arguments)
    else:
        globals()[name]()
