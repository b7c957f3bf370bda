"""A whole session by real mouse and keys on an X server: build, train, look inside, save, crash, recover."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint

from cnnviz.gui.canvas.scene import Port
from cnnviz.gui.window import questions
from cnnviz.link.messages import PAUSED, TRAINING
from cnnviz.net import files

from .conftest import LONG, Hand, Program, need_x

pytestmark = [pytest.mark.x11, pytest.mark.slow]


def spot(program: Program, hand: Hand, name: str) -> QPoint:
    """Where a layer stands in the palette, on the screen."""
    palette = program.window.panels["layers"]
    row = next(r for r in palette.rows() if r.text(0) == name)
    palette.list.scrollToItem(row)
    return hand.at(palette.list.viewport(), palette.list.visualItemRect(row).center())


def port(program: Program, hand: Hand, id: str, side: str) -> QPoint:
    """Where a port is, on the screen."""
    canvas = program.window.canvas
    place = canvas.scene().port_place(Port(id, side))
    return hand.at(canvas.viewport(), canvas.mapFromScene(place))


def test_a_session_by_hand(program: Program, hand: Hand, photograph: Path, tmp_path: Path, monkeypatch):
    s, w = program.session, program.window
    program.ready()
    w.activateWindow()
    program.until(w.isActiveWindow)
    hand.key("ctrl+n")
    program.until(lambda: len(s.graph) == 0)

    # drag five layers
    canvas = w.canvas.viewport()
    for i, name in enumerate(("Input", "Conv2d", "ReLU", "Flatten", "Linear")):
        end = hand.at(canvas, QPoint(70 + 145 * (i % 4), 110 + 190 * (i // 4)))
        hand.drag(spot(program, hand, name), end)
        program.until(lambda n=i: len(s.graph) == n + 1)
    assert [n.type for n in s.graph] == ["Input", "Conv2d", "ReLU", "Flatten", "Linear"]

    # connect
    hand.key("ctrl+9")
    chain = ("input_1", "conv2d_1", "relu_1", "flatten_1", "linear_1")
    for source, target in pairwise(chain):
        hand.drag(port(program, hand, source, "out"), port(program, hand, target, "in"))
        program.until(lambda a=source, b=target: s.graph[b].sources == (a,))
    assert s.rows["linear_1"].out == (10,) and s.rows.params == 144_458

    # undo and redo
    hand.key("ctrl+z", "ctrl+z")
    program.until(lambda: s.graph["linear_1"].sources == () and s.graph["flatten_1"].sources == ())
    hand.key("ctrl+shift+z", "ctrl+shift+z")
    program.until(lambda: s.rows["linear_1"].out == (10,))

    # train and pause
    hand.key("F5")
    program.until(lambda: s.run.phase == TRAINING and len(s.run.points) > 10)
    hand.key("F6")
    program.until(lambda: s.run.phase == PAUSED)

    # a photograph
    monkeypatch.setattr(questions, "open_picture", lambda parent, folder: str(photograph))
    hand.key("ctrl+shift+o")
    program.until(lambda: s.look.frame and s.look.frame.picture.name == "ring.png")

    # a unit and its receptive field
    s.look.select(["conv2d_1"])
    program.until(lambda: s.look.frame and "conv2d_1" in s.look.frame.maps)
    tiles = w.panels["maps"].view.tiles
    program.until(lambda: tiles.layout_shown is not None)
    before = s.look.unit
    hand.click(
        hand.at(tiles.viewport(), tiles.viewport().rect().center() - QPoint(50, 14))
    )  # on a map of the first row
    program.until(lambda: s.look.unit != before)
    unit = s.look.unit
    w.docks["field"].raise_()
    program.until(lambda: s.look.frame and s.look.frame.field is not None and s.look.frame.unit == unit)
    top, left, height, width = s.rows["conv2d_1"].field.window(unit.y, unit.x)
    seen = s.look.frame.field.nonzero()
    assert len(seen[0]) and seen[0].min() >= top and seen[0].max() < top + height
    assert seen[1].min() >= left and seen[1].max() < left + width

    # save, kill the engine, go on
    target = tmp_path / "mine.cnnviz"
    monkeypatch.setattr(questions, "save_network", lambda parent, path: str(target))
    hand.key("ctrl+s")
    program.until(lambda: target.is_file() and target.with_suffix(".safetensors").is_file())
    assert files.read(target).graph == s.graph
    os.kill(program.client.pid, signal.SIGKILL)
    program.until(lambda: any("ended by the system" in t for t in program.said))
    program.until(lambda: s.engine_state == "ready")
    s.run.train_on()
    program.until(lambda: s.run.phase == TRAINING and len(s.run.points) > 10)


def test_the_program_is_killed_and_the_edit_is_still_there(tmp_path: Path, qtbot):
    """A program in a process of its own is edited by a key and killed; the next start has the edit."""
    need_x()
    home = tmp_path / "home"
    process = subprocess.Popen([sys.executable, "-m", "cnnviz"], env={**os.environ, "CNNVIZ_HOME": str(home)})
    saved = home / "autosave" / f"{process.pid}.cnnviz"

    def edited() -> bool:
        """Delete the selected layer, the first one behind the Input; again until the window hears it."""
        if not saved.is_file():
            focus = ("search", "--onlyvisible", "--name", "lenet5", "windowfocus")
            subprocess.run(["xdotool", *focus, "key", "Delete"], check=False)
        return saved.is_file()

    try:
        qtbot.waitUntil(edited, timeout=LONG)
    finally:
        process.kill()
        process.wait()
    left = files.read(saved).graph
    assert "C1" not in left
    again = Program(home, qtbot)
    try:
        assert again.session.graph == left and again.session.file.modified
        assert any("recovered" in t for t in again.window.notices.texts)
    finally:
        again.close()
        again.window.deleteLater()
