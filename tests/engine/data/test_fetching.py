"""Data sets downloaded from a server of the test's own, and read where they then lie."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cnnviz.engine import vision
from cnnviz.engine.data import load
from cnnviz.engine.data.fetching import Part, download
from cnnviz.engine.fetch import Cancelled, DownloadError
from cnnviz.engine.vision import DataFile, data_files
from cnnviz.link.data import MISSING, OFFERED, Desist, Download, Downloaded, Downloading
from cnnviz.link.messages import Failed, Open, Pictures
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan

from ..desk import Desk
from ..nets import small
from ..server import Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """It has what torchvision names, small."""
    with serving() as made:

        def files(name: str) -> tuple[DataFile, ...]:
            urls = ("http://127.0.0.1:9/", made.url)  # the first mirror is gone
            return tuple(
                DataFile(f, tuple(u + f for u in urls), hashlib.md5(body).hexdigest()) for f, body in made.files.items()
            )

        monkeypatch.setattr(vision, "data_files", files)
        yield made


def idx(array: np.ndarray) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(b"\0\0\x08" + bytes([array.ndim]) + sizes + array.tobytes())


def put_mnist(server: Server) -> np.ndarray:
    x, y = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8), np.arange(6, dtype=np.uint8)
    for part, n in (("train", 6), ("t10k", 4)):
        server.files[f"{part}-images-idx3-ubyte.gz"] = idx(x[:n])
        server.files[f"{part}-labels-idx1-ubyte.gz"] = idx(y[:n])
    return x


def put_cifar(server: Server, name: str, folder: str, extra: str = "") -> np.ndarray:
    x = np.random.default_rng(0).integers(0, 256, (2, 3072), np.uint8)
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        ten = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta", "readme.html"]
        for n in ten if "10-" in folder else ["train", "test", "meta"]:
            contents = {b"data": x, b"labels": [3, 9], b"fine_labels": [0, 1], b"fine_label_names": [b"apple", b"bee"]}
            packed = pickle.dumps(contents, 2)
            info = tarfile.TarInfo(f"{folder}/{n}")
            info.size = len(packed)
            if n != extra:
                tar.addfile(info, io.BytesIO(packed))
    server.files[name] = body.getvalue()
    return x


def test_torchvision_says_where_they_all_are() -> None:
    for name, offer in OFFERED.items():
        files = data_files(offer.torchvision)
        assert len(files) == {"cifar10": 1, "cifar100": 1, "svhn": 2}.get(name, 4)
        assert all(len(f.md5) == 32 and f.urls and f.name in f.urls[0] for f in files)
    assert len(data_files("MNIST")[0].urls) > 1, "mirrors"
    with pytest.raises(vision.VisionError, match="does not say where Nothing"):
        data_files("Nothing")


def test_mnist_comes_file_by_file_and_is_read_there(server: Server, tmp_path: Path) -> None:
    x = put_mnist(server)
    told: list[Part] = []
    assert download("mnist", str(tmp_path), told.append) == tmp_path / "mnist"
    np.testing.assert_array_equal(load("mnist", str(tmp_path), Input(1, (28, 28))).train_x[:, 0], x)
    assert [p.number for p in told if p.done == p.total] == [1, 2, 3, 4] and all(p.count == 4 for p in told)
    server.asked.clear()
    (tmp_path / "mnist/t10k-labels-idx1-ubyte.gz").unlink()
    download("mnist", str(tmp_path))
    assert {name for name, _at in server.asked} == {"t10k-labels-idx1-ubyte.gz"}, "only what is missing"


@pytest.mark.parametrize(
    ("name", "archive", "folder"),
    [
        ("cifar10", "cifar-10-python.tar.gz", "cifar-10-batches-py"),
        ("cifar100", "cifar-100-python.tar.gz", "cifar-100-python"),
    ],
)
def test_archives_are_unpacked(server: Server, tmp_path: Path, name: str, archive: str, folder: str) -> None:
    x = put_cifar(server, archive, folder)
    place = download(name, str(tmp_path))
    assert [p.name for p in place.iterdir()] == [folder], "without the archive, and nothing half done"
    assert not (place / folder / "readme.html").exists()
    np.testing.assert_array_equal(load(name, str(tmp_path), Input(3, (32, 32))).test_x.reshape(2, -1), x)
    server.asked.clear()
    download(name, str(tmp_path))
    assert not server.asked


def test_an_archive_of_something_else(server: Server, tmp_path: Path) -> None:
    put_cifar(server, "cifar-10-python.tar.gz", "cifar-10-batches-py", extra="data_batch_3")
    with pytest.raises(DownloadError, match=r"does not hold the files of cifar10 .*data_batch_3.* Delete it"):
        download("cifar10", str(tmp_path))
    assert [p.name for p in (tmp_path / "cifar10").iterdir()] == ["cifar-10-python.tar.gz"]


def test_cancelled_while_unpacking(server: Server, tmp_path: Path) -> None:
    put_cifar(server, "cifar-10-python.tar.gz", "cifar-10-batches-py")
    with pytest.raises(Cancelled):
        download("cifar10", str(tmp_path), None, lambda: not (tmp_path / "cifar10/cifar-10-batches-py.new").exists())
    assert [p.name for p in (tmp_path / "cifar10").iterdir()] == ["cifar-10-python.tar.gz"]


def test_offline_it_says_which_files_go_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(vision, "data_files", lambda name: (DataFile("a.gz", ("http://127.0.0.1:9/a",), "0"),))
    with pytest.raises(DownloadError) as caught:
        download("kmnist", str(tmp_path))
    said = str(caught.value)
    assert said.startswith("a.gz cannot be downloaded (")
    assert said.endswith(f"Connect to the internet, or put a.gz into {tmp_path / 'kmnist'} by hand.")
    with pytest.raises(DownloadError, match="digits cannot be downloaded"):
        download("digits", str(tmp_path))


# ── through the engine ───────────────────────────────────────────────────────────────────────────────────────────────
def test_the_engine_downloads_and_then_has_the_pictures(server: Server, tmp_path: Path) -> None:
    put_mnist(server)
    plan = Plan(data="mnist", data_dir=str(tmp_path))
    with Desk() as desk:
        desk.send(Open(1, small(), plan))
        assert desk.failure("data").code == MISSING
        desk.send(Download(7, "mnist", str(tmp_path)))
        done = desk.until(Downloaded)
        assert done == Downloaded(7, "mnist", str(tmp_path / "mnist"))
        far = desk.all(Downloading)
        assert {f.number for f in far} == {7} and far[-1].file == far[-1].files == 4
        desk.send(Open(2, small(), plan))
        assert desk.until(Pictures).train == 6


def test_the_engine_says_what_went_wrong_and_forgets_what_is_not_wanted(server: Server, tmp_path: Path) -> None:
    server.files["a"] = b"a"
    with Desk() as desk:
        desk.send(Download(1, "nothing", str(tmp_path)))
        assert desk.until(Failed, lambda f: f.run == 1).text.startswith("nothing cannot be downloaded.")
        desk.send(Desist(), Download(3, "mnist", str(tmp_path)))
        assert desk.until(Downloaded).number == 3
