"""Data sets: read from the files people have, fitted as pictures are, refused with a sentence otherwise."""

from __future__ import annotations

import gzip
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnviz.engine.data import DataError, load, sample
from cnnviz.engine.pictures import PictureError, fit
from cnnviz.net.layers import Input

GREY, COLOUR = Input(1, (28, 28)), Input(3, (32, 32))


def test_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    data = load("digits", "", Input(1, (8, 8)))
    assert (data.train_x.shape, data.test_x.shape, data.size) == ((1438, 1, 8, 8), (359, 1, 8, 8), (8, 8))
    x, y = load_digits(return_X_y=True)
    ours = {(p.tobytes(), int(c)) for s in ("train", "test") for p, c in zip(*arrays(data, s), strict=True)}
    assert ours == {(p.tobytes(), int(c)) for p, c in zip((x / 16).astype(np.float32), y, strict=True)}
    assert load("digits", "", Input(1, (8, 8))).digest() == data.digest() == "4246c737c4e7e0e2"
    assert torch.from_numpy(data.train_x).stride() == (64, 64, 8, 1)


def arrays(data, split: str):
    return getattr(data, f"{split}_x"), getattr(data, f"{split}_y")


def test_a_sample_is_the_picture_fitted() -> None:
    layer = Input(3, (20, 12), (0.5,), (0.25,))
    data, small = load("digits", "", layer), load("digits", "", Input(1, (8, 8)))
    for split in ("train", "test"):
        fitted, label = sample(data, split, 7, layer)
        direct = fit(arrays(small, split)[0][7].transpose(1, 2, 0), layer)
        np.testing.assert_array_equal(fitted.values, direct.values)
        np.testing.assert_array_equal(fitted.shown, direct.shown)
        assert fitted.box == direct.box and label == arrays(small, split)[1][7]
    for index in (-1, 359):
        with pytest.raises(PictureError, match="359"):
            sample(data, "test", index, layer)


def test_pictures_that_do_not_fit_into_memory_are_refused_before_they_are_made() -> None:
    with pytest.raises(DataError) as caught:
        load("digits", "", Input(1, (16384, 16384)))
    said = str(caught.value)
    assert said.startswith("digits in 1×16384×16384 takes about 1.9 TB of memory, but only ")
    assert said.endswith(" GB are free. Make the Input smaller.")


def write_idx(folder: Path, zipped: bool = True) -> tuple[np.ndarray, np.ndarray]:
    folder.mkdir(parents=True, exist_ok=True)
    x, y = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8), np.arange(6, dtype=np.uint8)
    for part, n in (("train", 6), ("t10k", 4)):
        for kind, array in (("images-idx3", x[:n]), ("labels-idx1", y[:n])):
            body = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
            path = folder / f"{part}-{kind}-ubyte"
            if zipped:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(body))
            else:
                path.write_bytes(body)
    return x, y


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["", "mnist", "MNIST/raw"])
def test_mnist_is_found_where_people_have_it(tmp_path: Path, place: str, zipped: bool) -> None:
    x, y = write_idx(tmp_path / place, zipped)
    data = load("mnist", str(tmp_path), GREY)
    np.testing.assert_array_equal(data.train_x[:, 0], x)
    np.testing.assert_array_equal(data.train_y, y)
    assert data.test_x.shape == (4, 1, 28, 28) and data.train_x.dtype == np.uint8


def write_cifar(folder: Path) -> np.ndarray:
    folder.mkdir(parents=True)
    x = np.random.default_rng(0).integers(0, 256, (2, 3072), np.uint8)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (folder / name).write_bytes(pickle.dumps({b"data": x, b"labels": [3, 9]}, 2))
    return x


def test_cifar_batches(tmp_path: Path) -> None:
    x = write_cifar(tmp_path / "cifar-10-batches-py")
    data = load("cifar10", str(tmp_path), COLOUR)
    assert data.train_x.shape == (10, 3, 32, 32) and data.test_y.tolist() == [3, 9] and data.classes[3] == "cat"
    np.testing.assert_array_equal(data.test_x.reshape(2, -1), x)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    write_cifar(tmp_path / "cifar10")
    (tmp_path / "cifar10" / "data_batch_3").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(DataError, match="no plain data"):
        load("cifar10", str(tmp_path), COLOUR)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shape", [(9, 5, 5), (9, 5, 5, 1), (9, 1, 5, 5), (9, 5, 5, 3), (9, 3, 5, 5)])
def test_npz_files(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).random(shape).astype(np.float32)
    np.savez(tmp_path / "my.npz", x_train=x, y_train=np.arange(9)[:, None] % 3)
    channels = 3 if 3 in shape[1:] else 1
    data = load(str(tmp_path / "my.npz"), "", Input(channels, (5, 5)))
    assert (len(data.train_x), len(data.test_x)) == (7, 2)  # a fifth is held out
    assert data.classes == ("0", "1", "2") and data.train_x.shape[1:] == (channels, 5, 5)
    np.savez(
        tmp_path / "my.npz", x_train=x, y_train=np.arange(9) % 3, x_test=x[:4], y_test=[0, 1, 2, 0], classes=list("abc")
    )
    data = load("my.npz", str(tmp_path), Input(1, (10, 10)))
    assert (len(data.train_x), len(data.test_x), data.classes) == (9, 4, ("a", "b", "c"))


GOOD = {"x_train": np.zeros((2, 4, 4), np.uint8), "y_train": np.array([0, 1])}
BAD = {
    "keys": ({"images": np.zeros(3)}, "x_train"),
    "counts": (GOOD | {"y_train": np.array([0])}, "2 pictures but 1"),
    "negative": (GOOD | {"y_train": np.array([0, -1])}, "class -1"),
    "classes": (GOOD | {"classes": np.array(["a"])}, "class 1 is outside 0…0"),
    "shape": (GOOD | {"x_train": np.zeros((2, 4), np.uint8)}, "2×4"),
    "range": (GOOD | {"x_train": np.full((2, 4, 4), 7.0)}, "0…1"),
    "objects": (GOOD | {"y_train": np.array([{}, {}])}, "holds Python objects"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_npz_files_are_explained(tmp_path: Path, case: str) -> None:
    contents, words = BAD[case]
    contents = GOOD | {"x_test": GOOD["x_train"], "y_test": GOOD["y_train"]} | contents if case != "keys" else contents
    np.savez(tmp_path / "bad.npz", **contents)
    with pytest.raises(DataError, match=words) as caught:
        load(str(tmp_path / "bad.npz"), "", GREY)
    assert "bad.npz" in str(caught.value)


def test_missing_and_damaged_files_are_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz.*mnist, or train on digits\.$"):
        load("mnist", str(tmp_path), GREY)
    with pytest.raises(DataError, match=r"data_batch_1.*cifar10, or train on digits\.$"):
        load("cifar10", str(tmp_path), COLOUR)
    with pytest.raises(DataError, match="no data set imagenet"):
        load("imagenet", "", COLOUR)
    with pytest.raises(DataError, match=r"none\.npz\. Check the name, or train on digits\.$"):
        load(str(tmp_path / "none.npz"), "", COLOUR)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match=r"text\.npz"):
        load(str(tmp_path / "text.npz"), "", COLOUR)
    write_idx(tmp_path)
    whole = tmp_path / "t10k-images-idx3-ubyte.gz"
    for broken in (whole.read_bytes()[:100], gzip.compress(b"\0\0\x08\x03" + bytes(40)), b"hello", b""):
        whole.write_bytes(broken)
        with pytest.raises(DataError, match="again"):
            load("mnist", str(tmp_path), GREY)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write_idx(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", denied)  # root may read everything, so the system is asked in vain
    with pytest.raises(DataError, match=r"-ubyte.gz may not be read\. Change its permissions, or train on digits\.$"):
        load("mnist", str(tmp_path), GREY)


def test_real_mnist_where_it_is() -> None:
    folder = Path("/work/shared/data/mnist")
    if not folder.is_dir():
        pytest.skip("needs the MNIST files")
    data = load("mnist", str(folder), GREY)
    assert data.train_x.shape == (60_000, 1, 28, 28) and data.test_x.shape == (10_000, 1, 28, 28)
    assert np.bincount(data.test_y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
