"""A new network of a family: settings with their figures, what is wrong with them, and the network they make."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cnnviz.gui.session import Session
from cnnviz.gui.window.families import TITLES, FamilyDialog
from cnnviz.net.families import FAMILIES


@pytest.fixture
def dialog(session: Session, qtbot) -> FamilyDialog:
    made = FamilyDialog(session)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the test looks at it afterwards
    qtbot.addWidget(made)
    made.show()
    return made


def test_every_family_can_be_had(dialog: FamilyDialog, session: Session) -> None:
    assert set(TITLES) == set(FAMILIES)
    for i in range(dialog.kinds.count()):
        dialog.kinds.setCurrentIndex(i)
        assert dialog.figures.text().count("·") == 2 and dialog._make.isEnabled()
        assert set(dialog.editors) == set(type(dialog.family).__dataclass_fields__)


def test_the_notes_class_with_other_widths(dialog: FamilyDialog, session: Session, qtbot) -> None:
    line = dialog.editors["cdims"].text
    line.selectAll()
    qtbot.keyClicks(line, "16, 32, 64\r")
    dialog.editors["use_batchnorm"].box.click()
    assert dialog.family.cdims == (16, 32, 64) and dialog.family.use_batchnorm
    assert dialog.figures.text().startswith("22 layers")
    dialog.accept()
    assert [n.layer.out_channels for n in session.graph if n.type == "Conv2d"] == [16, 32, 64]
    assert not session.rows.problems and session.run.plan.data == "digits" and not session.edit.document.undo_text


def test_what_was_entered_stays_in_its_field(dialog: FamilyDialog, qtbot) -> None:
    cdims, xdim, kernel = (dialog.editors[name] for name in ("cdims", "xdim", "ksize"))

    def enter(line: QWidget, text: str) -> None:
        line.setFocus()
        line.selectAll()
        qtbot.keyClicks(line, text)
        qtbot.keyClick(line, Qt.Key.Key_Tab)

    enter(cdims.text, "8, 16")
    assert cdims.text.text() == "8, 16" and dialog.family.cdims == (8, 16)
    enter(xdim.text, "28, 28")
    assert xdim.text.text() == "28 × 28" and "xdim must be" in dialog.figures.text()
    kernel.parts()[0].setValue(5)
    assert "xdim must be" in dialog.figures.text() and not dialog._make.isEnabled()
    enter(xdim.text, "3, 28, 28")
    assert (dialog.family.xdim, dialog.family.ksize, dialog.family.cdims) == ((3, 28, 28), 5, (8, 16))
    assert dialog._make.isEnabled()


def test_what_no_network_can_be_is_said_and_not_made(dialog: FamilyDialog, session: Session, qtbot) -> None:
    dialog.kinds.setCurrentIndex(dialog.kinds.findData("CifarResNet"))
    dialog.editors["depth"].told.emit(21)
    assert "6n + 2" in dialog.figures.text()
    dialog.accept()
    assert len(session.graph) == 0 and dialog.isVisible()
    dialog.kinds.setCurrentIndex(0)
    line = dialog.editors["cdims"].text
    line.selectAll()
    qtbot.keyClicks(line, "8, 8, 8, 8, 8, 8\r")
    assert "28" in dialog.figures.text() or "window" in dialog.figures.text()
    assert not dialog._make.isEnabled()
    dialog.reject()
