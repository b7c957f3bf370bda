"""Everything that window and engine say to each other: frozen values, nothing else.

Window to engine: the net in the editor, the picture to look at, what the panels show (the *interest*), and the
training verbs. Engine to window: one doorbell at a time during training, and answers. Arrays do not travel here but
through the mailbox, as the latest Frame.

Numbers keep stale things out: `version` counts the editor's graphs, `run` the training runs, `Interest.number` the
interests. Every Frame says which of them it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..net.graph import Graph
from ..net.network import Network
from ..net.plan import Plan
from . import augmenting, data, ensemble, exporting, measuring, past, predictions, pulses
from .adjusting import Adjust, Change
from .frames import Frame as Frame
from .frames import Interest as Interest
from .frames import Unit as Unit
from .subject import Picture as Picture  # all messages, and what they carry, come from here
from .subject import PictureFile as PictureFile
from .subject import PictureInfo as PictureInfo
from .subject import Pixels as Pixels
from .subject import Position as Position
from .subject import Sample as Sample
from .subject import Sentence as Sentence
from .subject import Words as Words

Array = np.ndarray


# ── window to engine ─────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Open:
    """The net in the editor is now this one. Weights are kept where id, name and shape match, the rest start fresh.

    `weights`: a .safetensors file to take them from. `fresh`: keep nothing. A running training keeps its own net.
    `model`: number of the Import whose weights, and parts that only torch can run, belong to this net.
    """

    version: int
    graph: Graph
    plan: Plan
    weights: str = ""
    fresh: bool = False
    model: int = 0


@dataclass(frozen=True)
class Import:
    """Make a network of a model; answered by Imported or Failed("import"), told of by Advance. A newer one replaces it.

    `spec`: `torchvision:NAME`, or `package.module:callable` where a person wrote it on the command line. `weights`: of
    torchvision's pretrained ones, empty for random ones. `shape`: channels, height and width where the model has none.
    """

    number: int
    spec: str
    weights: str = ""
    shape: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Forget:
    """The import is not wanted any more."""


@dataclass(frozen=True)
class Catalogue:
    """Which models there are to import; answered by Models."""


@dataclass(frozen=True)
class Match:
    """Find out what a checkpoint file holds for the net; answered by Matched or Failed("checkpoint")."""

    number: int
    path: str


@dataclass(frozen=True)
class Adopt:
    """Take the weights of the Match of this number."""

    number: int


@dataclass(frozen=True)
class Look:
    """Everything is shown on this picture now. Where it cannot be, Failed("look") names `number`: the old one stays."""

    picture: Picture
    number: int = 0


@dataclass(frozen=True)
class Watch:
    """The panels need this now."""

    interest: Interest


@dataclass(frozen=True)
class Train:
    """Train the net of the last Open. `keep`: from its present weights, else from fresh ones by the plan's seed.

    `folder`: run folder to record into. `steps`: pause after so many steps (1: a single step), 0: go on. `start`: go on
    with the run in the folder, from its last recorded step, which should be this one; 0: a new run. `origin`: the run
    folder that this one branches from at step `start`, which is made again where only steps before it were kept whole.
    """

    run: int
    plan: Plan
    keep: bool = False
    folder: str = ""
    steps: int = 0
    start: int = 0
    origin: str = ""


@dataclass(frozen=True)
class Pause:
    """Hold (`on`) or go on; `steps` > 0: go on for so many steps and hold again."""

    on: bool
    steps: int = 0


@dataclass(frozen=True)
class Stop:
    """End the run at the step's end; its weights stay the net's weights."""


@dataclass(frozen=True)
class Save:
    """Write the net's weights to this .safetensors file (atomically); answered by Saved or Failed."""

    path: str


@dataclass(frozen=True)
class Take:
    """The window has heard the bell for news: send progress and the points from index `since` on."""

    run: int
    since: int


@dataclass(frozen=True)
class Quit:
    """Save what is recorded and end."""


Command = (
    Open
    | Import
    | Forget
    | Catalogue
    | Match
    | Adopt
    | Look
    | Watch
    | Train
    | Pause
    | Stop
    | Adjust
    | Save
    | measuring.Asked
    | exporting.Asked
    | predictions.Asked
    | ensemble.Asked
    | data.Asked
    | augmenting.Asked
    | past.Asked
    | pulses.Asked
    | Take
    | Quit
)


# ── engine to window ─────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Ready:
    """torch is loaded. `devices`: what can be trained on, best first."""

    devices: tuple[str, ...]
    threads: int
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Opened:
    """The net of this version is built. `kept`: nodes that kept weights; `fresh`: nodes that started anew.

    `weights`: the file that was named by the Open, where the weights have been taken from it.
    """

    version: int
    kept: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    weights: str = ""


@dataclass(frozen=True)
class Advance:
    """How far an import is. `done` of `total` bytes are downloaded; both 0 while there is nothing to download."""

    number: int
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Imported:
    """The model as a network; its weights stay with the engine until an Open names its number. `notes`: sentences.

    `picture`: what it is to be looked at with. A number below 0: nobody asked, it is the engine's own model.
    """

    number: int
    network: Network
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True)
class Models:
    """What can be imported: of each model its name and its pretrained weights, best first."""

    names: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Matched:
    """What a checkpoint holds for the net. `matches`: (its tensor, ours, "name" or "order", shape); `left`: tensors of
    the file that go nowhere, `missing`: ours that nothing comes to, each with a sentence why."""

    number: int
    path: str
    matches: tuple[tuple[str, str, str, tuple[int, ...]], ...]
    left: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Pictures:
    """The plan's data set is loaded."""

    data: str
    train: int
    test: int
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Bell:
    """Something new waits: a frame in the mailbox (rung once until it is taken), else progress or points (rung once
    until the next Take)."""

    frame: bool = False


IDLE, TRAINING, PAUSED, STOPPING = "idle", "training", "paused", "stopping"


@dataclass(frozen=True)
class Progress:
    """How far the run is. `accuracy`: on the held-out pictures, None before the first measurement."""

    run: int
    version: int  # of the net that trains
    phase: str  # IDLE (the run has ended), TRAINING, PAUSED, STOPPING
    step: int
    steps: int  # in the whole plan
    epoch: float
    steps_per_second: float
    seconds_left: float | None
    loss: float | None
    accuracy: float | None
    lr: float
    device: str
    ended: str = ""  # why it has ended before its plan, as a sentence
    pulse: int = 0  # counts the changes of its health, see pulses.Pulses


@dataclass(frozen=True, eq=False)
class News:
    """Answer to Take: `points` is (n, 4) float64, columns step, train loss, train accuracy, learning rate, from index
    `first`; `tests` is (m, 4) float64, all held-out measurements so far: step, loss, accuracy, top-5 accuracy (NaN
    below six classes); `changes`: all of the plan so far."""

    progress: Progress
    first: int
    points: Array
    tests: Array
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Saved:
    """The weights are on disk."""

    path: str


MEMORY = "memory"


@dataclass(frozen=True)
class Failed:
    """Something did not work; nothing is lost. `what` names the command ("train", "look", "open", "save", "data"…)."""

    what: str
    text: str  # one sentence for a person: what, where, what to do
    details: str = ""  # for the log
    run: int = 0
    node: str = ""  # the layer it happened at
    look: int = 0  # number of the Look that was refused
    code: str = ""  # what a window can offer: of data, see link/data.py; MEMORY: there was not enough


Reply = (
    Ready
    | Opened
    | Advance
    | Imported
    | Models
    | Matched
    | Pictures
    | Bell
    | News
    | pulses.Answered
    | Saved
    | measuring.Answered
    | exporting.Answered
    | predictions.Answered
    | ensemble.Answered
    | data.Answered
    | augmenting.Answered
    | past.Answered
    | Failed
)
