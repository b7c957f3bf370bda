"""Small models, each with one trick of real ones: exact, readable, and left exactly as they were."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnviz.engine.build import ForeignError, Net
from cnnviz.engine.foreign.imported import Imported, from_module
from cnnviz.engine.foreign.mapper import ModelError
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Input

from . import nasty

torch.set_num_threads(1)
RECORDED = (nasty.Outer, nasty.ThroughNumpy, nasty.Decided)


def made(cls: type[nn.Module], example: Any = nasty.SHAPE) -> tuple[nn.Module, Imported]:
    """A model and what we make of it."""
    torch.manual_seed(0)
    model = cls()
    return model, from_module(model, example)


def types(graph: Graph) -> list[str]:
    """What the nodes are, in their order; of a Foreign one what it is in the model."""
    return [getattr(n.layer, "name", "") or n.type for n in graph]


@pytest.mark.parametrize("cls", [*nasty.EXACT, *RECORDED, nasty.IntoView, nasty.sequence], ids=lambda c: c.__name__)
@pytest.mark.parametrize("batch", [1, 3])
def test_the_same_bits_and_the_same_number_of_parameters(cls: type[nn.Module], batch: int) -> None:
    model, imported = made(cls)
    net, x = imported.net(), torch.randn(batch, *nasty.SHAPE)
    for mode in (False, True):
        if mode and batch == 1:
            continue  # batch normalisation needs more
        model.train(mode)
        net.train(mode)
        with torch.no_grad():
            torch.manual_seed(3)
            wanted = model(x)
            torch.manual_seed(3)
            assert torch.equal(net(x), wanted)
    rows = imported.network.analyze()
    assert not rows.problems
    used = [p for n, p in model.named_parameters() if not n.startswith("unused")]
    assert rows.params == sum(p.numel() for p in used)


@pytest.mark.parametrize("cls", [*nasty.EXACT, *RECORDED], ids=lambda c: c.__name__)
def test_gradients_are_the_models(cls: type[nn.Module]) -> None:
    model, imported = made(cls)
    net, x = imported.net().eval(), torch.randn(2, *nasty.SHAPE)
    if cls in (nasty.ThroughNumpy, nasty.InPlace, nasty.Tied):
        pytest.skip(
            "it has no gradients, as it goes through numpy or writes over what they need; or is not wholly tied"
        )
    torch.manual_seed(3)
    model.eval()(x).square().sum().backward()
    torch.manual_seed(3)
    net(x).square().sum().backward()
    norm = sorted(float(p.grad.norm()) for p in model.parameters() if p.grad is not None)
    mine = sorted(float(p.grad.norm()) for p in net.parameters() if p.grad is not None)
    assert mine == pytest.approx(norm, rel=1e-5)


def test_frozen_weights_are_said_to_be_trained_here() -> None:
    model = nasty.sequence()
    assert not from_module(model, nasty.SHAPE).notes
    model[0].requires_grad_(False)
    (note,) = from_module(model, nasty.SHAPE).notes
    assert "weights of 0 are frozen" in note and not model[0].weight.requires_grad


def test_a_module_used_again_is_a_layer_that_shares_its_weights() -> None:
    _model, imported = made(nasty.Reused)
    graph = imported.network.graph
    assert types(graph) == ["Input", "Conv2d", "BatchNorm2d", "ReLU", "ReLU", "Conv2d", "ReLU"]
    assert {n.id: n.weights for n in graph if n.weights} == {"conv_2": "conv"} and not imported.foreign
    net = imported.net()
    assert net.layer("conv_2") is net.conv and "conv_2.weight" not in net.state_dict()


def test_shared_weights_stay_shared() -> None:
    _model, imported = made(nasty.Tied)
    assert types(imported.network.graph) == ["Input", "Conv2d", "ReLU", "Conv2d", "Conv2d", "Conv2d", "Conv2d"]
    assert {n.id: n.weights for n in imported.network.graph if n.weights} == {"b": "a", "kernel_2": "kernel"}
    net = imported.net()
    assert net.layer("b") is net.a
    assert imported.notes == ("c shares weights with another layer; when trained here each has its own.",)


def test_functions_become_layers() -> None:
    _model, imported = made(nasty.Functional)
    assert types(imported.network.graph) == [
        *("Input", "Conv2d", "ChannelScale", "LeakyReLU", "MaxPool2d", "ZeroPad2d", "Upsample", "AdaptiveAvgPool2d"),
        *("Dropout", "Flatten", "Linear", "LogSoftmax"),
    ]
    assert imported.network.graph["kernel"].layer.out_channels == 6  # type: ignore[attr-defined]


def test_rearranging_back_and_forth_leaves_nothing() -> None:
    _model, imported = made(nasty.LastAxis)
    assert types(imported.network.graph) == [
        *("Input", "LayerNorm", "ChannelLinear", "GELU", "ChannelLinear", "ChannelScale", "Add", "permute", "Linear"),
    ]
    _model, imported = made(nasty.Sizes)
    assert types(imported.network.graph)[2] == "ChannelShuffle"
    assert types(imported.network.graph).count("ChannelSlice") == 4


def test_names_are_python_names_and_groups_are_paths() -> None:
    _model, imported = made(nasty.Names)
    assert [n.id for n in imported.network.graph] == [
        *("input", "layers_class", "layers_def", "layers_input", "input_2", "layers_class_2"),
    ]
    _model, imported = made(nasty.sequence)  # type: ignore[arg-type]
    assert [(n.id, n.group) for n in imported.network.graph][1:] == [
        *(("conv2d_0", ""), ("relu_1", ""), ("flatten_2_0", "2"), ("linear_2_1", "2"), ("softmax_3", "")),
    ]
    assert imported.origin["linear_2_1"] == "2.1"


def test_several_inputs_and_outputs() -> None:
    x, offset = torch.randn(2, *nasty.SHAPE), torch.randn(1, *nasty.SHAPE)
    for example in ((x, offset), {"x": x, "offset": offset, "flip": True}):
        model, imported = made(nasty.Several, example)
        given = example if isinstance(example, dict) else dict(zip(("x", "offset"), example, strict=True))
        seen: dict[str, Tensor] = {}
        with torch.no_grad():
            net = imported.net().eval()
            wanted = model.eval()(**given)
            assert torch.equal(net(x, seen), wanted["out"])
        assert [torch.equal(seen[o], w) for o, w in zip(imported.outputs, wanted.values(), strict=True)] == [True] * 3
        assert "Inputs other than the picture stay as they were given." in imported.notes


def test_control_flow_in_a_block_is_one_piece() -> None:
    _model, imported = made(nasty.Inner)
    assert types(imported.network.graph) == ["Input", "Conv2d", "Branch", "ReLU", "Conv2d", "BatchNorm2d", "ReLU"]
    assert imported.notes == ("block cannot be followed and is shown as one piece.",)
    net = imported.net().eval()
    for x in (torch.ones(1, *nasty.SHAPE), -torch.ones(1, *nasty.SHAPE)):  # both ways
        with torch.no_grad():
            assert torch.equal(net(x), _model.eval()(x))


def test_control_flow_of_the_model_itself_is_recorded() -> None:
    _model, imported = made(nasty.Outer)
    assert types(imported.network.graph).count("Conv2d") == 4
    assert not [n for n in imported.network.graph if n.type == "Foreign" and n.layer.brief != "getitem"]
    assert "shown is the way that the example took" in imported.notes[0]


def test_what_is_not_known_says_so() -> None:
    _model, imported = made(nasty.Odd)
    rows = imported.network.analyze()
    assert rows.uncosted == tuple(r.id for r in rows.values() if r.node.type == "Foreign")
    assert all(r.blind for r in rows.values() if r.id != "input")
    assert "The output does not come from the weights of unused; they are left out." in imported.notes
    graph = imported.network.graph
    changed = analyse(graph.change("input", layer=Input(3, (9, 9))))
    assert changed.problems[0].problem is not None
    assert changed.problems[0].problem.text.endswith(
        "is a part of an imported model that takes 3×8×8 but gets 3×9×9. Undo, or import the model with that input."
    )


def test_a_part_that_is_missing_is_named() -> None:
    _model, imported = made(nasty.Inner)
    with pytest.raises(ForeignError, match=r"^block is a part of an imported model\."):
        Net(imported.network.analyze())


# ── the model is left as it was ──────────────────────────────────────────────────────────────────────────────────────
def state(model: nn.Module) -> list[Any]:
    """Everything that could be seen of a model from outside."""
    found: list[Any] = []
    for name, m in model.named_modules():
        held = {k: (list(v) if isinstance(v, (list, dict, set)) else v) for k, v in vars(m).items()}
        found.append((name, m.training, list(held), [id(v) if isinstance(v, nn.Module) else 0 for v in held.values()]))
        hooks = (m._forward_hooks, m._forward_pre_hooks, m._backward_hooks, m._state_dict_hooks)
        found.append([list(map(id, h.values())) for h in hooks])
    found.append([getattr(m, "log", None) and list(m.log) for m in model.modules()])  # type: ignore[arg-type]
    found.append([getattr(m, "last", None) for m in model.modules()])
    for name, t in (*model.named_parameters(), *model.named_buffers()):
        grad = None if t.grad is None else (id(t.grad), t.grad.tolist())
        found.append((name, id(t), t.data_ptr(), t.requires_grad, t.tolist(), grad))
    return found


@pytest.mark.parametrize(
    "cls", [*nasty.EXACT, *RECORDED, nasty.Rude, nasty.IntoView, nasty.sequence], ids=lambda c: c.__name__
)
def test_the_model_is_left_exactly_as_it_was(cls: type[nn.Module]) -> None:
    torch.manual_seed(0)
    model = cls()
    heard: list[object] = []
    model.register_forward_hook(lambda *_: heard.append(1))
    next(iter(model.children()), model).register_forward_pre_hook(lambda *_: heard.append(2))
    for i, m in enumerate(model.modules()):
        m.training = bool(i % 2)
    for i, p in enumerate(model.parameters()):
        p.grad = torch.ones_like(p) if i % 2 else None
        p.requires_grad_(i != 2)
    before = state(model)
    imported = from_module(model, nasty.SHAPE)
    imported.net()(torch.randn(2, *nasty.SHAPE, generator=torch.Generator().manual_seed(0)).requires_grad_())
    after = state(model)
    assert after == before
    assert not heard
    assert "Its hooks (2) are not taken along." in imported.notes


def test_random_numbers_go_on_as_if_nothing_had_been() -> None:
    for cls in (nasty.Noisy, nasty.Rude, nasty.Outer, nasty.Attention):
        torch.manual_seed(0)
        model = cls()
        random.seed(0)
        np.random.seed(0)
        before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
        imported = from_module(model, nasty.SHAPE)
        imported.net()
        after = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
        assert torch.equal(before[0], after[0])
        assert before[1:] == after[1:]


@pytest.mark.parametrize("cls", [nasty.LastAxis, nasty.Outer, nasty.Attention, nasty.Inner], ids=lambda c: c.__name__)
def test_numbers_of_another_width(cls: type[nn.Module]) -> None:
    """Our networks compute in float32, whatever the model does."""
    torch.manual_seed(0)
    model = cls().double()
    imported = from_module(model, nasty.SHAPE)
    x = torch.randn(2, *nasty.SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(imported.net().eval()(x), model.eval()(x.double()).float(), rtol=1e-3, atol=1e-4)
    assert {p.dtype for p in model.parameters()} == {torch.float64}


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_scripts_wrappers_and_compiled_models() -> None:
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    x = torch.randn(1, *nasty.SHAPE)
    wrapped = nn.DataParallel(plain), torch.compile(plain)
    for model in wrapped:
        assert types(from_module(model, nasty.SHAPE).network.graph) == ["Input", "Conv2d", "ReLU"]
    scripts = torch.jit.script(plain), nn.Sequential(torch.jit.script(plain), nn.ReLU())
    for model in scripts:
        imported = from_module(model, nasty.SHAPE)
        assert types(imported.network.graph)[:2] == ["Input", "RecursiveScriptModule"]
        assert torch.equal(imported.net()(x), plain(x))
        assert imported.network.analyze().params == 112


def test_training_the_network_does_not_train_the_model() -> None:
    model, imported = made(nasty.Inner)
    before = [p.clone() for p in model.parameters()]
    net = imported.net()
    net(torch.randn(2, *nasty.SHAPE)).sum().backward()
    torch.optim.SGD(net.parameters(), 1.0).step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert all(p.grad is None for p in model.parameters())


def test_another_thread_may_run_models_meanwhile() -> None:
    other, x, stop = nasty.Functional().eval(), torch.randn(1, *nasty.SHAPE), threading.Event()
    wanted, faults = other(x), []

    def run() -> None:
        while not stop.is_set():
            try:
                if not torch.equal(other(x), wanted):
                    faults.append("another result")
            except Exception as error:
                faults.append(repr(error))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for cls in nasty.EXACT * 2:
            made(cls)
    finally:
        stop.set()
        thread.join()
    assert not faults


# ── models that fail ─────────────────────────────────────────────────────────────────────────────────────────────────
class Wrong(nn.Module):
    """The second layer does not fit behind the first."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


class Raises(nn.Module):
    """Refuses by itself, inside a block."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block = nn.Conv2d(3, 4, 3), Refuses()

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.stem(x))


class Refuses(nn.Module):
    """The block."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("I want\nno pictures")


class Nothing(nn.Module):
    """Gives no tensor."""

    def forward(self, x: Tensor) -> int:
        return x.dim()


@pytest.mark.parametrize(
    ("cls", "says"),
    [
        (Wrong, r"^second: .*(4 channels|\[1, 4|5, 3, 3)"),
        (Raises, r"^block: the model's own code fails here: I want no pictures"),
        (Nothing, r"no tensor"),
    ],
)
def test_a_model_that_fails_says_where(cls: type[nn.Module], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        from_module(cls(), nasty.SHAPE)


@pytest.mark.parametrize("example", [(), (3,), "x", (torch.zeros(1, 2, 3, 4, 5),), (1, 2, 3, 4, 5), (0, 3, 3)])
def test_an_example_that_is_none(example: Any) -> None:
    with pytest.raises(ModelError):
        from_module(nasty.Names(), example)


def test_vectors_and_sequences_enter_as_narrow_pictures() -> None:
    model = nn.Sequential(nn.Linear(10, 4), nn.ReLU(), nn.Linear(4, 2))
    imported = from_module(model, (10,))
    assert types(imported.network.graph) == ["Input", "Flatten", "Linear", "ReLU", "Linear"]
    x = torch.randn(2, 10)
    assert torch.equal(imported.net()(x[:, :, None, None]), model(x))
    model = nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU())
    imported = from_module(model, (3, 9))
    x = torch.randn(2, 3, 9)
    assert torch.equal(imported.net()(x[..., None]), model(x))


class Assigns(nn.Module):
    """Writes into a part of its map by an index."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        x[:, 0] = 0
        return x


def test_item_assignment_is_one_piece_and_never_dropped() -> None:
    model = Assigns().eval()
    imported = from_module(model, (3, 16, 16))
    x = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(imported.net().eval()(x), model(x))
    assert any("one piece" in note for note in imported.notes)
