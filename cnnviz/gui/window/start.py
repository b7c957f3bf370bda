"""From an engine that was started to a window that is shown.

The window is painted empty before anything heavy is imported, then furnished.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

from ...text import _
from ..paint import theme
from ..settings import Settings
from . import questions
from .garbage import between_events
from .window import Window

if TYPE_CHECKING:
    from ...link.launch import Launched
    from ...link.messages import Reply
    from ..session import Session

FIRST = "lenet5"
Size = tuple[int, int, int]


def application() -> QApplication:
    """The one QApplication."""
    app = QApplication.instance() or QApplication([sys.argv[0], *theme.ARGUMENTS])
    assert isinstance(app, QApplication)
    app.setApplicationName("cnnviz")
    app.setApplicationDisplayName("cnnviz")
    return app


def run(launched: Launched, path: str = "", shape: Size | None = None) -> int:
    """Show the window of an engine that runs already, and stay until it is closed."""
    app = application()
    settings = Settings()
    # as it looked last time: asking the system loads all of Qt's enums (15 ms), and is done when furnishing
    theme.apply(app, theme.DARK if settings.get("look") == theme.DARK.name else theme.LIGHT)
    window = Window(settings)
    opener = Opener(window, launched, path, shape)
    window.painted.connect(opener.furnish)
    window.show()
    try:
        with between_events():
            return app.exec()
    finally:
        opener.close()


class Opener(QObject):
    """Furnishes a window once it has been painted."""

    def __init__(self, window: Window, launched: Launched, path: str = "", shape: Size | None = None):
        super().__init__(window)
        self._window, self._launched, self._path, self._shape = window, launched, path, shape
        self._session: Session | None = None
        self._unwatch: Callable[[], None] | None = None

    @Slot()
    def furnish(self) -> None:
        """Make the session and the panels, and open what is to be opened."""
        try:
            self._session = furnish(self._window, self._launched, self._path, shape=self._shape)
        except Exception as e:
            questions.failed_start(self._window, str(e))
            QApplication.exit(1)
            raise
        self._unwatch = watch(self._session)

    def close(self) -> None:
        """The window has closed."""
        if self._session is not None:
            self._session.close()
        if self._unwatch is not None:
            self._unwatch()


def build(
    launched: Launched,
    path: str,
    settings: Settings,
    recover: bool = True,
    size: tuple[int, int] | None = None,
) -> tuple[Session, Window]:
    """A session and its furnished window, of `size` (width, height) where given, not shown yet."""
    application()
    window = Window(settings)
    if size:
        window.resize(*size)
    return furnish(window, launched, path, recover), window


def attach(folder: str) -> int:
    """Show the window of a model that lives in the process that has started this one, at the other end of the wire."""
    from ...link.attached import Attached
    from ...link.wire import take_over_stdio

    wire = take_over_stdio()
    app = application()
    settings = Settings()
    window = Window(settings)
    theme.apply(app, theme.wanted(settings.get("theme", "system")))
    from ..session import Session

    session = Session(lambda on_reply, on_lost: Attached(wire, folder, on_reply, on_lost), settings)
    window.furnish(session)
    window.show()
    with guard(session):
        return app.exec()


def furnish(
    window: Window, launched: Launched, path: str = "", recover: bool = True, shape: Size | None = None
) -> Session:
    """Give the window its session and panels, with `path`, what a crash left, or the first network open.

    `shape`: channels, height and width of what a model at `path` takes.
    """
    from ...link.client import Client
    from ..session import Session

    def connect(on_reply: Callable[[Reply], None], on_lost: Callable[[int, str], None]) -> Client:
        client = Client(on_reply, on_lost, launched=launched)
        client.start()
        return client

    look = theme.wanted(window.settings.get("theme", "system"))
    theme.apply(application(), look)
    window.settings.set("look", look.name)
    session = Session(connect, window.settings)
    window.furnish(session)
    if path or not (recover and session.file.recover()):
        session.file.open_preset(FIRST)
    if path:
        session.file.open_any(path, shape)  # where that fails it is said, over the first network
    session.look.resend()
    korean = QLocale.system().language() == QLocale.Language.Korean
    if korean and not QFontDatabase.families(QFontDatabase.WritingSystem.Korean):
        text = _("No font with Korean letters is installed; they show as boxes. Install one, such as fonts-nanum.")
        session.notice(text, "info", key="font")
    gc.collect()
    gc.freeze()  # what stands now stays: no later collection need look at it and hold up the window
    return session


def watch(session: Session) -> Callable[[], None]:
    """From now on bugs of any thread are written down and said, and the program goes on; call the result to end it."""
    from .faults import Faults

    bugs = _Bugs(session)
    faults = Faults(session.settings.folder / "cnnviz.log", bugs.found.emit)
    faults.install()
    return faults.remove


@contextmanager
def guard(session: Session) -> Iterator[None]:
    """`watch` for as long as it lasts, and garbage is collected between events; the session is closed at its end."""
    unwatch = watch(session)
    try:
        with between_events():
            yield
    finally:
        unwatch()
        session.close()


class _Bugs(QObject):
    """Brings a bug of any thread to the window's thread."""

    found = Signal(str, str)

    def __init__(self, session: Session):
        super().__init__(session)
        self._session = session
        self.found.connect(self._show)

    @Slot(str, str)
    def _show(self, text: str, details: str) -> None:
        self._session.file.autosave()
        words = _("Something went wrong inside cnnviz. Your work is kept. ({what})").format(what=text)
        self._session.notice(words, "error", details=details, key="bug")
