"""A step's pictures among processes: who gets which, changed as in one process; a plan of several batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from cnnviz.engine import device
from cnnviz.engine.augment import Augment
from cnnviz.engine.build import Net
from cnnviz.engine.learn.feed import Feed, epoch_steps, order
from cnnviz.engine.learn.group import ALONE, SAVE, STOP, Elsewhere, Group
from cnnviz.net.acting import idle
from cnnviz.net.analysis import analyse
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan

from ..nets import noisy, small


def of(size: int, rank: int) -> Group:
    group = Group()
    group.size, group.rank = size, rank
    return group


@pytest.mark.parametrize("pictures", [0, 1, 2, 3, 7, 64])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_every_picture_has_one_process(pictures: int, size: int) -> None:
    rows = [of(size, rank).rows(pictures) for rank in range(size)]
    assert [i for r in rows for i in range(pictures)[r]] == list(range(pictures))
    shares = [r.stop - r.start for r in rows]
    assert max(shares) - min(shares) <= 1 and shares == sorted(shares, reverse=True)


def test_alone_every_question_has_its_own_answer() -> None:
    assert ALONE.total(1.5, 2) == (1.5, 2) and ALONE.mean(3, 3, 0.1) == (0.1,) and ALONE.gather("x") == ["x"]
    group, wanted = Group(), [False]
    assert not group.agreed(STOP)
    group.wants(STOP, lambda: wanted[0])
    assert not group.agreed(STOP)
    wanted[0] = True
    assert group.agreed(STOP) and not group.agreed(SAVE)
    assert group.given(lambda: 3) == group.first(lambda: 3) == group.together(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        group.together(lambda: 1 // 0)
    assert not issubclass(Elsewhere, ValueError)


PLAN = Plan(
    augment_crop=0.4,
    augment_rotation=20,
    augment_flip=0.5,
    augment_shift=2,
    augment_brightness=0.3,
    augment_contrast=0.3,
    augment_noise=0.1,
    augment_cutout=3,
)


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, augment_crop=0.0, augment_rotation=0.0), Plan()])
def test_a_share_of_the_pictures_is_changed_as_all_of_them_would_be(plan: Plan) -> None:
    torch.set_num_threads(1)
    layer = Input(3, (12, 12))
    x = np.random.default_rng(0).integers(0, 255, (10, 3, 12, 12), np.uint8)
    feed = Feed(x, np.arange(10), layer, torch.device("cpu"), Augment.of(plan, layer))
    indices = torch.tensor([4, 1, 7, 9, 2])
    whole, classes = feed.batch(indices, step=6)
    for size in (2, 3):
        parts = [feed.batch(indices, 6, of(size, rank).rows(5)) for rank in range(size)]
        assert torch.equal(torch.cat([y for _x, y in parts]), classes)
        torch.testing.assert_close(torch.cat([x for x, _y in parts]), whole, rtol=0, atol=1e-6)


def test_a_step_of_two_batches_is_one_of_a_double_batch() -> None:
    net = Net(analyse(small()))
    two, one = Plan(batch_size=32, batches=2, epochs=2), Plan(batch_size=64, epochs=2)
    assert two.step_size == 64 and epoch_steps(net, 1438, two) == epoch_steps(net, 1438, one) == 23
    for (a, a_last), (b, b_last) in zip(order(net, 1438, two, 0), order(net, 1438, one, 0), strict=True):
        assert torch.equal(a, b) and a_last == b_last


@pytest.mark.parametrize(("rest", "joins"), [(0, False), (1, True), (3, True), (4, False)])
def test_every_process_has_two_pictures_to_normalise(rest: int, joins: bool) -> None:
    plan = Plan(batch_size=8, batches=2)
    steps = epoch_steps(Net(analyse(noisy())), 160 + rest, plan)
    assert steps == 10 + (rest > 0 and not joins)
    assert epoch_steps(Net(analyse(small())), 160 + rest, plan) == 10 + (rest > 0)


def test_one_batch_has_nothing_to_synchronise() -> None:
    assert "normalised as a whole" in idle(Plan(sync_bn=True), "sync_bn")
    assert not idle(Plan(batches=2), "sync_bn") and not idle(Plan(), "batches")


def test_processes_beside_each_other_have_a_device_and_cores_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[torch.device] = []
    monkeypatch.setattr(device, "devices", lambda: ("cuda", "cpu"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", set_to.append)
    assert device.device("auto", 1, 2) == torch.device("cuda", 1) == set_to[0]
    assert device.device("cpu", 1, 2) == torch.device("cpu")
    with pytest.raises(ValueError, match="Here are 2 CUDA devices for 3 processes"):
        device.device("cuda", 0, 3)
    monkeypatch.setattr(device, "devices", lambda: ("mps", "cpu"))
    assert device.device("auto", 0, 2) == torch.device("cpu"), "by Metal, processes cannot sum"
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda pid: range(8), raising=False)
    assert [device.threads(0, n) for n in (1, 2, 3, 16)] == [7, 4, 2, 1] and device.threads(5, 2) == 5
