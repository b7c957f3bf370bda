"""The one window. It is shown empty first, within a blink, and furnished as soon as it has been painted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QTimer, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from ...text import _

if TYPE_CHECKING:
    from ..canvas import Canvas
    from ..session import Session
    from ..settings import Settings
    from ..time.bar import TimeBar
    from ..training.runbar import RunBar
    from .actions import Actions, NameMenu
    from .desk import Desk
    from .notices import Notices
    from .sizes import Sizes
    from .tabs import TabTips
    from .times import Times

LAYOUT = 1  # of the remembered window; another number forgets it


class Window(QMainWindow):
    """Everything a person sees. `session` is closed with it."""

    painted = Signal()  # the first time

    session: Session
    desk: Desk
    canvas: Canvas
    notices: Notices
    sizes: Sizes
    tips: TabTips
    runbar: RunBar
    timebar: TimeBar
    times: Times
    actions_: Actions
    recent: NameMenu
    panels: dict[str, QWidget]
    docks: dict[str, QDockWidget]

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self._furnished = self._was_painted = False
        self.setWindowTitle("cnnviz")
        self.setAcceptDrops(True)
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        geometry = settings.get("geometry")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            room = QGuiApplication.primaryScreen().availableSize()
            self.resize(min(1600, room.width()), min(960, room.height()))

    def furnish(self, session: Session) -> None:
        """Put panels, menus and toolbar in."""
        from .furniture import furnish, show_titles  # the panels, which nobody needs before the first paint
        from .sizes import Sizes

        self.session = session
        furnish(self)
        self.sizes = Sizes(self)
        show_titles(self)
        if self.isVisible():
            QTimer.singleShot(0, self._place)  # docks have no size before the event loop has laid them out
        else:
            self._place()
        self._furnished = True
        session.document_changed.connect(self._show_title)
        session.graph_changed.connect(self._show_behind)
        session.run_changed.connect(self._show_behind)
        self._show_title()

    @Slot()
    def _place(self) -> None:
        from .furniture import place, show_titles

        state = self.settings.get("state")
        if not (isinstance(state, QByteArray) and self.restoreState(state, LAYOUT)):
            place(self)
        if self.session.compare.other is None:
            self.docks["compare"].hide()  # it was there when the window was last closed
        if not self.session.beside.folder:
            self.docks["runs"].hide()
        show_titles(self)
        self.sizes.keep_soon()
        self.canvas.setFocus()  # keys are the network's, not the search field's

    @Slot()
    def place_afresh(self) -> None:
        """Panels as they were at first."""
        from .furniture import arrange, place

        arrange(self)
        place(self)
        self.sizes.keep_soon()

    # ── following the session ───────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.session.file.name}[*] – cnnviz")
        self.setWindowModified(self.session.file.modified)

    @Slot()
    def _show_behind(self) -> None:
        """Say that the run trains the network as it was before an edit, with the way out."""
        if self.session.run.behind:
            text = _("Training goes on with the network as it was. The pictures show that one.")
            again = (_("Restart with the new one"), self.session.run.train_on)
            if text not in self.notices.texts:
                self.session.notice(text, "info", actions=(again,), key="behind")
        elif self.notices.has("behind"):
            self.session.notice("", key="behind")

    @Slot()
    def list_recent(self) -> None:
        """Fill the menu of recent files."""
        self.recent.fill(self.settings.recent)

    @Slot()
    def show_runs(self) -> None:
        """Bring what differs between two runs to the front."""
        self.docks["runs"].show()
        self.docks["runs"].raise_()

    @Slot()
    def show_plan(self) -> None:
        """Bring the plan of the training to the front."""
        self.docks["plan"].show()
        self.docks["plan"].raise_()

    @Slot()
    def show_health(self) -> None:
        """Bring the signs of trouble to the front."""
        self.docks["health"].show()
        self.docks["health"].raise_()

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._furnished and not event.spontaneous():
            self.sizes.keep_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._furnished:
            self.sizes.restore()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._furnished:
            self.actions_.recolour()
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        from .desk import dropped

        if self._furnished and dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        from .desk import dropped

        event.acceptProposedAction()
        self.desk.take_file(dropped(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._furnished:
            super().closeEvent(event)
            return
        if not self.desk.may_leave():
            event.ignore()
            return
        self.settings.set("geometry", self.saveGeometry())
        self.settings.set("state", self.saveState(LAYOUT))
        self.hide()
        self.session.close()
        super().closeEvent(event)
