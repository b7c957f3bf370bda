"""Models in the commands that run them: trained from their own weights, looked into, written out, and refused."""

from __future__ import annotations

import json
import os
import pickle
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import cnnviz
from cnnviz import app
from cnnviz.engine import fetch
from cnnviz.engine.foreign.allowance import Allowance
from cnnviz.net import files
from cnnviz.net.graph import Node
from cnnviz.net.layers import Flatten, Input, Linear

from .saying import Said, metrics, refused, save

MODELS = """
import numpy as np
import torch
from torch import nn

INPUT = (1, 12, 12)


def tiny():
    return nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(100, 10))


def lazy():
    return nn.Sequential(nn.LazyConv2d(4, 3, 2), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 3, 2), nn.Linear(100, 10)

    def forward(self, x):
        return self.fc(self.inside(self.conv(x)).flatten(1))


class Rolled(Base):
    def inside(self, x):
        return torch.roll(x, 1, 2)


class Numpy(Base):
    def inside(self, x):
        return torch.from_numpy(np.sin(x.numpy()))


class Cut(Base):
    def forward(self, x):
        return torch.roll(super().forward(x), 1, 1).detach()

    def inside(self, x):
        return x


class Values(Base):
    def inside(self, x):
        return x.relu() if x.sum() > 0 else x


class Two(Base):
    def forward(self, x, y):
        return self.conv(x) + self.conv(y)


class Deep(Base):
    def inside(self, x):
        raise RuntimeError("it does\\nnot like this")


def missing_key():
    return {}["no such thing"]


def leaves():
    raise SystemExit("bye")


class Quits(Base):
    def inside(self, x):
        import sys

        sys.exit(3)


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 1, 3, padding=1), Quits()

    def forward(self, x):
        return self.second(self.first(x))



def huge():
    return nn.Sequential(nn.Flatten(), nn.Linear(100_000, 100_000))
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture, and a module with models under a name of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"models_of_{tmp_path.name}.py").write_text(MODELS, "utf-8")
    Image.fromarray(np.arange(144, dtype=np.uint8).reshape(12, 12)).save("picture.png")
    return tmp_path


@pytest.fixture
def models(here: Path) -> str:
    """What stands before the colon."""
    return f"models_of_{here.name}"


def train(model: str, out: str, *more: str) -> int:
    return app.main(["train", model, "--out", out, "--epochs", "1", "--threads", "1", *more])


def look(model: str, layer: str, *more: str) -> int:
    return app.main(["activations", model, "--image", "picture.png", "--layer", layer, "-o", "maps.npy", *more])


def refused_after(capsys: Said, *argv: str) -> str:
    """What is said last, whatever was said before."""
    capsys.readouterr()
    return refused(capsys, *argv)


def test_lazy_layers_take_their_sizes_from_the_input(models: str, capsys: Said) -> None:
    tables = []
    for name in ("tiny", "lazy"):
        assert app.main(["summary", f"{models}:{name}", "--input", "1,12,12"]) == 0
        tables.append(capsys.readouterr().out.partition("\n")[2])
    assert tables[0] == tables[1]
    model = torch.nn.Sequential(torch.nn.LazyConv2d(4, 3))
    with pytest.raises(ValueError, match="call the model once on an example"):
        cnnviz.summary(model, (1, 12, 12))
    assert isinstance(model[0], torch.nn.LazyConv2d)


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["tiny", "Rolled", "Values"])
def test_a_model_is_trained_and_goes_on(name: str, models: str, capsys: Said) -> None:
    assert train(f"{models}:{name}", "run", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["test_accuracy"] > 0.3
    assert ("cannot be followed without values" in err) == (name == "Values")
    assert train(f"{models}:{name}", "run", "--json", "--resume", "--epochs", "2") == 0
    assert len(metrics(Path("run"))) == 2 * 45
    assert look(f"{models}:{name}", "conv2d_0" if name == "tiny" else "conv", "--weights", "run") == 0
    assert np.load("maps.npy").shape == (4, 5, 5)


def test_training_begins_with_the_models_own_weights(models: str, capsys: Said) -> None:
    torch.manual_seed(7)
    first = cnnviz.load(f"{models}:tiny").to_torch().state_dict()
    assert train(f"{models}:tiny", "run", "--seed", "7", "--lr", "1e-9") == 0
    begun = load_file("run/weights/last.safetensors")
    assert all(torch.allclose(first[k], begun[k], atol=1e-5) for k in first if k.endswith(("0.weight", "4.weight")))
    assert train(f"{models}:tiny", "drawn", "--seed", "7", "--lr", "1e-9", "--init", "kaiming_normal") == 0
    assert not torch.allclose(load_file("drawn/weights/last.safetensors")["linear_4.bias"], first["linear_4.bias"])
    save_file({k: v.contiguous() + 1 for k, v in first.items()}, "mine.safetensors")
    assert train(f"{models}:tiny", "mine", "--weights", "mine.safetensors", "--lr", "1e-9") == 0
    mine = load_file("mine/weights/last.safetensors")
    assert torch.allclose(mine["linear_4.weight"], first["linear_4.weight"] + 1, atol=1e-5)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([":Numpy"], "numpy is a part of the model through which no training goes: Can't call numpy()"),
        ([":Cut"], "No gradient comes back through detach, a part of the model."),
        ([":tiny", "--weights", "nothing"], "There is no file nothing."),
    ],
)
def test_what_cannot_be_trained_is_refused(argv: list[str], says: str, models: str, capsys: Said) -> None:
    assert says in refused(capsys, "train", models + argv[0], *argv[1:], "--out", "run")
    assert not Path("run").exists()


# ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Evil:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("owned",)


def test_weights_that_cannot_be_taken(here: Path, capsys: Said) -> None:
    state = cnnviz.load("lenet5").to_torch().state_dict()  # type: ignore[attr-defined]
    torch.save(state, "good.pt")
    save_file(state, "good.safetensors")
    torch.save(state | {"C3.weight": torch.zeros(16, 6, 3, 3)}, "shape.pt")
    torch.save(state | {"C3.bias": torch.full((16,), torch.nan)}, "lost.pt")
    torch.save({f"x{key}": value for key, value in state.items()}, "named.pt")
    torch.save({"C1.weight": Evil()}, "evil.pt")
    Path("evil0.pt").write_bytes(pickle.dumps(Evil(), 0))
    for name in ("good.pt", "good.safetensors"):
        Path(f"cut-{name}").write_bytes(Path(name).read_bytes()[: Path(name).stat().st_size // 2])
    for name in ("noise.pt", "noise.safetensors"):
        Path(name).write_bytes(np.random.default_rng(0).bytes(100_000))
    for name, says in (
        ("shape.pt", "shape.pt has no weights that fit C3. C3.weight is 16×6×5×5 here, not 16×6×3×3."),
        ("lost.pt", "lost.pt has no weights that fit C3. C3.bias: It holds numbers that are not finite"),
        ("named.pt", "fit C1, C3, C5, F6, output. Its tensors bear other names: in the window, File → Load weights"),
        ("evil.pt", "evil.pt would run code"),
        ("evil0.pt", "evil0.pt is no checkpoint of torch's"),
        ("cut-good.pt", "cut-good.pt is no checkpoint of torch's, or it is damaged"),
        ("cut-good.safetensors", "cut-good.safetensors is no safetensors file, or it is damaged"),
        ("noise.pt", "noise.pt is no checkpoint of torch's"),
        ("noise.safetensors", "noise.safetensors is no safetensors file"),
    ):
        said = refused(capsys, "activations", "lenet5", "--image", "picture.png", "--layer", "C1", "-o", "x.npy",
                       "--weights", name)  # fmt: skip
        assert says in said, said
    assert not Path("owned").exists() and not Path("x.npy").exists()
    assert look("lenet5", "C1", "--weights", "good.pt") == 0
    assert "with the weights of good.pt" in capsys.readouterr().out


def test_a_network_file_of_a_model_has_its_weights(models: str, capsys: Said) -> None:
    assert app.main(["export", f"{models}:tiny", "--to", "json", "-o", "made.cnnviz"]) == 0
    assert len({n.pos for n in files.read("made.cnnviz").graph}) == 6
    made = load_file("made.safetensors")
    assert made["conv2d_0.weight"].shape == (4, 1, 3, 3)
    assert look("made.cnnviz", "conv2d_0") == look(f"{models}:tiny", "conv2d_0", "--weights", "made.safetensors") == 0
    assert look("lenet5", "C1", "--input", "1,20,20") == 0


def test_an_onnx_file_is_at_work_as_it_is(here: Path, capsys: Said) -> None:
    assert app.main(["export", "lenet5", "--to", "onnx", "-o", "lenet.onnx"]) == 0
    assert train("lenet.onnx", "run") == look("lenet.onnx", "C1", "--weights", "run") == 0
    assert "says that it takes 1×32×32." in refused_after(capsys, "summary", "lenet.onnx", "--input", "1,64,64")
    Path("cut.onnx").write_bytes(Path("lenet.onnx").read_bytes()[:100_000])
    assert "cut.onnx: It is not an ONNX file, or a damaged one." in refused(capsys, "train", "cut.onnx", "--out", "x")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (URLError(OSError(-2, "Name or service not known")), "Name or service not known"),
        (IncompleteRead(b"", 5), "IncompleteRead(0 bytes read, 5 more expected)"),
    ],
)
def test_without_a_network_pretrained_weights_are_refused(
    error: Exception, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    def nobody(*_args: object, **_settings: object) -> None:
        raise error

    monkeypatch.setattr(fetch, "urlopen", nobody)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for command in (["export", "--to", "python"], ["train", "--input", "3,32,32"], ["activations", "--layer", "fc"]):
        more = ["--image", "picture.png"] if command[0] == "activations" else []
        said = refused(capsys, command[0], "torchvision:resnet18", *command[1:], *more, "--weights", "DEFAULT",
                       "--out", "x")  # fmt: skip
        assert f"resnet18-f37072fd.pth cannot be downloaded ({why}). Connect" in said
    assert not list(tmp_path.rglob("*.pth*"))


# ── models that fail ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Two", "Two takes x, y, and here it gets one picture. From Python: cnnviz.summary(module, (x, y))."),
        ("Deep", "forward: the model's own code fails here: it does not like this."),
        ("missing_key", "Calling missing_key fails: KeyError 'no such thing'."),
        ("leaves", "Calling leaves fails: it called sys.exit('bye')."),
        ("Quits", "forward: the model's own code fails here: it called sys.exit(3)."),
        ("Nested", "second: the model's own code fails here: it called sys.exit(3)."),
        ("huge", "The network needs at least 40.0 GB of memory, but only 1.0 GB are free."),
    ],
)
def test_a_model_that_fails_says_where(
    name: str, says: str, models: str, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnviz.engine.foreign.allowance.available", lambda: 10**9)
    assert f"{models}:{name}: {says}" in refused(capsys, "summary", f"{models}:{name}")


def test_memory_is_counted_while_a_model_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.engine.foreign.allowance.available", lambda: 10**6)
    with Allowance():
        torch.nn.Linear(100, 1000)
        with pytest.raises(MemoryError, match=r"at least 1 MB of memory, but only 1 MB"):
            for _ in range(3):
                torch.nn.Linear(100, 1000)


def test_a_network_larger_than_memory_is_counted_but_not_built(here: Path, capsys: Said) -> None:
    huge = save(here / "huge.cnnviz", Node("input", Input(1, (28, 28))), Node("flat", Flatten(), ("input",)),
                Node("a", Linear(1_000_000), ("flat",)), Node("b", Linear(10**6), ("a",)),
                Node("out", Linear(10), ("b",)))  # fmt: skip
    assert app.main(["summary", huge, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["params"] > 10**12
    for argv in (
        ["train", huge, "--out", "run"],
        ["export", huge, "--to", "python", "-o", "x.py"],
        ["activations", huge, "--image", "picture.png", "--layer", "a", "-o", "x.npy"],
    ):
        said = refused(capsys, *argv)
        assert "huge.cnnviz: " in said and " TB of memory" in said and "GB are free" in said
