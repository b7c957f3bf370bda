"""What travels in a drag: a layer type or a block on its way from the palette to the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from ..net.layers import TYPES

LAYER = "application/x-cnnviz-layer"
"""Media type of a layer drag; its data is the type's name in UTF-8."""
BLOCK = "application/x-cnnviz-block"
"""Media type of a block drag; its data is the block's name in UTF-8."""


def layer_data(type_name: str) -> QMimeData:
    """A drag's load for this layer type."""
    return _data(LAYER, type_name)


def block_data(name: str) -> QMimeData:
    """A drag's load for this block."""
    return _data(BLOCK, name)


def layer_type(data: QMimeData) -> str:
    """The layer type in a drag; empty where it carries none that we know."""
    name = _name(data, LAYER)
    return name if name in TYPES else ""


def block_name(data: QMimeData) -> str:
    """The name of the block in a drag; empty where it carries none."""
    return _name(data, BLOCK)


def _data(kind: str, name: str) -> QMimeData:
    data = QMimeData()
    data.setData(kind, name.encode())
    return data


def _name(data: QMimeData, kind: str) -> str:
    return bytes(data.data(kind).data()).decode("utf-8", "replace") if data.hasFormat(kind) else ""
