"""torchvision behind its guard, and weights from the network: real downloads, of small files that the test serves."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torch import Tensor

from cnnviz.engine import vision
from cnnviz.engine.foreign import download
from cnnviz.engine.foreign.download import Cancelled, DownloadError, cached
from cnnviz.engine.foreign.models import load_model

HERE = Path(__file__).parents[3]
CONTENTS = bytes(range(256)) * 4096  # 1 MiB


def name(contents: bytes, stem: str = "net") -> str:
    """A file's name with the beginning of its checksum, as torch's cache has it."""
    return f"{stem}-{hashlib.sha256(contents).hexdigest()[:8]}.pth"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


class Server(ThreadingHTTPServer):
    """Serves CONTENTS; what it does wrong is in the path."""

    daemon_threads = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self) -> None:
        """The file, half of it, or none."""
        if "missing" in self.path:
            self.send_error(404)
            return
        self.send_response(200)
        if "unsized" not in self.path:
            self.send_header("Content-Length", str(len(CONTENTS)))
        self.end_headers()
        self.wfile.write(CONTENTS[: len(CONTENTS) // 2] if "half" in self.path else CONTENTS)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on this machine."""
    made = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


# ── downloads ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("how", ["", "unsized/"])
def test_a_download_is_told_of_verified_and_kept(server: Server, cache: Path, how: str) -> None:
    url, told = f"{server.url}/{how}{name(CONTENTS)}", []
    path = download.download(url, lambda have, size: told.append((have, size)))
    assert path == cached(url) == cache / name(CONTENTS)
    assert path.read_bytes() == CONTENTS
    assert told[0] == (0, told[0][1]) and told[-1][0] == len(CONTENTS)
    assert told[-1][1] == (0 if how else len(CONTENTS))
    assert list(cache.iterdir()) == [path]
    told.clear()
    assert download.download(url, lambda have, size: told.append((have, size))) == path
    assert not told  # nothing is downloaded twice


def test_a_file_beside_works_like_a_server(tmp_path: Path) -> None:
    there = tmp_path / name(CONTENTS)
    there.write_bytes(CONTENTS)
    assert download.download(there.as_uri()).read_bytes() == CONTENTS


def test_a_damaged_file_in_the_cache_is_replaced(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / name(CONTENTS)).write_bytes(b"half a fi")
    assert download.download(f"{server.url}/{name(CONTENTS)}").read_bytes() == CONTENTS


def test_cancelling_leaves_nothing(server: Server, cache: Path) -> None:
    told: list[int] = []
    with pytest.raises(Cancelled):
        download.download(
            f"{server.url}/{name(CONTENTS)}", lambda have, _size: told.append(have), lambda: len(told) < 3
        )
    assert 0 < told[-1] < len(CONTENTS)
    assert not list(cache.iterdir())


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            f"missing/{name(CONTENTS)}",
            r"cannot be downloaded: the server answers 404 \(Not Found\)\. Try again later\.",
        ),
        (f"half/{name(CONTENTS)}", r"the connection ended after 524,288 of 1,048,576 bytes\. Try again\."),
        (name(b"other"), r"is not what was asked for: its checksum is \w{8}, not \w{8}\. Try again\."),
    ],
)
def test_what_goes_wrong_is_a_sentence(server: Server, cache: Path, path: str, says: str) -> None:
    with pytest.raises(DownloadError, match=says):
        download.download(f"{server.url}/{path}")
    assert not list(cache.iterdir())


def test_without_a_network_one_sentence() -> None:
    with pytest.raises(DownloadError, match=r"cannot be downloaded \(.+\)\. Connect to the internet, or use random"):
        download.download(f"http://127.0.0.1:9/{name(CONTENTS)}")


def test_a_cache_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match=r"cannot be kept in .*set TORCH_HOME to another folder\."):
        download.download(f"{server.url}/{name(CONTENTS)}")


# ── torchvision ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_models_weights_and_preprocessing() -> None:
    assert {"resnet50", "vgg16", "convnext_tiny", "vit_b_16"} <= set(vision.models())
    first, second = vision.weights("resnet50")
    assert (first.name, second.name) == ("IMAGENET1K_V1", "IMAGENET1K_V2")
    assert vision.default("resnet50") == vision.chosen("resnet50", "DEFAULT") == second
    assert vision.chosen("resnet50", "ResNet50_Weights.IMAGENET1K_V1") == first
    assert (first.resize, first.crop, first.params, first.gmacs) == (256, 224, 25_557_032, 4.089)
    assert first.mean == (0.485, 0.456, 0.406) and first.std == (0.229, 0.224, 0.225)
    assert len(first.classes) == 1000 and first.classes[0] == "tench"
    assert vision.preparation("googlenet")[1:] == ((0.5,) * 3, (0.5,) * 3)
    for model in vision.models():
        assert vision.weights(model) and vision.preparation(model)[0] >= 224


@pytest.mark.parametrize(
    ("model", "weights", "says"),
    [
        ("resnet51", "", "torchvision has no classification model “resnet51”. Did you mean “resnet50”?"),
        ("???", "", "torchvision has no classification model “???”. Known are alexnet, "),
        ("resnet18", "V7", "There are no weights “V7” for resnet18. Choose one of: DEFAULT, IMAGENET1K_V1."),
    ],
)
def test_unknown_names(model: str, weights: str, says: str) -> None:
    with pytest.raises(vision.VisionError) as e:
        vision.build(model, weights)
    assert str(e.value).startswith(says)


def test_pretrained_weights_come_through_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(5)
    theirs = vision.build("squeezenet1_1").state_dict()
    saved = tmp_path / "saved.pth"
    torch.save(theirs, saved)
    there = saved.rename(tmp_path / name(saved.read_bytes(), "squeezenet1_1"))
    entry = vision._entry("squeezenet1_1", "DEFAULT")
    monkeypatch.setattr(entry.value, "url", there.as_uri())
    before, told = torch.get_rng_state(), []
    imported = load_model("torchvision:squeezenet1_1", weights="DEFAULT", progress=lambda h, s: told.append((h, s)))
    assert torch.equal(before, torch.get_rng_state())
    assert told[-1] == (there.stat().st_size,) * 2
    assert all(torch.equal(v, theirs[k.replace("_", ".")]) for k, v in _loose(imported.state).items())
    assert imported.classes[0] == "tench"
    source = imported.network.graph["input"].layer
    assert (source.size, source.mean) == ((224, 224), (0.485, 0.456, 0.406))  # type: ignore[attr-defined]


def _loose(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: v for k, v in state.items() if k.startswith("features_0")}


def test_weights_that_want_to_run_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = tmp_path / "saved.pth"
    torch.save({"classifier.1.weight": Evil()}, saved)
    there = saved.rename(tmp_path / name(saved.read_bytes(), "squeezenet1_1"))
    monkeypatch.setattr(vision._entry("squeezenet1_1", "DEFAULT").value, "url", there.as_uri())
    with pytest.raises(DownloadError, match="would run code"):
        vision.build("squeezenet1_1", "DEFAULT")
    assert not (tmp_path / "ran").exists()


class Evil:
    """Prints when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return print, ("ran",)


def test_the_guard_imports_torchvision_when_it_is_asked_for() -> None:
    code = (
        "import sys, cnnviz.engine.vision as v, cnnviz.engine.foreign.models\n"
        "assert 'torchvision' not in sys.modules\n"
        "import warnings; warnings.simplefilter('error')\n"
        "first = v.torchvision(); assert v.torchvision() is first is sys.modules['torchvision']\n"
        "import torch, torchvision.transforms.v2, torchvision.datasets; print(len(v.models()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE)
    assert int(done.stdout) >= 80
