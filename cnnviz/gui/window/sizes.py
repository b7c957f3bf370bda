"""How large the docks are: as a person wants them, again and again, whatever sizes the window has in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QDockWidget, QTabBar

if TYPE_CHECKING:
    from .window import Window


class Sizes(QObject):
    """Remembers the docks' sizes, and asks for them whenever the window has another size.

    A small window has no room for them, and Qt would leave docks as narrow as that when there is room again. They are
    what was arranged first, until a person drags the line between two docks, or puts a dock elsewhere.
    """

    def __init__(self, window: Window):
        super().__init__(window)
        self._window = window
        self._wanted: dict[str, QSize] = {}  # of docks, by their names
        self._held: dict[str, QSize] = {}  # as they were when a line was taken hold of
        self._soon = QTimer(self, singleShot=True, interval=0)  # docks have no size before they are laid out
        self._soon.timeout.connect(self.keep)
        self._let_go = QTimer(self, singleShot=True, interval=0)
        self._let_go.timeout.connect(self._learn)
        window.installEventFilter(self)
        for dock in window.docks.values():
            dock.dockLocationChanged.connect(self.keep_soon)

    @Slot()
    def keep_soon(self) -> None:
        """The sizes that docks will have when what goes on is over are those that are wanted."""
        self._soon.start()

    @Slot()
    def keep(self) -> None:
        """The sizes as they are now are those that are wanted."""
        now = self._now() if self._window.isVisible() else self._wanted
        if now != self._wanted:
            self._wanted = now
            self._soon.start()  # bars of tabs come and go a moment later than docks: look again until nothing moves

    def restore(self) -> None:
        """Make docks as large as they are wanted, as far as there is room."""
        if self._soon.isActive():
            return  # they are being arranged
        docks = [d for d in self._front() if d.objectName() in self._wanted]
        sizes = [self._wanted[d.objectName()] for d in docks]
        if docks:
            self._window.resizeDocks(docks, [s.width() for s in sizes], Qt.Orientation.Horizontal)
            self._window.resizeDocks(docks, [s.height() for s in sizes], Qt.Orientation.Vertical)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The lines between docks belong to the window itself."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._held = self._now()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._held:
            self._let_go.start()  # the last move has not been followed yet
        return False

    @Slot()
    def _learn(self) -> None:
        """What a person has made another size keeps it; what only the window has made small does not."""
        self._wanted |= {name: size for name, size in self._now().items() if size != self._held.get(name)}
        self._held = {}

    def _front(self) -> list[QDockWidget]:
        """The docks in the window that are seen; of those that are tabs, the one in front."""
        return [d for d in self._window.docks.values() if d.widget().isVisible() and not d.isFloating()]

    def _now(self) -> dict[str, QSize]:
        """The docks' sizes by name, with the tabs above them; docks that are tabs are as large as the one in front."""
        bars = self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        tabs = {
            bar.tabText(i).replace("&", ""): bar.height()  # not every bar is as high as the others while they come
            for bar in bars
            if bar.isVisible()
            for i in range(bar.count())
        }
        now: dict[str, QSize] = {}
        for dock in self._front():
            beside = [d for d in self._window.tabifiedDockWidgets(dock) if not d.isHidden()]
            above = tabs.get(dock.windowTitle(), 0) if beside else 0
            size = QSize(dock.width(), dock.height() + above)
            now |= {one.objectName(): size for one in (dock, *beside)}
        return now
