"""Exports through the engine: with the weights that the net has now, verified, written, refused, and left."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from cnnviz.engine.build import Net
from cnnviz.engine.export import apart, job, onnx_run, to_onnx, verify
from cnnviz.engine.foreign import models
from cnnviz.link import messages
from cnnviz.link.exporting import SOURCE, VERIFY, WRITE, Export, Exported, Exporting, Withdraw
from cnnviz.link.messages import Failed, Import, Interest, Open, Opened, Stop, Train, Watch
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import LocalResponseNorm
from cnnviz.net.plan import Plan

from ..desk import Desk
from ..nets import lenet, small
from ..test_server import LONG, ONE, ended
from .test_importer import odd

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def refusal(desk: Desk, number: int) -> str:
    return desk.until(Failed, lambda f: f.what == "export" and f.run == number).text


def test_source_is_shown_first_then_run_and_then_written(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Export(1, "python", str(path), "Mine"))
        shown = desk.until(Exported)
        assert shown.text.startswith('"""Mine, written by cnnviz: ') and "class Net(" in shown.text
        assert shown.difference is None and shown.size == len(shown.text.encode()) and not shown.files
        desk.send(Export(2, "python", str(path), "Mine", goal=VERIFY))
        run = desk.until(Exported, lambda e: e.number == 2)
        assert (run.difference, run.inputs, run.agrees) == (0.0, 4, True) and run.text == shown.text
        assert not list(tmp_path.iterdir())
        desk.send(Export(3, "python", str(path), "Mine", goal=WRITE))
        assert desk.until(Exported, lambda e: e.number == 3).files == (str(path),)
        assert path.read_text("utf-8") == shown.text
        stages = [(e.number, e.stage) for e in desk.all(Exporting)]
        assert stages == [(1, SOURCE), (2, VERIFY), (3, WRITE)], "nothing is made twice"


def test_the_weights_are_those_that_were_learned(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1, filters=("conv",))))
        desk.send(Export(1, "python", str(path), "Mine", weights=True, goal=WRITE))
        assert desk.until(Exported).agrees
        desk.send(Train(1, Plan(epochs=1, **ONE)))
        desk.progress(lambda p: ended(p) and p.run == 1)
        learned = desk.frame(lambda f: f.step == 45).filters["conv"]
        desk.send(Export(2, "python", str(path), "Mine", weights=True, goal=WRITE))
        assert desk.until(Exported, lambda e: e.number == 2).files == (str(path), str(tmp_path / "net.safetensors"))
    assert "load_file('net.safetensors')" in path.read_text("utf-8")
    assert np.array_equal(load_file(tmp_path / "net.safetensors")["conv.weight"].numpy(), learned)


def test_a_training_goes_on_as_it_would_without(tmp_path: Path) -> None:
    """Neither its random numbers nor its weights are touched, and what is written are the weights of one step."""
    plan = Plan(epochs=2, **ONE)
    with Desk() as desk:
        desk.send(Open(1, small(), plan), Train(1, plan))
        desk.progress(lambda p: ended(p) and p.run == 1)
        desk.send(Train(2, plan))
        for i, form in enumerate(("python", "onnx")):
            desk.send(Export(i, form, str(tmp_path / form), "Mine", goal=WRITE))
            assert desk.until(Exported, lambda e, n=i: e.number == n).agrees
        desk.progress(lambda p: ended(p) and p.run == 2)
        assert desk.points[1] == desk.points[2]


def test_a_training_does_not_notice_that_torch_follows_the_net(tmp_path: Path) -> None:
    """In the same process its backward would run into what the exporter notes down of operations."""
    plan = replace(LONG, batch_size=64)
    with Desk() as desk:
        desk.send(Open(1, lenet(), plan), Train(1, plan))
        desk.progress(lambda p: p.step > 2)
        for n in (1, 2):
            desk.send(Export(n, "onnx", str(tmp_path / "a.onnx"), str(n), goal=VERIFY))
            assert desk.until(Exported, lambda e, n=n: e.number == n).agrees
        before = len(desk.points[1])
        desk.progress(lambda p: ended(p) or p.step > before + 5)
        assert not desk.all(Failed)
        desk.send(Stop())


def test_nothing_is_drawn_from_the_random_numbers_of_a_training() -> None:
    rows = analyse(small())
    net = Net(rows).eval()
    before = torch.get_rng_state()
    for form in ("python", "onnx"):
        made = job.FORMS[form](job.Job("Mine", rows, net, "a", False, apart=True))
        assert made.agrees(made.verify())
    assert torch.equal(before, torch.get_rng_state())


def test_what_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    with Desk() as desk:
        desk.send(Open(1, small().change("out", sources=("relu",)), Plan()), Export(1, "onnx", "a.onnx", "Mine"))
        assert refusal(desk, 1).startswith("out: Linear needs a vector")
        desk.send(Open(2, Graph(), Plan()), Export(2, "python", "a.py", "Mine"))
        assert refusal(desk, 2).startswith("The network is empty.")
        normed = small().add(LocalResponseNorm(), ["relu"], id="norm").change("pool", sources=("norm",))
        desk.send(Open(3, normed, Plan()), Export(3, "keras", "a.py", "Mine"))
        assert refusal(desk, 3) == "norm: LocalResponseNorm cannot be written as Keras code."
        desk.send(Export(4, "python", str(tmp_path / "none" / "a.py"), "Mine", goal=WRITE))
        assert "a.py" in refusal(desk, 4) and "folder" in refusal(desk, 4)
        (tmp_path / "mine.cnnviz").write_text("")
        desk.send(Export(5, "python", str(tmp_path / "mine.py"), "Mine", weights=True, goal=WRITE))
        assert "Choose another name" in refusal(desk, 5) and not (tmp_path / "mine.py").exists()
        desk.send(Export(6, "python", "a.py", "Mine"))
        assert desk.until(Exported).number == 6


def test_parts_that_only_torch_can_run_are_refused_by_name(monkeypatch) -> None:
    monkeypatch.setattr(models, "load_model", odd)
    with Desk() as desk:
        desk.send(Import(7, "torchvision:odd"))
        made = desk.until(messages.Imported)
        desk.send(Open(1, made.network.graph, Plan(), fresh=True, model=7))
        desk.send(Export(1, "python", "a.py", "Odd"))
        ids = {n.id for n in made.network.graph if n.type == "Foreign"}
        assert refusal(desk, 1).partition(":")[0] in ids
        desk.send(Export(2, "keras", "a.py", "Odd"))
        assert refusal(desk, 2).partition(":")[0] in {n.id for n in made.network.graph}


def test_other_numbers_are_said_and_never_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(job, "verify", lambda *_given: verify.Verified(0.25, 1.0, 4))
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Export(1, "python", str(tmp_path / "a.py"), "Mine", goal=WRITE))
        said = desk.until(Exported)
    assert (said.difference, said.agrees, said.files) == (0.25, False, ()) and not list(tmp_path.iterdir())


def test_a_newer_one_replaces_it_and_what_is_withdrawn_gives_nothing(monkeypatch) -> None:
    held, go = Event(), Event()

    def slow(*_given: object) -> bytes:
        held.set()
        go.wait(30)
        return b""

    monkeypatch.setattr(onnx_run, "to_onnx_apart", slow)
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Export(1, "onnx", "a.onnx", "Mine", goal=VERIFY))
        assert held.wait(30)
        desk.send(Export(2, "python", "a.py", "Mine"))
        desk.send(Open(2, small(), Plan()))
        desk.until(Opened, lambda o: o.version == 2)
        go.set()
        assert desk.until(Exported).number == 2
        held.clear()
        go.clear()
        desk.send(Export(3, "onnx", "a.onnx", "Mine"))
        assert held.wait(30)
        desk.send(Withdraw(), Open(3, small(), Plan()))
        desk.until(Opened, lambda o: o.version == 3)
        go.set()
        desk.send(Export(4, "python", "a.py", "Mine"))
        assert desk.until(Exported, lambda e: e.number == 4)
        assert [e.number for e in desk.all(Exported)] == [2, 4] and not desk.all(Failed)


def test_what_is_not_installed_is_said_with_what_installs_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    rows = analyse(small())
    said = "onnxscript is not installed here, and ONNX needs it. Run: python -m pip install onnx onnxscript onnxruntime"
    with pytest.raises(to_onnx.ExportError, match=f"^{said}$"):
        job.Onnx(job.Job("Mine", rows, Net(rows).eval(), "a", False))


def test_keras_is_ended_where_nobody_waits_for_it(tmp_path: Path, monkeypatch) -> None:
    begun, ended_by = Event(), []

    class Sleeper(apart.subprocess.Popen):
        def __init__(self, _argv: list[str], **given: object):
            super().__init__([sys.executable, "-c", "import time; time.sleep(60)"], **given)
            begun.set()

        def kill(self) -> None:
            ended_by.append(self.pid)
            super().kill()

    monkeypatch.setattr(apart.subprocess, "Popen", Sleeper)
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Export(1, "keras", "a.py", "Mine", goal=VERIFY))
        assert begun.wait(30)
        desk.send(Withdraw(), Export(2, "python", "a.py", "Mine"))
        assert desk.until(Exported).number == 2 and ended_by
