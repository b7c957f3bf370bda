"""Folders of class folders: found, divided, decoded as a picture of one's own is; what is broken is named."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.engine import pictures
from cnnviz.engine.data import Cancelled, DataError, load, sample
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan

from .pictures import put, put_classes

LAYER = Input(3, (8, 8))


def test_a_part_of_every_class_is_held_out_by_a_fixed_seed(tmp_path: Path) -> None:
    put_classes(tmp_path / "pets", 10)
    data = load(str(tmp_path / "pets"), "", LAYER)
    assert data.classes == ("cat", "dog") and data.name == str(tmp_path / "pets")
    assert np.bincount(data.train_y).tolist() == [8, 8] and np.bincount(data.test_y).tolist() == [2, 2]
    assert data.train_files and data.test_files
    assert not {*data.train_files.names} & {*data.test_files.names}
    again = load("pets", str(tmp_path), LAYER)
    assert again.test_files and again.test_files.names == data.test_files.names
    half = load("pets", str(tmp_path), LAYER, Plan(held_out=0.5))
    assert len(half.test_y) == 10


def test_every_picture_is_fitted_as_a_picture_of_ones_own(tmp_path: Path) -> None:
    for i, (size, mode) in enumerate((((20, 31), "RGB"), ((16, 8), "L"), ((8, 8), "RGB"))):
        put(tmp_path / "a" / f"{i}.png", i, size, mode)
        put(tmp_path / "b" / f"{i}.jpg", i, size, mode)
    layer = Input(3, (8, 8), (0.5,), (0.25,))
    data = load(str(tmp_path), "", layer)
    for split in ("train", "test"):
        for i in range(len(data.split(split)[1])):
            name, size, box = data.origin(split, i)
            fitted, label = sample(data, split, i, layer)
            own = pictures.fit(pictures.decode(tmp_path / name), layer)
            np.testing.assert_array_equal(fitted.values, own.values)
            assert fitted.box == own.box == box and data.classes[label] == name.split("/")[0]
            with Image.open(tmp_path / name) as image:
                assert size == (image.height, image.width)


@pytest.mark.parametrize("names", [("train", "val"), ("Train", "Validation"), ("training", "test")])
def test_parts_are_understood(tmp_path: Path, names: tuple[str, str]) -> None:
    put_classes(tmp_path / names[0], 3)
    put_classes(tmp_path / names[1], 2, seed=50)
    data = load(str(tmp_path), "", LAYER)
    assert (len(data.train_y), len(data.test_y)) == (6, 4) and not data.notes
    assert data.test_files and all(n.startswith(f"{names[1]}/") for n in data.test_files.names)


def test_with_a_validation_part_the_test_stays_unseen(tmp_path: Path) -> None:
    for part, n in (("train", 3), ("val", 1), ("test", 2)):
        put_classes(tmp_path / part, n)
    data = load(str(tmp_path), "", LAYER)
    assert len(data.test_y) == 2 and data.notes == (
        "Held out are the pictures of val; the 4 of test are not used, so that they stay unseen.",
    )


def test_a_test_part_without_classes_is_no_test_part(tmp_path: Path) -> None:
    put_classes(tmp_path / "train", 5)
    put(tmp_path / "test" / "1.png")
    assert len(load(str(tmp_path), "", LAYER).test_y) == 2


def test_what_cannot_be_read_is_listed_and_left_out(tmp_path: Path) -> None:
    put_classes(tmp_path, 5)
    (tmp_path / "cat" / "half.png").write_bytes((tmp_path / "cat" / "0.png").read_bytes()[:80])
    (tmp_path / "dog" / "words.jpg").write_text("not a picture")
    (tmp_path / "dog" / "notes.txt").write_text("no picture, and nobody says so")
    (tmp_path / "dog" / ".hidden.png").write_text("the system's own")
    data = load(str(tmp_path), "", LAYER)
    assert sorted(name for name, _why in data.broken) == ["cat/half.png", "dog/words.jpg"]
    assert any("words.jpg is not a picture this program can read" in why for _name, why in data.broken)
    assert len(data.train_y) + len(data.test_y) == 10
    assert data.train_files and len(data.train_files.names) == len(data.train_files.sizes) == len(data.train_y)


def test_folders_that_cannot_be_trained_on_are_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no data set nowhere"):
        load("nowhere", str(tmp_path), LAYER)
    with pytest.raises(DataError, match=r"holds no pictures\. Put those of each class into a folder of its own"):
        load(str(tmp_path), "", LAYER)
    put(tmp_path / "1.png")
    with pytest.raises(DataError, match="holds no pictures"):
        load(str(tmp_path), "", LAYER)
    put(tmp_path / "cat" / "1.png")
    with pytest.raises(DataError, match="has one class only, cat: there is nothing to tell apart"):
        load(str(tmp_path), "", LAYER)
    put(tmp_path / "dog" / "1.png")
    with pytest.raises(DataError, match="one picture of each class: none can be held out"):
        load(str(tmp_path), "", LAYER)
    with pytest.raises(DataError, match=r"takes 4 channels, but pictures have 1 or 3"):
        load(str(tmp_path), "", Input(4, (8, 8)))
    for i in range(4):
        (tmp_path / "cat" / f"{i}.png").write_text("x")
        (tmp_path / "dog" / f"{i}.png").write_text("x")
    with pytest.raises(DataError, match=r"none of the pictures that would be trained on can be read"):
        load(str(tmp_path), "", LAYER)


def test_memory_is_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(tmp_path, 2)
    monkeypatch.setattr("cnnviz.engine.memory.available", lambda: 100)
    monkeypatch.setattr(pictures, "decode", None)
    with pytest.raises(DataError, match=r"^4 pictures of .* in 3×8×8 take about 0 MB of memory, but only 0 MB are"):
        load(str(tmp_path), "", LAYER)


def test_progress_is_told_and_it_can_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.engine.data.files.BLOCK", 4)
    put_classes(tmp_path, 10)
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> bool:
        told.append((done, total))
        return len(told) < 4

    with pytest.raises(Cancelled, match=r"Loading .* was cancelled\. Load it again, or choose another data set\."):
        load(str(tmp_path), "", LAYER, Plan(), tell)
    assert told == [(0, 20), (4, 20), (8, 20), (12, 20)]


def test_deep_pictures_become_eight_bits(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(2):
            path = tmp_path / name / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(np.full((8, 8), 257 * 100 + i, np.uint16)).save(path)
    data = load(str(tmp_path), "", Input(1, (8, 8)))
    assert data.train_x.dtype == np.uint8 and (data.train_x == 100).all()


def test_no_thread_collects_garbage_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(tmp_path, 4)
    decode, seen = pictures.decode, []

    def watched(path: Path) -> np.ndarray:
        seen.append(gc.isenabled())
        return decode(path)

    monkeypatch.setattr(pictures, "decode", watched)
    load(str(tmp_path), "", LAYER)
    assert len(seen) == 8 and not any(seen) and gc.isenabled()
