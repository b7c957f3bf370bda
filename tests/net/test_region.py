"""What one unit sees, by hand. That it is what torch does is tested in tests/engine, over all layers."""

from __future__ import annotations

import pytest

from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, Conv2d, ConvTranspose2d, Flatten, Input, Linear, MaxPool2d
from cnnviz.net.region import Region, seen


def region(y: int, x: int, *layers: Conv2d | MaxPool2d | ConvTranspose2d, size: int = 8) -> Region:
    g = Graph().add(Input(1, size))
    for layer in layers:
        g = g.add(layer, [g.nodes[-1].id])
    found = seen(analyse(g), g.nodes[-1].id, y, x)
    assert found is not None
    return found


def drawn(r: Region) -> list[str]:
    return ["".join("#" if p else "." for p in line) for line in r.mask()]


def test_zero_padding_is_not_seen() -> None:
    assert drawn(region(0, 2, Conv2d(1, 3, padding=1), size=4)) == [".###", ".###", "....", "...."]


def test_dilation_leaves_gaps() -> None:
    r = region(0, 0, Conv2d(1, 2, dilation=2), size=4)
    assert drawn(r) == ["#.#.", "....", "#.#.", "...."]
    assert r.hull == (0, 0, 3, 3) and r.count == 4
    assert r.rects() == ((0, 0, 1, 1), (0, 2, 1, 1), (2, 0, 1, 1), (2, 2, 1, 1))
    assert r.contains(2, 2) and not r.contains(1, 1) and not r.contains(-1, 0) and not r.contains(9, 0)


@pytest.mark.parametrize(("mode", "line"), [("circular", "##.#"), ("reflect", "##.."), ("replicate", "##..")])
def test_padding_folds_back(mode: str, line: str) -> None:
    assert drawn(region(0, 0, Conv2d(1, 3, padding=1, padding_mode=mode), size=4))[0] == line


def test_branches_add_up_and_the_smaller_one_is_absorbed() -> None:
    g = Graph().add(Input(1, 9)).add(Conv2d(1, (1, 5), padding=(0, 2)), ["input_1"], id="wide")
    g = g.add(Conv2d(1, (5, 1), padding=(2, 0)), ["input_1"], id="tall").add(
        Add(), ["wide", "tall", "input_1"], id="it"
    )
    r = seen(analyse(g), "it", 4, 4)
    assert r is not None and len(r.products) == 2
    assert r.count == 9 and r.hull == (2, 2, 5, 5)


def test_a_transposed_kernel_smaller_than_its_stride_leaves_units_that_see_nothing() -> None:
    r = region(1, 0, ConvTranspose2d(1, 1, 3))
    assert r.products == () and r.hull == (0, 0, 0, 0) and not any(map(any, r.mask())) and r.rects() == ()


def test_whole_picture_and_broken_rows_have_no_region() -> None:
    g = Graph().add(Input(1, 8)).add(Flatten(), ["input_1"]).add(Linear(), ["flatten_1"]).add(Conv2d(), ["linear_1"])
    rows = analyse(g)
    assert [seen(rows, id, 0, 0) for id in ("flatten_1", "linear_1", "conv2d_1")] == [None] * 3


@pytest.mark.parametrize(("y", "x"), [(-1, 0), (0, 8), (8, 0)])
def test_units_that_are_not_there(y: int, x: int) -> None:
    with pytest.raises(IndexError, match="8×8"):
        region(y, x, Conv2d(1, 3, padding=1))
