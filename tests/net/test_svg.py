"""Drawings of networks: every card and wire is in it, nothing lies on anything else, and it becomes pixels."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from cnnviz.gui.paint import theme
from cnnviz.gui.paint.raster import png
from cnnviz.net.analysis import Analysis
from cnnviz.net.drawing.svg import ACROSS, COLOURS, DOWN, HEIGHT, WIDTH, svg
from cnnviz.net.drawing.wires import path
from cnnviz.net.fold import fold
from cnnviz.net.graph import Graph, wires
from cnnviz.net.presets import preset

SPACE = "{http://www.w3.org/2000/svg}"


def read(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg(preset(name).analyze(), preset(name).title))


def texts(root: ElementTree.Element) -> list[str]:
    return [t.text or "" for t in root.iter(f"{SPACE}text")]


def test_colours_are_the_windows() -> None:
    assert dict(theme.LIGHT.families) == COLOURS


@pytest.mark.parametrize("name", ["lenet5", "minivggnet", "textcnn"])
def test_every_layer_stands_in_it(name: str) -> None:
    graph, root = preset(name).graph, read(name)
    said = texts(root)
    assert all(n.id in said for n in graph)
    places = [(float(r.get("x", 0)), float(r.get("y", 0))) for r in root.iter(f"{SPACE}rect") if r.get("rx")]
    assert len(places) == len(graph)
    assert all(abs(a[0] - b[0]) >= WIDTH or abs(a[1] - b[1]) >= HEIGHT for a, b in combinations(places, 2))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert all(0 < x < width - WIDTH and 0 < y < height - HEIGHT for x, y in places)
    lines = [p for p in root.iter(f"{SPACE}path") if p.get("stroke") is None and p.get("fill") is None]
    assert len(lines) == len(wires(graph))


def test_large_networks_are_drawn_folded() -> None:
    said = texts(read("resnet50"))
    assert "layer3/5" in said and "layer3_5_conv1" not in said and "25,557,032 parameters" in " ".join(said)


def test_a_canvas_is_drawn_as_a_person_sees_it() -> None:
    rows = preset("resnet50").analyze()
    shown = fold(rows, rows.graph.closed - {"layer3", "layer3/5"})
    places = {id: (180.0 * i, 7.0 * i) for i, id in enumerate(shown)}
    nodes = tuple(replace(n, pos=places[n.id]) for n in shown.graph)
    canvas = Analysis(Graph(nodes), {n.id: shown[n.id]._replace(node=n) for n in nodes})
    root = ElementTree.fromstring(svg(rows, "Mine", canvas))
    said = texts(root)
    assert {"layer2", "layer3/4", "layer3_5_conv1"} <= set(said) and "layer3_4_conv1" not in said
    frames = [r for r in root.iter(f"{SPACE}rect") if r.get("fill-opacity") and r.get("rx")]
    assert len(frames) == 2 and said.count("layer3") == 1 and said.count("layer3/5") == 1
    at = {t.text: (float(t.get("x", 0)), float(t.get("y", 0))) for t in root.iter(f"{SPACE}text")}
    steps = list(shown).index("fc") - list(shown).index("input")
    across, down = (b - a for a, b in zip(at["input"], at["fc"], strict=True))
    assert across == pytest.approx(ACROSS * 180 * steps, abs=0.2) and down == pytest.approx(DOWN * 7 * steps, abs=0.2)


def test_a_wire_goes_around_cards_and_wires_take_lanes_of_their_own() -> None:
    boxes = [(100.0, -40.0, 200.0, 40.0)]
    assert path((50, 0), (90, 0), []) == "M50 0H90"
    first, second = (path((50, 0), (250, 0), boxes) for _ in range(2))
    assert first != second and "Q" in first


def test_letters_of_any_kind_are_escaped() -> None:
    root = ElementTree.fromstring(svg(preset("lenet5").analyze(), "<르넷> & “5”"))
    assert "<르넷> & “5”" in texts(root)


def test_pixels(qapp: object) -> None:
    text = svg(preset("lenet5").analyze(), "LeNet-5")
    picture = Image.open(io.BytesIO(png(text)))
    root = ElementTree.fromstring(text)
    assert picture.size == (2 * int(root.get("width", 0)), 2 * int(root.get("height", 0)))
    seen = {tuple(p) for p in np.asarray(picture.convert("RGB")).reshape(-1, 3)}
    blue = COLOURS["Convolution"]
    assert tuple(int(blue[i : i + 2], 16) for i in (1, 3, 5)) in seen
