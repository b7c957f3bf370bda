"""Where all units see the same pixels nobody is told of a stride of zero, and the figures for programs stay figures."""

from __future__ import annotations

import re

import pytest

from cnnviz.commands.summary import as_json, as_text
from cnnviz.gui.canvas.tips import plain_tip
from cnnviz.gui.inspect.field import declared_text
from cnnviz.gui.table import columns
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.graph import Graph, Node
from cnnviz.net.layers import AdaptiveAvgPool2d, Conv2d, Input, Multiply, Sigmoid
from cnnviz.net.presets import preset


def excited() -> Analysis:
    """A map times what is squeezed out of all of it: each unit sees the whole picture."""
    return analyse(
        Graph(
            (
                Node("input", Input(1, (16, 16))),
                Node("conv", Conv2d(2, (3, 3), padding=(1, 1)), ("input",)),
                Node("pool", AdaptiveAvgPool2d(1), ("conv",)),
                Node("gate", Sigmoid(), ("pool",)),
                Node("last", Multiply(), ("conv", "gate")),
            )
        )
    )


@pytest.mark.parametrize(
    ("rows", "id", "told", "cell"),
    [
        (excited(), "last", "whole picture", "18×18 for all"),
        (preset("textcnn").analyze(), "embedding", "1×1, every 1 down", "1×1 /1 down"),
    ],
    ids=["excited", "textcnn"],
)
def test_of_a_stride_of_zero(rows: Analysis, id: str, told: str, cell: str) -> None:
    row = rows[id]
    assert row.field is not None and 0 in row.field.stride
    line = next(text for text in as_text("net", rows).splitlines() if text.startswith(f"{id} "))
    assert line.rstrip().endswith(told)
    assert columns.field_text(row.field) == cell
    told_of = next(layer for layer in as_json("net", rows)["layers"] if layer["id"] == id)
    assert told_of["receptive_field"]["stride"] == list(row.field.stride)
    texts = [declared_text(rows, id), plain_tip(row), columns.tip(row, columns.FIELD)]
    assert not [t for t in texts if re.search(r"(?:stride|step|every|/) ?0(?![.\d])|×0(?![.\d])", t)], texts
