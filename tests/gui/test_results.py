"""The results panel: what the matrix paints and says, what a click shows, and that a thousand classes are an image."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics

from cnnviz.gui.paint import theme
from cnnviz.gui.results.matrix import ALL, Matrix
from cnnviz.gui.results.panel import CONFUSION, HELD_OUT, MEASURED, PICTURES, TRAINING, WIDE, Results
from cnnviz.gui.results.pictures import CHUNK, Item, PictureWall
from cnnviz.gui.results.reliability import Reliability, legend
from cnnviz.gui.results.shown import Shown
from cnnviz.link.messages import Failed, Look, Sample
from cnnviz.link.predictions import Abandon, Fetch, Fetched, Predict, Predicting, Predictions, Review, Reviewed
from cnnviz.link.scorebook import Score
from cnnviz.link.verdicts import Verdicts, calibration

NAMES = ("cat", "dog", "frog")
TRUE = np.array([0, 0, 0, 1, 1, 2, 2, 2])
TAKEN = np.array([0, 1, 1, 1, 1, 2, 0, 2])
V = Verdicts(
    TRUE,
    TAKEN,
    np.array([0.9, 0.6, 0.8, 0.7, 0.99, 0.5, 0.4, 1.0], np.float32),
    np.array([0.1, 1.0, 2.0, 0.3, 0.01, 0.7, 3.0, 0.0], np.float32),
    (TRUE != TAKEN).astype(np.int64),
)
COUNTS = np.array([[1, 2, 0], [0, 2, 0], [1, 0, 2]])


@pytest.fixture
def matrix(qtbot: object) -> Matrix:
    made = Matrix()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show_counts(COUNTS, NAMES)
    made.show()
    return made


def middle(matrix: Matrix, true: int, predicted: int) -> QPointF:
    return matrix.box(true, predicted).center()


# ── the matrix ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_names_of_few_classes_can_be_read_in_a_small_matrix(matrix: Matrix) -> None:
    matrix.resize(126, 158)
    matrix.show_counts(COUNTS[:2, :2], ("negative", "positive"))
    widest = max(map(QFontMetrics(theme.caption()).horizontalAdvance, matrix.classes))
    assert matrix._names()[0] >= widest and matrix._names()[1] >= widest and matrix.place.names
    matrix.show_counts(np.eye(10, dtype=np.int64), tuple("0123456789"))
    assert matrix.place.names
    matrix.show_counts(np.eye(30, dtype=np.int64), tuple(f"a name as long as this {i}" for i in range(30)))
    assert max(matrix._names()) <= 164 // 4


def test_errors_stand_out_and_the_diagonal_is_quiet(matrix: Matrix) -> None:
    pixels = matrix.pixels()
    panel = int(QColor(theme.current().panel).rgb())
    assert pixels[0, 2] == pixels[1, 0] == panel  # nothing there
    assert pixels[0, 1] == int(QColor(theme.current().problem).rgb())  # the most frequent error

    def sat(p: int) -> int:
        return QColor(int(p)).saturation()

    assert sat(pixels[0, 1]) > sat(pixels[2, 0]) > 3 * max(map(sat, np.diagonal(pixels)))


def test_what_is_shown_is_what_was_painted(matrix: Matrix) -> None:
    image = matrix.grab().toImage()
    pixels, place = matrix.pixels(), matrix.place
    for true in range(3):
        for predicted in range(3):
            at = matrix.box(true, predicted).topLeft().toPoint() + QPoint(4, 4)
            assert image.pixel(matrix.viewport().pos() + at) == int(pixels[true, predicted])
    assert place.names and place.side == 3 * place.cell


def test_every_point_of_a_cell_is_that_cell_and_names_are_rows_and_columns(matrix: Matrix) -> None:
    for true in range(3):
        for predicted in range(3):
            assert matrix.cell_at(middle(matrix, true, predicted)) == (true, predicted)
    left, top = QPointF(matrix.place.left - 9, 0), QPointF(0, matrix.place.top - 9)
    assert matrix.cell_at(QPointF(left.x(), middle(matrix, 2, 0).y())) == (2, ALL)
    assert matrix.cell_at(QPointF(middle(matrix, 0, 1).x(), top.y())) == (ALL, 1)
    assert matrix.cell_at(QPointF(left.x(), top.y())) is None
    assert matrix.cell_at(QPointF(399, 299)) is None


def test_a_cell_says_its_counts_also_by_row(matrix: Matrix) -> None:
    assert matrix.text(0, 1) == "cat taken for dog: 2 of 3 pictures (66.7 %)"
    assert matrix.text(1, 1) == "dog recognised: 2 of 2 pictures (100.0 %)"
    assert matrix.text(2, ALL) == "frog: 2 of 3 pictures are right"
    assert matrix.text(ALL, 1) == "Taken for dog: 4 pictures, 2 rightly"
    assert matrix.tip(middle(matrix, 2, 0)) == "frog taken for cat: 1 of 3 pictures (33.3 %)"
    assert matrix.text(7, 1) == ""
    matrix.set_by_row(True)
    assert np.allclose(matrix.shares(), [[1 / 3, 2 / 3, 0], [0, 1, 0], [1 / 3, 0, 2 / 3]])


def test_cells_are_picked_by_mouse_and_keys(matrix: Matrix, qtbot: object) -> None:
    heard: list[tuple[int, int]] = []
    matrix.picked.connect(lambda t, p: heard.append((t, p)))
    qtbot.mousePress(matrix.viewport(), Qt.MouseButton.LeftButton, pos=middle(matrix, 2, 0).toPoint())
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left):
        qtbot.keyClick(matrix, key)
    assert heard == [(2, 0), (1, 0), (1, 1), (2, 1), (2, 0), (2, 0)] and matrix.selected == (2, 0)


def test_a_thousand_classes_are_one_image_in_which_no_error_is_lost(qtbot: object) -> None:
    n = 1000
    counts = np.diag(np.full(n, 50))
    counts[700, 123] = 3
    made = Matrix()
    qtbot.addWidget(made)
    made.resize(340, 320)
    made.show()
    made.show_counts(counts, tuple(map(str, range(n))))
    place = made.place
    assert place.cell < 1 and not place.names and place.side <= 320
    step = made._step(place)
    pixels = made.pixels(step)
    assert len(pixels) == -(-n // step)
    problem = int(QColor(theme.current().problem).rgb())
    assert np.argwhere(pixels == problem).tolist() == [[700 // step, 123 // step]]
    assert made.cell_at(middle(made, 700, 123)) == (700, 123)
    made.grab()


def test_without_pictures_there_is_an_empty_matrix(qtbot: object) -> None:
    made = Matrix()
    qtbot.addWidget(made)
    made.show_counts(np.zeros((3, 3), np.int64), NAMES)
    made.grab()
    assert "0 of 0 pictures" in made.text(0, 1) and "%" not in made.text(0, 1)


# ── calibration ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_bin_says_how_sure_and_how_right(qtbot: object) -> None:
    made = Reliability()
    qtbot.addWidget(made)
    made.grab()
    made.show_calibration(calibration(V))
    assert made.text(14) == "2 pictures: sure by 99.5 %, right in 100.0 %"
    assert made.text(0) == ""
    made.grab()


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_wall_asks_for_what_is_in_view_and_never_twice(qtbot: object) -> None:
    wall, asked = PictureWall(), []
    qtbot.addWidget(wall)
    wall.wanted.connect(asked.append)
    wall.resize(300, 200)
    wall.show()
    wall.show_items(tuple(Item(i, f"{i} → 1", True, "") for i in range(1000)))
    wall.grab()
    wall.grab()
    assert asked == [tuple(range(CHUNK))]
    wall.add(tuple(range(CHUNK - 1)), np.zeros((CHUNK - 1, 8, 8, 3), np.uint8))  # one is not there any more
    wall.grab()
    assert len(asked) == 1
    wall.verticalScrollBar().setValue(wall.verticalScrollBar().maximum())
    wall.grab()
    assert len(asked) == 2 and asked[1][-1] == 999
    wall.failed()
    wall.grab()
    assert len(asked) == 2


def test_pictures_are_shown_as_they_are(qtbot: object) -> None:
    wall = PictureWall()
    qtbot.addWidget(wall)
    wall.resize(300, 200)
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)
    wall.show_items((Item(5, "cat", False, "a cat"),))
    wall.add((5,), picture)
    image, box = wall.grab().toImage(), wall.place(0)
    left = box.left() + (box.width() - 64) // 2
    for y in range(8):
        for x in range(8):
            colour = image.pixelColor(left + 8 * x + 4, box.top() + 8 * y + 4)
            assert [colour.red(), colour.green(), colour.blue()] == picture[0, y, x].tolist()
    assert wall.tip(QPointF(box.center())) == "a cat"


# ── the panel ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def panel(session: object, qtbot: object) -> Results:
    made = Results(session)
    qtbot.addWidget(made)
    made.resize(1000, 400)
    made.show()
    return made


def measured(panel: Results, qtbot: object, verdicts: Verdicts = V, *, steps: tuple[int, ...] = (45,)) -> None:
    session = panel._session
    session.run.course.tests = np.array([(s, 1.0, 0.5) for s in steps], float)
    session.points_arrived.emit()
    qtbot.waitUntil(lambda: any(isinstance(c, Review) for c in session.engine.sent))
    answer(panel, verdicts)


def answer(panel: Results, verdicts: Verdicts = V) -> None:
    session = panel._session
    last = session.engine.last(Review)
    session._answer(Reviewed(last.number, session.run.number, Score(last.step, 1.0, 0.6, None, NAMES, verdicts)))
    panel._show()


def test_it_says_what_comes_and_then_shows_it(panel: Results, qtbot: object) -> None:
    assert panel.pages.currentIndex() == 0 and panel.empty.text().startswith("Train:")
    measured(panel, qtbot)
    assert panel.pages.currentIndex() == 1
    assert np.array_equal(panel.matrix.counts, COUNTS) and panel.matrix.classes == NAMES
    assert panel.figures.text().splitlines()[0] == "Top-1 error 37.5 %"
    assert "Top-5" not in panel.figures.text()
    assert [panel.pairs.text(i) for i in range(2)] == ["cat → dog · 2", "frog → cat · 1"]
    assert [panel.classes.figure(i) for i in range(3)] == ["33.3 %", "100.0 %", "66.7 %"]
    assert panel.steps.label.text() == "step 45"
    assert panel.beside.heading.whole == "3 errors, the worst first"
    assert [i.index for i in panel.wall.items] == [6, 2, 1]
    assert panel.wall.items[0].caption == "frog → cat · 40 %"
    assert "Loss 3.00" in panel.wall.items[0].tip or "Loss 3" in panel.wall.items[0].tip


def test_a_cell_a_row_a_pair_and_a_class_show_their_pictures_and_a_picture_is_shown_everywhere(
    panel: Results, qtbot: object
) -> None:
    measured(panel, qtbot)
    qtbot.mousePress(panel.matrix.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel.matrix, 0, 1).toPoint())
    assert [i.index for i in panel.wall.items] == [2, 1] and panel.beside.heading.whole == "cat taken for dog: 2"
    panel.grab()
    session = panel._session
    fetch = session.engine.last(Fetch)
    assert fetch.split == "test" and fetch.indices == (2, 1)
    session._answer(Fetched(fetch.number, "test", (2, 1), (0, 0), np.zeros((2, 8, 8, 3), np.uint8)))
    assert set(panel.wall.images) == {1, 2}
    at = panel.wall.place(1).center()
    qtbot.mousePress(panel.wall.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert session.engine.last(Look).picture == Sample(1, "test") and panel.wall.selected == 1
    session.look.show(Sample(2, "test"))
    assert panel.wall.selected == 2
    panel.pairs._pick(1)
    assert [i.index for i in panel.wall.items] == [6]
    panel.classes._pick(2)
    assert [i.index for i in panel.wall.items] == [6, 5, 7] and panel.beside.heading.whole == "All of class frog: 3"
    panel.matrix._pick(ALL, 1)
    assert panel.beside.heading.whole == "All taken for dog: 4"
    panel.matrix._pick(1, 1)
    assert panel.beside.heading.whole == "dog recognised: 2"
    panel.beside.all.click()
    assert [i.index for i in panel.wall.items] == [6, 2, 1] and panel.matrix.selected is None


def test_earlier_measurements_are_a_slider_away_and_a_cell_stays(panel: Results, qtbot: object) -> None:
    measured(panel, qtbot, steps=(45, 90, 135))
    assert panel.steps.slider.value() == 2
    panel.matrix._pick(0, 1)
    panel.steps.slider.setValue(0)
    assert panel._session.engine.last(Review).step == 45
    answer(panel, Verdicts(TRUE, TRUE, V.confidence, V.loss, np.zeros(8, np.int64)))
    assert panel.steps.label.text() == "step 45" and panel.steps.slider.value() == 0
    assert panel.beside.heading.whole == "cat taken for dog: 0"
    panel.beside.all.click()
    assert panel.beside.heading.whole == "No errors. The largest losses first" and len(panel.wall.items) == 8
    panel.steps.slider.setValue(2)
    assert panel._session.review.step is None


def test_the_network_of_now_can_be_tried_on_both_splits(panel: Results, qtbot: object) -> None:
    session = panel._session
    session.edit.add("Input", (0.0, 0.0))
    panel.act.click()
    assert panel.source.currentIndex() == HELD_OUT
    assert session.engine.last(Predict) == Predict(1, "test")
    session._answer(Predicting(1, 256, 360))
    panel._show()
    assert panel.empty.text() == "Classified 256 of 360 pictures" and panel.act.text() == "Cancel"
    panel.act.click()
    assert session.engine.last(Abandon) == Abandon(1) and panel.act.text() == "Cancel"
    panel._show()
    assert panel.act.text() == "Classify"
    panel.act.click()
    session._answer(Failed("predict", "Mend it.", run=2))
    panel._show()
    assert panel.empty.text() == "Mend it."
    panel.source.setCurrentIndex(TRAINING)
    assert session.engine.last(Predict) == Predict(3, "train")
    session._answer(Predictions(3, session.version, 0, 0, "train", "digits", NAMES, V))
    panel._show()
    assert panel.pages.currentIndex() == 1 and not panel.again.isHidden()
    assert not panel.again.isEnabled()  # nothing has changed
    session.edit.add("Conv2d", (0.0, 0.0))
    panel._show()
    assert panel.again.isEnabled() and "changed" in panel.again.toolTip()
    panel.again.click()
    session._answer(Failed("predict", "Mend it.", run=4))
    panel._show()
    assert panel.caption.whole == "Mend it." and panel.pages.currentIndex() == 1
    session.edit.add("Conv2d", (0.0, 0.0))
    panel._show()
    assert panel.caption.whole == "Rows: true, columns: taken for", "what was edited may have mended it"
    panel.grab()
    assert session.engine.last(Fetch).split == "train"
    panel.wall._pick(0)
    assert session.engine.last(Look).picture == Sample(6, "train")
    panel.source.setCurrentIndex(MEASURED)
    assert panel.pages.currentIndex() == 0


def test_it_fits_where_it_is(panel: Results, qtbot: object) -> None:
    measured(panel, qtbot)
    assert not panel.beside.isHidden() and not panel.left.isHidden()
    panel.resize(WIDE - 40, 600)
    assert panel.beside.isHidden() and panel.controls.width() > 400
    panel.view.setCurrentIndex(PICTURES)
    assert panel.left.isHidden() and not panel.beside.isHidden()
    panel.view.setCurrentIndex(CONFUSION)
    panel.resize(350, 190)
    assert panel.controls.width() < 140 and len(panel.figures.text().splitlines()) == 2
    panel.resize(216, 190)
    assert panel.figures.isHidden() and panel.caption.whole == "Top-1 error 37.5 %"
    panel.resize(268, 190)
    assert panel.caption.text() == "Rows: true class" and panel.caption.toolTip() == "Rows: true, columns: taken for"
    for size in ((350, 190), (216, 160), (500, 300), (1400, 800)):
        panel.resize(*size)
        for view in range(5):
            panel.view.setCurrentIndex(view)
            panel.grab()


def test_the_way_on_can_be_read_in_a_small_panel(panel: Results, qtbot: object) -> None:
    panel.show()
    panel.resize(268, 190)
    assert panel.pages.currentIndex() == 0
    qtbot.waitUntil(lambda: 0 < panel.act.width() <= panel.pages.width())
    assert panel.act.width() >= panel.act.sizeHint().width() and "as it is" in panel.act.toolTip()
    panel.source.setCurrentIndex(HELD_OUT)
    assert not panel.act.toolTip()


def test_what_stands_beside_pictures_and_calibration_fits_a_small_panel(panel: Results, qtbot: object) -> None:
    measured(panel, qtbot)
    panel.resize(268, 190)
    panel.view.setCurrentIndex(PICTURES)
    qtbot.waitUntil(lambda: panel.beside.heading.text() == "3 errors")
    metrics = QFontMetrics(theme.caption())
    assert legend(metrics, 120) == "confidence →" and "bars: right, line: sure" in legend(metrics, 400)


def test_nothing_is_asked_for_while_nobody_looks(panel: Results, qtbot: object) -> None:
    panel.hide()
    panel._session.run.course.tests = np.array([(45.0, 1.0, 0.5)])
    panel._session.points_arrived.emit()
    assert not panel._timer.isActive()
    assert not [c for c in panel._session.engine.sent if isinstance(c, Review)]


def test_classes_without_a_name_have_their_number() -> None:
    shown = Shown(V, ("cat",), "test")
    assert shown.names == ("cat", "1", "2")
    none = np.zeros(0, np.int64)
    empty = Shown(Verdicts(none, none, none.astype(np.float32), none.astype(np.float32), none), NAMES, "test")
    assert empty.names == NAMES and empty.chosen((ALL, ALL)) == () and empty.figures()[0] == "Top-1 error 0.0 %"
