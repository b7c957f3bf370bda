"""Weights and their files, as the window meets them: what is kept, what is written, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cnnviz.engine.build import Net
from cnnviz.link.messages import Failed, Interest, Open, Opened, Save, Saved, Train, Watch
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Input, Linear
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import small
from .test_server import ended

PLAN = Plan(epochs=1, threads=1)


@pytest.mark.parametrize("broken", ["flat gone", "nothing runs"])
def test_layers_that_wait_for_a_broken_one_keep_their_weights_in_the_file(tmp_path: Path, broken: str) -> None:
    path, graph = tmp_path / "net.safetensors", small()
    wrong = graph.change("out", sources=("pool",)).remove(["flat"])
    if broken == "nothing runs":
        wrong = graph.change("image", layer=Input(1, (2, 2)))
    with Desk() as desk:
        desk.send(Open(1, graph, PLAN), Watch(Interest(1, filters=("out",))), Train(1, PLAN))
        desk.progress(ended)
        learned = desk.frame(lambda f: f.step == 45).filters["out"]
        desk.send(Open(2, wrong, PLAN), Save(str(path)))
        desk.until(Saved)
        assert set(load_file(path)) == set(Net(analyse(graph)).state_dict())
        desk.send(Open(3, wrong, PLAN, weights=str(path), fresh=True))  # closed and opened again
        desk.send(Open(4, graph, PLAN))  # and mended
        assert np.array_equal(desk.frame(lambda f: f.version == 4).filters["out"], learned)
        assert not desk.all(Failed)


def test_weights_of_layers_that_are_gone_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN), Train(1, PLAN))
        desk.progress(ended)
        desk.send(Open(2, small().remove(["out"]), PLAN), Save(str(path)))
        desk.until(Saved)
    assert set(load_file(path)) == {"conv.weight", "conv.bias"}


def test_a_net_without_weights_is_saved_and_opened(tmp_path: Path) -> None:
    path, graph = tmp_path / "net.safetensors", Graph().add(Input(1, (8, 8)), id="image")
    with Desk() as desk:
        desk.send(Open(1, graph, PLAN), Save(str(path)))
        desk.until(Saved)
        desk.send(Open(2, graph, PLAN, weights=str(path), fresh=True))
        desk.until(Opened, lambda o: o.version == 2)
        assert not desk.all(Failed)


def test_the_window_hears_which_layers_a_file_did_not_fit(tmp_path: Path) -> None:
    path, foreign = tmp_path / "net.safetensors", tmp_path / "other.safetensors"
    save_file(Net(analyse(small())).state_dict(), path)
    save_file({"other.weight": torch.zeros(2)}, foreign)
    wider = small().change("out", layer=Linear(12))
    with Desk() as desk:
        desk.send(Open(1, small(), PLAN, weights=str(path), fresh=True))
        assert desk.until(Opened, lambda o: o.version == 1) == Opened(1, ("conv", "out"), (), str(path))
        desk.send(Open(2, wider, PLAN, weights=str(path), fresh=True))
        assert desk.until(Opened, lambda o: o.version == 2) == Opened(2, ("conv",), ("out",), str(path))
        desk.send(Open(3, small(), PLAN))
        assert desk.until(Opened, lambda o: o.version == 3).weights == "", "no file was named"
        desk.send(Open(4, small(), PLAN, weights=str(foreign), fresh=True))
        assert desk.until(Opened, lambda o: o.version == 4).weights == "", "nothing was taken from it"
        assert "other.safetensors" in desk.failure("open").text
