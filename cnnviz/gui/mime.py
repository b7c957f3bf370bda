"""What travels in a drag: a layer type on its way from the palette to the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from ..net.layers import TYPES

LAYER = "application/x-cnnviz-layer"
"""Media type of a layer drag; its data is the type's name in UTF-8."""


def layer_data(type_name: str) -> QMimeData:
    """A drag's load for this layer type."""
    data = QMimeData()
    data.setData(LAYER, type_name.encode())
    return data


def layer_type(data: QMimeData) -> str:
    """The layer type in a drag; empty where it carries none that we know."""
    if not data.hasFormat(LAYER):
        return ""
    name = bytes(data.data(LAYER).data()).decode("utf-8", "replace")
    return name if name in TYPES else ""
