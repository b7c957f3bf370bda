"""Every formula comes to the number in the table."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings

from cnnviz.net.analysis import Row, analyse
from cnnviz.net.explain import LABELS, Formula, explain, letters
from cnnviz.net.graph import Graph
from cnnviz.net.layers import AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, ConvTranspose2d, Flatten, Input, Layer

from .samples import LAYERS, graphs, sample

SIGNS = str.maketrans({"·": "*", "−": "-", "⌊": " floor(", "⌋": ")", "⌈": " ceil(", "⌉": ")"})


def value(text: str) -> int:
    """What the arithmetic comes to, exactly."""
    python = re.sub(r"\d+", r"F(\g<0>)", text.translate(SIGNS))
    result = eval(python, {"F": Fraction, "floor": math.floor, "ceil": math.ceil})
    assert result == int(result)
    return int(result)


def maps_onto(f: Formula) -> None:
    """A formula in letters has the shape of the one in numbers, and in it a letter stands for one number."""
    if not f.symbols:
        return
    token = r"[a-z][₁₂]?(?:/g)?|\d+"
    symbols, numbers = re.findall(token, f.symbols), re.findall(r"\d+", f.text)
    assert re.sub(token, "#", f.symbols) == re.sub(r"\d+", "#", f.text)
    stands: dict[str, str] = {}
    for symbol, number in zip(symbols, numbers, strict=True):
        assert stands.setdefault(symbol, number) == number and (number == symbol or not symbol.isdecimal())
    assert set(letters((f,))) == {c for c in f.symbols if c.isascii() and c.isalpha()}


def check(row: Row) -> None:
    """Each formula's text gives its value, and its value is the row's."""
    assert row.out is not None
    known = {
        "params": row.params,
        "macs": row.macs,
        "bytes": row.activation_bytes,
        "channels": row.out[0],
        "features": row.out[0],
        "connections": row.connections,
        "fixed": row.fixed,
    }
    if len(row.out) == 2:
        known["length"] = row.out[1]
    if len(row.out) == 3:
        known |= {"size": row.out[1], "height": row.out[1], "width": row.out[2]}
    if row.field is not None:
        (fh, fw), (sy, sx) = row.field.size, row.field.stride
        known |= {"field": fh, "field_height": fh, "field_width": fw, "step": sy, "step_height": sy, "step_width": sx}
    formulas = explain(row)
    whats = [f.what for f in formulas]
    assert len(set(whats)) == len(whats) and set(whats) <= set(LABELS)
    for f in formulas:
        assert value(f.text) == f.value == known[f.what], (f.what, f.text, known[f.what])
        assert f.label
        maps_onto(f)
    assert (
        ("params" in whats) == bool(row.params)
        and ("fixed" in whats) == bool(row.fixed)
        and ("macs" in whats) == bool(row.macs)
    )
    if "size" in whats:
        assert row.out[1] == row.out[2]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_every_formula_of_every_layer_is_true(layer: Layer) -> None:
    for row in analyse(sample(layer)).values():
        check(row)


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_every_formula_of_random_networks_is_true(g: Graph) -> None:
    for row in analyse(g).values():
        if row.problem is None:
            check(row)
        else:
            assert explain(row) == ()


def texts(g: Graph, id: str) -> list[str]:
    return [f"{f.what}: {f}" for f in explain(analyse(g)[id])]


def test_lenet_as_on_the_blackboard() -> None:
    g = Graph().add(Input(1, 32)).add(Conv2d(6, 5), ["input_1"], id="C1").add(AvgPool2d(), ["C1"], id="S2")
    g = g.add(Conv2d(16, 5), ["S2"], id="C3").add(Flatten(), ["C3"], id="flat")
    assert texts(g, "C1")[:3] == [
        "size: ⌊(32 + 2·0 − 1·(5−1) − 1)/1⌋ + 1 = 28",
        "params: (5·5·1 + 1)·6 = 156",
        "macs: 6·28·28·(5·5·1) = 117600",
    ]
    assert [f.symbols for f in explain(analyse(g)["C1"])] == [
        "⌊(n + 2·p − d·(k−1) − 1)/s⌋ + 1",
        "(k·k·c + 1)·f",
        "f·h·w·(k·k·c)",
        "",
        "",
        "r + (k − 1)·j",
    ]
    assert texts(g, "C3")[-1] == "field: 6 + (5 − 1)·2 = 14"
    assert texts(g, "flat") == ["features: 16·10·10 = 1600", "bytes: 4·1600 = 6400"]


def test_axes_that_differ_are_told_apart() -> None:
    g = Graph().add(Input(1, (9, 12))).add(Conv2d(2, (3, 5), (2, 1), dilation=(1, 2)), ["input_1"], id="it")
    assert [f.what for f in explain(analyse(g)["it"])] == [
        "height",
        "width",
        "params",
        "macs",
        "connections",
        "bytes",
        "field_height",
        "field_width",
        "step_height",
    ]
    assert "field_width: 1 + (5 − 1)·2·1 = 9" in texts(g, "it")


def test_where_windows_differ_from_unit_to_unit_only_the_largest_is_given() -> None:
    g = Graph().add(Input(1, 8)).add(ConvTranspose2d(1, 3), ["input_1"], id="up").add(Conv2d(1, 3), ["up"], id="it")
    assert "field: 1 + (2 − 1)·1 = 2" in texts(g, "up")
    assert "field: 3" in texts(g, "it") or "field: 2" in texts(g, "it")
    g = (
        Graph()
        .add(Input(1, 8))
        .add(AdaptiveAvgPool2d((2, 2)), ["input_1"], id="it")
        .add(BatchNorm2d(), ["it"], id="bn")
    )
    assert "field: 1 + (4 − 1)·1 = 4" in texts(g, "it") and "field: 4" in texts(g, "bn")
