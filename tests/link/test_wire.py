"""The wire: every message comes out as it went in, and what is no message is told. The outbox: the latest counts."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from math import inf
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.link.adjusting import Adjust
from cnnviz.link.augmenting import Preview, Previewed, Survey, Surveyed
from cnnviz.link.data import Contents, Desist, Download, Downloaded, Downloading, Leave, Loading, Stock
from cnnviz.link.ensemble import Combine, Combined, Combining, Figures, Member, Uncombine
from cnnviz.link.exporting import SOURCE, WRITE, Export, Exported, Exporting, Withdraw
from cnnviz.link.measuring import Cease, Cost, Costs, Find, Found, Measure, Measuring
from cnnviz.link.messages import (
    Adopt,
    Advance,
    Bell,
    Catalogue,
    Command,
    Failed,
    Forget,
    Import,
    Imported,
    Interest,
    Look,
    Match,
    Matched,
    Models,
    News,
    Open,
    Opened,
    Pause,
    PictureFile,
    Pictures,
    Pixels,
    Progress,
    Quit,
    Ready,
    Reply,
    Sample,
    Save,
    Saved,
    Stop,
    Take,
    Train,
    Unit,
    Watch,
)
from cnnviz.link.past import Keep, Recall, Recalled, Restore, Show
from cnnviz.link.predictions import Abandon, Fetch, Fetched, Predict, Predicting, Predictions, Review, Reviewed
from cnnviz.link.pulses import Feel, Pulses
from cnnviz.link.runs import Mark
from cnnviz.link.verdicts import Verdicts
from cnnviz.link.wire import Outbox, Wire, WireError
from cnnviz.net.graph import Graph, Node, graph
from cnnviz.net.health.reading import Layers, Reading
from cnnviz.net.health.sign import Sign
from cnnviz.net.layers import Input
from cnnviz.net.layers.base import Layer
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from .test_mailbox import same

NET = graph([Node("a", Layer()), Node("b", Layer(), ("a",), "stem", (1.0, 2.0))])
PLAN = Plan(epochs=3)
PROGRESS = Progress(1, 2, "training", 3, 4, 0.5, 60.0, None, 2.3, None, 0.001, "cpu")
READING = Reading(21, 0.1, 0.5, 0.5, (2.0,), (1.0,), (inf,), predicted=0.5, true=0.1)
SIGN = Sign("dead", "a", 21, 3, 0.9, 0.6, (("by", ""),), ("b",))
MESSAGES = [
    Open(1, NET, PLAN, "net.safetensors", True),
    Look(Sample(3, "train")),
    Look(PictureFile("고양이.png")),
    Look(Pixels(np.arange(24, dtype=np.uint8).reshape(2, 4, 3), "clipboard")),
    Watch(Interest(4, ("a",), ("b",), ("a", "b"), Unit("b", 1, 2, 3), 10.0)),
    Train(1, PLAN, True, "run", 5),
    Pause(True, 2),
    Stop(),
    Adjust(0.1),
    Save("net.safetensors"),
    Take(1, 20),
    Import(1, "torchvision:resnet18", "DEFAULT", (3, 64, 64)),
    Forget(),
    Catalogue(),
    Match(2, "/a.pth"),
    Adopt(2),
    Advance(1, 5, 100),
    Imported(1, Network(Graph()), ("cat",), ("a note",)),
    Models((("alexnet", ("DEFAULT",)),)),
    Matched(2, "/a.pth", (("a", "b", "name", (1, 2)),), (("c", "why"),)),
    Measure(3, 32),
    Find(3, PLAN),
    Found(3, (0.1, 0.2), (2.3, 2.2), True),
    Cease(),
    Measuring(3, 2, 30),
    Costs(3, 1, 32, "cpu", 1, {"a": Cost(0.001, 0.002, 4096)}, 8192),
    Export(4, "python", "net.py", "LeNet-5", True, WRITE),
    Withdraw(),
    Exporting(4, SOURCE),
    Exported(4, "import torch\n", 13, 0.0, 4, True, ("net.py",)),
    Download(5, "mnist", "/data"),
    Desist(),
    Downloading(5, 1, 4, 100, 1000, 2e6),
    Downloaded(5, "mnist", "/data/mnist"),
    Leave(),
    Stock(8),
    Loading("pets", 10, 100),
    Contents(
        *(8, "pets", ("a", "b"), np.arange(3), np.arange(2), None, (("a.png", "why"),), 1, ("note",), 0, True),
        *(np.arange(n) for n in range(6)),
    ),
    Predict(6, "train"),
    Abandon(6),
    Fetch(7, "test", (3, 1)),
    Predicting(6, 10, 100),
    Combine(7, ("run", "실행"), "train"),
    Uncombine(),
    Combining(7, 1, 2),
    Combined(7, (Member("run", 1, 45, Figures(0.1, None, 0.3), Figures(0.1, 0.0, 0.3)),), "digits", "test", 359),
    Predictions(6, 1, 2, 3, "test", "digits", ("0", "1"), Verdicts(*(np.arange(3) for _field in range(5)))),
    Fetched(7, "test", (3, 1), (0, 1), np.zeros((2, 4, 4, 3), np.uint8)),
    Review(10, 1, "run", 40),
    Reviewed(10, 1, None),
    Preview(8, PLAN, Input(1), 2),
    Survey(9, PLAN, Input(1)),
    Previewed(8, (4,), (1,), np.zeros((1, 2, 2, 3), np.uint8), np.ones((1, 3, 2, 2, 3), np.uint8), -1.0, 2.5),
    Surveyed(9, "digits", 1438, (0.3,), (0.4,), (0.0,), (1.0,)),
    Show(3, "/run", 12, 1, 2, "/other"),
    Keep("/run", 12, "best"),
    Recall("/run", 0),
    Restore("/run", 12),
    Recalled(
        "/run",
        np.arange(4),
        np.arange(2),
        9,
        "done",
        4,
        2,
        (Mark(3, "a"),),
        10,
        20,
        ("/before", 3),
        0,
        np.zeros((2, 4)),
        np.zeros((0, 4)),
    ),
    Feel(1, 20),
    Pulses(1, 7, 20, Layers(("a",)), (READING,), (SIGN,)),
    Quit(),
    Ready(("cuda:0", "cpu"), 1, (("torch", "2.13"),)),
    Opened(1, ("a",), ("b",)),
    Pictures("digits", 1500, 297, ("0", "1")),
    Bell(True),
    News(PROGRESS, 20, np.random.default_rng(0).random((1000, 4)), np.zeros((0, 4))),
    Saved("net.safetensors"),
    Failed("train", "C1 ran out of memory.", "details", 1, "C1"),
]


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A wire that hears what it says."""
    source, sink = os.pipe()
    wire = Wire(io.FileIO(source, "rb"), io.FileIO(sink, "wb"))
    yield wire
    wire.close_sink()
    wire.close_source()


def hearing(content: bytes) -> Wire:
    """A wire over which this comes."""
    return Wire(io.BytesIO(content), io.BytesIO())  # type: ignore[arg-type]


def said(*messages: Any) -> bytes:
    """The bytes in which these go over a wire."""
    sink = io.BytesIO()
    wire = Wire(io.BytesIO(), sink)  # type: ignore[arg-type]
    for message in messages:
        wire.send(message)
    return sink.getvalue()


def test_every_type_of_message_is_here() -> None:
    assert {type(m) for m in MESSAGES} == {*get_args(Command), *get_args(Reply)}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_comes_out_as_it_went_in(wire: Wire, message: Any) -> None:
    wire.send(message)
    assert same(wire.receive(), message)


def test_a_large_message_from_many_threads(wire: Wire) -> None:
    """More than a pipe holds, so that writes are split and would mix."""
    arrays = [np.full(100_000, i, np.uint8) for i in range(8)]
    threads = [threading.Thread(target=wire.send, args=(Look(Pixels(a, str(a[0]))),)) for a in arrays]
    for thread in threads:
        thread.start()
    heard = {got.picture.name: got.picture.array for got in (wire.receive() for _ in arrays)}
    for thread in threads:
        thread.join()
    assert all(same(heard[str(a[0])], a) for a in arrays)


def test_the_end_of_the_stream_is_none(wire: Wire) -> None:
    wire.send(Stop())
    wire.close_sink()
    assert wire.receive() == Stop()
    assert wire.receive() is None
    assert wire.receive() is None
    with pytest.raises(ValueError, match="closed"):
        wire.send(Stop())


def test_sending_to_a_closed_end_is_an_os_error() -> None:
    source, sink = os.pipe()
    wire = Wire(io.FileIO(source, "rb"), io.FileIO(sink, "wb"))
    wire.close_source()
    with pytest.raises(OSError, match="pipe"):
        wire.send(Stop())
    wire.close_sink()


@given(st.data())
def test_a_truncated_message_is_told(data: st.DataObject) -> None:
    whole = said(*MESSAGES[:2])
    first = len(said(MESSAGES[0]))
    cut = data.draw(st.integers(1, len(whole) - 1).filter(lambda n: n != first))
    wire = hearing(whole[:cut])
    if cut > first:
        assert same(wire.receive(), MESSAGES[0])
    with pytest.raises(WireError, match="ends inside a"):
        wire.receive()


@given(st.binary(min_size=12).filter(lambda b: not b.startswith(b"cnv1")))
def test_garbage_is_told(content: bytes) -> None:
    with pytest.raises(WireError, match="not a message"):
        hearing(content).receive()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"cnv1" + (2**63).to_bytes(8, "little") + b"x", "not a message"),
        (b"cnv1" + (3).to_bytes(8, "little") + b"xyz", "cannot be read"),
        (b"cnv1" + (0).to_bytes(8, "little"), "cannot be read"),
    ],
)
def test_a_false_header_or_body_is_told(content: bytes, text: str) -> None:
    with pytest.raises(WireError, match=text):
        hearing(content).receive()


# ── the outbox ───────────────────────────────────────────────────────────────────────────────────────────────────────
def watch(number: int) -> Watch:
    return Watch(Interest(number))


def look(index: int) -> Look:
    return Look(Sample(index))


def net(version: int, **fields: Any) -> Open:
    return Open(version, Graph(), PLAN, **fields)


def through(*commands: Command) -> list[Command]:
    """What is left of these commands when none could be sent meanwhile."""
    box = Outbox()
    for command in commands:
        box.put(command)
    box.close()
    out = list(iter(box.get, None))
    assert len(box) == 0
    return out


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ([watch(1), look(1), watch(2)], [look(1), watch(2)]),
        ([watch(1), Stop(), look(1), watch(2), look(2)], [Stop(), watch(2), look(2)]),
        ([Adjust(1), Adjust(2), Pause(True), Pause(False)], [Adjust(1), Adjust(2), Pause(True), Pause(False)]),
        ([net(1), look(1), watch(1), net(2)], [look(1), watch(1), net(2)]),
        # Train means the net before it
        ([net(1), Train(1, PLAN), net(2), net(3)], [net(1), Train(1, PLAN), net(3)]),
        ([net(1), Save("a"), net(2)], [net(1), Save("a"), net(2)]),
        # the weights that one net brings are kept by the next
        ([net(1, weights="a"), net(2), net(3)], [net(1, weights="a"), net(3)]),
        ([net(1, fresh=True), net(2)], [net(1, fresh=True), net(2)]),
        ([net(1, weights="a"), net(2, fresh=True)], [net(2, fresh=True)]),
    ],
)
def test_only_the_latest_state_waits(given: list[Command], left: list[Command]) -> None:
    assert through(*given) == left


commands = st.one_of(
    st.builds(watch, st.integers(0, 99)),
    st.builds(look, st.integers(0, 99)),
    st.builds(net, st.integers(0, 99)),
    st.builds(Adjust, st.floats(0, 1)),
    st.builds(Save, st.text(max_size=3)),
)


@given(st.lists(commands, max_size=30))
def test_the_outbox_keeps_what_counts(given: list[Command]) -> None:
    left = through(*given)
    ordered = [c for c in given if isinstance(c, Adjust | Save)]
    assert [c for c in left if isinstance(c, Adjust | Save)] == ordered
    for kind in (Watch, Look, Open):
        assert [c for c in left if isinstance(c, kind)][-1:] == [c for c in given if isinstance(c, kind)][-1:]
    assert sum(isinstance(c, Watch | Look) for c in left) <= 2

    def nets(all: list[Command]) -> list[tuple[Command, Command | None]]:
        """Each ordered command with the net it means."""
        found, last = [], None
        for c in all:
            last = c if isinstance(c, Open) else last
            if isinstance(c, Adjust | Save):
                found.append((c, last))
        return found

    assert nets(left) == nets(given)


def test_a_closed_outbox() -> None:
    box = Outbox()
    box.put(Stop())
    box.close()
    box.put(Stop())
    assert box.get() == Stop()
    assert box.get() is None
    box = Outbox()
    box.put(Stop())
    box.close(drop=True)
    assert box.get() is None


def test_get_waits_until_there_is_something() -> None:
    box, got = Outbox(), []
    thread = threading.Thread(target=lambda: got.extend(iter(box.get, None)))
    thread.start()
    for command in (Stop(), Adjust(1.0)):
        box.put(command)
    box.close()
    thread.join(10)
    assert got == [Stop(), Adjust(1.0)]
