"""An SVG file as a picture of pixels, with or without a display."""

from __future__ import annotations

import os

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SCALE = 2.0
"""Pixels for each of the drawing's: sharp on a projector."""
LARGEST = 16_384
"""Pixels of a side at most."""


def png(svg: str) -> bytes:
    """The contents of a .png file."""
    if QGuiApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # letters need an application, but no display
        application = QGuiApplication(["cnnviz"])
        try:
            return _drawn(svg)
        finally:
            application.shutdown()
    return _drawn(svg)


def _drawn(svg: str) -> bytes:
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    size = renderer.defaultSize()
    scale = min(SCALE, LARGEST / max(size.width(), size.height(), 1))
    image = QImage(QSize(round(size.width() * scale), round(size.height() * scale)), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return encoded(image)


def encoded(image: QImage) -> bytes:
    """The same of what has been painted."""
    contents = QByteArray()
    buffer = QBuffer(contents)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # its stubs know no format as text
    return bytes(contents.data())
