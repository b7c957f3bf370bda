"""Writing a run into its folder (link/runs.py says what lies there), and the state a training goes on from."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ..link import runs
from ..net import files
from ..net.network import Network
from ..net.plan import Plan
from ..text import _
from . import track
from .build import State
from .device import versions
from .train import Noise, Step

EVERY = 2.0  # seconds between recordings
SHARE = 0.004  # of the time that recording may take, where weights are so many that it takes long
FORMAT = 1


class WeightsError(ValueError):
    """The weights file cannot be used; the message is a sentence that names it."""


def read_weights(path: str | Path) -> State:
    """The tensors of a .safetensors file by name. Raises WeightsError."""
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise WeightsError(_("There is no file {path}.").format(path=path)) from error
    except (SafetensorError, OSError, ValueError) as error:
        system = _system_error(error)
        if system is not None:
            raise WeightsError(str(files.error(Path(path).name, files.reason(system, reading=True)))) from error
        text = _("{path} is damaged, or holds no weights at all. Choose another .safetensors file.")
        raise WeightsError(text.format(path=path)) from error


def write_weights(path: str | Path, state: State, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors to a .safetensors file, atomically. Raises WeightsError."""
    path = Path(path)

    def write(beside: Path) -> None:
        save_file({k: v.contiguous() for k, v in state.items()}, beside, dict(metadata or {"format": "pt"}))

    try:
        files.spare_read_only(path)
        _atomically(path, write)
    except files.FileError as error:
        raise WeightsError(str(error)) from error
    except (OSError, SafetensorError) as error:
        why = files.reason(_system_error(error) or OSError(str(error)), reading=False)
        raise WeightsError(str(files.error(path.name, why))) from error


def _system_error(error: Exception) -> OSError | None:
    """What the system said, where it did: safetensors has it in its own text, as `… (os error 28)`."""
    if isinstance(error, OSError):
        return error
    number = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1]))) if number else None


@dataclass(frozen=True, eq=False)
class Last:
    """The last recorded state of a run: a training that begins with it gives what the run would have given.

    step       steps that have been made
    optimizer  its state at that step, and `noise` the random stream's; None where they were not recorded
    metrics    of all steps up to this one
    """

    step: int
    weights: State
    network: Network
    plan: Plan
    metrics: runs.Metrics
    optimizer: dict[str, Any] | None = None
    noise: torch.Tensor | None = None


def last(folder: str | Path) -> Last:
    """What was last recorded in a run folder. Raises WeightsError or net.files.FileError."""
    folder = Path(folder)
    path = folder / runs.LAST
    weights = read_weights(path)
    with safe_open(path, "pt") as file:
        step = int((file.metadata() or {}).get("step", 0))
    try:
        plan = runs.notes(folder).plan
        beside = folder / runs.state_file(step)
        state = torch.load(beside, weights_only=True) if beside.exists() else {}
        optimizer, noise = state.get("optimizer"), state.get("noise")
    except runs.RunError as error:
        raise WeightsError(str(error)) from error
    except (OSError, ValueError, AttributeError, RuntimeError, UnpicklingError) as error:
        text = _("The state of step {step} in {folder} is damaged ({why}). Begin a new run with the weights in {file}.")
        raise WeightsError(text.format(step=step, folder=folder, why=_why(error), file=runs.LAST)) from error
    return Last(step, weights, runs.network(folder), plan, runs.metrics(folder, step), optimizer, noise)


class Recorder:
    """Writes one run into its folder; `failed` is called once, with a sentence, where that does not work.

    Training goes on without a recording then. All methods are called by the training thread. `state`: the net's own
    tensors, which the training changes. `keep`: what the folder has of the steps up to this one stays, and the run
    goes on there.
    """

    def __init__(
        self,
        folder: str | Path,
        network: Network,
        about: Mapping[str, Any],
        state: State,
        failed: Callable[[str], None],
        keep: int = 0,
    ):
        self._folder, self._failed, self._broken = Path(folder), failed, False
        self._notes = {"format": FORMAT, "plan": asdict(network.plan), **about, "versions": dict(versions())}
        self._made: list[Step] = []  # since the last recording
        self._due = time.monotonic() + EVERY
        self._step, self._state = keep, state
        self._track: track.Writer | None = None
        self._try(lambda: self._begin(network, keep))

    def add(self, step: Step) -> None:
        """This step has been made."""
        self._made.append(step)  # put into words when they are written: here every microsecond is the training's
        self._step = step.step
        if self._track is not None and self._track.due(step.step):
            self._try(self._follow)

    @property
    def due(self) -> bool:
        """Whether it is time to record."""
        return not self._broken and time.monotonic() >= self._due

    def record(self, optimizer: torch.optim.Optimizer, noise: Noise, end: str = "") -> None:
        """Write weights and metrics now. `end`: how the run ended ("done", "stopped", "diverged" …), where it has."""
        started = time.monotonic()
        self._try(lambda: self._record(optimizer, noise, end))
        now = time.monotonic()
        self._due = now + max(EVERY, (now - started) / SHARE)

    def _begin(self, network: Network, keep: int) -> None:
        (self._folder / runs.LAST).parent.mkdir(parents=True, exist_ok=True)
        files.write(self._folder / runs.NETWORK, network)
        kept = [line for line in runs.lines(self._folder) if keep and _step(line) <= keep]
        _atomically(self._folder / runs.METRICS, lambda beside: _write(beside, "".join(kept)))
        self._write_notes("")
        self._track = track.Writer(self._folder / runs.TRACKS, self._state, keep)
        self._follow()

    def _follow(self) -> None:
        if self._track is not None:
            self._track.add(self._step, self._state)

    def _record(self, optimizer: torch.optim.Optimizer, noise: Noise, end: str) -> None:
        if self._made:
            with (self._folder / runs.METRICS).open("a", encoding="utf-8") as file:
                file.writelines(map(_line, self._made))
            self._notes["plan"]["lr"] = self._made[-1].lr
            self._made.clear()
        mine = self._folder / runs.state_file(self._step)
        state = {"optimizer": optimizer.state_dict(), "noise": noise.state}
        _atomically(mine, lambda beside: torch.save(state, beside))
        own = {name: t.clone() for name, t in self._state.items()}  # the format takes no two names for one memory
        write_weights(self._folder / runs.LAST, own, {"format": "pt", "step": str(self._step)})
        for old in mine.parent.glob(runs.state_file(0).name.replace("0", "*")):
            if old != mine:
                old.unlink(missing_ok=True)
        self._write_notes(end)

    def _write_notes(self, end: str) -> None:
        notes = json.dumps({**self._notes, "step": self._step, "end": end}, indent=1)
        _atomically(self._folder / runs.NOTES, lambda beside: _write(beside, notes))

    def _try(self, work: Callable[[], None]) -> None:
        if self._broken:
            return
        try:
            work()
        except (OSError, ValueError, RuntimeError) as error:
            self._broken = True
            self._made.clear()
            text = _("The run cannot be recorded in {folder} ({why}). Training goes on without.")
            self._failed(text.format(folder=self._folder, why=_why(error)))


def _why(error: Exception) -> str:
    """The reason as part of a sentence, without the system's number for it."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return why.rstrip(".")


def _line(step: Step) -> str:
    said: dict[str, float] = {"step": step.step, "loss": step.loss, "accuracy": step.accuracy, "lr": step.lr}
    if step.test is not None:
        said |= {"test_loss": step.test.loss, "test_accuracy": step.test.accuracy}
    return json.dumps(said) + "\n"


def _step(line: str) -> float:
    """The step that a line of the metrics tells of; infinite where it is damaged."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return inf


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _atomically(path: Path, write: Callable[[Path], object]) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
