"""The preview of augmentation in the plan, and the data set's mean and deviation in the Input's settings."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.gui.layers.form import Form
from cnnviz.gui.layers.normalising import got, normal
from cnnviz.gui.session import Session
from cnnviz.gui.training.planform import PlanForm
from cnnviz.gui.training.versions import LARGEST
from cnnviz.link.adjusting import Adjust
from cnnviz.link.augmenting import PICTURES, VERSIONS, Preview, Previewed, Survey, Surveyed
from cnnviz.link.messages import Failed, Pictures, Ready
from cnnviz.net.acting import hint
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Embedding, Input, Tokens
from cnnviz.net.plan import AUGMENTS, Plan


@pytest.fixture
def ready(session: Session, lenet: Graph) -> Session:
    session.edit.document.edit("begin", lenet)
    session.engine.reply(Ready(("cpu",), 1, ()))
    session.engine.reply(Pictures("digits", 1438, 359, tuple("0123456789")))
    return session


@pytest.fixture
def form(ready: Session, qtbot: QtBot) -> PlanForm:
    form = PlanForm(ready)
    qtbot.addWidget(form)
    form.headings["Augmentation"].setChecked(True)
    form.resize(260, 500)
    form.show()
    return form


def asked(session: Session, kind: type) -> list:
    return [c for c in session.engine.sent if isinstance(c, kind)]


def previewed(number: int, side: int = 32) -> Previewed:
    rng = np.random.default_rng(0)
    before = rng.integers(0, 256, (PICTURES, side, side, 3), np.uint8)
    after = rng.integers(0, 256, (PICTURES, VERSIONS, side, side, 3), np.uint8)
    return Previewed(number, (5, 70, 1200, 3), (3, 1, 4, 2), before, after, -1.0, 2.5)


def test_it_follows_the_settings_as_they_are_edited(form: PlanForm, ready: Session) -> None:
    assert not asked(ready, Preview), "nothing is changed: there is nothing to show"
    assert "Nothing is changed" in form.preview.words.text()
    ready.run.set_plan(augment_rotation=10.0)
    ready.run.set_plan(lr=0.5)
    (first,) = asked(ready, Preview)
    assert first.plan.augment_rotation == 10 and first.layer == ready.rows.input.layer
    ready.run.set_plan(augment_noise=0.1)
    assert form.preview.strip.isHidden()
    ready.engine.reply(previewed(first.number))
    assert ready.preview.shown is None, "of older settings"
    ready.engine.reply(previewed(asked(ready, Preview)[-1].number))
    assert form.preview.strip.isVisible() and form.preview.range.text() == "Values −1.00 … 2.50"
    assert "Held-out pictures are never changed" in form.preview.words.text()
    ready.run.set_plan(augment_noise=0.0, augment_rotation=0.0)
    assert form.preview.strip.isHidden()


def test_reroll_shows_others_and_the_input_counts(form: PlanForm, ready: Session) -> None:
    ready.run.set_plan(augment_shift=2)
    form.preview.again.click()
    assert [c.roll for c in asked(ready, Preview)] == [0, 1]
    ready.edit.set("input", "mean", (0.5,))
    assert asked(ready, Preview)[-1].layer.mean == (0.5,) and len(asked(ready, Preview)) == 3
    ready.edit.set("C1", "kernel_size", (3, 3))
    assert len(asked(ready, Preview)) == 3
    ready.engine.reply(Pictures("digits", 1438, 359, tuple("0123456789")))
    assert len(asked(ready, Preview)) == 4, "the data set may be another one"


def test_what_is_wrong_is_said_in_its_place(form: PlanForm, ready: Session, qtbot: QtBot) -> None:
    ready.run.set_plan(augment_shift=2)
    told: list = []
    ready.noticed.connect(told.append)
    ready.engine.reply(Failed("preview", "mnist is not there.", run=asked(ready, Preview)[-1].number))
    assert form.preview.words.text() == "mnist is not there."
    assert not [n for n in told if n.text], "the looking thread has said it already"
    ready.engine.reply(Failed("preview", "old", run=1))
    assert form.preview.words.text() == "mnist is not there."


def test_hidden_or_folded_it_asks_for_nothing(form: PlanForm, ready: Session) -> None:
    form.headings["Augmentation"].setChecked(False)
    ready.run.set_plan(augment_shift=2)
    assert not asked(ready, Preview)
    assert form.headings["Augmentation"].told == "shift 2 px"
    form.headings["Augmentation"].setChecked(True)
    assert len(asked(ready, Preview)) == 1


def test_sentences_are_not_augmented(form: PlanForm, ready: Session) -> None:
    words = Graph().add(Tokens(), id="words").add(Embedding(), ["words"], id="vectors")
    ready.edit.document.edit("begin", words)
    assert form.headings["Augmentation"].isHidden()
    assert all(form.editors[name].isHidden() for name in AUGMENTS)
    ready.run.set_plan(augment_shift=2)
    assert not asked(ready, Preview)


@pytest.mark.parametrize("width", [200, 260, 700, 1400])
@pytest.mark.parametrize("side", [8, 28, 32, 96])
def test_pictures_are_square_whole_and_inside(form: PlanForm, ready: Session, width: int, side: int) -> None:
    ready.run.set_plan(augment_shift=2)
    ready.engine.reply(previewed(asked(ready, Preview)[-1].number, side))
    strip = form.preview.strip
    strip.resize(width, strip.height())
    cells = strip.cells()
    assert len(cells) >= 2 and len(cells[0]) >= 4
    for row in cells:
        for cell in row:
            assert cell.width() == cell.height() and cell.width() <= max(LARGEST, side)
            assert cell.width() < side or cell.width() % side == 0
            assert cell.left() >= 0 and cell.right() <= width and cell.bottom() <= strip.height()


def test_the_pixels_are_those_of_the_arrays(form: PlanForm, ready: Session) -> None:
    ready.run.set_plan(augment_shift=2)
    shown = previewed(asked(ready, Preview)[-1].number)
    ready.engine.reply(shown)
    strip = form.preview.strip
    image = strip.grab().toImage()
    ratio = image.width() / strip.width()
    for i, row in enumerate(strip.cells()):
        for j, cell in enumerate(row):
            want = (shown.before[i] if j == 0 else shown.after[i, j - 1])[20, 9]
            scale = cell.width() / 32
            at = QPointF(cell.left() + 9.5 * scale, cell.top() + 20.5 * scale) * ratio
            assert image.pixelColor(QPoint(int(at.x()), int(at.y()))).getRgb()[:3] == tuple(want)
            text = strip.tip(QPointF(cell.center()))
            assert text.startswith(f"Training picture {shown.indices[i]:,}: {shown.labels[i]}")
            assert text.endswith("as the net gets it") == (j > 0)
    assert strip.tip(QPointF(-5, -5)) == ""


@pytest.mark.parametrize("data", ["digits", "mnist", "svhn", "kmnist"])
def test_flipping_digits_is_advised_against(form: PlanForm, ready: Session, data: str) -> None:
    ready.run.set_plan(data=data)
    assert "mirrored digit" in form.editors["augment_flip"].toolTip()
    assert not hint(Plan(data="cifar10"), "augment_flip")
    ready.run.set_plan(augment_flip=0.5)
    ready.engine.reply(previewed(asked(ready, Preview)[-1].number))
    assert "mirrored digit" in form.preview.words.text()


def test_a_running_training_hears_of_it_at_once(form: PlanForm, ready: Session) -> None:
    ready.run.set_plan(augment_shift=1)
    assert not asked(ready, Adjust)
    ready.run.train()
    ready.run.set_plan(augment_shift=2)
    ready.run.set_plan(augment_noise=0.25)
    assert asked(ready, Adjust) == [Adjust(augment_shift=2), Adjust(augment_noise=0.25)]
    assert form.preview.isVisible() and asked(ready, Preview)[-1].plan.augment_noise == 0.25


# ── normalisation ────────────────────────────────────────────────────────────────────────────────────────────────────
FOUND = {"mean": (0.30541,), "std": (0.32339,), "low": (0.0,), "high": (1.0,)}


@pytest.fixture
def settings_form(ready: Session, qtbot: QtBot) -> Form:
    form = Form(ready)
    qtbot.addWidget(form)
    form.show()
    return form


def test_the_data_sets_stand_beside_the_inputs_own_and_one_step_takes_them(settings_form: Form, ready: Session) -> None:
    part = settings_form.normalising
    ready.look.select(["C1"])
    assert part.isHidden() and not asked(ready, Survey)
    ready.look.select(["input"])
    (command,) = asked(ready, Survey)
    assert part.isVisible() and part.take.isHidden() and part.head.text() == "Reading the data set…"
    ready.engine.reply(Surveyed(command.number, "digits", 1438, **FOUND))
    assert part.head.text() == "Values 0…1 of the 1,438 training pictures of digits:"
    assert [part.cells[r, c].text() for r in ("set", "input") for c in ("mean", "std")] == [
        *("0.3054", "0.3234"),
        *("0.0000", "1.0000"),
    ]
    assert part.gets.text() == "So the net gets values from 0 to 1, of mean 0.31 and deviation 0.32."
    part.take.click()
    layer = ready.graph["input"].layer
    assert isinstance(layer, Input) and (layer.mean, layer.std) == ((0.3054,), (0.3234,))
    assert not part.take.isEnabled() and part.take.toolTip() == "The Input has them."
    assert part.gets.text() == "So the net gets values from −0.944 to 2.15, of mean 0.00 and deviation 1.00."
    assert len(asked(ready, Survey)) == 1, "it is the same data set in the same size"
    ready.edit.undo()
    assert ready.graph["input"].layer == Input(1, (32, 32)), "both are one step"
    assert part.take.isEnabled()


def test_another_size_or_data_set_is_surveyed_anew(settings_form: Form, ready: Session) -> None:
    ready.look.select(["input"])
    ready.edit.set("input", "size", (28, 28))
    ready.run.set_plan(data="mnist")
    assert [(c.layer.size, c.plan.data) for c in asked(ready, Survey)] == [
        ((32, 32), "digits"),
        ((28, 28), "digits"),
        ((28, 28), "mnist"),
    ]
    ready.engine.reply(Failed("survey", "mnist is not there.", run=asked(ready, Survey)[-1].number))
    assert settings_form.normalising.head.text() == "mnist is not there."


def test_what_the_net_gets_is_what_numpy_says() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((50, 3, 4, 4)) * np.array([1.0, 0.5, 0.2]).reshape(3, 1, 1)
    axes = (0, 2, 3)
    ends = (tuple(f(x, axis=axes).tolist()) for f in (np.mean, np.std, np.min, np.max))
    found = Surveyed(1, "made", 50, *ends)
    for layer in (Input(3, (4, 4), (0.5,), (0.25,)), Input(3, (4, 4), (0.1, 0.2, 0.3), (0.5, 0.25, 2.0))):
        net = (x - np.reshape(layer.mean, (-1, 1, 1))) / np.reshape(layer.std, (-1, 1, 1))
        assert got(found, layer) == pytest.approx((net.min(), net.max(), net.mean(), net.std()))
    same = Surveyed(1, "flat", 5, (0.5, 0.25), (0.0, 0.1), (0.5, 0.0), (0.5, 1.0))
    assert normal(same) == ((0.5, 0.25), (1.0, 0.1))


def test_the_setting_that_is_edited_stays_where_it_is_when_the_pictures_come(
    form: PlanForm, ready: Session, qtbot: QtBot
) -> None:
    form.resize(300, 300)
    box = form.editors["augment_rotation"].parts()[0]
    form.unfold("augment_rotation")
    box.setFocus()
    QApplication.processEvents()

    def top() -> int:
        return box.mapTo(form.viewport(), QPoint(0, 0)).y()

    before = top()
    assert 0 <= before < 300
    ready.run.set_plan(augment_rotation=10.0)
    QApplication.processEvents()
    ready.engine.reply(previewed(asked(ready, Preview)[-1].number))
    qtbot.waitUntil(lambda: form.preview.height() > 100 and top() == before)
    ready.run.set_plan(augment_rotation=0.0)
    qtbot.waitUntil(lambda: form.preview.height() < 60 and top() == before)


@pytest.mark.parametrize("width", [240, 330, 480, 700])
def test_no_words_lie_on_the_pictures(form: PlanForm, ready: Session, width: int) -> None:
    form.resize(width, 500)
    ready.run.set_plan(augment_rotation=10.0, augment_flip=0.5)
    ready.engine.reply(previewed(asked(ready, Preview)[-1].number))
    QApplication.processEvents()
    preview = form.preview
    assert preview.strip.geometry().bottom() < preview.words.geometry().top()
    assert preview.words.height() >= preview.words.heightForWidth(preview.words.width())
    assert preview.height() == preview.layout().totalHeightForWidth(preview.width())
