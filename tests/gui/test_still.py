"""A label in its place is written anew, and what is around it stays where it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from cnnviz.gui.paint.still import Still


class Layouts(QObject):
    """Counts how often a widget was asked to lay itself out."""

    def __init__(self, widget: QWidget):
        super().__init__(widget)
        self.n = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        self.n += event.type() == QEvent.Type.LayoutRequest
        return False


def settle():
    """Let what was asked for be done, and what that asks for."""
    for _ in range(3):
        QApplication.processEvents()


@pytest.fixture
def box(qtbot):
    widget = QWidget()
    widget.resize(200, 100)
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    widget.label = QLabel("step 0")
    column.addWidget(Still(widget.label))
    widget.rest = QWidget()
    column.addWidget(widget.rest, 1)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    settle()
    return widget


def write(label, texts):
    for text in texts:
        label.setText(text)
        settle()


def test_a_new_text_lays_nothing_out(box):
    layouts = Layouts(box)
    write(box.label, ("step 1", "step 10,000", "", "many words " * 40))
    assert layouts.n == 0
    assert box.label.width() == 200, "it takes the room there is, and no more"
    assert box.label.height() >= box.label.fontMetrics().height()


def test_one_that_needs_more_lines_gets_them(box):
    box.label.setWordWrap(True)
    write(box.label, ("short",))
    one, rest = box.label.height(), box.rest.height()
    layouts = Layouts(box)
    write(box.label, ("many words " * 8,))
    assert layouts.n > 0
    more = box.label.height() - one
    assert more >= 2 * box.label.fontMetrics().height()
    assert box.rest.height() == rest - more
    box.resize(100, 100)
    settle()
    assert box.label.height() > one + more, "narrower, it needs still more"
    write(box.label, ("short",))
    assert box.label.height() == one
