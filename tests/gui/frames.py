"""Frames as an engine would send them, with numbers that differ everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from cnnviz.gui.session import Session
from cnnviz.link.messages import Frame, PictureInfo, Pictures
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, ConvTranspose2d, Linear

CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def open_net(session: Session, graph: Graph, select: str = "") -> None:
    """Put a network into the editor, and the data set's classes beside it."""
    session.edit.document.edit("open", graph)
    session.look.take_pictures(Pictures("digits", 1437, 360, CLASSES))
    if select:
        session.look.select([select])


def frame(session: Session, step: int = 0, **fields: Any) -> Frame:
    """All that the network in the editor gives, of the shapes that it has; `fields` replace what is there."""
    dice = np.random.default_rng(step)
    rows = session.rows
    made: dict[str, Any] = {
        "version": session.version,
        "run": 0,
        "step": step,
        "interest": 0,
        "picture": PictureInfo("digits test 1", (8, 8), 3),
        "unit": session.look.unit,
        "maps": {id: _numbers(dice, row.out) for id, row in rows.items() if row.out},
        "filters": {id: _numbers(dice, weight_shape(session, id)) for id, row in rows.items() if row.params},
    }
    if rows.input and rows[rows.input.id].out:
        channels, height, width = rows[rows.input.id].out
        made["input"] = _numbers(dice, (channels, height, width))
        made["shown"] = np.repeat(dice.integers(0, 256, (height, width, 1), dtype=np.uint8), 3, axis=2)
        made["field"] = np.zeros((height, width), np.float32)
        made["probabilities"] = np.array([0.01] * 3 + [0.9] + [0.015] * 6, np.float32)
    return Frame(**(made | fields))


def weight_shape(session: Session, id: str) -> tuple[int, ...]:
    """The shape of torch's weight."""
    row = session.rows[id]
    layer = row.node.layer
    if isinstance(layer, Conv2d):
        return layer.out_channels, row.ins[0][0] // layer.groups, *layer.kernel_size
    if isinstance(layer, ConvTranspose2d):
        return row.ins[0][0], layer.out_channels // layer.groups, *layer.kernel_size
    if isinstance(layer, Linear):
        return layer.out_features, row.ins[0][0]
    return (row.ins[0][0],)


def _numbers(dice: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return dice.standard_normal(shape).astype(np.float32)


def arrive(session: Session, frame: Frame) -> None:
    """The engine sends `frame`."""
    session.engine.frames.append(frame)
    session.look.take_frame()


def pixels(widget: QWidget) -> np.ndarray:
    """What the widget shows: uint8 (height, width, 3)."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def colour_at(picture: np.ndarray, place: QPoint) -> tuple[int, int, int]:
    """The colour of a pixel of `pixels`."""
    red, green, blue = picture[place.y(), place.x()].tolist()
    return red, green, blue


def has_colour(picture: np.ndarray, colour: QColor, where: QRect | None = None) -> bool:
    """Whether the colour occurs in the picture, or in a part of it."""
    part = picture if where is None else picture[where.top() : where.bottom() + 1, where.left() : where.right() + 1]
    return bool((part == [colour.red(), colour.green(), colour.blue()]).all(axis=2).any())
