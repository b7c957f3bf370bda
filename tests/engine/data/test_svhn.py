"""SVHN's MATLAB files, as scipy writes them, and broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnviz.engine.data import DataError, load
from cnnviz.engine.data.svhn import matrices
from cnnviz.net.layers import Input

savemat = pytest.importorskip("scipy.io").savemat


def write(folder: Path, zipped: bool = True) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    x = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 5), np.uint8)
    y = np.array([[1], [10], [9], [10], [2]], np.uint8)
    for part, n in (("train", 5), ("test", 3)):
        savemat(folder / f"{part}_32x32.mat", {"X": x[..., :n], "y": y[:n]}, do_compression=zipped)
    return x.transpose(3, 2, 0, 1)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["", "svhn", "SVHN"])
def test_svhn_is_read_and_ten_is_zero(tmp_path: Path, place: str, zipped: bool) -> None:
    x = write(tmp_path / place, zipped)
    data = load("svhn", str(tmp_path), Input(3, (32, 32)))
    np.testing.assert_array_equal(data.train_x, x)
    assert data.train_y.tolist() == [1, 0, 9, 0, 2] and data.test_y.tolist() == [1, 0, 9]
    assert data.classes == tuple("0123456789") and data.train_x.flags.c_contiguous


def test_all_kinds_of_numbers_and_short_names_are_read(tmp_path: Path) -> None:
    arrays = {f"a{i}": np.arange(7).astype(t).reshape(1, 7) for i, t in enumerate(("u1", "i2", "i4", "f4", "f8"))}
    arrays["a_name_that_is_long"] = np.arange(24.0).reshape(2, 3, 4)
    savemat(tmp_path / "some.mat", arrays)
    for name, values in matrices(tmp_path / "some.mat").items():
        np.testing.assert_array_equal(values, arrays.pop(name))
    assert not arrays


def test_missing_and_broken_files_are_explained(tmp_path: Path) -> None:
    layer = Input(3, (32, 32))
    with pytest.raises(DataError, match=r"put train_32x32.mat and test_32x32.mat into .*svhn, or train on digits"):
        load("svhn", str(tmp_path), layer)
    write(tmp_path)
    path = tmp_path / "train_32x32.mat"
    whole = path.read_bytes()
    for broken in (b"", whole[:100], whole[:-50], whole[:3000], b"MATLAB 7.3" + whole[10:124] + b"\0\2IM"):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"train_32x32\.mat .*Get it again"):
            load("svhn", str(tmp_path), layer)
    savemat(path, {"X": np.zeros((32, 32, 5), np.uint8), "y": np.ones((5, 1))})
    with pytest.raises(DataError, match="32×32×5 instead of 32×32×3×number"):
        load("svhn", str(tmp_path), layer)
    savemat(path, {"Z": np.zeros(3)})
    with pytest.raises(DataError, match="no pictures X and classes y"):
        load("svhn", str(tmp_path), layer)
