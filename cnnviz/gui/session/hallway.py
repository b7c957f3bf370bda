"""The hallway: every panel listens to the Session's signals and calls the verbs of its parts.

    session.edit       the network: add, connect, remove, set, undo …         (editing.py)
    session.look       one selection, one picture, the latest frame           (looking.py)
    session.run        the plan, training, progress and curves                (running.py)
    session.file       open, save, recent, autosave and recovery              (filing.py)
    session.fold       which groups are folded, and the cards that follow     (folding.py)
    session.keep       blocks that can be put in, among them one's own        (keeping.py)
    session.finder     a learning rate looked for                             (finding.py)
    session.cost       what the layers cost on this machine                   (measuring.py)
    session.exporting  the network in other forms                             (exporting.py)
    session.models     models of other programs, and their checkpoints        (models.py)
    session.supply     the data set: download, contents                       (supply.py)
    session.preview    augmented pictures, the data set's mean and deviation  (previewing.py)
    session.predict    what it makes of every picture of the data set         (predicting.py)
    session.review     what a run made of the held-out pictures, by step      (reviewing.py)
    session.time       which step of the training everything shows            (timing.py)
    session.beside     the run that stands beside it, and its curves          (beside.py)
    session.health     how well it trains: readings, signs, experiments       (feeling.py)
    session.ensemble   networks of several seeds that answer together         (ensembling.py)
    session.compare    the network that the open one stands beside            (comparing.py)

Panels never meet each other and never talk to the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from ...link.messages import (
    MEMORY,
    Bell,
    Command,
    Failed,
    Frame,
    News,
    Opened,
    Pictures,
    Ready,
    Reply,
    Saved,
    Take,
)
from ...net.analysis import Analysis, analyse
from ...net.graph import Graph
from ...text import _
from ..settings import Settings
from .beside import Beside
from .comparing import Comparing
from .editing import Editing
from .ensembling import Ensembling
from .exporting import Exports
from .feeling import Feeling
from .filing import Filing
from .finding import Finding
from .folding import Folding
from .keeping import Keeping
from .looking import Looking
from .measuring import Costing
from .mending import data_actions
from .models import Importing
from .predicting import Prediction
from .previewing import Previewing
from .reviewing import Reviewing
from .routes import SAID, takers
from .running import Running
from .supply import Supply
from .timing import Timing


class Engine(Protocol):
    """What the Session needs of link.client.Client, link.local.LocalClient or link.attached.Attached."""

    own: bool  # it can be ended and started again; else it is a part of somebody's program

    def send(self, command: Command) -> None: ...
    def frame(self) -> Frame | None: ...
    def restart(self) -> None: ...
    def close(self, timeout: float = 2.0) -> None: ...


Connect = Callable[[Callable[[Reply], None], Callable[[int, str], None]], Engine]


@dataclass(frozen=True)
class Notice:
    """A message for the person. `level`: info, done, warning, error; `actions`: (label, function) shown as buttons."""

    text: str
    level: str = "info"
    details: str = ""
    actions: tuple[tuple[str, Callable[[], Any]], ...] = ()
    key: str = ""  # a newer notice of the same key replaces this one; Notice("", key=…) takes it away


NAMED = 6
"""Layers that a message names."""
STARTING, READY, LOST = "starting", "ready", "lost"
REMEMBERED = 100
"""Versions back to which an undone edit is recognised."""


class Session(QObject):
    """What the window is about, and how everybody hears of it."""

    graph_changed = Signal()  # edit.graph and rows are new
    document_changed = Signal()  # name, path or modified
    view_changed = Signal()  # fold.view: other groups are folded; after an edit graph_changed says it
    blocks_changed = Signal()  # keep.own
    selection_changed = Signal()  # look.selected
    unit_changed = Signal()  # look.unit: picked, or after selection_changed; after graph_changed look for yourself
    picture_changed = Signal()  # look.picture was asked for
    pictures_changed = Signal()  # look.pictures: the data set is loaded
    frame_arrived = Signal(object)  # Frame; also look.frame
    plan_changed = Signal()  # run.plan
    run_changed = Signal()  # run.progress
    points_arrived = Signal()  # run.points, run.tests
    engine_changed = Signal()  # engine_state, devices
    models_changed = Signal()  # models.names: what can be imported
    checkpoint_found = Signal()  # models.found: what a checkpoint holds for the network
    health_changed = Signal()  # health.series, health.present, health.signs
    comparison_changed = Signal()  # compare.other, or its view
    finder_changed = Signal()  # finder: a learning rate is looked for
    costs_changed = Signal()  # cost.costs, cost.batch
    export_changed = Signal()  # exporting: what was asked of it, how far it is, what came of it
    contents_changed = Signal()  # supply.contents: what is in the data set
    preview_changed = Signal()  # preview.shown
    survey_changed = Signal()  # preview.surveyed
    predictions_changed = Signal()  # predict.found, progress, trouble
    review_changed = Signal()  # review.score, review.step
    ensemble_changed = Signal()  # ensemble: what trains, what is averaged, what came of it
    pictures_fetched = Signal(object)  # Fetched, or Failed whose run is the number: what predict.fetch asked for
    time_changed = Signal()  # time.found: another run, new steps, marks
    moment_changed = Signal()  # time.at: everything shows another step, or the present network
    beside_changed = Signal()  # beside.account, beside.course: another run stands beside, or it has gone on
    noticed = Signal(object)  # Notice

    _replied = Signal(object)
    _lost = Signal(int, str)

    def __init__(
        self, connect: Callable[[Callable[[Reply], None], Callable[[int, str], None]], Engine], settings: Settings
    ):
        """`connect(on_reply, on_lost)` gives the engine's client; both are called from other threads."""
        super().__init__()
        self.settings = settings
        self.engine_state = STARTING
        self.devices: tuple[str, ...] = ()
        self.edit = Editing(self)
        self.look = Looking(self)
        self.run = Running(self)
        self.file = Filing(self)
        self.rows: Analysis = analyse(Graph())
        self.keep = Keeping(self)
        self.fold = Folding(self)
        self.fold.graph_edited()
        self.models = Importing(self)
        self.cost = Costing(self)
        self.finder = Finding(self)
        self.compare = Comparing(self)
        self.time = Timing(self)
        self.beside = Beside(self)
        self.health = Feeling(self)
        self.exporting = Exports(self)
        self.supply = Supply(self)
        self.predict = Prediction(self)
        self.preview = Previewing(self)
        self.review = Reviewing(self)
        self.moment_changed.connect(self.review.follow)
        self.moment_changed.connect(self.health.follow)
        self.ensemble = Ensembling(self)
        self.version = 0  # counts the graphs that the engine has been told of
        self._shapes: dict[int, object] = {}  # of the latest versions
        self._alike: set[int] = set()  # versions that are the network in the editor
        self._closed = False
        self._refusal = ""  # why training was refused, while that is being said
        for signal in (self.graph_changed, self.plan_changed, self.pictures_changed):
            signal.connect(self._check_refusal)
        self._replied.connect(self._answer)
        self._lost.connect(self._engine_lost)
        self.engine = connect(self._replied.emit, self._lost.emit)

    @property
    def graph(self) -> Graph:
        """The network in the editor."""
        return self.edit.document.graph

    @property
    def ready(self) -> bool:
        """Whether the engine has loaded torch and answers."""
        return self.engine_state == READY

    def notice(self, text: str, level: str = "info", **more: Any) -> None:
        """Tell the person something."""
        if more.get("key") == "train":
            self._refusal = text
        self.noticed.emit(Notice(text, level, **more))

    def send(self, command: Command) -> None:
        """To the engine."""
        if not self._closed:
            self.engine.send(command)

    def graph_edited(self) -> None:
        """The document's graph is another one: analyse it, tell panels and engine."""
        self.rows = analyse(self.graph, self.rows)
        self.fold.graph_edited()
        shape = tuple((n.id, n.layer, n.sources, n.learning) for n in self.graph)
        changed = shape != self._shapes.get(self.version) or self.run.opening
        if changed:  # before the signals: panels ask whether the frame is stale
            self.version += 1
            if self.run.opening:
                self._shapes.clear()
            self._shapes[self.version] = shape
            self._shapes.pop(self.version - REMEMBERED, None)
            self._alike = {v for v, s in self._shapes.items() if s == shape}
        self.look.graph_edited()
        self.predict.graph_edited()
        self.hush("edit")  # what could not be done before this edit
        self.graph_changed.emit()
        self.document_changed.emit()
        if changed:
            self.run.open_graph()

    def is_present(self, version: int) -> bool:
        """Whether this version is the network in the editor, as after an edit and its undo."""
        return version in self._alike

    def hush(self, *keys: str) -> None:
        """Take away messages whose cause is gone."""
        for key in keys:
            self.noticed.emit(Notice("", key=key))

    @Slot()
    def _check_refusal(self) -> None:
        """Training was refused for a reason that is gone now: after an undo, with another data set."""
        why = self.run.problem
        if self._refusal and (why is None or why.text != self._refusal):
            self._refusal = ""
            self.hush("train")

    @Slot(object)
    def _answer(self, reply: Reply) -> None:
        if self._closed:
            return
        if isinstance(reply, Bell) and reply.frame:
            self.look.take_frame()
        elif isinstance(reply, Bell):
            self.send(Take(self.run.number, len(self.run.points)))
        elif isinstance(reply, News):
            self.run.take_news(reply)
            if reply.progress.run == self.run.number:
                self.health.take_news(reply.progress)
        elif isinstance(reply, Ready):
            self.engine_state, self.devices = READY, reply.devices
            self.engine_changed.emit()
        elif isinstance(reply, Opened):
            self._opened(reply)
        elif isinstance(reply, Pictures):
            self.preview.forget()
            self.look.take_pictures(reply)
            self.predict.data_loaded(reply.data)
            self.supply.loaded()
        elif isinstance(reply, Saved):
            self.hush("failed.save")
            self.file.weights_saved(reply)
        elif isinstance(reply, Failed):
            self._failed(reply)
        for part in takers(reply):
            getattr(self, part).take(reply)

    def _opened(self, reply: Opened) -> None:
        self.hush("failed.open")
        if reply.weights and reply.fresh:
            text = _("{file} has no weights that fit {layers}: these start with random ones. Train the network.")
            file, first = Path(reply.weights).name, ", ".join(reply.fresh[:NAMED])
            more = len(reply.fresh) - NAMED
            layers = _("{layers} and {n} more").format(layers=first, n=more) if more > 0 else first
            self.notice(text.format(file=file, layers=layers), "warning", key="notes")

    def _failed(self, reply: Failed) -> None:
        self.run.failed(reply)
        self.look.failed(reply)
        if self.time.failed(reply):
            return
        if reply.what == "import":
            self.models.failed()
        elif reply.what == "find":
            self.finder.failed()
        elif reply.what == "measure":
            self.cost.failed()
        elif reply.what == "download":
            self.supply.failed(reply)
        elif reply.what in SAID:
            getattr(self, SAID[reply.what]).failed(reply)
            if not reply.details:
                return  # the panel that asked says it
        actions = data_actions(self) if reply.what in ("data", "download") else ()
        if reply.what == "train" and reply.code == MEMORY and self.run.plan.batch_size > 1:
            actions = ((_("Halve the batch and train on"), self.run.halve_batch),)
        self.notice(reply.text, "error", details=reply.details, actions=actions, key=f"failed.{reply.what}")
        if reply.what == "save":
            self.file.save_failed()

    @Slot(int, str)
    def _engine_lost(self, code: int, log: str) -> None:
        """The engine process has died: start another one from the last recorded weights."""
        if self._closed:
            return
        if not self.engine.own:
            self._left()
            return
        text = _("The engine process was ended by the system ({code}). It has been started again.").format(code=code)
        self._after_loss(text, log)

    def _left(self) -> None:
        self.run.lost()
        self.exporting.lost()
        self.predict.lost()
        self.preview.forget()
        self.supply.lost()
        self.review.lost()
        self.ensemble.lost()
        self.engine_state = LOST
        self.engine_changed.emit()
        text = _("The program whose model this is has ended. What is shown stays; save what you want to keep.")
        self.notice(text, "warning", key="engine")

    def replace_engine(self) -> None:
        """End the engine at once and start another one from the last recorded weights."""
        self._after_loss(_("The engine process has been ended and started again."), "")

    def _after_loss(self, text: str, log: str) -> None:
        step = self.run.lost()
        self.exporting.lost()
        self.predict.lost()
        self.preview.forget()
        self.supply.lost()
        self.review.lost()
        self.ensemble.lost()
        self.cost.failed()
        self.finder.failed()
        actions: tuple[tuple[str, Callable[[], Any]], ...] = ()
        if step:
            text += " " + _("Its weights are those of step {step}.").format(step=f"{step:,}")
            actions = ((_("Train on from there"), self.run.train_on),)
        self.engine_state = LOST
        self.engine_changed.emit()
        self.notice(text, "warning", details=log, actions=actions, key="engine")
        QTimer.singleShot(0, self._restart)

    @Slot()
    def _restart(self) -> None:
        if self._closed:
            return
        self.engine.restart()
        self.engine_state = STARTING
        self.engine_changed.emit()
        self.models.resend()
        self.run.open_graph()
        self.look.resend()
        self.time.resend()

    def close(self) -> None:
        """End the engine: it saves what is recorded. Called once, when the window has closed."""
        if not self._closed:
            self.file.close()
            self._closed = True
            self.engine.close()
