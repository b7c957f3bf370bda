"""What is in a data set, through the engine: told first as it is, then with duplicates; loading told of, and left."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest

from cnnviz.engine import server
from cnnviz.engine.data import files
from cnnviz.link.data import LEFT, Contents, Leave, Loading, Stock
from cnnviz.link.messages import IDLE, Failed, Look, News, Open, Opened, Pictures, Sample, Stop, Take, Train
from cnnviz.link.pulses import Feel, Pulses
from cnnviz.net.plan import Plan

from ..data.pictures import put, put_classes
from ..desk import Desk
from ..nets import small


def test_a_folder_is_taken_stock_of(tmp_path: Path) -> None:
    put_classes(tmp_path / "train", 3)
    put_classes(tmp_path / "val", 2)
    put(tmp_path / "val/dog/9.png", 0)  # the first cat
    (tmp_path / "train/cat/words.png").write_text("no picture")
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(data=str(tmp_path))), Stock(4))
        assert desk.until(Pictures).classes == ("cat", "dog")
        first = desk.until(Contents)
        assert not first.compared and first.number == 4 and first.size is None and not len(first.leaked)
        assert np.bincount(first.train_y).tolist() == [3, 3] and np.bincount(first.test_y).tolist() == [2, 3]
        assert [name for name, _why in first.broken] == ["train/cat/words.png"] and first.broken_count == 1
        whole = desk.until(Contents, lambda c: c.compared)
        assert whole.leaked.tolist() == [0, 1, 2, 3, 4] and whole.torn_test.tolist() == [0, 4]
        desk.send(Look(Sample(1), 1))
        assert desk.frame(lambda f: f.picture.name == "val/cat/1.png").picture.size == (12, 10)


def test_loading_is_told_of_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(tmp_path, 10)
    monkeypatch.setattr(server, "PATIENCE", -1.0)
    monkeypatch.setattr(server, "TELL", -1.0)
    monkeypatch.setattr(files, "BLOCK", 1)
    waiting = Event()
    decode = files.pictures.decode

    def slowly(path: Path) -> np.ndarray:
        assert waiting.wait(60)
        return decode(path)

    monkeypatch.setattr(files.pictures, "decode", slowly)
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(data=str(tmp_path))))
        assert desk.until(Loading) == Loading(str(tmp_path), 0, 20)
        desk.send(Leave(), Take(0, 0), Stock(1))
        desk.until(News)  # by now it has been heard
        waiting.set()
        left = desk.until(Failed, lambda f: f.what == "data")
        assert left.code == LEFT and "was cancelled" in left.text
        desk.until(Contents)


def test_another_data_set_ends_the_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_classes(tmp_path, 10)
    monkeypatch.setattr(files, "BLOCK", 1)
    began, waiting = Event(), Event()
    decode = files.pictures.decode

    def slowly(path: Path) -> np.ndarray:
        began.set()
        assert waiting.wait(60)
        return decode(path)

    monkeypatch.setattr(files.pictures, "decode", slowly)
    with Desk() as desk:
        desk.send(Open(1, small(), Plan(data=str(tmp_path))))
        assert began.wait(60)
        desk.send(Open(2, small(), Plan()), Take(0, 0))
        desk.until(News)
        waiting.set()
        assert desk.until(Pictures).data == "digits"


@pytest.mark.parametrize("stopped", (False, True))
def test_a_run_keeps_the_data_set_that_it_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool) -> None:
    """The editor turns to another one meanwhile; only who stops the run ends its loading, without a complaint."""
    put_classes(tmp_path, 10)
    monkeypatch.setattr(files, "BLOCK", 1)
    began, waiting, loads = Event(), Event(), [0]
    decode = files.pictures.decode

    def slowly(path: Path) -> np.ndarray:
        loads[0] += 1
        began.set()
        assert waiting.wait(60)
        return decode(path)

    with Desk() as desk:
        plan = Plan(epochs=1, batch_size=8, threads=1, data=str(tmp_path))
        desk.send(Open(1, small(classes=2), Plan(threads=1)))
        desk.until(Opened)
        monkeypatch.setattr(files.pictures, "decode", slowly)
        desk.send(Train(3, plan))
        assert began.wait(60)
        desk.send(Open(2, small(), Plan(threads=1)), *([Stop()] if stopped else []), Feel(3, 0))
        desk.until(Pulses)  # by now they have been heard
        waiting.set()
        end = desk.progress(lambda p: p.run == 3 and p.phase == IDLE)
        assert (end.step, loads[0] < 20) == ((0, True) if stopped else (2, False))
        assert not desk.all(Failed)
