"""The engine's process: replies, frames, every kind of death, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnnviz.link import client as module
from cnnviz.link.adjusting import Adjust
from cnnviz.link.client import Client, tail
from cnnviz.link.launch import _lives, engine_command, environment
from cnnviz.link.messages import (
    Bell,
    Command,
    Failed,
    Interest,
    Look,
    Opened,
    Pause,
    PictureFile,
    Reply,
    Sample,
    Save,
    Saved,
    Stop,
    Train,
    Watch,
)
from cnnviz.net.plan import Plan

from .ears import LONG, Ears
from .programs import uniform
from .test_mailbox import same

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def until(condition: Callable[[], Any], seconds: float = LONG) -> None:
    """Wait for something outside this process, which cannot ring."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.01)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the mailbox folders of a test lie; all are gone in the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert not list(tmp_path.iterdir())


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def start(ears: Ears) -> Iterator[Callable[[str], Client]]:
    """Start a client of one of the programs; it and its process are gone in the end."""
    clients: list[Client] = []

    def start(program: str) -> Client:
        client = Client(ears.reply, ears.lost, [sys.executable, "-m", "tests.link.programs", program])
        clients.append(client)
        client.start()
        return client

    yield start
    pids = [c.pid for c in clients]
    for client in clients:
        client.close()
        assert not client.alive
        assert client.pid is None
    assert not any(pid and _lives(pid) for pid in pids)


Start = Callable[[str], Client]


def test_commands_replies_and_frames(start: Start, ears: Ears) -> None:
    client = start("engine")
    assert client.alive
    client.send(Save("a"))
    ears.wait_for(Saved("a"))
    assert client.frame() is None
    client.send(Watch(Interest(3)))
    ears.wait_for(Bell(True))
    assert same(client.frame(), uniform(3))
    assert client.frame() is None
    client.close(LONG)
    assert ears.replies == [Opened(0), Saved("a"), Bell(True), Saved("at the end")]
    assert ears.losses == []
    client.close()
    client.send(Save("b"))
    assert client.frame() is None


def test_start_twice_is_one_engine(start: Start, ears: Ears) -> None:
    client = start("engine")
    pid = client.pid
    client.start()
    assert client.pid == pid


def test_stray_prints_end_in_the_log(start: Start, ears: Ears, folders: Path) -> None:
    start("engine")
    ears.wait_for(Opened(0))
    (log,) = folders.glob("*/engine.log")
    assert log.read_text().split("\n") == ["a stray print", "a stray print in C", ""]


def test_the_engine_finds_the_modules_that_we_find(
    start: Start, ears: Ears, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever we stand: a learner's own torch.py there stays out."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("CNNVIZ_TEST", "seen")
    client = start("engine")
    client.send(Look(PictureFile("CNNVIZ_TEST")))
    ears.wait(lambda: len(ears.replies) == 2)
    answer = ears.replies[1]
    assert isinstance(answer, Failed)
    assert answer.text == "seen"
    theirs = [p for p in eval(answer.details) if os.path.exists(p)]
    ours = [p or os.getcwd() for p in sys.path if os.path.exists(p or os.getcwd())]
    assert list(dict.fromkeys(theirs)) == list(dict.fromkeys(ours))


@pytest.mark.parametrize(("status", "told"), [(7, 7), (0, 1)])
def test_an_exit_is_told_once_with_the_log(start: Start, ears: Ears, status: int, told: int) -> None:
    client = start("engine")
    client.send(Adjust(status))
    ears.wait(lambda: ears.losses)
    assert not client.alive
    client.send(Stop())
    client.close()
    ((code, details, thread),) = ears.losses
    assert code == told
    assert "last words" in details
    assert ("MemoryError: no memory for C1" in details) is (status == 0)
    assert thread == "engine replies"


@posix
def test_kill_9_is_told(start: Start, ears: Ears) -> None:
    client = start("stubborn")
    ears.wait(lambda: ears.replies)
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    ears.wait(lambda: ears.losses)
    assert ears.losses[0][0] == -signal.SIGKILL


@posix
def test_a_forked_worker_does_not_hide_the_death(start: Start, ears: Ears) -> None:
    client = start("engine")
    client.send(Look(Sample()))
    ears.wait(lambda: len(ears.replies) == 2)
    worker = ears.replies[1]
    assert isinstance(worker, Opened) and client.pid is not None
    try:
        os.kill(client.pid, signal.SIGKILL)
        ears.wait(lambda: ears.losses)
    finally:
        os.kill(worker.version, signal.SIGKILL)


@posix
def test_interrupts_are_the_window_s_to_decide(start: Start, ears: Ears) -> None:
    client = start("engine")
    ears.wait(lambda: ears.replies)
    assert client.pid is not None
    os.kill(client.pid, signal.SIGINT)
    os.kill(client.pid, signal.SIGHUP)
    client.send(Save("a"))
    ears.wait_for(Saved("a"))


@pytest.mark.skipif(sys.platform != "linux", reason="a matter of Linux")
def test_where_memory_runs_out_the_engine_goes_first(start: Start, ears: Ears) -> None:
    client = start("engine")
    ears.wait(lambda: ears.replies)
    assert Path(f"/proc/{client.pid}/oom_score_adj").read_text().strip() == "500"


def test_restart_after_a_death(start: Start, ears: Ears) -> None:
    client = start("engine")
    client.send(Adjust(7))
    ears.wait(lambda: ears.losses)
    client.restart()
    client.send(Save("a"))
    ears.wait_for(Saved("a"))
    assert len(ears.losses) == 1


def test_restart_in_the_middle_of_something(start: Start, ears: Ears) -> None:
    client = start("engine")
    client.send(Watch(Interest(1)))
    client.send(Train(1, Plan()))
    ears.wait_for(Bell(True))
    first = client.pid
    client.restart()
    assert client.pid != first
    assert client.frame() is None  # the old one's frame is gone with it
    client.send(Watch(Interest(2)))
    ears.wait(lambda: ears.replies.count(Bell(True)) == 2)
    assert same(client.frame(), uniform(2))
    assert ears.losses == []


def test_restart_from_the_news_of_the_death(ears: Ears) -> None:
    threads: list[threading.Thread] = []

    def lost(status: int, details: str) -> None:
        threads.append(threading.current_thread())
        client.restart()
        client.send(Save("a"))

    client = Client(ears.reply, lost, [sys.executable, "-m", "tests.link.programs", "engine"])
    with client:
        client.send(Adjust(7))
        ears.wait_for(Saved("a"))
    threads[0].join(LONG)


def test_kill_is_no_loss(start: Start, ears: Ears) -> None:
    client = start("stubborn")
    ears.wait(lambda: ears.replies)
    client.kill()
    assert not client.alive
    assert ears.losses == []


def test_close_kills_what_does_not_end(start: Start, ears: Ears) -> None:
    client = start("stubborn")
    ears.wait(lambda: ears.replies)
    began = time.monotonic()
    client.close(timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 2
    assert ears.losses == []


def test_an_engine_that_hangs_ends_itself(ears: Ears) -> None:
    """Two seconds after Quit, by its own watchdog, which says where it hung."""
    client = Client(ears.reply, ears.lost, [sys.executable, "-m", "tests.link.programs", "stubborn"])
    with client:
        ears.wait(lambda: ears.replies)
        child = client._child
        assert child is not None
        child.outbox.close()  # the end of the commands, without a Quit
        ears.wait(lambda: ears.losses)
    ((status, details, _thread),) = ears.losses
    assert status == 1
    assert "in stubborn" in details


def test_an_engine_that_still_loads_ends_at_once(ears: Ears, folders: Path) -> None:
    """It has nothing to save, and who closes the window again does not wait."""
    client = Client(ears.reply, ears.lost, [sys.executable, "-m", "tests.link.programs", "loading"])
    with client:
        child = client._child
        assert child is not None
        (log,) = folders.glob("*/engine.log")
        until(lambda: "loading" in log.read_text())
        child.outbox.close()
        ears.wait(lambda: ears.losses)
    assert ears.losses[0][0] == 0


@posix
def test_the_engine_ends_with_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.link.programs", "parent"], stdout=subprocess.PIPE, env=environment()
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert _lives(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not running(pid), 5)
    module.sweep()  # what the next start does


def running(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for somebody to ask does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z" if stat.parent.parent.exists() else _lives(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_is_no_message_ends_the_engine(start: Start, ears: Ears) -> None:
    client = start("babble")
    ears.wait(lambda: ears.losses)
    assert "this is not a message" in ears.losses[0][1]
    assert not client.alive


def test_ten_thousand_commands_that_nobody_reads(start: Start, ears: Ears) -> None:
    """Nobody waits and nothing piles up: only the latest state of each kind is kept."""
    client = start("deaf")
    slowest = 0.0
    for number in range(10_000):
        commands: tuple[Command, ...] = (Watch(Interest(number)), Look(Sample(number)))
        for command in commands:
            began = time.perf_counter()
            client.send(command)
            slowest = max(slowest, time.perf_counter() - began)
    assert client._child is not None
    big = Look(PictureFile("x" * 10**6))  # more than a pipe holds
    client.send(big)
    client.send(big)
    assert len(client._child.outbox) <= 3
    assert slowest < 1
    began = time.monotonic()
    client.close(timeout=0.2)
    assert time.monotonic() - began < 2


def test_order_is_kept(start: Start, ears: Ears) -> None:
    client = start("engine")
    for number in range(500):
        client.send(Save(str(number)))
        client.send(Pause(True))
    ears.wait_for(Saved("499"))
    assert ears.replies[1:] == [Saved(str(n)) for n in range(500)]


def test_a_caller_s_bug_is_told_and_survived(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_value))

    def reply(reply: Reply) -> None:
        ears.reply(reply)
        if reply == Saved("a"):
            raise RuntimeError("a bug")

    with Client(reply, ears.lost, [sys.executable, "-m", "tests.link.programs", "engine"]) as client:
        client.send(Save("a"))
        client.send(Save("b"))
        ears.wait_for(Saved("b"))
        client.send(Save(threading.Lock()))  # type: ignore[arg-type] # cannot be pickled
        client.send(Save("c"))
        ears.wait_for(Saved("c"))
    assert [str(e) for e in told] == ["a bug", "cannot pickle '_thread.lock' object"]


def test_a_program_that_is_not_there(ears: Ears) -> None:
    client = Client(ears.reply, ears.lost, ["/nowhere/python"])
    with pytest.raises(OSError, match="nowhere"):
        client.start()
    assert not client.alive
    client.close()


def test_a_start_sweeps_the_folders_of_the_dead(start: Start, ears: Ears, folders: Path) -> None:
    dead = folders / f"cnnviz-{10**30}-x"
    dead.mkdir()
    start("engine")
    until(lambda: not dead.exists())


def test_what_starts_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_command() == [sys.executable, "-m", "cnnviz", "--engine"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert engine_command() == [sys.executable, "--engine"]
    assert environment().get("PYTHONPATH") == os.environ.get("PYTHONPATH")


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    assert tail(log) == ""
    log.write_bytes(b"x" * 10_000 + "끝".encode())
    assert tail(log).endswith("x끝")
    assert len(tail(log)) < 9000
    log.unlink()
