"""The main job without hands: LeNet-5 is trained on real digits and looked into; offscreen it leaves screenshots.

It drives the same window by the same verbs as a person does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    Slot,
    qFormatLogMessage,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ...link.launch import launch
from ...link.messages import IDLE, Sample
from ...resources import folder
from ...text import _
from ..paint import theme
from ..session import LOST, READY, Session
from ..settings import Settings
from .start import application, build, guard
from .window import Window

PICTURE = "seven.png"
SIZE = (1280, 720)
TICK_MS = 30
PATIENCE_MS = 180_000
BACK = 20  # step that the time cursor goes back to: one of the first, which are all recorded
OFFSCREEN = "This plugin does not support propagateSizeHints()"


class DemoError(RuntimeError):
    """The demo did not come to its end; the message says at what."""


def run(out: str = "") -> int:
    """Run the demo. Screenshots go to the folder `out`; on a display the window stays open afterwards."""
    app = application()
    offscreen = QGuiApplication.platformName() in ("offscreen", "minimal")
    home = Path(out or "cnnviz-demo") if offscreen or out else None
    if home:
        _make(home)
    launched = launch()
    settings = Settings(home / "home") if home else Settings()
    if offscreen:
        settings.set("theme", "light")
    session, window = build(launched, "", settings, recover=False, size=SIZE if offscreen else None)
    with guard(session), _told():
        window.show()
        demo = Demo(window, home, stay=not offscreen)
        app.exec()
        session.close()
    if demo.trouble:
        raise DemoError(demo.trouble)
    return 0


def pass_on(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Print what Qt has to say, but not what the offscreen platform says of every window: nothing is wrong there."""
    if text != OFFSCREEN:
        print(qFormatLogMessage(kind, context, text), file=sys.stderr, flush=True)


@contextmanager
def _told() -> Iterator[None]:
    """Qt speaks through `pass_on` for as long as it lasts."""
    before = qInstallMessageHandler(pass_on)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def _make(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = _("The folder {folder} cannot be made ({why}). Choose another with --out.")
        raise DemoError(text.format(folder=home, why=error.strerror or error)) from None


class Demo(QObject):
    """Goes through the scenes, each when the one before is on the screen."""

    def __init__(self, window: Window, home: Path | None, stay: bool):
        super().__init__(window)
        self.window, self.session = window, window.session
        self.trouble = ""
        self._home, self._stay = home, stay
        self._scenes = self._play()
        self._ready: Callable[[], object] = lambda: True
        self._waited = 0
        self._scene = _("start")
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        self._waited += TICK_MS
        if self.session.engine_state == LOST or self._waited > PATIENCE_MS:
            self._end(_("the engine does not answer at “{scene}”").format(scene=self._scene))
        elif self._ready():
            self._waited = 0
            try:
                self._ready = next(self._scenes)
            except StopIteration:
                self._end("")

    def _end(self, trouble: str) -> None:
        self._timer.stop()
        self.trouble = trouble
        if trouble or not self._stay:
            self.session.file.let_go()
            self.window.close()
            QApplication.quit()

    def _play(self) -> Iterator[Callable[[], object]]:
        s: Session = self.session
        self._say(_("start"))
        yield lambda: s.engine_state == READY and s.look.pictures and s.look.frame
        s.look.select(["C1"])
        yield self._sees("C1")
        yield self._shown()
        self._shoot("1-start")

        self._say(
            _("train LeNet-5 on {n:,} handwritten digits").format(n=s.look.pictures.train if s.look.pictures else 0)
        )
        s.run.train()
        yield lambda: len(s.run.points) > 120
        yield self._shown()
        self._shoot("2-training")
        yield lambda: s.run.phase == IDLE
        if s.run.progress and s.run.progress.accuracy is not None:
            self._say(_("held-out accuracy {a:.1f} %").format(a=100 * s.run.progress.accuracy))

        self._say(_("feature maps of C3 and the receptive field of one unit"))
        s.look.show(Sample(3))
        s.look.select(["C3"])
        s.look.pick(4, 3, 5)
        yield self._sees("C3")
        yield self._shown()
        self._shoot("3-maps")
        self._raise("field")
        yield lambda: s.look.frame and s.look.frame.field is not None and s.look.frame.unit == s.look.unit
        yield self._shown()
        self._shoot("4-field")

        self._say(_("the weights of C1, and a picture of one's own"))
        s.look.open_picture(str(folder("pictures") / PICTURE))
        s.look.select(["C1"])
        self._raise("filters")
        yield lambda: s.look.frame and s.look.frame.picture.name == PICTURE and "C1" in s.look.frame.filters
        yield self._shown()
        self._shoot("5-own-picture")

        self._say(_("back to step {step}: the same picture, as the network saw it then").format(step=BACK))
        self._raise("maps")
        yield lambda: len(s.time.steps) > 0
        s.time.go(BACK)
        yield lambda: s.time.shown == BACK
        yield self._shown()
        self._shoot("6-back-in-time")
        s.time.live()

        if self._home:
            app = QApplication.instance()
            assert isinstance(app, QApplication)
            theme.apply(app, theme.DARK)
            s.look.select(["S4"])
            self._raise("maps")
            yield self._sees("S4")
            yield self._shown()
            self._shoot("7-dark")

    def _sees(self, node: str) -> Callable[[], object]:
        return lambda: self.session.look.frame and node in self.session.look.frame.maps and not self.session.look.stale

    def _shown(self) -> Callable[[], object]:
        """True a moment later: colour ranges have eased, curves are drawn."""
        left = iter(range(700 // TICK_MS))
        return lambda: next(left, None) is None

    def _raise(self, dock: str) -> None:
        self.window.docks[dock].show()
        self.window.docks[dock].raise_()

    def _say(self, scene: str) -> None:
        self._scene = scene
        print(f"cnnviz demo: {scene}", file=sys.stderr, flush=True)

    def _shoot(self, name: str) -> None:
        if self._home:
            path = self._home / f"{name}.png"
            if not self.window.grab().save(str(path)):
                raise DemoError(_("{path} cannot be written").format(path=path))
            print(path)
