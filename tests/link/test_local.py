"""The engine in this process behaves as the one in its own."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cnnviz.link.client import Client
from cnnviz.link.local import LocalClient
from cnnviz.link.messages import Bell, Interest, Pause, Quit, Save, Saved, Watch

from .ears import Ears
from .programs import Mailbox, Receive, Send, uniform
from .test_mailbox import same


def engine(receive: Receive, send: Send, mailbox: Mailbox) -> None:
    """As the engine of `programs`, without what concerns processes."""
    while (command := receive()) is not None:
        match command:
            case Watch(interest):
                mailbox.put(uniform(interest.number))
                send(Bell(True))
            case Save("fail"):
                raise MemoryError("no memory for C1")
            case Save("leave"):
                return
            case Save(path):
                send(Saved(path))
            case Quit():
                send(Saved("at the end"))
                return
    send(Saved("unheard"))


@pytest.fixture
def ears() -> Ears:
    return Ears()


def test_before_the_start_there_is_nothing(ears: Ears) -> None:
    for client in (Client(ears.reply, ears.lost), LocalClient(engine, ears.reply)):
        assert not client.alive
        assert client.frame() is None
        client.send(Pause(True))
        client.close()


def test_commands_replies_and_frames(ears: Ears) -> None:
    with LocalClient(engine, ears.reply, ears.lost) as client:
        client.start()
        assert client.alive
        client.send(Save("a"))
        client.send(Watch(Interest(3)))
        ears.wait_for(Bell(True))
        assert same(client.frame(), uniform(3))
        assert client.frame() is None
        client.close()
        assert not client.alive
        client.close()
    assert ears.replies == [Saved("a"), Bell(True), Saved("at the end")]
    assert ears.losses == []


@pytest.mark.parametrize(("how", "status"), [("fail", 1), ("leave", 0)])
def test_an_end_is_told_once(ears: Ears, how: str, status: int) -> None:
    with LocalClient(engine, ears.reply, ears.lost) as client:
        client.send(Save(how))
        ears.wait(lambda: ears.losses)
        assert ears.losses[0][0] == status
        assert ("MemoryError: no memory for C1" in ears.losses[0][1]) is bool(status)
        client.send(Save("a"))
        client.restart()
        client.send(Save("b"))
        ears.wait_for(Saved("b"))
    assert len(ears.losses) == 1
    assert Saved("a") not in ears.replies


def test_an_error_that_nobody_asked_for_is_a_bug(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    with LocalClient(engine, ears.reply) as client:
        client.send(Save("fail"))
    assert told == [MemoryError]


def test_kill_silences_it(ears: Ears) -> None:
    client = LocalClient(engine, ears.reply, ears.lost)
    client.start()
    client.send(Save("a"))
    ears.wait_for(Saved("a"))
    client.kill()
    assert not client.alive
    assert ears.replies == [Saved("a")]
    assert ears.losses == []


def test_restart_from_the_news_of_the_death(ears: Ears) -> None:
    threads: list[threading.Thread] = []

    def lost(status: int, details: str) -> None:
        threads.append(threading.current_thread())
        client.restart()
        client.send(Save("b"))

    client = LocalClient(engine, ears.reply, lost)
    with client:
        client.send(Save("fail"))
        ears.wait_for(Saved("b"))
    threads[0].join(10)
