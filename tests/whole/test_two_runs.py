"""Two runs beside each other, through the engine itself: one change and nothing else, and both at one step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnviz.engine import server
from cnnviz.engine.build import Net
from cnnviz.engine.record import writer
from cnnviz.engine.record.reader import Reader
from cnnviz.gui.inspect import Field, Filters, Maps
from cnnviz.gui.inspect.sides import DIFFERENCE, OTHER
from cnnviz.gui.session import READY, Session
from cnnviz.gui.settings import Settings
from cnnviz.gui.time.runs import Runs
from cnnviz.link import runs
from cnnviz.link.local import LocalClient
from cnnviz.link.messages import IDLE
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Flatten, Input, Linear, ReLU
from cnnviz.net.plan import Plan

LONG = 60_000  # ms


@pytest.fixture
def session(qapp, tmp_path: Path, qtbot, monkeypatch) -> Iterator[Session]:
    """A session with an engine in this process, whose every step may be recorded; it has trained one epoch."""
    monkeypatch.setattr(writer, "SHARE", 1.0)

    def connect(on_reply, on_lost):
        client = LocalClient(server.serve, on_reply, on_lost)
        client.start()
        return client

    s = Session(connect, Settings(tmp_path / "home"))
    graph = Graph().add(Input(1, (8, 8)), id="input").add(Conv2d(4, (3, 3)), ["input"], id="conv")
    for id, layer in (("relu", ReLU()), ("flat", Flatten()), ("out", Linear(10))):
        graph = graph.add(layer, [graph.nodes[-1].id], id=id)
    s.edit.document.reset(graph, Plan(epochs=1, threads=1, lr=0.01, seed=3))
    qtbot.waitUntil(lambda: s.engine_state == READY and s.look.pictures is not None, timeout=LONG)
    s.run.train()
    ended(s, qtbot)
    yield s
    s.close()


def ended(s: Session, qtbot) -> None:
    qtbot.waitUntil(lambda: s.run.phase == IDLE and len(s.run.points) > 0 and len(s.time.steps) > 20, timeout=LONG)


def maps_of(folder: str, step: int, picture: np.ndarray, graph: Graph) -> np.ndarray:
    """What the recorded weights of a step give on a picture."""
    reader = Reader(Path(folder) / runs.TRACKS)
    reader.refresh()
    net = Net(analyse(graph)).eval()
    net.load_state_dict(reader.read(step))
    seen: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        net(torch.from_numpy(picture)[None], seen)
    return seen["conv"][0].numpy()


def test_one_change_is_the_only_one_and_both_are_seen_at_one_step(session: Session, qtbot) -> None:
    first, before = session.time.folder, session.run.points.copy()
    session.beside.again(Plan(epochs=1, threads=1, lr=0.1, seed=3))
    ended(session, qtbot)
    second = session.time.folder
    assert second != first and session.beside.folder == first
    assert session.run.points[0, 1] == before[0, 1], "the same first weights and the same first batch"
    assert session.run.points[5, 1] != before[5, 1] and session.run.points[0, 3] == 0.1
    qtbot.waitUntil(lambda: len(session.beside.course.points) == len(before), timeout=LONG)
    assert np.array_equal(session.beside.course.points, before)

    maps, table = Maps(session), Runs(session)
    for panel in (maps, table):
        qtbot.addWidget(panel)
        panel.resize(500, 400)
        panel.show()
    session.look.select(["conv"])
    session.time.go(10)
    qtbot.waitUntil(lambda: session.look.frame.past and "conv" in session.look.frame.maps, timeout=LONG)
    qtbot.waitUntil(lambda: session.time.shown is not None and session.look.frame.other is not None, timeout=LONG)
    frame = session.look.frame
    assert frame.step == frame.other.step == 10
    for folder, part in ((second, frame), (first, frame.other)):
        expected = maps_of(folder, 10, frame.input, session.graph)
        assert np.array_equal(part.maps["conv"], expected)
    maps.sides.buttons[DIFFERENCE].click()
    unit = (2, 3, 4)
    a, b = frame.maps["conv"][unit], frame.other.maps["conv"][unit]
    assert maps.view.tiles.value(unit) == a - b
    maps.sides.buttons[OTHER].click()
    assert maps.view.tiles.value(unit) == b
    weights = Filters(session)
    qtbot.addWidget(weights)
    weights.show()
    field = Field(session)
    qtbot.addWidget(field)
    field.show()
    session.look.pick(2, 3, 4)
    qtbot.waitUntil(lambda: field.second is not None and field.second.heat.isVisible(), timeout=LONG)
    qtbot.waitUntil(
        lambda: "conv" in session.look.frame.filters and weights.sides.buttons[OTHER].isChecked(), timeout=LONG
    )
    assert weights.tiles.value((2, 1, 1)) == session.look.frame.other.filters["conv"][2, 0, 1, 1]
    assert session.look.frame.other.unit == session.look.frame.unit == session.look.unit
    lines = {line.name: (line.this, line.other) for line in table.lines if line.section == "Plan"}
    assert lines == {"Learning rate": ("0.1", "0.01")}


def test_a_layer_that_is_wider_in_one_run_has_no_difference(session: Session, qtbot) -> None:
    wider = session.graph.change("conv", layer=Conv2d(6, (3, 3)))
    session.beside.again(session.run.plan, wider)
    ended(session, qtbot)
    maps = Maps(session)
    qtbot.addWidget(maps)
    maps.show()
    session.look.select(["conv"])
    session.time.go(10)
    qtbot.waitUntil(lambda: session.look.frame.other is not None and "conv" in session.look.frame.maps, timeout=LONG)
    assert session.look.frame.other.maps["conv"].shape[0] == 4
    maps.sides.buttons[DIFFERENCE].click()
    assert "there is no difference to show" in maps.view._empty.text()
