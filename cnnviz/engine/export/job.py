"""A network in another form: made, run beside the network, and only then written. For window and command line alike."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...net.analysis import Analysis
from ...net.files import SUFFIX, replace_file, weights_beside
from ...text import _, grouped
from ..build import Net
from .python import HEAD
from .to_onnx import ExportError
from .verify import Verified, always, verify

CLOSE = 1e-4  # of outputs of about 1: what other orders of summation may make of float32


@dataclass(frozen=True, eq=False)
class Job:
    """What is exported.

    net      of `rows`, with the weights that it is run with
    name     of its file
    weights  whether these go along, in a file beside the source; an ONNX file has them in any case
    used     a weights file that must stay as it is
    apart    torch may be at work in other threads, which must not notice
    go_on    asked while it takes long; where it says no, what is under way ends with Cancelled
    """

    title: str
    rows: Analysis
    net: Net
    name: str
    weights: bool
    used: Path | None = None
    go_on: Callable[[], bool] = always
    apart: bool = False

    def about(self, call: Sequence[str]) -> list[str]:
        """What exported code says of itself; the lines of `call` take its weights in."""
        count = grouped(self.rows.params)
        lines = [_(HEAD).format(title=self.title, count=count)]
        if self.weights:
            lines += ["", _("With its weights:"), "", *(f"    {line}" for line in call)]
        return lines

    def beside(self, path: Path, suffix: str) -> Path:
        """Where the weights of source at `path` go. Raises ExportError where other weights lie there."""
        beside = path.with_suffix(suffix)
        of_a_network = beside == weights_beside(path) and path.with_suffix(SUFFIX).exists()
        if of_a_network or beside == self.used:
            text = _("{file} holds the weights of a network file. Choose another name than {out}.")
            raise ExportError(text.format(file=beside.name, out=path.name))
        if beside.exists() and not path.exists():
            text = _("{file} is there already, from something else than {out}. Choose another name.")
            raise ExportError(text.format(file=beside.name, out=path.name))
        return beside


class Export(ABC):
    """One export, made but not written. Making, running and writing raise ExportError, or a file's own error."""

    text = ""  # the source; empty for ONNX
    tolerance = CLOSE
    weights = ""  # suffix of the file that has its weights; empty: they are in its own

    def __init__(self, job: Job):
        self._job = job

    @property
    def contents(self) -> bytes:
        """Of the file."""
        return self.text.encode("utf-8")

    @abstractmethod
    def verify(self) -> Verified:
        """Run it beside the network. Raises Cancelled where the job does not go on."""

    def agrees(self, found: Verified) -> bool:
        """Whether it gives the network's numbers."""
        return found.within(self.tolerance)

    def files(self, path: Path) -> tuple[Path, ...]:
        """What it is at `path`: its file, and that of its weights. Raises ExportError where other weights lie there."""
        return (path, self._job.beside(path, self.weights)) if self.weights and self._job.weights else (path,)

    def write(self, path: Path) -> tuple[Path, ...]:
        """Put it there; to be verified before."""
        files = self.files(path)
        replace_file(path, self.contents)
        for weights in files[1:]:
            self._write_weights(weights)
        return files

    def _write_weights(self, path: Path) -> None:
        raise NotImplementedError


class Python(Export):
    """PyTorch source, its weights in a .safetensors file."""

    tolerance, weights = 0.0, ".safetensors"

    def __init__(self, job: Job):
        from .python import code

        super().__init__(job)
        load = f"net.load_state_dict(load_file({Path(job.name).with_suffix(self.weights).name!r}))"
        call = ("from safetensors.torch import load_file", "net = Net()", load, "net.eval()")
        try:
            self._made = code(job.rows, about=job.about(call))
        except ValueError as e:
            raise ExportError(str(e)) from None
        self.text = self._made.text

    def verify(self) -> Verified:
        """Run the class that the source defines."""
        return verify(self._job.net, self._job.rows, self._made)

    def _write_weights(self, path: Path) -> None:
        from ..record.weights import write_weights

        write_weights(path, self._made.state(self._job.net.state_dict()))


class Onnx(Export):
    """An ONNX file."""

    def __init__(self, job: Job):
        from .onnx_run import to_onnx_apart
        from .to_onnx import to_onnx

        super().__init__(job)
        if job.apart:
            self._contents = to_onnx_apart(job.net, job.rows, job.go_on)
            return
        with needs("onnx onnxscript onnxruntime"):
            self._contents = to_onnx(job.net, job.rows)

    @property
    def contents(self) -> bytes:
        """Of the file."""
        return self._contents

    def verify(self) -> Verified:
        """Run the file in onnxruntime."""
        with needs("onnxruntime"):
            return verify(self._job.net, self._job.rows, self._contents)


class Keras(Export):
    """Keras source, its weights in an .h5 file."""

    weights = ".weights.h5"

    def __init__(self, job: Job):
        from .to_keras import to_keras

        super().__init__(job)
        call = (f"model.load_weights({Path(job.name).with_suffix(self.weights).name!r})",)
        self._made = to_keras(job.net, job.rows, tuple(job.about(call)))
        self._weights = b""
        self.text = self._made.text

    def verify(self) -> Verified:
        """Run the source with Keras, which alone can write its weights, too."""
        from .to_keras import verify_keras

        job = self._job
        with tempfile.TemporaryDirectory(prefix="cnnviz-keras-") as folder:
            kept = Path(folder, f"kept{self.weights}") if job.weights else None
            found = verify_keras(job.net, job.rows, self._made, kept, job.go_on)
            self._weights = kept.read_bytes() if kept is not None else b""
        return found

    def _write_weights(self, path: Path) -> None:
        replace_file(path, self._weights)


FORMS: dict[str, type[Export]] = {"python": Python, "onnx": Onnx, "keras": Keras}
"""Forms that are made of the running network."""


@contextmanager
def needs(packages: str) -> Iterator[None]:
    """Raise ExportError where one of these is not installed, with what installs them."""
    try:
        yield
    except ModuleNotFoundError as e:
        if (e.name or "").partition(".")[0] not in ("onnx", "onnxscript", "onnx_ir", "onnxruntime"):
            raise
        text = _("{name} is not installed here, and ONNX needs it. Run: python -m pip install {packages}")
        raise ExportError(text.format(name=e.name, packages=packages)) from None
