"""Modules that a model calls several times: ordinary rows, one set of weights, and torch is the judge."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cnnviz.engine.build import Net, copy_state, fit_state
from cnnviz.engine.export.python import code
from cnnviz.engine.export.to_keras import to_keras, verify_keras
from cnnviz.engine.export.to_onnx import ExportError, runner, to_onnx
from cnnviz.engine.export.verify import verify
from cnnviz.engine.foreign.checkpoint import match
from cnnviz.engine.foreign.imported import Imported, from_module
from cnnviz.engine.held import waiting
from cnnviz.engine.learn.lost import first_lost
from cnnviz.engine.look import Stamp, frame
from cnnviz.engine.measure import measure
from cnnviz.engine.onnx.opening import from_onnx
from cnnviz.link.messages import Failed, Interest, Open, Save, Saved, Train, Watch
from cnnviz.net import edit
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Add, BatchNorm2d, Conv2d, Input, ReLU
from cnnviz.net.layers.foreign import Foreign
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import small
from .test_server import ended

SHAPE = (3, 8, 8)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.act(self.conv(x)))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.act = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class Siamese(nn.Module):
    """Both pictures of a pair, one above the other, through one encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.pool, self.fc = Block(), nn.AdaptiveAvgPool2d(1), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        both = [self.encoder(x), self.encoder(x * x)]
        return self.fc(self.pool(torch.cat(both, 1)).flatten(1))


class Split(nn.Module):
    """Two inputs as the channels of one, as a picture of six channels."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.fc = Block(), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.split(3, 1)
        return self.fc((self.encoder(a) * self.encoder(b)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter, self.conv = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for _ in range(3):
            x = torch.relu(self.conv(x))
        return x


class Sandwich(nn.Module):
    """A Sequential with a norm, before and behind a pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())
        self.down = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.down(self.body(x)))


class Heads(nn.Module):
    """One head on two levels; the model gives the finer level first."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1)
        self.head = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = self.a(x)
        return self.head(a), self.head(self.b(a))


MODELS = (Twice, Siamese, Split, Recurrent, Sandwich, Heads)
ONE = tuple(m for m in MODELS if m is not Heads)  # with one output, which exports verify


def shape(kind: type[nn.Module]) -> tuple[int, int, int]:
    return (6, 8, 8) if kind is Split else SHAPE


def made(kind: type[nn.Module]) -> tuple[nn.Module, Imported]:
    torch.manual_seed(0)
    model = kind()
    return model, from_module(model, shape(kind))


def outputs(result: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("kind", MODELS)
def test_rows_are_ordinary_and_counted_as_torch_counts(kind: type[nn.Module]) -> None:
    model, imported = made(kind)
    rows = imported.network.analyze()
    assert not imported.foreign and not rows.uncosted and not rows.problems
    assert any(n.weights for n in rows.graph) and not any(isinstance(n.layer, Foreign) for n in rows.graph)
    assert rows.params == sum(p.numel() for p in model.parameters())
    assert sum(r.buffers for r in rows.values()) == sum(b.numel() for b in model.buffers())
    state = imported.net().state_dict()
    theirs = sorted((tuple(t.shape), float(t.double().sum())) for t in model.state_dict().values())
    assert sorted((tuple(t.shape), float(t.double().sum())) for t in state.values()) == theirs


@pytest.mark.parametrize("kind", MODELS)
def test_it_trains_bit_for_bit_as_the_model_does(kind: type[nn.Module]) -> None:
    model, imported = made(kind)
    net = imported.net()
    torch.manual_seed(1)
    batches = [torch.randn(4, *shape(kind)) for _ in range(3)]
    model.train(), net.train()
    for x in batches:
        seen: dict[str, Tensor] = {}
        theirs = outputs(model(x))
        net(x, seen)
        ours = tuple(seen[o] for o in imported.outputs)
        assert all(map(torch.equal, ours, theirs))
        for each, part in ((theirs, model), (ours, net)):
            part.zero_grad()
            torch.autograd.backward(sum(t.square().mean() for t in each))
        step = [(p.grad.double().norm(), p) for p in model.parameters() if p.grad is not None]
        mine = [(p.grad.double().norm(), p) for p in net.parameters() if p.grad is not None]
        assert sorted(float(n) for n, _ in step) == pytest.approx(sorted(float(n) for n, _ in mine), rel=1e-6)
        with torch.no_grad():
            for p in (*model.parameters(), *net.parameters()):
                assert p.grad is not None
                p -= 0.1 * p.grad
    model.eval(), net.eval()
    seen = {}
    net(batches[0], seen)
    theirs, ours = outputs(model(batches[0])), tuple(seen[o] for o in imported.outputs)
    assert all(torch.allclose(a, b, 1e-5, 1e-6) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("kind", ONE)
def test_code_calls_the_module_again_and_comes_back(kind: type[nn.Module]) -> None:
    model, imported = made(kind)
    rows, net = imported.network.analyze(), imported.net().eval()
    written = code(rows)
    assert verify(net, rows, written).within(0.0)
    names: dict[str, object] = {"__name__": "exported"}
    exec(written.text, names)
    again: nn.Module = names["Net"]()  # type: ignore[operator]
    again.load_state_dict(written.state(net.state_dict()))
    assert len(again.state_dict()) == len(model.state_dict())
    back = from_module(again, shape(kind))
    assert code(back.network.analyze()).text == written.text
    assert sorted(repr(n.layer) for n in back.network.graph) == sorted(repr(n.layer) for n in imported.network.graph)
    assert back.network.analyze().params == rows.params
    x = torch.randn(2, *shape(kind))
    assert torch.equal(again.eval()(x), net(x)) and torch.equal(back.net().eval()(x), net(x))


def test_blocks_that_share_with_each_other_are_written_so_that_they_can() -> None:
    """Two groups with one convolution: it stands where both can call it, and what is their own stays in them."""
    conv, norm = Conv2d(4, (3, 3), padding=(1, 1)), BatchNorm2d()
    g = Graph().add(Input(4, (8, 8)), id="image").add(ReLU(), ["image"], id="relu")
    for side, source in (("left", "image"), ("right", "relu")):
        g = g.add(conv, [source], id=f"{side}_conv", group=side).add(
            norm, [f"{side}_conv"], id=f"{side}_norm", group=side
        )
        g = g.add(conv, [f"{side}_norm"], id=f"{side}_own", group=side)
        g = g.add(ReLU(), [f"{side}_own"], id=f"{side}_relu", group=side)
        g = g.add(conv, [g.nodes[-1].id], id=f"{side}_again", group=side).change(f"{side}_again", weights=f"{side}_own")
    g = g.add(Add(), ["left_again", "right_again"], id="sum")
    alike = g.change("right_conv", weights="left_conv")
    for graph, params, made, classes in (
        (g, 4 * 148 + 16, 2, 2),
        (alike, 3 * 148 + 16, 2, 2),
        (edit.own_weights(g, "right_again"), 5 * 148 + 16, 5, 2),  # one is a class, the other a chain
    ):
        rows = analyse(graph)
        assert not rows.problems and rows.params == params
        written = code(rows)
        assert verify(Net(rows).eval(), rows, written).within(0.0), written.text
        counts = written.text.count("nn.Conv2d("), written.text.count("(nn.Module)")
        assert counts == (made, classes), written.text


def test_the_class_of_a_shared_convolution_reads_as_a_person_writes_it() -> None:
    text = code(made(Twice)[1].network.analyze()).text
    assert text.count("self.conv = nn.Conv2d") == 1 and text.count("self.conv(x)") == 2 and "conv_2" not in text


@pytest.mark.parametrize("kind", [Siamese, Recurrent, Sandwich])
def test_onnx_has_the_weights_once_and_comes_back(kind: type[nn.Module], tmp_path: Path) -> None:
    import onnx

    _model, imported = made(kind)
    rows, net = imported.network.analyze(), imported.net().eval()
    contents = to_onnx(net, rows)
    held = sum(t.ByteSize() for t in onnx.load_from_string(contents).graph.initializer if t.name.endswith("weight"))
    assert held < 2 * sum(4 * p.numel() + 40 for n, p in net.named_parameters() if n.endswith("weight"))
    file = tmp_path / "net.onnx"
    file.write_bytes(contents)
    again = from_onnx(file).network.analyze()
    assert sum(r.params for r in again.values() if r.node.type == "Conv2d") == sum(
        r.params for r in rows.values() if r.node.type == "Conv2d"
    )
    x = torch.randn(2, *SHAPE)
    with torch.no_grad():
        assert torch.allclose(torch.from_numpy(runner(contents)(x.numpy())), net(x), 1e-4, 1e-5)


@pytest.mark.parametrize("kind", [Twice, Siamese, Recurrent, Sandwich])
def test_keras_calls_one_layer_again(kind: type[nn.Module]) -> None:
    _model, imported = made(kind)
    rows, net = imported.network.analyze(), imported.net().eval()
    written = to_keras(net, rows)
    assert written.weights.keys() == {n.id for n in rows.graph if rows[n.id].params}
    assert verify_keras(net, rows, written).within(1e-4), written.text


def test_keras_pads_alike_at_every_call() -> None:
    class Strided(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.conv(x))

    imported = from_module(Strided(), (3, 10, 10))  # then 5: Keras's “same” pads the one otherwise than the other
    rows, net = imported.network.analyze(), imported.net().eval()
    assert verify_keras(net, rows, to_keras(net, rows)).within(1e-4)


def test_keras_refuses_weights_that_stand_otherwise_from_call_to_call() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(12, 12)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.fc(x.flatten(1)))

    imported = from_module(Tied(), (3, 2, 2))  # channels are last in Keras, but the second vector has none
    with pytest.raises(ExportError, match=r"^fc_2: Keras cannot call fc for this input, too"):
        to_keras(imported.net().eval(), imported.network.analyze())


def test_everything_that_asks_for_weights_finds_the_owners() -> None:
    _model, imported = made(Recurrent)
    net = imported.net()
    shown = frame(net, None, Interest(filters=("conv", "conv_3")), Stamp(1)).filters
    assert (shown["conv_3"] == shown["conv"]).all() and shown["conv"].shape == (4, 4, 3, 3)
    costs, _memory = measure(deepcopy(net), torch.randn(1, *SHAPE), lambda done, all_: None, lambda: True)
    assert costs.keys() == {n.id for n in imported.network.graph}
    with torch.no_grad():
        net.get_parameter("conv.weight")[0, 0, 0, 0] = float("nan")
    assert first_lost(net, torch.randn(1, *SHAPE)) == "conv"
    with torch.no_grad():
        net.get_parameter("conv.weight").fill_(1e14)
        net.get_parameter("enter.weight").fill_(1.0)
    assert first_lost(net, torch.ones(1, *SHAPE)) == "conv_3"  # finite twice, and not the third time
    rows = imported.network.analyze()
    assert not waiting(rows, net, {"conv_2.weight": torch.zeros(1)})  # nobody waits for weights of its own


def test_a_node_with_weights_of_its_own_from_now_on() -> None:
    """The others keep theirs; its own are new."""
    _model, imported = made(Recurrent)
    before = copy_state(imported.net())
    alone = edit.own_weights(imported.network.graph, "conv_2")
    net = Net(analyse(alone))
    assert fit_state(net, before) == (("enter", "conv"), ("conv_2",))
    assert net.layer("conv_3") is net.conv and net.layer("conv_2") is net.conv_2
    assert analyse(alone).params == imported.network.analyze().params + 148


def test_who_gets_weights_of_its_own_begins_with_what_was_learned(tmp_path: Path) -> None:
    """So does the next user where the layer that had them is gone."""
    path, g = tmp_path / "net.safetensors", small()
    conv = Conv2d(4, (3, 3), padding=(1, 1))
    g = g.change("conv", layer=conv)
    g, _id = edit.append(g, conv, "relu")
    g = edit.append(g, conv, "conv2d_1")[0].change("conv2d_2", weights="conv2d_1")
    watch = Watch(Interest(1, filters=("conv2d_1", "conv2d_2")))
    plan = Plan(epochs=1, threads=1)
    with Desk() as desk:
        desk.send(Open(1, g, plan), watch, Train(1, plan))
        desk.progress(ended)
        learned = desk.frame(lambda f: f.step == 45).filters
        assert np.array_equal(learned["conv2d_1"], learned["conv2d_2"])
        desk.send(Open(2, edit.own_weights(g, "conv2d_2"), plan), Save(str(path)))
        assert np.array_equal(desk.frame(lambda f: f.version == 2).filters["conv2d_2"], learned["conv2d_1"])
        desk.until(Saved)
        assert "conv2d_2.weight" in load_file(path)
        desk.send(Open(3, g, plan), Open(4, edit.remove(g, ["conv2d_1"]), plan))
        assert np.array_equal(desk.frame(lambda f: f.version == 4).filters["conv2d_2"], learned["conv2d_1"])
        desk.send(Open(5, g.change("conv", sources=()), plan), Save(str(path.with_name("b.safetensors"))))
        desk.until(Saved, lambda s: s.path.endswith("b.safetensors"))
        assert "conv2d_2.weight" not in load_file(path.with_name("b.safetensors"))
        assert not desk.all(Failed)


def test_a_checkpoint_may_name_shared_weights_twice_or_as_either() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
            self.b.weight, self.b.bias = self.a.weight, self.a.bias

        def forward(self, x: Tensor) -> Tensor:
            return self.b(torch.relu(self.a(x)))

    net = from_module(Tied(), SHAPE).net()
    theirs = Tied().state_dict()
    assert theirs.keys() == {"a.weight", "a.bias", "b.weight", "b.bias"} and net.homes == {"b": "a"}
    for given in (
        theirs,
        {k: v for k, v in theirs.items() if k[0] == "a"},
        {k: v for k, v in theirs.items() if k[0] == "b"},
    ):
        found = match(given, net.state_dict(), net.homes)
        assert found.whole and torch.equal(found.state["a.weight"], theirs["a.weight"])
    other = theirs | {"b.weight": theirs["b.weight"] + 1}
    assert [odd.name for odd in match(other, net.state_dict(), net.homes).left] == ["b.weight"]


def test_a_call_for_nothing_is_left_out_and_the_next_has_the_weights() -> None:
    class Vain(Twice):
        def forward(self, x: Tensor) -> Tensor:
            self.act(self.conv(x))
            return self.conv(self.act(x))

    model = Vain()
    imported = from_module(model, SHAPE)
    assert [n.type for n in imported.network.graph] == ["Input", "ReLU", "Conv2d"]
    assert imported.network.analyze().params == 84
    x = torch.randn(2, *SHAPE)
    assert torch.equal(imported.net()(x), model(x))


def test_the_order_of_calls_is_kept_where_another_has_the_weights_now() -> None:
    """The model's first output is the last end here, so that the second call comes first in the graph."""
    _model, imported = made(Heads)
    graph = imported.network.graph
    assert graph["head_2"].weights == "head_2_2" and "head_2_2.weight" in imported.state
    assert "head_2.weight" not in imported.state
