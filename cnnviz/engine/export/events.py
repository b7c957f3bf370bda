"""A recorded run as TensorBoard's event files: what every step gave, histograms of the weights, filters and maps."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...link import runs
from ...net.analysis import analyse
from ...net.layers import Source
from ...net.network import Network
from ...net.plan import Plan
from ...text import _
from ..build import ForeignError, Net, State, fit_state
from ..data import Data, DataError
from ..pictures import Array, normalised
from ..record.reader import Reader, TrackError
from .to_onnx import ExportError

HISTOGRAMS, PICTURES = 60, 20  # recorded steps that are shown at most, evenly spread
WIDEST = 1024  # pixels of a picture of many channels
TILE = 24  # pixels of a channel at least
FILE = "events.out.tfevents"
"""What TensorBoard finds its files by."""


@dataclass(frozen=True)
class Told:
    """What was written: steps with scalars, with histograms and with pictures, and, as a sentence, why not more."""

    scalars: int
    histograms: int
    pictures: int
    without: str = ""


def write_events(run: str | Path, out: str | Path, data: Callable[[Plan, Source], Data]) -> Told:
    """Write the run in the folder `run` into the folder `out`. `data`: gives the data set of a plan for this Input.

    Nothing is written where it fails. Raises ExportError, runs.RunError, net.files.FileError, OSError.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        text = _('Event files need the package tensorboardX. Run: python -m pip install "cnnviz[tensorboard]"')
        raise ExportError(text) from error
    run, out = Path(run), Path(out)
    notes, network = runs.notes(run), runs.network(run)
    if out.exists() and not out.is_dir():
        raise ExportError(_("{folder} is a file, and event files go into a folder. Choose another.").format(folder=out))
    if any(out.glob(f"{FILE}*")):
        raise ExportError(_("{folder} holds event files already. Choose another folder.").format(folder=out))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=out) as new:
        writer = SummaryWriter(logdir=new, write_to_disk=True)
        try:
            told = _Events(writer, run, network, notes.plan, data).write()
        finally:
            writer.close()
        for file in Path(new).iterdir():
            os.replace(file, out / file.name)
    return told


class _Events:
    """One run on its way into event files."""

    def __init__(self, writer: Any, run: Path, network: Network, plan: Plan, data: Callable[[Plan, Source], Data]):
        self._writer, self._rows, self._plan, self._data = writer, analyse(network.graph), plan, data
        self._run = run
        self._metrics = runs.metrics(run, 1 << 62)
        self._reader = Reader(run / runs.TRACKS)
        self._reader.refresh()
        # when a step was made is not recorded: all have the time of the last one
        self._time = (run / runs.NOTES).stat().st_mtime

    def write(self) -> Told:
        """All of it."""
        settings = "\n".join(f"| {k} | {v} |" for k, v in asdict(self._plan).items())
        self._writer.add_text("plan", f"| setting | value |\n|---|---|\n{settings}", 0, walltime=self._time)
        self._scalars()
        weights = self._states(HISTOGRAMS)
        for step, state in weights:
            self._histograms(step, state)
        shown = _spread([step for step, _state in weights], PICTURES)
        look, without = self._look()
        for step, state in weights:
            if step in shown:
                self._filters(step, state)
                if look is not None:
                    self._maps(step, state, *look)
        return Told(len(self._metrics.points), len(weights), len(shown), without)

    def _scalars(self) -> None:
        for step, loss, accuracy, lr in self._metrics.points.tolist():
            self._scalar("loss/train", loss, step)
            self._scalar("accuracy/train", accuracy, step)
            self._scalar("learning_rate", lr, step)
        for step, loss, accuracy, top5 in self._metrics.tests.tolist():
            self._scalar("loss/held_out", loss, step)
            self._scalar("accuracy/held_out", accuracy, step)
            if not isnan(top5):
                self._scalar("accuracy/held_out_top5", top5, step)

    def _scalar(self, tag: str, value: float, step: float) -> None:
        self._writer.add_scalar(tag, value, int(step), walltime=self._time)

    def _states(self, most: int) -> list[tuple[int, State]]:
        """Recorded steps with their weights; one that is damaged is left out."""
        found = []
        for step in _spread(self._reader.steps, most):
            try:
                found.append((step, self._reader.read(step)))
            except TrackError:
                continue
        return found

    def _histograms(self, step: int, state: State) -> None:
        for name, value in state.items():
            numbers = value[torch.isfinite(value)].double().numpy() if value.is_floating_point() else np.empty(0)
            if len(numbers):
                tag = name.replace(".", "/")
                self._writer.add_histogram(tag, numbers, step, bins="tensorflow", walltime=self._time)

    def _filters(self, step: int, state: State) -> None:
        """Of the first layer that has any."""
        for id in self._rows:
            weight = state.get(f"{id}.weight")
            if weight is not None and weight.dim() == 4:
                kernels = weight.numpy()
                if kernels.shape[1] not in (1, 3):
                    kernels = kernels.reshape(-1, 1, *kernels.shape[2:])
                self._picture(f"filters/{id}", kernels, step)
                return

    def _look(self) -> tuple[tuple[Net, torch.Tensor] | None, str]:
        """The net, and the picture that it looks at; or why there are no maps."""
        node = self._rows.input
        try:
            if node is None or not isinstance(node.layer, Source):
                return None, _("There are no feature maps: the network has no input.")
            picture = self._data(self._plan, node.layer).test_x[:1]
            net = Net(self._rows, self._plan).eval()
        except (DataError, ForeignError, MemoryError) as error:
            return None, _("There are no feature maps: {why}").format(why=error)
        x = normalised(picture, node.layer)
        if x.ndim == 4:
            self._picture("picture", x, 0)
        return (net, torch.from_numpy(x)), ""

    def _maps(self, step: int, state: State, net: Net, x: torch.Tensor) -> None:
        """Of the layers with kernels, on that picture."""
        fit_state(net, state)
        seen: dict[str, torch.Tensor] = {}
        with torch.no_grad():
            net(x, seen)
        for id, value in seen.items():
            weight = state.get(f"{id}.weight")
            if value.dim() == 4 and weight is not None and weight.dim() == 4:
                self._picture(f"maps/{id}", value[0].unsqueeze(1).numpy(), step)

    def _picture(self, tag: str, values: Array, step: int) -> None:
        self._writer.add_image(tag, mosaic(values), step, walltime=self._time, dataformats="HWC")


def mosaic(values: Array) -> Array:
    """(height, width, 3) uint8: arrays (n, 1 or 3, h, w) beside and below each other, a pixel apart, WIDEST at most.

    One channel: from black (0) to white where nothing is negative, else blue, white (0) and red; three: as a colour
    picture. The range is that of all of them; what is not finite is magenta.
    """
    n, channels, height, width = values.shape
    times = max(1, -(-TILE // max(height, width)))
    columns = max(1, min(int(np.ceil(np.sqrt(n))), WIDEST // (width * times + 1)))
    shown = min(n, columns * max(1, WIDEST // (height * times + 1)))
    tiles = _colours(values[:shown]) if channels == 1 else _as_picture(values[:shown])
    tiles = tiles.repeat(times, 1).repeat(times, 2)
    rows = -(-shown // columns)
    high, wide = height * times + 1, width * times + 1
    whole = np.full((rows * high - 1, columns * wide - 1, 3), 128, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = i // columns * high, i % columns * wide
        whole[y : y + high - 1, x : x + wide - 1] = tile
    return whole


def _colours(values: Array) -> Array:
    """(n, h, w, 3) uint8 of (n, 1, h, w)."""
    values = values[:, 0].astype(np.float64)
    bad = ~np.isfinite(values)
    values = np.where(bad, 0, values)
    most = float(np.abs(values).max()) or 1.0
    part = values / most
    if part.min() >= 0:
        colours = np.repeat(part[..., None], 3, 3)
    else:
        faded = 1 - np.abs(part)
        colours = np.stack((np.where(part < 0, faded, 1), faded, np.where(part > 0, faded, 1)), 3)
    colours[bad] = (1, 0, 1)
    return np.round(255 * colours).astype(np.uint8)


def _as_picture(values: Array) -> Array:
    """(n, h, w, 3) uint8 of (n, 3, h, w)."""
    values = np.nan_to_num(values.astype(np.float64))
    low, high = values.min(), values.max()
    part = (values - low) / ((high - low) or 1)
    pixels: Array = np.round(255 * part).astype(np.uint8)
    return pixels.transpose(0, 2, 3, 1)


def _spread(steps: list[int] | tuple[int, ...], most: int) -> list[int]:
    """At most so many of them, the first and the last among them, evenly spread over the list."""
    if len(steps) <= most:
        return list(steps)
    return [steps[i] for i in sorted({round(k * (len(steps) - 1) / (most - 1)) for k in range(most)})]
