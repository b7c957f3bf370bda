"""The analysis is total and honest about what is wrong. That its numbers are torch's is tested in tests/engine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.net.analysis import analyse, trainable
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Input,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Tanh,
    Upsample,
)
from cnnviz.net.layers.foreign import Foreign
from cnnviz.net.presets import preset
from cnnviz.net.problems import Misfit, problem


def chain(*layers: Layer) -> Graph:
    g = Graph()
    for layer in layers:
        g = g.add(layer, [g.nodes[-1].id] if len(g) else [])
    return g


def test_lenet_5() -> None:
    """LeCun, Bottou, Bengio, Haffner 1998, with a dense C3: 61,706 parameters."""
    conv = [Conv2d(6, 5), Tanh(), AvgPool2d(), Conv2d(16, 5), Tanh(), AvgPool2d()]
    rows = analyse(chain(Input(1, 32), *conv, Flatten(), Linear(120), Tanh(), Linear(84), Tanh(), Linear(10)))
    assert rows.params == 61_706 and not rows.problems
    assert [r.params for r in rows.values() if r.params] == [156, 2416, 48_120, 10_164, 850]
    assert rows["conv2d_2"].field is not None and rows["conv2d_2"].field.size == (14, 14)
    assert rows["avgpool2d_2"].field is not None and rows["avgpool2d_2"].field.stride == (4, 4)
    assert rows["linear_1"].field is None
    assert trainable(rows, 10) is None
    problem = trainable(rows, 7)
    assert problem is not None and problem.code == "net.output"


@pytest.mark.parametrize(
    ("g", "code"),
    [
        (Graph(), "net.empty"),
        (Graph().add(ReLU()), "net.no_input"),
        (chain(Input(), Linear()), "net.broken"),
        (chain(Input(), Flatten(), Linear()).add(ReLU(), ["input_1"]), "net.ends"),
        (chain(Input(), ReLU()), "net.no_weights"),
    ],
)
def test_why_a_network_cannot_be_trained(g: Graph, code: str) -> None:
    problem = trainable(analyse(g))
    assert problem is not None and problem.code == code and problem.text.endswith(".")


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        (Conv2d(kernel_size=7), "shape.window"),
        (Conv2d(padding="same", stride=2), "padding.same_stride"),
        (Conv2d(groups=2), "groups"),
        (Conv2d(padding=5, padding_mode="reflect"), "padding.mode"),
        (MaxPool2d(padding=2), "padding.half"),
        (MaxPool2d(kernel_size=3, stride=1, dilation=2, padding=2), "padding.half"),
        (ConvTranspose2d(kernel_size=1, padding=9), "shape.empty"),
        (ConvTranspose2d(output_padding=2), "padding.output"),
        (Linear(), "shape.vector"),
        (Add(), "inputs.more"),
    ],
)
def test_what_does_not_fit_is_said_in_its_row_and_the_rest_waits(layer: Layer, code: str) -> None:
    rows = analyse(chain(Input(3, 5), layer, ReLU(), ReLU()))
    here = [r for r in rows.values() if r.problem]
    assert [r.problem.code for r in here if r.problem] == [code, "waits", "waits"]
    assert rows.problems == (here[0],)
    assert all(rows.cause(r.id) is here[0] for r in here)
    assert rows.reasons() == {r.id: rows.reason(r.id) for r in here}
    assert [*rows.reasons().values()] == [here[0].problem.text, *2 * (f"Waits for {here[0].id}.",)]  # type: ignore[union-attr]
    assert all(
        r.out is None and r.params == r.macs == r.activation_bytes == 0 and r.problem.text for r in here if r.problem
    )


def test_sentences_group_what_is_large() -> None:
    rows = analyse(chain(Input(1234, (8, 8)), Linear()))
    assert rows["linear_1"].problem.text.startswith("Linear needs a vector but gets 1,234×8×8.")
    wide = trainable(analyse(chain(Input(1, (8, 8)), Flatten(), Linear(12_345))), 1000)
    assert wide is not None and "gives 12,345, but" in wide.text and "each of the 1,000 classes" in wide.text
    assert problem("setting.range", setting="s", low=1, high=65_536, value=1e6).text == (
        "s must lie in 1…65,536, but is 1e+06."
    )
    assert problem("setting.number", setting="s", value=True).text == "s must be a number, but is True."


@pytest.mark.parametrize("value", [10**400, float("nan"), float("inf"), 0, -1, 1.5, "3", None, True, (1, 2, 3), ()])
def test_impossible_settings_are_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(Misfit, match="kernel_size"):
        Conv2d(kernel_size=value)  # type: ignore[arg-type]


def test_branches_of_unlike_stride_or_centre_are_reported() -> None:
    g = Graph().add(Input(1, 16)).add(Conv2d(1, 3, padding=1), ["input_1"], id="a")
    g = g.add(Conv2d(1, 3, padding=(2, 0)), ["input_1"], id="b")
    assert analyse(g.add(Add(), ["a", "input_1"], id="it"))["it"].field.aligned  # type: ignore[union-attr]
    g = (
        Graph()
        .add(Input(1, 16))
        .add(Conv2d(1, 2, padding="same"), ["input_1"], id="a")
        .add(Add(), ["a", "input_1"], id="it")
    )
    assert not analyse(g)["it"].field.aligned  # type: ignore[union-attr]
    assert not analyse(g.add(ReLU(), ["it"]))["relu_1"].field.aligned  # type: ignore[union-attr]
    g = Graph().add(Input(1, 8)).add(MaxPool2d(), ["input_1"], id="a")
    g = g.add(Conv2d(1, 5), ["input_1"], id="b").add(Concat(), ["a", "b"], id="it")
    assert not analyse(g)["it"].field.aligned  # type: ignore[union-attr]


def test_fields_whose_windows_hardly_repeat_do_not_hang_the_program() -> None:
    wide = [ConvTranspose2d(1, 1, 1024), ConvTranspose2d(1, 1, 1023), ConvTranspose2d(1, 1, 1024), ReLU()]
    assert [r.field is None for r in analyse(chain(Input(1, 1), *wide)).values()] == [False, False, True, True, True]
    pools = [AdaptiveAvgPool2d(n) for n in (1021, 1019, 1013, 1009)]
    assert analyse(chain(Input(1, 1024), *pools))["adaptiveavgpool2d_4"].field is not None
    g = Graph().add(Input(1, 1))
    for n in (61, 67, 71, 73):
        g = g.add(ConvTranspose2d(1, 1, n), ["input_1"], id=f"up{n}")
    row = analyse(g.add(Add(), [n.id for n in g.nodes[1:]], id="it"))["it"]
    assert row.out == (1, 1, 1)


def test_rows_are_taken_over_where_nothing_changed() -> None:
    g = chain(Input(), Conv2d(), ReLU(), BatchNorm2d(), ReLU())
    rows = analyse(g)
    assert all(analyse(g, rows)[id] is rows[id] for id in list(rows)[1:])
    moved = analyse(g.move({"relu_1": (8, 8)}), rows)
    assert moved["relu_1"].node.pos == (8, 8) and moved["conv2d_1"] is rows["conv2d_1"]
    changed = analyse(g.change("relu_1", layer=MaxPool2d()), rows)
    assert changed["conv2d_1"] is rows["conv2d_1"] and changed["batchnorm2d_1"].out == (16, 15, 15)


BRANCHES: tuple[tuple[Layer, ...], ...] = (
    (Conv2d(2, 3, padding=1),),
    (Conv2d(2, (3, 5), padding=(1, 2)),),
    (Conv2d(3, 1),),
    (Conv2d(5, 3, padding=1),),  # as many channels as the first two
    (Conv2d(1, 2, padding="same"),),  # its centre lies elsewhere
    (Conv2d(1, 2, padding="same"), Concat()),  # with what it reads: not aligned
    (MaxPool2d(), ConvTranspose2d(2, 2, 2)),  # its windows take turns
    (MaxPool2d(), Upsample(2)),
    (AdaptiveAvgPool2d(1), Upsample(8)),  # each unit sees the whole picture
    (MaxPool2d(),),  # does not fit
    (Conv2d(2, 3),),
    (Foreign("mask", (1, 8, 8)),),  # a constant of the model: nobody knows what it sees
    (Flatten(),),
)


@given(
    st.lists(st.tuples(st.sampled_from(BRANCHES), st.integers(0, 7)), min_size=3, max_size=7), st.sampled_from((8, 6))
)
@settings(deadline=None, max_examples=300)
def test_in_a_dense_block_every_merge_is_what_it_is_alone(
    branches: list[tuple[tuple[Layer, ...], int]], w: int
) -> None:
    """An earlier Concat of nearly the same inputs, from which the analysis may go on, changes no number and no word."""
    g = Graph().add(Input(3, (8, w)))
    ends = ["input_1"]
    for layers, place in branches:
        at = start = ends[place % len(ends)]
        for layer in layers:
            g = g.add(layer, [at, start][: layer.inputs[0]])
            at = g.nodes[-1].id
        ends.append(at)
    block = g
    for n in range(2, len(ends) + 1):
        block = block.add(Concat(), ends[:n], id=f"concat_of_{n}").add(Add(), ends[:n], id=f"add_of_{n}")
    rows = analyse(block)
    for n in range(2, len(ends) + 1):
        for layer in (Concat(), Add()):
            alone = analyse(g.add(layer, ends[:n], id="alone"))["alone"]
            assert rows[f"{type(layer).__name__.lower()}_of_{n}"]._replace(node=alone.node) == alone


def test_the_layers_of_a_family_s_network_are_asked_once() -> None:
    graph = preset("densenet121").graph
    assert len({id(n.layer) for n in graph}) == len({n.layer for n in graph}) == 14
