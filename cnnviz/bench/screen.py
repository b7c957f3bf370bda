"""What reaches the screen: one large activation, ten thousand small ones, an edit of a large network."""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from ..gui.paint import colour, theme
from ..gui.paint.tiles import Tiles
from ..net.network import Network
from .table import chain
from .toggle import Result, judge, toggle

SHAPE = (512, 56, 56)
VIEW = (1344, 1344)


def _app() -> QApplication:
    app = QApplication.instance() or QApplication(["cnnviz", *theme.ARGUMENTS])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    return app


class _ByTable(QWidget):
    """The obvious way: `LUT[index]` gives an RGB array, which becomes an image."""

    def __init__(self) -> None:
        super().__init__()
        rgb = np.array([[c >> 16 & 255, c >> 8 & 255, c & 255, 255] for c in colour.VIRIDIS.colours()], np.uint8)
        self._lut = np.resize(rgb, (256, 4))
        self._image = QImage()

    def show_array(self, array: np.ndarray) -> None:
        low, high = array.min(), array.max()
        index = ((array - low) * (255 / (high - low))).astype(np.uint8)
        n, h, w = array.shape
        across = 24
        down = -(-n // across)
        grid = np.zeros((down * across, h, w), np.uint8)
        grid[:n] = index
        flat = grid.reshape(down, across, h, w).transpose(0, 2, 1, 3).reshape(down * h, across * w)
        self._rgb = np.ascontiguousarray(self._lut[flat])
        self._image = QImage(self._rgb.data, across * w, down * h, QImage.Format.Format_RGBX8888)
        self.repaint()

    def paintEvent(self, event: object) -> None:
        QPainter(self).drawImage(0, 0, self._image)


def _turn(act: Any, arrays: list[np.ndarray], at_least: float = 0.3) -> float:
    """Seconds from an array to the painted screen."""
    n, start = 0, time.perf_counter()
    while time.perf_counter() - start < at_least:
        act(arrays[n % len(arrays)])
        n += 1
    return (time.perf_counter() - start) / n


def activation() -> Iterator[Result]:
    """A 512×56×56 activation from array to screen, against LUT[index] and pyqtgraph's ImageItem."""
    import pyqtgraph as pg

    app = _app()
    rng = np.random.default_rng(0)
    arrays = [rng.random(SHAPE, np.float32) for _ in range(3)]
    tiles = Tiles()
    plain = _ByTable()
    graph = pg.GraphicsLayoutWidget()
    box = graph.addViewBox(lockAspect=True)
    item = pg.ImageItem(axisOrder="row-major")
    item.setLookupTable(np.array([[c >> 16 & 255, c >> 8 & 255, c & 255] for c in colour.VIRIDIS.colours()], np.uint8))
    box.addItem(item)
    for w in (tiles, plain, graph):
        w.resize(*VIEW)
        w.show()
    tiles.fix(colour.Range(0.0, 1.0))
    app.processEvents()

    def ours(array: np.ndarray) -> None:
        tiles.show_array(array, signed=False)
        tiles.viewport().repaint()

    def theirs(array: np.ndarray) -> None:
        n, h, w = array.shape
        across = 24
        grid = np.zeros((-(-n // across) * across, h, w), np.float32)
        grid[:n] = array
        flat = grid.reshape(-1, across, h, w).transpose(0, 2, 1, 3).reshape(-1, across * w)
        item.setImage(flat, levels=(0.0, 1.0), autoLevels=False)
        graph.viewport().repaint()

    for name, other, goal in (("LUT[index]", plain.show_array, ">= 3.5"), ("ImageItem", theirs, ">= 1")):
        a, b, ratio = toggle(lambda: _turn(ours, arrays), lambda act=other: _turn(act, arrays))  # type: ignore[misc]
        yield judge(f"512×56×56 to screen, {name}", a * 1e3, b * 1e3, "ms", goal, ratio)
    yield memory(tiles)
    for w in (tiles, plain, graph):
        w.close()


def memory(tiles: Tiles) -> Result:
    """Megabytes that 10,000 updates add."""
    rng = np.random.default_rng(1)
    arrays = [rng.random((16, 28, 28), np.float32) for _ in range(8)]

    def rounds(n: int) -> None:
        for i in range(n):
            tiles.show_array(arrays[i % 8], signed=False)
            tiles.viewport().repaint()

    rounds(500)
    gc.collect()
    before = _resident()
    rounds(10_000)
    gc.collect()
    return judge("memory of 10,000 updates", _resident() - before, None, "MB", "<= 2")


def _resident() -> float:
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def edit() -> Iterator[Result]:
    """Milliseconds from a drop into a large network to the painted table and canvas."""
    for layers, goal in ((200, "<= 16"), (1000, "<= 50")):
        yield judge(f"edit of {layers:,} layers to screen", 1e3 * _dropped(layers), None, "ms", goal)


def _dropped(layers: int) -> float:
    """Seconds from a drop into a chain of so many layers until table and canvas have been painted: the median."""
    from ..gui.session import Session
    from ..gui.settings import Settings
    from ..gui.table.table import Table
    from ..gui.window.window import Window
    from ..link.messages import Command
    from ..net.edit import wires

    class Nobody:
        own = True

        def send(self, command: Command) -> None: ...
        def frame(self) -> None: ...
        def restart(self) -> None: ...
        def close(self, timeout: float = 2.0) -> None: ...

    app = _app()
    with tempfile.TemporaryDirectory(prefix="cnnviz-bench-") as folder:
        session = Session(lambda on_reply, on_lost: Nobody(), Settings(Path(folder)))
        window = Window(session.settings)
        window.furnish(session)
        window.resize(1600, 960)
        window.show()
        session.file._show(Network(chain(layers), "chain"), None, None)
        window.docks["table"].raise_()
        _settle()
        gc.collect()
        gc.freeze()  # as the program does once it has started
        table = window.panels["table"]
        assert isinstance(table, Table)
        painted = Painted(window.canvas.viewport(), table.view.viewport())
        took = []
        for i in range(25):
            wire = wires(session.graph)[100 + i]
            painted.forget()
            start = time.perf_counter()
            session.edit.insert("Conv2d", wire, (400.0 + 8 * i, 300.0))
            while not painted.all:
                app.processEvents()
            took.append(time.perf_counter() - start)
            _settle()
        gc.unfreeze()
        session.file.let_go()
        window.close()
    return statistics.median(took)


class Painted(QObject):
    """Knows when each of these widgets has been painted."""

    def __init__(self, *widgets: QWidget):
        super().__init__()
        self._widgets, self._left = widgets, set(widgets)
        for w in widgets:
            w.installEventFilter(self)

    def forget(self) -> None:
        """None has been painted yet."""
        self._left = set(self._widgets)

    @property
    def all(self) -> bool:
        """Each has been painted since."""
        return not self._left

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._left.discard(watched)
        return False


def _settle() -> None:
    loop = QEventLoop()
    QTimer.singleShot(120, loop.quit)
    loop.exec()
