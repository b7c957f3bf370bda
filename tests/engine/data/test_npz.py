"""Data sets in .npz files, as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz.engine.data import Data, DataError, load
from cnnviz.net.layers import Input

X = np.random.default_rng(0).integers(0, 256, (12, 8, 8), np.uint8)
Y = np.arange(12) % 3


def loaded(folder: Path, **arrays: Any) -> Data:
    np.savez(folder / "a.npz", **arrays)
    return load(str(folder / "a.npz"), "", Input(1, (8, 8)))


@pytest.mark.parametrize("y", [Y, Y.astype(float), np.eye(3)[Y], np.eye(3, dtype=np.uint8)[Y], Y[:, None]])
def test_classes_as_numbers_or_as_rows_with_a_single_one(tmp_path: Path, y: np.ndarray) -> None:
    data = loaded(tmp_path, x_train=X, y_train=y, x_test=X[:3], y_test=y[:3])
    assert data.classes == ("0", "1", "2")
    assert data.train_y.tolist() == Y.tolist() and data.test_y.tolist() == [0, 1, 2]


def test_classes_as_names(tmp_path: Path) -> None:
    names = np.array(["dog", "cat", "eel"])[Y]
    data = loaded(tmp_path, x_train=X, y_train=names, x_test=X[:3], y_test=names[:3])
    assert data.classes == ("cat", "dog", "eel") and data.test_y.tolist() == [1, 0, 2]
    data = loaded(tmp_path, x_train=X, y_train=names, x_test=X[:3], y_test=names[:3], classes=["eel", "dog", "cat"])
    assert data.classes == ("eel", "dog", "cat") and data.test_y.tolist() == [1, 2, 0]
    with pytest.raises(DataError, match="there is no cat in its array classes"):
        loaded(tmp_path, x_train=X, y_train=names, classes=["eel", "dog"])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y_train": Y + 0.5}, "whole numbers"),
        ({"y_train": np.where(Y == 1, np.nan, 0.0)}, "whole numbers"),
        ({"y_train": np.array([None] * 12)}, "y_train holds Python objects"),
        ({"x_train": X[:0], "y_train": Y[:0]}, "empty"),
        ({"y_train": Y, "x_test": X}, "no y_test"),
        ({"y_train": Y[:5]}, "12 pictures but 5 classes"),
        ({"y_train": Y * 10**9}, "go up to 2,000,000,000. Number them from 0"),
        ({"y_train": Y * 0}, "one class only, 0"),
        ({"x_train": X * 1j, "y_train": Y}, "must be uint8, or numbers in 0…1"),
        ({"y_train": Y, "x_test": X[:, :4], "y_test": Y}, "x_test are 4×8×1, but those in x_train are 8×8×1"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        loaded(tmp_path, **{"x_train": X, **arrays})
    assert "a.npz" in str(error.value) and "Get them again" not in str(error.value)


def test_another_file_by_that_name(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PKjunk")
    with pytest.raises(DataError, match=r"is no \.npz file, or a damaged one") as error:
        load(str(tmp_path / "a.npz"), "", Input(1, (8, 8)))
    assert "pickle" not in str(error.value)
