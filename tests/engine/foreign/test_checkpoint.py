"""Weights from other programs: read without running code, matched by name, then by order and shape."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from cnnviz.engine.build import Net
from cnnviz.engine.foreign.checkpoint import CheckpointError, match, read
from cnnviz.net.presets import preset

SHARED = Path(__file__).parents[4] / "shared" / "data"
STATE = {"conv1.weight": torch.randn(6, 1, 5, 5), "conv1.bias": torch.randn(6)}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Whether two states are equal."""
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize(
    "held",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3, "best": np.float64(0.5)},
        {"model": STATE, "optimizer": {"state": {}}},
        {"net": {"state_dict": STATE}, "acc": 91.5},
        {f"module.{k}": v for k, v in STATE.items()},
        {"state_dict": {f"_orig_mod.module.{k}": v for k, v in STATE.items()}},
        {"model_state_dict": {f"model.{k}": v for k, v in STATE.items()}, "args": None},
    ],
    ids=lambda held: "-".join(held),
)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".th"])
def test_wrappings_and_prefixes(tmp_path: Path, held: dict[str, Any], suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    torch.save(held, path)
    assert same(read(path), STATE)


def test_safetensors_and_the_old_format(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    assert same(read(tmp_path / "a.safetensors"), STATE)
    torch.save(STATE, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    assert same(read(tmp_path / "a.pth"), STATE)


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_that_wants_to_run_code_is_refused(tmp_path: Path) -> None:
    for i, save in enumerate((torch.save, lambda held, path: path.write_bytes(pickle.dumps(held)))):
        path = tmp_path / f"{i}.pt"
        save({"state_dict": STATE, "hook": Evil(tmp_path / "ran")}, path)  # type: ignore[operator]
        with pytest.raises(CheckpointError) as e:
            read(path)
        assert str(e.value).startswith(f"{i}.pt ") and "\n" not in str(e.value)
        assert "run code" in str(e.value) and "is refused. Save the model's state_dict()" in str(e.value)
        assert not (tmp_path / "ran").exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=r"would run code \(torch\.nn\.modules\.linear\.Linear\)"):
        read(tmp_path / "a.pt")


def _bytes(held: Any) -> bytes:
    into = io.BytesIO()
    torch.save(held, into)
    return into.getvalue()


@pytest.mark.parametrize(
    ("file", "contents", "says"),
    [
        ("a.pt", b"", "a.pt is no checkpoint of torch's, or it is damaged ("),
        ("a.pt", b"hello, world", "a.pt is no checkpoint of torch's, or it is damaged ("),
        ("a.pt", _bytes(STATE)[:-300], "a.pt is no checkpoint of torch's, or it is damaged ("),
        ("a.safetensors", b"", "a.safetensors is no safetensors file, or it is damaged. Get it again."),
        ("a.safetensors", b"\xff" * 64, "a.safetensors is no safetensors file, or it is damaged. Get it again."),
        ("a.pt", _bytes([1, 2]), "a.pt holds a list, not tensors by name."),
        ("a.pt", _bytes(torch.ones(3)), "a.pt holds a Tensor, not tensors by name."),
        ("a.pt", _bytes({"epoch": 3, "lr": 0.1}), "a.pt holds no tensors by name; what it has is: epoch, lr."),
        ("a.pt", _bytes({}), "a.pt is empty: it holds no tensors."),
        (
            "a.pt",
            _bytes({"w": torch.ones(2, device="meta")}),
            "a.pt: w: only plain tensors can be taken, and this one is ",
        ),
        ("a.pt", _bytes({3: torch.ones(2)}), "a.pt: the tensor 3 has no name."),
        ("a.pt", _bytes({"w": torch.eye(2).to_sparse()}), "a.pt: w: only plain tensors can be taken, and this one is "),
    ],
)
def test_malformed_files_say_what_and_where(tmp_path: Path, file: str, contents: bytes, says: str) -> None:
    (tmp_path / file).write_bytes(contents)
    with pytest.raises(CheckpointError) as e:
        read(tmp_path / file)
    assert str(e.value).startswith(says)
    assert "\n" not in str(e.value)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no file"):
        read(tmp_path / "gone.pt")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read(tmp_path)


# ── matching ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def ours() -> dict[str, Tensor]:
    """LeNet-5's tensors."""
    return Net(preset("lenet5").analyze()).state_dict()


def test_matched_by_name() -> None:
    mine = ours()
    theirs = {k: torch.randn_like(v) for k, v in reversed(mine.items())}
    found = match(theirs, mine)
    assert found.whole and same(found.state, theirs | {})
    assert [m.ours for m in found.matches] == list(mine)
    dotted = {"layer1_0_conv1.weight": torch.zeros(3), "layer1_0_bn1.num_batches_tracked": torch.tensor(0)}
    found = match({"layer1.0.conv1.weight": torch.ones(3, dtype=torch.float64)}, dotted)
    assert found.whole and found.state["layer1_0_conv1.weight"].dtype == torch.float32
    assert float(found.state["layer1_0_conv1.weight"].sum()) == 3


def test_matched_by_order_and_shape_and_what_does_not_fit_is_listed() -> None:
    mine = ours()
    names = list(mine)
    theirs = {f"net.{i // 2}.{k.rpartition('.')[2]}": torch.randn_like(v) for i, (k, v) in enumerate(mine.items())}
    found = match(theirs, mine)
    assert not found.whole and not found.left and not found.missing
    assert {m.how for m in found.matches} == {"order"}
    assert [(m.theirs, m.ours) for m in found.matches] == [(t, o) for t, o in zip(theirs, names, strict=True)]
    # another head: all but it is taken
    last = list(theirs)[-2:]
    theirs[last[0]], theirs[last[1]] = torch.randn(3, 84), torch.randn(3)
    found = match(theirs, mine)
    assert len(found.matches) == len(mine) - 2
    assert [o.name for o in found.left] == last and [o.name for o in found.missing] == names[-2:]
    assert found.left[0].why == "The network has no place for it."
    assert all(found.state[k] is mine[k] for k in names[-2:])
    # the same name, another shape
    named = {k: torch.randn_like(v) for k, v in mine.items()} | {names[0]: torch.randn(6, 3, 5, 5)}
    found = match(named, mine)
    assert [(o.name, o.why) for o in found.left] == [(names[0], f"{names[0]} is 6×1×5×5 here, not 6×3×5×5.")]


def test_nothing_is_changed() -> None:
    mine = ours()
    before = {k: v.clone() for k, v in mine.items()}
    match({k: torch.randn_like(v) for k, v in mine.items()}, mine)
    assert same(mine, before)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
def test_resnet20_is_as_good_as_it_was() -> None:
    """91.5 % on 1,000 pictures of CIFAR-10."""
    theirs = read(SHARED / "models" / "akamaster_resnet20" / "resnet20-12fca82f.th")
    net = Net(preset("resnet20").analyze())
    found = match(theirs, net.state_dict())
    assert not found.left and not found.missing
    net.load_state_dict(found.state)
    with np.load(SHARED / "cifar10" / "cifar10_lossless_4000_1000.npz") as data:
        x, y = data["x_test"], data["y_test"]
    pictures = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    with torch.no_grad():
        out = net.eval()((pictures - mean[:, None, None]) / std[:, None, None])
    assert float((out.argmax(1).numpy() == y.reshape(-1)).mean()) == pytest.approx(0.915)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda v: v * float("nan"), "not finite"),
        (lambda v: v / 0, "not finite"),
        (lambda v: v.to(torch.complex64), "complex"),
    ],
)
def test_numbers_that_no_network_can_use_stay_outside(spoil: Callable[[Tensor], Tensor], why: str) -> None:
    ours = {"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2)}
    theirs = {"a.weight": torch.full((2, 3), 2.0), "a.bias": spoil(torch.full((2,), 2.0))}
    found = match(theirs, ours)
    assert [m.ours for m in found.matches] == ["a.weight"]
    assert [(o.name, why in o.why) for o in found.left] == [("a.bias", True)]
    assert [o.name for o in found.missing] == ["a.bias"]
    assert torch.equal(found.state["a.bias"], ours["a.bias"])
