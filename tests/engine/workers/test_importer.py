"""Models through the engine: made into networks, looked at, trained, and weights of checkpoints matched and taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from cnnviz.engine import vision
from cnnviz.engine.foreign import models
from cnnviz.engine.foreign.imported import Imported, from_module
from cnnviz.engine.post import Post
from cnnviz.engine.workers import importer
from cnnviz.link import messages
from cnnviz.link.messages import (
    Adopt,
    Advance,
    Catalogue,
    Failed,
    Forget,
    Import,
    Interest,
    Match,
    Matched,
    Models,
    Open,
    Opened,
    Pixels,
    Train,
    Watch,
)
from cnnviz.net.layers import TYPES
from cnnviz.net.plan import Plan

from ..desk import Desk
from ..nets import small
from ..test_server import ONE, ended


class Odd(torch.nn.Module):
    """Adds a parameter in a way that no layer type has, so that a Foreign node is left."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3)
        self.shift = torch.nn.Parameter(torch.randn(1, 4, 6, 6))
        self.out = torch.nn.Linear(144, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.erfinv(torch.tanh(self.conv(x)) * 0.5 + 0 * self.shift).flatten(1))


def odd(*_given: object) -> Imported:
    torch.manual_seed(5)
    return from_module(Odd(), (1, 8, 8), "odd")


def test_a_model_is_a_network_with_its_weights_and_its_foreign_parts(monkeypatch) -> None:
    monkeypatch.setattr(models, "load_model", odd)
    with Desk() as desk:
        desk.send(Import(7, "torchvision:odd"))
        assert desk.until(Advance) == Advance(7)
        made = desk.until(messages.Imported)
        assert made.number == 7 and any(n.type not in TYPES for n in made.network.graph)
        conv = next(n.id for n in made.network.graph if n.type == "Conv2d")
        desk.send(Open(1, made.network.graph, Plan(), fresh=True, model=7), Watch(Interest(1, filters=(conv,))))
        desk.send(messages.Look(Pixels(np.full((8, 8, 3), 90, np.uint8))))
        frame = desk.frame(lambda f: f.version == 1 and f.output is not None)
        assert np.array_equal(frame.filters[conv], odd_weights())
        desk.send(Train(1, Plan(epochs=1, **ONE), keep=True))
        assert desk.progress(lambda p: ended(p) and p.run == 1).step == 45, "foreign parts learn as well"
        desk.send(Open(2, small(), Plan(), fresh=True))
        assert desk.until(Opened, lambda o: o.version == 2)
        desk.send(Open(3, made.network.graph, Plan(), fresh=True))
        assert "model" in desk.failure("open").text, "the foreign parts went with the document"


class Quits(torch.nn.Module):
    """Ends the program, where it is run with gradients."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if float(x.detach().sum()) > 1e9 or torch.is_grad_enabled():  # which no tracer can follow
            raise SystemExit(3)
        return torch.erfinv(0.5 * torch.tanh(x))


def test_a_model_that_ends_the_program_ends_no_engine(monkeypatch) -> None:
    def importing(spec: str, *_given: object) -> Imported:
        if spec == "quits":
            raise SystemExit(3)
        return from_module(torch.nn.Sequential(torch.nn.Conv2d(1, 10, 8), Quits(), torch.nn.Flatten()), (1, 8, 8), "q")

    monkeypatch.setattr(models, "load_model", importing)
    with Desk() as desk:
        desk.send(Import(1, "quits"))
        assert "sys.exit" in desk.failure("import").text
        desk.send(Import(2, "later"))
        made = desk.until(messages.Imported)
        desk.send(Open(1, made.network.graph, Plan(), fresh=True, model=2))
        assert desk.until(Opened, lambda o: o.version == 1)
        desk.send(Train(1, Plan(epochs=1, **ONE), keep=True))
        told = desk.failure("train").text
        assert told.startswith("quits_1") and "it called sys.exit(3)" in told
        desk.send(Open(2, small(), Plan(), fresh=True), Train(2, Plan(epochs=1, **ONE)))
        assert desk.progress(lambda p: ended(p) and p.run == 2).step == 45, "the engine lives"


def odd_weights() -> np.ndarray:
    torch.manual_seed(5)
    return Odd().conv.weight.detach().numpy()


def test_what_cannot_be_imported_is_said_and_the_newest_one_counts() -> None:
    with Desk() as desk:
        desk.send(Import(1, "torchvision:resnet19"))
        assert "resnet18" in desk.failure("import").text
        desk.send(Open(1, small(), Plan(), model=1))
        assert desk.until(Opened, lambda o: o.version == 1), "an import that failed holds up nothing"


def test_an_import_can_be_forgotten(monkeypatch) -> None:
    from cnnviz.engine.foreign.download import Cancelled

    def slow(spec: str, shape: object, weights: str, progress, go_on) -> Imported:
        while go_on():
            progress(1, 100)
        raise Cancelled

    monkeypatch.setattr(models, "load_model", slow)
    with Desk() as desk:
        desk.send(Import(1, "torchvision:resnet18", "DEFAULT"))
        desk.until(Advance, lambda a: a.total == 100)
        desk.send(Forget(), Open(1, small(), Plan()))
        assert desk.until(Opened)
        monkeypatch.setattr(models, "load_model", odd)
        desk.send(Import(2, "torchvision:odd"))
        assert desk.until(messages.Imported).number == 2
        assert not desk.all(Failed)


def test_the_catalogue(monkeypatch) -> None:
    monkeypatch.setattr(vision, "models", lambda: ("alexnet", "resnet50"))
    with Desk() as desk:
        desk.send(Catalogue())
        (alexnet, resnet) = desk.until(Models).names
        assert alexnet == ("alexnet", ("IMAGENET1K_V1",)) and resnet[0] == "resnet50" and len(resnet[1]) == 2


def test_a_checkpoint_is_matched_and_taken_when_the_person_says_so(tmp_path: Path) -> None:
    theirs = {f"module.{k}": torch.randn(*s) for k, s in {"conv.weight": (4, 1, 3, 3), "conv.bias": (4,)}.items()}
    torch.save({"state_dict": {**theirs, "module.other": torch.zeros(3)}}, tmp_path / "a.pth")
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1, filters=("conv",))))
        before = desk.frame(lambda f: "conv" in f.filters).filters["conv"]
        desk.send(Match(3, str(tmp_path / "a.pth")))
        found = desk.until(Matched)
        assert found.number == 3 and ("conv.weight", "conv.weight", "name", (4, 1, 3, 3)) in found.matches
        assert [name for name, _why in found.left] == ["other"] and found.missing
        desk.send(Watch(Interest(2, filters=("conv",))))
        assert np.array_equal(desk.frame(lambda f: f.interest == 2).filters["conv"], before), "nothing is taken yet"
        desk.send(Adopt(3))
        wanted = theirs["module.conv.weight"].numpy()
        assert desk.frame(lambda f: np.array_equal(f.filters["conv"], wanted))
        (tmp_path / "b.pth").write_text("no weights")
        desk.send(Match(4, str(tmp_path / "b.pth")))
        assert "b.pth" in desk.failure("checkpoint").text
        desk.send(Adopt(9))
        assert desk.until(Failed, lambda f: "Choose the file again" in f.text)


def test_the_engine_may_bring_a_model_of_its_own() -> None:
    sent: list[object] = []
    made = importer.Importer(Post(sent.append, None))  # type: ignore[arg-type]
    model = odd()
    assert made.adopt(model) == importer.OWN and made.made(importer.OWN) is model
    made.close()
    made.join(5)


class Away(torch.nn.Module):
    """Values leave torch on their way through it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(x.detach().numpy() * 2)


def away(*_given: object) -> Imported:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10), Away())
    return from_module(model, (1, 8, 8), "away")


def test_a_model_through_which_no_gradient_comes_is_not_trained(monkeypatch) -> None:
    monkeypatch.setattr(models, "load_model", away)
    with Desk() as desk:
        desk.send(Import(1, "my:away"))
        graph = desk.until(messages.Imported).network.graph
        desk.send(Open(1, graph, Plan(), fresh=True, model=1), Train(1, Plan(epochs=1, **ONE), keep=True))
        failed = desk.failure("train")
        assert graph.ends[0] in failed.text and "gradient" in failed.text
