"""What is shown goes when it is true no longer: pictures of another network, a picture refused, messages answered."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from cnnviz.gui.inspect.paging import Paging
from cnnviz.gui.inspect.picture import Picture
from cnnviz.gui.session import Session
from cnnviz.gui.window.notices import Notices
from cnnviz.link.messages import (
    MEMORY,
    Bell,
    Failed,
    Frame,
    Look,
    Opened,
    PictureFile,
    Pictures,
    Sample,
    Saved,
    Train,
)
from cnnviz.net.graph import Graph

from .conftest import StillEngine
from .hand import shown
from .test_session import answer

DIGITS = Pictures("digits", 1438, 359, tuple("0123456789"))
MISSING = "cifar10 is not there: put data_batch_1 … into /home, or train on digits."


@pytest.fixture
def looked_at(session: Session, lenet: Graph, qtbot: QtBot) -> Session:
    """A network with its data set and a frame."""
    session.edit.document.reset(lenet)
    answer(session, qtbot, DIGITS)
    frame_comes(session, qtbot, True)
    return session


@pytest.fixture
def notices(session: Session, lenet: Graph, qtbot: QtBot) -> Notices:
    """Where messages of a network stand."""
    bars = Notices(session)
    qtbot.addWidget(bars)
    session.edit.document.reset(lenet)
    return bars


def engine(session: Session) -> StillEngine:
    assert isinstance(session.engine, StillEngine)
    return session.engine


def frame_comes(session: Session, qtbot: QtBot, with_pictures: bool) -> None:
    thumbs = {"C1": np.ones((6, 28, 28), np.float32)} if with_pictures else {}
    picture = np.zeros((32, 32, 3), np.uint8) if with_pictures else None
    engine(session).frames.append(Frame(session.version, 0, 0, 0, thumbs=thumbs, shown=picture))
    answer(session, qtbot, Bell(frame=True))


def messages(notices: Notices) -> str:
    return " ".join(notices.texts)


# ── another network ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("how", ["another document", "no picture"])
def test_cards_show_nothing_of_what_is_gone(session: Session, lenet: Graph, qtbot: QtBot, how: str) -> None:
    canvas = shown(session, lenet, qtbot)
    frame_comes(session, qtbot, True)
    strips = {id: card.strip for id, card in canvas.cards_scene.cards.items()}
    assert strips["C1"].array is not None and strips["input"].array is not None
    if how == "another document":
        session.look.forget()
    else:
        frame_comes(session, qtbot, False)
    assert [id for id, strip in strips.items() if strip.array is not None] == []
    canvas.close()


@pytest.mark.parametrize("how", ["another document", "no data"])
def test_a_data_set_that_is_not_there_is_not_paged_through(looked_at: Session, qtbot: QtBot, how: str) -> None:
    s, paging = looked_at, Paging(looked_at)
    qtbot.addWidget(paging)
    assert paging.place.isEnabled() and "359" in paging.place.suffix()
    if how == "another document":
        s.file.open_preset("tinyvgg")
    else:
        answer(s, qtbot, Failed("data", MISSING))
    assert s.look.pictures is None and not paging.place.isEnabled() and paging.place.text() == "–"
    answer(s, qtbot, DIGITS)
    assert paging.place.isEnabled() and "359" in paging.place.suffix()


def test_a_smaller_data_set_is_paged_from_its_first_picture(looked_at: Session, qtbot: QtBot) -> None:
    looked_at.look.show(Sample(300))
    answer(looked_at, qtbot, Pictures("mine", 90, 40, ("a", "b")))
    assert looked_at.look.picture == Sample(0) and engine(looked_at).last(Look).picture == Sample(0)


def test_the_picture_says_why_there_is_none(looked_at: Session, qtbot: QtBot) -> None:
    """The engine was killed and its data set taken away: the old frame is still there when the failure comes."""
    panel = Picture(looked_at)
    qtbot.addWidget(panel)
    panel.show()
    answer(looked_at, qtbot, Failed("data", MISSING))
    frame_comes(looked_at, qtbot, False)
    qtbot.waitUntil(lambda: panel.empty.text() == MISSING and panel.pages.currentWidget() is panel.empty)
    frame_comes(looked_at, qtbot, True)
    assert looked_at.look.trouble == ""


# ── a picture that is refused ────────────────────────────────────────────────────────────────────────────────────────
def test_a_refused_picture_leaves_the_place_in_the_data_set(looked_at: Session, qtbot: QtBot) -> None:
    s, paging = looked_at, Paging(looked_at)
    qtbot.addWidget(paging)
    s.look.show(Sample(6))
    s.look.open_picture("/tmp/words.png")
    asked = engine(s).last(Look)
    assert paging.place.text() == "–"
    answer(s, qtbot, Failed("look", "words.png is not a picture", look=asked.number))
    assert s.look.picture == Sample(6) and paging.place.value() == 7
    assert engine(s).last(Look).picture == Sample(6), "the engine shows what the window says"
    s.look.page(1)
    assert s.look.picture == Sample(7)


def test_a_late_refusal_does_not_take_the_newer_picture(looked_at: Session, qtbot: QtBot) -> None:
    s = looked_at
    s.look.open_picture("/tmp/words.png")
    refused = engine(s).last(Look)
    s.look.open_picture("/tmp/cat.png")
    answer(s, qtbot, Failed("look", "words.png is not a picture", look=refused.number))
    answer(s, qtbot, Failed("look", "The network takes 4 channels"))  # an edit's: the picture may fit again
    assert s.look.picture == PictureFile("/tmp/cat.png")


def test_two_pictures_refused_end_at_the_data_set(looked_at: Session, qtbot: QtBot) -> None:
    s = looked_at
    for name in ("words.png", "more.png"):
        s.look.open_picture(name)
    for left in (PictureFile("words.png"), Sample(), Sample()):
        answer(s, qtbot, Failed("look", "no picture", look=engine(s).last(Look).number))
        assert engine(s).last(Look).picture == s.look.picture == left


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_refusal_to_train_goes_with_its_reason(notices: Notices, session: Session) -> None:
    assert session.edit.add("ReLU", (900.0, 900.0), after="C1")
    session.run.train()
    assert "ends" in messages(notices), messages(notices)
    session.edit.move({"C1": (10.0, 500.0)})
    assert "ends" in messages(notices), "the reason is still there"
    session.edit.undo()
    session.edit.undo()
    assert messages(notices) == ""


def test_a_refusal_to_train_gives_way_to_another_reason(notices: Notices, session: Session) -> None:
    session.edit.add("ReLU", (900.0, 900.0), after="C1")
    session.run.train()
    session.edit.undo()
    session.edit.remove(["flatten_1"])
    assert messages(notices) == "" and session.run.problem is not None


def test_an_edit_refused_is_forgotten_at_the_next_one(notices: Notices, session: Session) -> None:
    session.edit.set("C1", "out_channels", 8)
    session.edit.connect("output", "C1")
    assert "loop" in messages(notices)
    session.edit.undo()
    assert messages(notices) == ""


def test_weights_that_could_be_saved_after_all(notices: Notices, session: Session, qtbot: QtBot, tmp_path) -> None:
    session.file.save(tmp_path / "full.cnnviz")
    answer(session, qtbot, Failed("save", "full.safetensors: The disk is full."))
    assert "disk is full" in messages(notices)
    session.file.save(tmp_path / "other.cnnviz")
    answer(session, qtbot, Saved(str(tmp_path / "other.safetensors")))
    assert messages(notices) == "Saved other.cnnviz with its weights."


def test_layers_whose_weights_were_not_in_the_file_are_named(notices: Notices, session: Session, qtbot: QtBot) -> None:
    answer(session, qtbot, Opened(session.version, ("C1",), (), "/tmp/mine.safetensors"))
    answer(session, qtbot, Opened(session.version, (), ("C1", "output")))  # an edit
    assert messages(notices) == ""
    answer(session, qtbot, Opened(session.version, ("C1",), ("C3", "output"), "/tmp/mine.safetensors"))
    assert messages(notices).startswith("mine.safetensors has no weights that fit C3, output: ")
    many = tuple(f"conv2d_{i}" for i in range(20))
    answer(session, qtbot, Opened(session.version, (), many, "/tmp/mine.safetensors"))
    assert "conv2d_5 and 14 more: " in messages(notices) and "conv2d_6" not in messages(notices)
    session.file.new()
    assert messages(notices) == ""


def test_without_its_data_set_training_is_refused_with_the_way_out(
    session: Session, qtbot: QtBot, notices: Notices
) -> None:
    session.run.set_plan(data="cifar10")
    answer(session, qtbot, Failed("data", MISSING))
    session.run.train_on()
    (bar,) = notices._bars
    assert bar.notice.text == MISSING and [label for label, _act in bar.notice.actions] == ["Train on digits"]
    bar.notice.actions[0][1]()
    assert session.run.plan.data == "digits" and messages(notices) == ""


@pytest.mark.parametrize("what", ["import", "save", "measure", "export", "checkpoint"])
def test_what_failed_is_not_said_of_another_network(
    session: Session, notices: Notices, qtbot: QtBot, what: str
) -> None:
    answer(session, qtbot, Failed(what, "The weights of resnet50 cannot be downloaded (no network).", "a trace"))
    assert "cannot be downloaded" in messages(notices)
    assert not session.file.open("/nowhere/there.cnnviz")
    assert "cannot be downloaded" in messages(notices), "nothing has been opened"
    assert session.file.open_preset("vgg16")
    assert not messages(notices)


def test_too_little_memory_offers_half_the_batch(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    session.run.set_plan(batch_size=33)
    session.run.train()
    heard = []
    session.noticed.connect(heard.append)
    answer(session, qtbot, Failed("train", "There is not enough memory.", run=session.run.number, code=MEMORY))
    (label, act), *_more = heard[-1].actions
    assert "Halve" in label
    act()
    assert session.engine.last(Train).plan.batch_size == 16 and session.run.active
    session.run.set_plan(batch_size=1)
    answer(session, qtbot, Failed("train", "There is not enough memory.", run=session.run.number, code=MEMORY))
    assert not heard[-1].actions
