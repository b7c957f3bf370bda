"""Duplicates: found in both parts and under two classes, exactly, and left out where that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnviz.engine.data import Cancelled, Data, DataError, leaks, load
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan


def made(train: list[int], test: list[int], train_y: list[int], test_y: list[int]) -> Data:
    def pictures(which: list[int]) -> np.ndarray:
        return np.stack([np.full((1, 2, 2), k, np.uint8) for k in which])

    ys = (np.array(y, np.int64) for y in (train_y, test_y))
    y, test_classes = ys
    return Data("some", ("a", "b"), pictures(train), y, pictures(test), test_classes, (2, 2))


SOME = made([1, 2, 1, 3, 3], [2, 9, 9, 1, 4], [0, 0, 0, 1, 0], [1, 0, 0, 0, 1])


def test_all_kinds_are_told_apart() -> None:
    found = leaks.find(SOME)
    assert found.leaked.tolist() == [0, 3] and found.source.tolist() == [1, 0]
    assert found.again_train.tolist() == [2, 4] and found.again_test.tolist() == [2]
    assert found.torn_train.tolist() == [1, 3, 4] and found.torn_test.tolist() == [0]


def test_nothing_is_found_where_nothing_is() -> None:
    found = leaks.find(load("digits", "", Input(1, (8, 8))))
    assert not any(len(a) for a in vars(found).values())


def test_against_comparing_every_pair() -> None:
    dice = np.random.default_rng(3)
    for _time in range(20):
        lists = [dice.integers(0, 12, n).tolist() for n in (15, 9)]
        labels = [dice.integers(0, 2, n).tolist() for n in (15, 9)]
        found = leaks.find(made(*lists, *labels))
        assert found.leaked.tolist() == [i for i, k in enumerate(lists[1]) if k in lists[0]]
        assert found.source.tolist() == [lists[0].index(k) for k in lists[1] if k in lists[0]]
        assert found.again_test.tolist() == [i for i, k in enumerate(lists[1]) if k in lists[1][:i]]
        both = list(zip(lists[0] + lists[1], labels[0] + labels[1], strict=True))
        torn = [i for i, (k, y) in enumerate(both) if (k, 1 - y) in both]
        assert [*found.torn_train, *(15 + found.torn_test)] == torn


def test_it_can_be_left() -> None:
    with pytest.raises(Cancelled):
        leaks.find(SOME, lambda done, total: False)


def test_the_held_out_part_is_cleaned_where_the_plan_says_so(tmp_path: Path) -> None:
    x = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    held = np.stack([x[3], x[7] + np.uint8(90)])
    np.savez(tmp_path / "a.npz", x_train=x, y_train=np.arange(10) % 2, x_test=held, y_test=[1, 0])
    path, layer = str(tmp_path / "a.npz"), Input(1, (4, 4))
    whole, clean = load(path, "", layer), load(path, "", layer, Plan(drop_leaks=True))
    assert len(whole.test_y) == 2 and not whole.dropped
    assert clean.test_y.tolist() == [0] and clean.test_x.max() == 97 and clean.dropped == 1
    assert whole.digest() != clean.digest() and clean.test_x.flags.c_contiguous
    np.savez(tmp_path / "a.npz", x_train=x, y_train=np.arange(10) % 2, x_test=x[:2], y_test=[0, 1])
    with pytest.raises(DataError, match=r"Every held-out picture of .* is trained on, too: none is left"):
        load(path, "", layer, Plan(drop_leaks=True))
