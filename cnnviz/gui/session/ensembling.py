"""Networks of one plan that answer together: trained one after the other with seeds s, s + 1, …, then averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from ...link.ensemble import Combine, Combined, Combining, Uncombine
from ...link.messages import IDLE, STOPPING, Failed
from ...net.plan import Plan
from ...text import N_, _

if TYPE_CHECKING:
    from .hallway import Session

LEAST, MOST = 2, 50
"""Networks in one ensemble."""
OTHERWISE = N_("The network or its plan was changed, or another training was started.")


@dataclass(frozen=True)
class Trained:
    """A network of the ensemble that has been trained."""

    seed: int
    folder: str


class Ensembling(QObject):
    """The ensemble that is being trained, or was trained last."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.wanted = 0  # networks; 0: none was asked for
        self.first = 0  # their first seed
        self.trained: tuple[Trained, ...] = ()
        self.training = False  # one of them trains
        self.averaging: tuple[int, int] | None = None  # networks that have answered, of how many
        self.found: Combined | None = None
        self.trouble = ""  # why it ended early, or was not averaged
        self._number = 0  # of the newest Combine
        self._run, self._folder = 0, ""  # of the one that trains
        self._stopped = False
        self._of: tuple[int, Plan] = (0, Plan())  # version of the network, and its plan
        session.run_changed.connect(self._follow)

    @property
    def busy(self) -> bool:
        """Whether it is being trained or averaged."""
        return self.training or self.averaging is not None

    @property
    def folders(self) -> tuple[str, ...]:
        """Run folders that are still needed."""
        return (*(t.folder for t in self.trained), *([self._folder] if self.training else ()))

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def start(self, count: int) -> None:
        """Train so many networks by the plan, the first with its seed; `ensemble_changed` follows."""
        if self.busy or self._session.run.active:
            return
        self.wanted, self.first = min(max(count, LEAST), MOST), self._session.run.plan.seed
        self.trained, self.found, self.trouble = (), None, ""
        self._of = (self._session.version, self._session.run.plan)
        self._next()

    def cancel(self) -> None:
        """Stop training; those that are done are averaged. While they are averaged: leave that."""
        if self.training:
            self._session.run.stop()
        elif self.averaging is not None:
            self.averaging = None
            self._session.send(Uncombine())
            self._session.ensemble_changed.emit()

    @Slot()
    def _next(self) -> None:
        run, seed = self._session.run, self.first + len(self.trained)
        if run.active or (self._session.version, run.plan) != self._of:
            self._end(_(OTHERWISE))
            return
        self.training, self._stopped = True, False
        run.train_seed(seed)
        if run.phase == IDLE:  # refused: the message says why
            self._end("")
            return
        self._run, self._folder = run.number, run.folders[0]
        self._session.ensemble_changed.emit()

    @Slot()
    def _follow(self) -> None:
        run = self._session.run
        if not self.training or not self._run:
            return
        if run.number != self._run:
            self._end(_(OTHERWISE))
        elif run.phase == STOPPING:
            self._stopped = True
        elif run.phase == IDLE and run.progress is not None:
            self._finished(run.progress.step)
        self._session.ensemble_changed.emit()

    def _finished(self, step: int) -> None:
        run = self._session.run
        if self._stopped or run.apart or not step:
            self._end(_("Training was stopped before all networks were done."))
            return
        self.trained = (*self.trained, Trained(self.first + len(self.trained), self._folder))
        self._run = 0
        if len(self.trained) < self.wanted:
            QTimer.singleShot(0, self._next)  # not while everybody hears of the end of the one before
        else:
            self._end("")

    def _end(self, trouble: str) -> None:
        self.training, self._run, self.trouble = False, 0, trouble
        if len(self.trained) >= LEAST:
            self._number += 1
            self.averaging = (0, len(self.trained))
            self._session.send(Combine(self._number, tuple(t.folder for t in self.trained)))
        self._session.ensemble_changed.emit()

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Combining | Combined) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if reply.number != self._number or self.averaging is None:
            return
        if isinstance(reply, Combining):
            self.averaging = (reply.done, reply.total)
        else:
            self.averaging, self.found = None, reply
        self._session.ensemble_changed.emit()

    def failed(self, reply: Failed) -> None:
        """The engine could not average them."""
        if reply.run == self._number and self.averaging is not None:
            self.averaging = None
            self.trouble = " ".join(filter(None, (self.trouble, reply.text)))  # why it ended early stays said
            self._session.ensemble_changed.emit()

    def lost(self) -> None:
        """The engine has died, perhaps of this."""
        if self.busy:
            self.training, self.averaging, self._run = False, None, 0
            self.trouble = _("The engine was ended meanwhile. Try again.")
            self._session.ensemble_changed.emit()
