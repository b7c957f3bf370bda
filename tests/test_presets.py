"""The shipped networks are exactly the published ones, and their files are as the program writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cnnviz.net import files
from cnnviz.net.analysis import trainable
from cnnviz.net.layers import Conv2d, Linear
from cnnviz.net.presets import preset, presets, words
from cnnviz.resources import folder

# (type, output, parameters, multiply-adds) of every layer behind the Input, from the sources named in the issue:
# LeCun 1998 with a dense C3; karpathy/convnetjs demos; poloclub/cnn-explainer; the lecture notes' class; pyimagesearch.
Rows = list[tuple[str, tuple[int, ...], int, int]]


def _relu(*shape: int) -> tuple[str, tuple[int, ...], int, int]:
    return "ReLU", shape, 0, 0


def _vgg(cin: int, c: int, n: int) -> Rows:
    first = [("Conv2d", (c, n, n), (9 * cin + 1) * c, n * n * 9 * cin * c), _relu(c, n, n)]
    second = [("Conv2d", (c, n, n), (9 * c + 1) * c, n * n * 9 * c * c), _relu(c, n, n)]
    norm = ("BatchNorm2d", (c, n, n), 2 * c, 0)
    small = (c, n // 2, n // 2)
    return [*first, norm, *second, norm, ("MaxPool2d", small, 0, 0), ("Dropout", small, 0, 0)]


PUBLISHED: dict[str, tuple[tuple[int, int, int], int, Rows]] = {
    "lenet5": (
        (1, 32, 32),
        61_706,
        [
            ("Conv2d", (6, 28, 28), 156, 117_600),
            ("Tanh", (6, 28, 28), 0, 0),
            ("AvgPool2d", (6, 14, 14), 0, 0),
            ("Conv2d", (16, 10, 10), 2_416, 240_000),
            ("Tanh", (16, 10, 10), 0, 0),
            ("AvgPool2d", (16, 5, 5), 0, 0),
            ("Conv2d", (120, 1, 1), 48_120, 48_000),
            ("Tanh", (120, 1, 1), 0, 0),
            ("Flatten", (120,), 0, 0),
            ("Linear", (84,), 10_164, 10_080),
            ("Tanh", (84,), 0, 0),
            ("Linear", (10,), 850, 840),
        ],
    ),
    "convnetjs-mnist": (
        (1, 24, 24),
        5_994,
        [
            ("Conv2d", (8, 24, 24), 208, 115_200),
            _relu(8, 24, 24),
            ("MaxPool2d", (8, 12, 12), 0, 0),
            ("Conv2d", (16, 12, 12), 3_216, 460_800),
            _relu(16, 12, 12),
            ("MaxPool2d", (16, 4, 4), 0, 0),
            ("Flatten", (256,), 0, 0),
            ("Linear", (10,), 2_570, 2_560),
        ],
    ),
    "convnetjs-cifar10": (
        (3, 32, 32),
        22_466,
        [
            ("Conv2d", (16, 32, 32), 1_216, 1_228_800),
            _relu(16, 32, 32),
            ("MaxPool2d", (16, 16, 16), 0, 0),
            ("Conv2d", (20, 16, 16), 8_020, 2_048_000),
            _relu(20, 16, 16),
            ("MaxPool2d", (20, 8, 8), 0, 0),
            ("Conv2d", (20, 8, 8), 10_020, 640_000),
            _relu(20, 8, 8),
            ("MaxPool2d", (20, 4, 4), 0, 0),
            ("Flatten", (320,), 0, 0),
            ("Linear", (10,), 3_210, 3_200),
        ],
    ),
    "tinyvgg": (
        (3, 64, 64),
        19_920,
        [
            ("Conv2d", (10, 62, 62), 280, 1_037_880),
            _relu(10, 62, 62),
            ("Conv2d", (10, 60, 60), 910, 3_240_000),
            _relu(10, 60, 60),
            ("MaxPool2d", (10, 30, 30), 0, 0),
            ("Conv2d", (10, 28, 28), 910, 705_600),
            _relu(10, 28, 28),
            ("Conv2d", (10, 26, 26), 910, 608_400),
            _relu(10, 26, 26),
            ("MaxPool2d", (10, 13, 13), 0, 0),
            ("Flatten", (1690,), 0, 0),
            ("Linear", (10,), 16_910, 16_900),
        ],
    ),
    "boostcamp-cnn": (
        (1, 28, 28),
        3_363_594,
        [
            ("Conv2d", (32, 28, 28), 320, 225_792),
            _relu(32, 28, 28),
            ("MaxPool2d", (32, 14, 14), 0, 0),
            ("Dropout2d", (32, 14, 14), 0, 0),
            ("Conv2d", (64, 14, 14), 18_496, 3_612_672),
            _relu(64, 14, 14),
            ("MaxPool2d", (64, 7, 7), 0, 0),
            ("Dropout2d", (64, 7, 7), 0, 0),
            ("Flatten", (3136,), 0, 0),
            ("Linear", (1024,), 3_212_288, 3_211_264),
            _relu(1024),
            ("Linear", (128,), 131_200, 131_072),
            _relu(128),
            ("Linear", (10,), 1_290, 1_280),
        ],
    ),
    "minivggnet": (
        (3, 32, 32),
        2_169_770,
        [
            *_vgg(3, 32, 32),
            *_vgg(32, 64, 16),
            ("Flatten", (4096,), 0, 0),
            ("Linear", (512,), 2_097_664, 2_097_152),
            _relu(512),
            ("BatchNorm1d", (512,), 1_024, 0),
            ("Dropout", (512,), 0, 0),
            ("Linear", (10,), 5_130, 5_120),
        ],
    ),
}
MACS = {"lenet5": 416_520, "convnetjs-mnist": 578_560, "convnetjs-cifar10": 3_920_000, "tinyvgg": 5_608_780}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_figure_is_the_published_one(name: str) -> None:
    shape, params, published = PUBLISHED[name]
    rows = preset(name).analyze()
    first, *rest = rows.values()
    assert first.out == shape
    assert [(r.node.type, r.out, r.params, r.macs) for r in rest] == published
    assert rows.params == params == sum(p for _, _, p, _ in published)
    assert rows.macs == MACS.get(name, rows.macs) == sum(m for *_, m in published)


def test_receptive_fields_of_lenet5() -> None:
    rows = preset("lenet5").analyze()
    seen = {id: rows[id].field for id in ("C1", "S2", "C3", "S4", "C5")}
    assert {id: (f and f.size, f and f.stride) for id, f in seen.items()} == {
        "C1": ((5, 5), (1, 1)),
        "S2": ((6, 6), (2, 2)),
        "C3": ((14, 14), (2, 2)),
        "S4": ((16, 16), (4, 4)),
        "C5": ((32, 32), (4, 4)),
    }
    assert rows["F6"].field is None


def test_the_list_names_every_file() -> None:
    there = {p.stem for p in folder("networks").glob("*.json")}
    assert len(presets()) == len(set(presets())) and set(presets()) == there
    assert presets()[0] == "lenet5"  # the first start opens it


WRITTEN = [n for n in presets() if '"family"' not in (folder("networks") / f"{n}.json").read_text("utf-8")]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_preset_is_a_valid_file_as_the_program_writes_it(name: str) -> None:
    """`preset` skips the check of the form, so here it is."""
    path = folder("networks") / f"{name}.json"
    assert files.read(path) == preset(name)
    assert path.read_text("utf-8") == files.dump(preset(name))


@pytest.mark.parametrize("name", presets())
def test_a_preset_can_be_trained_and_says_what_it_is(name: str) -> None:
    net = preset(name)
    rows = net.analyze()
    outputs = rows[net.graph.ends[-1]].out
    assert outputs is not None and not rows.problems
    if outputs == (10,):
        assert trainable(rows, classes=10) is None
        assert net.plan.data == ("digits" if rows[rows.input.id].out[0] == 1 else "cifar10")
    else:  # its pictures are not ours: a map of classes, or another number of them
        assert trainable(rows, classes=None if len(outputs) > 1 else outputs[0]) is None
    assert net.name == name and net.title and net.about.endswith(".") and words(name) == (net.title, net.about)


def test_plans() -> None:
    def plan(name: str) -> dict[str, Any]:
        return preset(name).plan.to_json()

    lenet = preset("lenet5").plan
    assert (lenet.optimizer, lenet.lr, lenet.batch_size, lenet.epochs, lenet.seed) == ("adam", 0.002, 32, 10, 0)
    adadelta = {"optimizer": "adadelta", "lr": 1.0}
    assert plan("convnetjs-mnist") == adadelta | {"batch_size": 20, "weight_decay": 0.001}
    assert plan("convnetjs-cifar10") == adadelta | {"batch_size": 4, "weight_decay": 0.0001, "data": "cifar10"}
    assert preset("boostcamp-cnn").plan.init == "kaiming_normal"
    assert preset("minivggnet").plan.batch_size == 64


@pytest.mark.parametrize("name", presets())
def test_cards_do_not_overlap_and_lie_on_the_grid(name: str) -> None:
    places = [n.pos for n in preset(name).graph]
    assert all(v % 4 == 0 for p in places for v in p)
    close = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :] if abs(a[0] - b[0]) < 100 > abs(a[1] - b[1])]
    assert not close


def test_layers_are_named_as_people_name_them() -> None:
    lenet = preset("lenet5").graph
    assert [n.id for n in lenet if isinstance(n.layer, Conv2d | Linear)] == ["C1", "C3", "C5", "F6", "output"]
    assert json.loads((folder("networks") / "tinyvgg.json").read_text())["nodes"][1]["id"] == "conv1_1"
