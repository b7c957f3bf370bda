"""The runs that one can stand beside: this document's own first, by what tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from ...link.account import account
from ...link.runs import RunError
from ...net.files import FileError
from ...text import _, grouped
from ..session import Session

MOST = 8
"""Runs that the menu offers; others are found as folders."""


class RunsMenu(QMenu):
    """Filled when it opens. `browse` asks for any folder."""

    def __init__(self, session: Session, browse: Callable[[], Any], parent: QWidget | None = None):
        super().__init__(_("Compare with a run"), parent)
        self._session, self._browse = session, browse
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)
        self.triggered.connect(self._choose)

    @Slot()
    def fill(self) -> None:
        """Offer the runs that there are now."""
        self.clear()
        beside = self._session.beside
        for folder in beside.near[:MOST] if self._session.time.folder else ():
            text = self._words(folder)
            if text:
                action = self.addAction(text)
                action.setData(folder)
                action.setToolTip(folder)
                action.setCheckable(True)
                action.setChecked(folder == beside.folder)
        if self.actions():
            self.addSeparator()
        self.addAction(_("Another run…")).setData("")

    def _words(self, folder: str) -> str:
        """`learning rate 0.01 · 450 steps`; empty where the folder cannot be read."""
        try:
            found = account(folder)
        except (RunError, FileError):
            return ""
        time = self._session.time.found
        name = self._session.beside.name_of(found)
        parts = [name, _("{n} steps").format(n=grouped(found.step))]
        if time is not None and time.origin is not None and Path(time.origin[0]) == Path(folder):
            parts.append(_("this one branches from it"))
        return " · ".join(parts)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        if not action.data():
            self._browse()
        elif action.data() == self._session.beside.folder:
            self._session.beside.end()
        else:
            self._session.beside.choose(action.data())
