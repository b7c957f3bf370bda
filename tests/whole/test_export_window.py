"""What the window exports and what the command line exports are the same files, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QGraphicsItem

from cnnviz import app
from cnnviz.gui.session.exporting import FORMS
from cnnviz.gui.window import questions
from cnnviz.gui.window.exports import ExportDialog

from .conftest import Hand, Program, need_x

pytestmark = pytest.mark.slow


def opened(program: Program) -> ExportDialog:
    """The window of exports, once its command was given."""
    program.until(lambda: any(d.isVisible() for d in program.window.findChildren(ExportDialog)))
    return next(d for d in program.window.findChildren(ExportDialog) if d.isVisible())


def saved(program: Program, form: str) -> None:
    """Choose this form and save it with the weights."""
    program.window.actions_["export"].trigger()
    dialog = opened(program)
    dialog.forms.setCurrentRow(list(FORMS).index(form))
    dialog.weights.setChecked(True)
    program.until(dialog.save.isEnabled)
    ends: list[int] = []
    dialog.finished.connect(ends.append)
    dialog.save.click()
    program.until(lambda: ends or program.session.exporting.trouble)
    assert not program.session.exporting.trouble


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_window_and_command_line_write_the_same(program: Program, tmp_path: Path, monkeypatch, capsys) -> None:
    s = program.session
    program.ready()
    s.run.set_plan(epochs=1)
    s.run.train()
    program.until(lambda: s.run.learned and not s.run.active)
    network = tmp_path / "net.cnnviz"
    assert s.file.save(network)
    program.until(lambda: not s.file.saving)
    mine, theirs = tmp_path / "window", tmp_path / "line"
    for folder in (mine, theirs):
        folder.mkdir()
    for form, suffix in (("python", ".py"), ("onnx", ".onnx"), ("keras", "_keras.py"), ("json", ".json")):
        monkeypatch.setattr(questions, "save_export", lambda *_given, end=suffix: str(mine / f"net{end}"))
        saved(program, form)
        assert program.said[-1].startswith("Wrote net")
        assert app.main(["export", str(network), "--to", form, "-o", str(theirs / f"net{suffix}")]) == 0
    names = sorted(p.name for p in mine.iterdir())
    assert names == sorted(p.name for p in theirs.iterdir()) and len(names) == 6
    assert [n for n in names if (mine / n).read_bytes() != (theirs / n).read_bytes()] == []


def test_a_picture_of_the_canvas_has_nothing_of_an_earlier_one(program: Program) -> None:
    """Cards of the same name in another network: Qt keeps pictures of them."""
    s, canvas = program.session, program.window.canvas
    program.ready()
    canvas.picture()
    s.file.let_go()
    s.file.open_preset("googlenet")
    program.until(lambda: s.look.frame and not s.look.stale and len(s.look.frame.thumbs) > 20)
    program.until(lambda: not canvas.cards_scene.easing())
    made = canvas.picture()
    for item in (*canvas.cards_scene.cards.values(), *canvas.cards_scene.wires.values()):
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    assert canvas.picture() == made


def in_front(program: Program) -> None:
    """Keys go to the window."""
    program.window.activateWindow()
    program.until(program.window.isActiveWindow)


@pytest.mark.x11
def test_by_keys(program: Program, hand: Hand, tmp_path: Path, monkeypatch) -> None:
    need_x()
    program.ready()
    in_front(program)
    monkeypatch.setattr(questions, "save_export", lambda *_given: str(tmp_path / "a.cnnviz"))
    hand.key("ctrl+e")
    dialog = opened(program)
    program.until(lambda: dialog.isActiveWindow() and dialog.save.isEnabled())
    assert "class Net(" in dialog.source.toPlainText()
    hand.key("Down", "Down", "Down")
    program.until(lambda: dialog.form.name == "json")
    hand.key("Return")
    program.until((tmp_path / "a.cnnviz").is_file)
    program.until(lambda: program.window.notices.has("export"))
    in_front(program)  # no window manager is here to do it
    hand.key("ctrl+e")
    dialog = opened(program)
    program.until(dialog.isActiveWindow)
    assert dialog.form.name == "json", "it is remembered"
    ends: list[int] = []
    dialog.finished.connect(ends.append)
    hand.key("Escape")
    program.until(lambda: ends)
