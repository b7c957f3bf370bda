"""What leaves the engine: bells one at a time, failures as sentences."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from cnnviz.engine import device, memory
from cnnviz.engine.post import Post, Refused, sentence
from cnnviz.link.mailbox import LocalMailbox
from cnnviz.link.messages import Bell, Failed, Frame, Reply
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Flatten, Input, Linear
from cnnviz.net.plan import OPTIMIZERS, Plan
from cnnviz.net.presets import preset, presets

from .nets import small

FRAME = Frame(1, 0, 0, 0)


def test_one_bell_at_a_time_and_none_is_lost() -> None:
    sent: list[Reply] = []
    box = LocalMailbox()
    post = Post(sent.append, box)
    post.news()
    post.news()
    assert sent == [Bell()]
    post.heard()
    assert len(sent) == 1, "nothing new"
    post.news()
    assert sent == [Bell(), Bell()]
    post.frame(FRAME)
    post.frame(FRAME)
    assert sent[2:] == [Bell(frame=True)], "a frame has a bell of its own, and one that is not taken needs no other"
    assert box.take() is not None
    post.frame(FRAME)
    assert sent[2:] == [Bell(frame=True), Bell(frame=True)]


def test_what_numpy_says_of_memory_is_not_repeated() -> None:
    with pytest.raises(MemoryError, match="Unable to allocate") as caught:
        np.empty((2**20, 2**30), np.float32)
    assert sentence(caught.value).startswith("There is not enough memory. Use a smaller batch")
    assert sentence(MemoryError("Make C3 smaller.")) == "Make C3 smaller."


def test_a_full_disk_is_told_once() -> None:
    class Full:
        def put(self, frame: Frame) -> bool:
            raise OSError(28, "There is no room for 5 MB in /tmp.")

    sent: list[Reply] = []
    post = Post(sent.append, Full())
    post.frame(FRAME)
    post.frame(FRAME)
    (failed,) = sent
    assert isinstance(failed, Failed) and failed.text == "There is no room for 5 MB in /tmp."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"), "not enough memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (MemoryError(), "not enough memory"),
        (Refused("No such thing."), "No such thing."),
        (PermissionError(13, "Permission denied", "/etc/x"), "/etc/x: Permission denied."),
        (ValueError("Expected more than 1 value per channel when training, got input size [1, 4]"), "batch size"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_errors_become_sentences(error: Exception, words: str) -> None:
    text = sentence(error)
    assert words in text and "\n" not in text and text.endswith(".")


def test_memory_is_looked_at_before_it_is_taken() -> None:
    memory.check(analyse(small()), copies=3)
    with pytest.raises(MemoryError, match="GB"):
        memory.check(analyse(small().change("out", layer=Linear(16_000_000))), copies=1000)
    assert memory.size_text(1_500_000_000) == "1.5 GB" and memory.size_text(2_000_000) == "2 MB"


GB = 10**9


def widened(channels: int) -> Graph:
    chain = Graph().add(Input(1, (28, 28))).add(Conv2d(channels), ["input_1"]).add(Flatten(), ["conv2d_1"])
    return chain.add(Linear(10), ["flatten_1"])


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(memory, "available", lambda: size)


def test_a_training_that_cannot_fit_is_refused_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 24 * GB)
    rows = analyse(widened(65_536))
    said = r"needs about \d+\.\d GB of memory, but only 24\.0 GB are free\. .*: (linear|conv2d)_1 takes the most\.$"
    for measured in (1, 256):
        with pytest.raises(MemoryError, match=said):
            memory.check_training(rows, Plan(batch_size=32), measured)
    with pytest.raises(MemoryError, match="Use a smaller batch, or smaller layers: conv2d_1"):
        memory.check_training(analyse(widened(4096)), Plan(batch_size=1024), 64)
    free(monkeypatch, 1 * GB)
    with pytest.raises(MemoryError, match=r"^The network needs about .* Make linear_1 smaller\.$"):
        memory.check(rows, copies=3)


@pytest.mark.parametrize("name", [n for n in presets() if max(preset(n).analyze().input.layer.size) <= 64])
def test_no_preset_of_small_pictures_is_refused_on_four_gigabytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 3 * GB)  # the system and the window take the rest
    rows = preset(name).analyze()
    for optimizer in OPTIMIZERS:
        memory.check_training(rows, Plan(batch_size=64, optimizer=optimizer), 256)
    memory.check(rows, copies=3)


def test_memory_kept_from_an_earlier_run_is_given_back_first(monkeypatch: pytest.MonkeyPatch) -> None:
    have = [1, 8 * GB]
    monkeypatch.setattr(memory, "available", lambda: have.pop(0))
    memory.check(analyse(small()), copies=3)
    assert not have


def test_threads_leave_a_core_to_the_window() -> None:
    assert 1 <= device.threads() <= max(1, (os.cpu_count() or 1) - 1)
    assert device.threads(3) == 3
    assert device.device("auto").type == device.devices()[0]
    assert device.devices()[-1] == "cpu"
    for name in ("tpu", "cuda:99", "nonsense device"):
        with pytest.raises(ValueError, match=name):
            device.device(name)
