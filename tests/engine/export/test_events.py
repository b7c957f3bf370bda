"""A run as TensorBoard's event files, read back record by record."""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event

from cnnviz import app
from cnnviz.engine.data import Data, DataError, load
from cnnviz.engine.export.events import Told, mosaic, write_events
from cnnviz.engine.export.to_onnx import ExportError
from cnnviz.engine.record.reader import Reader
from cnnviz.link import runs
from cnnviz.net.layers import Source
from cnnviz.net.network import Network
from cnnviz.net.plan import Plan

from ...saying import Said, metrics, refused
from ..nets import small
from ..record.test_recorder import train


def data(plan: Plan, layer: Source) -> Data:
    return load(plan.data, plan.data_dir, layer, plan)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    assert len(list(train(Network(small(), "small"), Plan(epochs=2, batch_size=100, threads=1), folder))) == 30
    return folder


def records(file: Path) -> Iterator[bytes]:
    """As TensorBoard reads them: length, its checksum, the record, its checksum."""
    raw = io.BytesIO(file.read_bytes())
    while head := raw.read(12):
        length, check = struct.unpack("<QI", head)
        assert check == _masked(head[:8])
        body = raw.read(length)
        assert struct.unpack("<I", raw.read(4))[0] == _masked(body)
        yield body


def _masked(part: bytes) -> int:
    c = crc32c(part)
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF


def values(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """(step, value) by tag."""
    (file,) = folder.iterdir()
    found: dict[str, list[tuple[int, Any]]] = {}
    first, *rest = [Event.FromString(r) for r in records(file)]
    assert first.file_version == "brain.Event:2"
    for event in rest:
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value))
    return found


def test_every_step_is_a_point(run: Path, tmp_path: Path) -> None:
    told = write_events(run, tmp_path / "tb", data)
    assert told == Told(30, 22, 20)
    found = values(tmp_path / "tb")
    lines = metrics(run)
    for tag, name in (("loss/train", "loss"), ("accuracy/train", "accuracy"), ("learning_rate", "lr")):
        assert [s for s, _v in found[tag]] == list(range(1, 31))
        np.testing.assert_array_equal([v.simple_value for _s, v in found[tag]], np.float32([m[name] for m in lines]))
    held_out = {
        "loss/held_out": "test_loss",
        "accuracy/held_out": "test_accuracy",
        "accuracy/held_out_top5": "test_top5",
    }
    for tag, name in held_out.items():
        assert [(s, v.simple_value) for s, v in found[tag]] == [
            (m["step"], np.float32(m[name])) for m in lines if name in m
        ]
    assert "| batch_size | 100 |" in found["plan/text_summary"][0][1].tensor.string_val[0].decode()


def test_weights_of_recorded_steps_are_histograms_and_pictures(run: Path, tmp_path: Path) -> None:
    write_events(run, tmp_path, data)
    found = values(tmp_path)
    reader = Reader(run / runs.TRACKS)
    reader.refresh()
    for name, first in reader.read(0).items():
        shown = found[name.replace(".", "/")]
        assert [s for s, _v in shown] == list(reader.steps)
        for step, value in shown:
            weights = reader.read(step)[name].double()
            assert value.histo.num == first.numel()
            assert (value.histo.min, value.histo.max) == (weights.min(), weights.max())
            assert value.histo.sum == pytest.approx(float(weights.sum()), abs=1e-9)
    filters = found["filters/conv"]
    assert filters[0][0] == 0 and filters[-1][0] == reader.steps[-1]
    for step, value in (filters[0], filters[-1]):
        kernels = reader.read(step)["conv.weight"].numpy()
        np.testing.assert_array_equal(_seen(value), mosaic(kernels))
    assert {t for t in found if t.startswith("maps/")} == {"maps/conv"} and len(found["maps/conv"]) == 20
    (picture,) = found["picture"]
    digit = data(runs.notes(run).plan, small().nodes[0].layer).test_x[0, 0]  # type: ignore[arg-type]
    assert (_seen(picture[1])[::3, ::3, 0].argmax() == digit.argmax()) and _seen(picture[1]).shape == (24, 24, 3)


def _seen(value: Any) -> np.ndarray:
    image = value.image
    shown = np.asarray(Image.open(io.BytesIO(image.encoded_image_string)).convert("RGB"))
    assert shown.shape == (image.height, image.width, 3)
    return shown


def test_without_the_pictures_there_are_no_maps(run: Path, tmp_path: Path) -> None:
    def missing(plan: Plan, layer: Source) -> Data:
        raise DataError("The files are elsewhere.")

    told = write_events(run, tmp_path, missing)
    assert told.without == "There are no feature maps: The files are elsewhere."
    assert "filters/conv" in values(tmp_path) and "maps/conv" not in values(tmp_path)


def test_what_stands_in_the_folder_stays(run: Path, tmp_path: Path) -> None:
    write_events(run, tmp_path, data)
    (before,) = tmp_path.iterdir()
    with pytest.raises(ExportError, match="holds event files already"):
        write_events(run, tmp_path, data)
    assert list(tmp_path.iterdir()) == [before]
    with pytest.raises(runs.RunError):
        write_events(tmp_path, tmp_path / "other", data)
    assert not (tmp_path / "other").exists()


def test_a_file_where_the_folder_should_be_stays(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("mine")
    with pytest.raises(ExportError, match="is a file, and event files go into a folder"):
        write_events(run, out, data)
    assert out.read_text() == "mine"


def test_a_damaged_step_is_left_out(run: Path, tmp_path: Path) -> None:
    broken = tmp_path / "run"
    for file in ("run.json", "network.cnnviz", "metrics.jsonl", "weights/start.track"):
        (broken / file).parent.mkdir(exist_ok=True, parents=True)
        (broken / file).write_bytes((run / file).read_bytes())
    raw = bytearray((broken / "weights/start.track").read_bytes())
    raw[-5] ^= 0xFF
    (broken / "weights/start.track").write_bytes(raw)
    assert write_events(broken, tmp_path / "tb", data).histograms == 20


def test_without_the_package_it_says_what_to_install(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    said = refused(capsys, "export", str(run), "--to", "tensorboard", "-o", str(tmp_path / "tb"))
    assert 'pip install "cnnviz[tensorboard]"' in said and not (tmp_path / "tb").exists()


def test_the_command(run: Path, tmp_path: Path, capsys: Said) -> None:
    out = str(tmp_path / "tb")
    assert app.main(["export", str(run), "--to", "tensorboard", "-o", out]) == 0
    said = capsys.readouterr()
    assert "curves of 30 steps" in said.out and f"tensorboard --logdir {out}" in said.out and not said.err
    assert "no run folder" in refused(capsys, "export", "lenet5", "--to", "tensorboard", "-o", out + "2")


def test_a_mosaic_has_white_for_zero_and_shows_what_is_not_finite() -> None:
    values = np.zeros((5, 1, 2, 3))
    values[0, 0, 0] = (-2, 0, 1)
    values[1, 0, 0, 0] = np.nan
    shown = mosaic(values)
    assert shown.shape == (2 * 17 - 1, 3 * 25 - 1, 3) and shown.dtype == np.uint8
    assert shown[0, 0].tolist() == [0, 0, 255] and shown[0, 8].tolist() == [255, 255, 255]
    assert shown[0, 16].tolist() == [255, 128, 128] and shown[0, 25].tolist() == [255, 0, 255]
    assert shown[0, 24].tolist() == [128, 128, 128] and shown[-1, -1].tolist() == [128, 128, 128]
    assert mosaic(np.abs(values))[0, 0].tolist() == [255, 255, 255]
    assert max(mosaic(np.zeros((512, 1, 56, 56))).shape) <= 1024
    colours = np.zeros((1, 3, 24, 24))
    colours[0, 1] = 1
    assert mosaic(colours)[0, 0].tolist() == [0, 255, 0]
