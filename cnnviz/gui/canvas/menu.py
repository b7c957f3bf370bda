"""The canvas's context menu: the window's verbs, where the pointer is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from ...text import N_, _
from ..session import Session
from ..session.mending import add_repairs

ENTRIES: tuple[tuple[str, str, str], ...] = (
    (N_("Cut"), "cut", "layers"),
    (N_("Copy"), "copy", "layers"),
    (N_("Paste"), "paste", "clipboard"),
    (N_("Duplicate"), "duplicate", "layers"),
    (N_("Delete"), "delete", "anything"),
    ("", "", ""),
    (N_("Fold"), "fold_block", "open"),
    (N_("Unfold"), "unfold_block", "folded"),
    (N_("Make a block of the selection…"), "make_block", "layers"),
    (N_("Dissolve block"), "dissolve_block", "block"),
    (N_("Save as block…"), "save_block", "layers"),
    ("", "", ""),
    (N_("Select all"), "select_all", "network"),
    (N_("Zoom to selection"), "zoom_to_selection", "layers"),
    (N_("Fit the network"), "fit", "network"),
    (N_("Tidy layout"), "tidy", "network"),
)
"""Words, verb of the canvas, what it needs."""


def build_menu(canvas: QWidget, session: Session, wires: bool) -> QMenu:
    """A menu that deletes itself when it closes. `wires`: some are selected."""
    menu = QMenu(canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    layers = bool(session.look.selection)
    add_repairs(menu, session)
    there = {
        "layers": layers,
        "anything": layers or wires,
        "clipboard": bool(QGuiApplication.clipboard().text()),
        "network": bool(len(session.graph)),
        "open": bool(session.fold.foldable),
        "folded": bool(session.fold.unfoldable),
        "block": bool(session.fold.dissolvable),
    }
    for words, verb, need in ENTRIES:
        if not verb:
            menu.addSeparator()
            continue
        does: Callable[[], None] = getattr(canvas, verb)
        action = menu.addAction(_(words))
        action.triggered.connect(does)
        action.setEnabled(there[need])
    return menu
