"""The run folder as it lies on the disk, read without torch: what was trained, how, and how far it is.

    run.json                     plan, versions, data, the last recorded step
    network.cnnviz               the network
    metrics.jsonl                a line a step
    scores.bin                   what was made of every held-out picture at each measurement (scorebook.py)
    weights/last.safetensors     the weights, with the step in its metadata
    weights/*.track              the weights of many steps, to look at (engine/record/track.py)
    weights/state-STEP.pt        what a training needs beside them to go on from that step: optimizer, random state
    alive.json, control.json     who trains there now, and what others ask of it: pause, go on, stop (link/control.py)
    weights/key-STEP.safetensors  the weights of a key frame (engine/record/keys.py)
    marks.json                   the steps that somebody has marked, with their names

Files are written beside and renamed, or are only appended to, so that a reader (or a kill -9) never meets half of one:
of the metrics, the last whole line counts, and damaged ones do not (lines.py). The weights come last: what belongs to
their step is there by then.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from ..net.files import FileError, read
from ..net.graph import Graph
from ..net.network import Network
from ..net.plan import Plan
from ..net.problems import Misfit
from ..text import _
from .adjusting import Change
from .lines import Lines

NOTES, NETWORK, METRICS, MARKS = "run.json", "network.cnnviz", "metrics.jsonl", "marks.json"
DIVERGED = "diverged"
"""How a run has ended whose numbers were lost: its last weights are then the last good ones, of a step before."""
TRACKS = Path("weights")
LAST = TRACKS / "last.safetensors"
FREE = ("epochs", "lr", "threads", "device", "record_mb", "stop_patience")
"""Settings of the plan with other values of which a run stays the same run."""


class RunError(ValueError):
    """This is no run folder; the message is a sentence that names it."""


@dataclass(frozen=True)
class Notes:
    """What run.json says. `plan`: with what was changed while it ran; `end`: how it ended, empty while it runs.

    `origin`: the folder and step that the run has branched from; `room`: bytes that the recorded weights may take;
    `data`: a number that tells its data set from any other (engine's Data.digest), empty where it is not known.
    """

    plan: Plan
    step: int
    epoch_steps: int
    end: str = ""
    origin: tuple[str, int] | None = None
    room: int = 0
    data: str = ""


@dataclass(frozen=True)
class Mark:
    """A step that somebody has given a name."""

    step: int
    name: str


@dataclass(frozen=True, eq=False)
class Metrics:
    """Of each step: `points` (n, 4) step, train loss, train accuracy, learning rate; of each measurement on held-out
    pictures: `tests` (m, 4) step, loss, accuracy, top-5 accuracy (NaN below six classes). float64."""

    points: np.ndarray
    tests: np.ndarray
    changes: tuple[Change, ...] = ()  # of the plan's settings, while it ran

    def until(self, step: int) -> Metrics:
        """Those of the steps up to this one."""
        points, tests = (self.points[self.points[:, 0] <= step], self.tests[self.tests[:, 0] <= step])
        return Metrics(points, tests, tuple(c for c in self.changes if c.step <= step))


def state_file(step: int) -> Path:
    """Where in a run folder the optimizer and the random state of a step lie."""
    return TRACKS / f"state-{step}.pt"


def key_file(step: int) -> Path:
    """Where in a run folder the weights of a key frame lie."""
    return TRACKS / f"key-{step}.safetensors"


def keys(folder: str | Path) -> dict[int, Path]:
    """The key frames of a run: the file of the weights by step, in rising order."""
    return _numbered(folder, "key-", ".safetensors")


def states(folder: str | Path) -> dict[int, Path]:
    """The files with the optimizer and the random state by step, in rising order."""
    return _numbered(folder, "state-", ".pt")


def _numbered(folder: str | Path, before: str, after: str) -> dict[int, Path]:
    found = {}
    for path in (Path(folder) / TRACKS).glob(f"{before}*{after}"):
        number = path.name.removeprefix(before).removesuffix(after)
        if number.isdecimal():
            found[int(number)] = path
    return dict(sorted(found.items()))


def marks(folder: str | Path) -> tuple[Mark, ...]:
    """The marked steps, in rising order; none where the file is not there or damaged."""
    try:
        said = json.loads((Path(folder) / MARKS).read_text("utf-8"))
        return tuple(sorted((Mark(int(m["step"]), str(m["name"])) for m in said), key=lambda m: m.step))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def size(folder: str | Path) -> int:
    """Bytes that a run folder takes; a file with two names counts once."""
    found: dict[tuple[int, int], int] = {}
    for at, _folders, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                said = os.stat(os.path.join(at, name))
                found[said.st_dev, said.st_ino] = said.st_size
    return sum(found.values())


def notes(folder: str | Path) -> Notes:
    """What the run folder says of itself. Raises RunError."""
    path = Path(folder) / NOTES
    try:
        said = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        why = _("there is no {file} in it").format(file=NOTES) if Path(folder).is_dir() else _("it is not there")
        text = _(
            "{folder} is no run folder: {why}. Choose the folder that “cnnviz train … --out”, or the window, made."
        )
        raise RunError(text.format(folder=folder, why=why)) from error
    except OSError as error:
        text = _("{file} cannot be read ({why}).")
        raise RunError(text.format(file=path, why=error.strerror or error)) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, _torn(error)) from error
    try:
        for key in ("step", "epoch_steps"):
            if type(said[key]) is not int:
                raise _damaged(path, _("“{key}” is no whole number").format(key=key))
        known = {f.name for f in fields(Plan)}
        plan = Plan(**{k: v for k, v in said["plan"].items() if k in known})
        origin = said.get("origin")
        from_ = (str(origin["folder"]), int(origin["step"])) if origin else None
        data = said["data"].get("hash", "") if isinstance(said.get("data"), dict) else ""
        room, data = int(said.get("room", 0)), str(data)
        return Notes(plan, int(said["step"]), int(said["epoch_steps"]), str(said["end"]), from_, room, data)
    except RunError:
        raise
    except KeyError as error:
        raise _damaged(path, _("“{key}” is missing").format(key=error.args[0])) from error
    except Misfit as error:
        raise _damaged(path, str(error).rstrip(".")) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _damaged(path, _("what it says has another form than a run’s")) from error


def _torn(error: Exception) -> str:
    """Why this is no JSON, as a person sees it in the file."""
    if not isinstance(error, json.JSONDecodeError):
        return _("it is no JSON")
    if not error.doc.strip():
        return _("it is empty")
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
        return _("it breaks off in line {n}").format(n=error.lineno)
    return _("line {n} makes no sense").format(n=error.lineno)


def _damaged(path: Path, why: str) -> RunError:
    """What is lost with the run's notes, and the way on with what is left."""
    run = path.parent
    text = _("{file} is damaged ({why}): how the run was trained is lost.").format(file=path, why=why)
    left = [run / NETWORK, run / LAST]
    if all(p.is_file() for p in left):
        more = _("Put back a copy of it, or begin a new run with {network} and the weights in {file}.")
        return RunError(f"{text} {more.format(network=left[0], file=left[1])}")
    return RunError(text + " " + _("Put back a copy of it, or choose another run."))


def job(folder: str | Path, unfinished: bool = False) -> str:
    """What started the processes that made the run (engine/learn/group.py); empty where that is not known.

    `unfinished`: empty as well where the run has come to its end.
    """
    try:
        said = json.loads((Path(folder) / NOTES).read_text("utf-8"))
        return "" if unfinished and said["end"] == "done" else str(said["job"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def goes_on(folder: str | Path, step: int, graph: Graph, plan: Plan) -> bool:
    """Whether the run, recorded up to `step`, can go on with this network and plan as if it had not been stopped.

    The plan may say other epochs, another learning rate, and that something else computes.
    """
    try:
        said, trained = notes(folder), network(folder).graph
    except (RunError, FileError):
        return False
    same = replace(said.plan, **{name: getattr(plan, name) for name in FREE}) == plan
    unfinished = said.end in ("", "done", "stopped") and 0 < step < plan.epochs * said.epoch_steps
    return same and unfinished and shape(trained) == shape(graph)


def shape(graph: Graph) -> tuple[object, ...]:
    """What two networks have in common whose weights fit each other."""
    return tuple((n.id, n.layer, n.sources, n.learning.frozen) for n in graph)


def network(folder: str | Path) -> Network:
    """The network that was trained. Raises files.FileError."""
    return read(Path(folder) / NETWORK)


def metrics(folder: str | Path, until: int) -> Metrics:
    """What was written of the steps up to `until`; a line that is damaged (link/lines.py) is left out."""
    found = Lines(Path(folder) / METRICS)
    found.refresh(_reached(folder))
    points, tests = np.array(found.points, float).reshape(-1, 4), np.array(found.tests, float).reshape(-1, 4)
    return Metrics(points, tests, tuple(found.changes)).until(until)


def lines(folder: str | Path, until: int) -> list[str]:
    """The whole lines of the metrics of the steps up to `until`, each with its end, without the damaged ones."""
    path = Path(folder) / METRICS
    found = Lines(path)
    found.refresh(until)
    if not found.kept:
        return []
    text = path.read_bytes().decode("utf-8", "replace").split("\n")
    return [text[n].rstrip("\r") + "\n" for n, point in zip(found.kept, found.points, strict=True) if point[0] <= until]


def _reached(folder: str | Path) -> int:
    """The last step that the run folder has whole; 0 where that is not known."""
    try:
        return notes(folder).step
    except RunError:
        return 0
