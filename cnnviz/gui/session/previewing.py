"""What goes into the net: augmented pictures to look at, and mean and deviation of the data set's values."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from ...link.augmenting import Preview, Previewed, Survey, Surveyed
from ...link.messages import Failed
from ...net.layers import Input
from ...net.plan import AUGMENTS

if TYPE_CHECKING:
    from .hallway import Session


class Previewing:
    """The newest preview and the newest survey. Panels ask at will: the engine is asked where it must be."""

    def __init__(self, session: Session):
        self._session = session
        self.shown: Previewed | None = None
        self.surveyed: Surveyed | None = None
        self.trouble = ""  # why the newest preview or survey did not come
        self.roll = 0  # which pictures and random numbers a preview shows
        self._asked: dict[type, tuple[int, Hashable]] = {}  # the newest of each: its number, and what it was about
        self._number = 0

    @property
    def layer(self) -> Input | None:
        """The Input that takes pictures; None where there is none, or its settings are impossible."""
        rows, node = self._session.rows, self._session.rows.input
        if node is None or not isinstance(node.layer, Input) or rows[node.id].problem is not None:
            return None
        return node.layer

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def ask(self) -> None:
        """See to it that `shown` is of the plan as it is now; `preview_changed` follows where it was not."""
        layer, plan = self.layer, self._session.run.plan
        if layer is not None:
            about = (self.roll, layer, plan.seed, *(getattr(plan, name) for name in AUGMENTS))
            if self._begin(Preview, (about, plan.source)):
                self._session.send(Preview(self._number, plan, layer, self.roll))

    def reroll(self) -> None:
        """Other pictures and other random numbers."""
        self.roll += 1
        self.ask()

    def survey(self) -> None:
        """See to it that `surveyed` is of the plan's data set in the Input's size; `survey_changed` follows."""
        layer, plan = self.layer, self._session.run.plan
        if layer is not None and self._begin(Survey, (layer.channels, layer.size, plan.source)):
            self.surveyed = None
            self._session.send(Survey(self._number, plan, layer))

    def forget(self) -> None:
        """The data set has been loaded anew, or the engine has: what was asked does not count any more."""
        self._asked.clear()

    def _begin(self, kind: type, about: Hashable) -> bool:
        if not self._session.ready:
            return False  # panels ask again when it is
        if kind in self._asked and self._asked[kind][1] == about:
            return False
        self._number += 1
        self._asked[kind] = self._number, about
        return True

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Previewed | Surveyed) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if isinstance(reply, Previewed) and self._is_newest(Preview, reply.number):
            self.shown, self.trouble = reply, ""
            self._session.preview_changed.emit()
        elif isinstance(reply, Surveyed) and self._is_newest(Survey, reply.number):
            self.surveyed, self.trouble = reply, ""
            self._session.survey_changed.emit()

    def failed(self, reply: Failed) -> None:
        """The engine could not do it; the panel that asked says why."""
        preview = reply.what == "preview"
        kind = Preview if preview else Survey
        if self._is_newest(kind, reply.run):
            del self._asked[kind]
            self.trouble = reply.text
            if preview:
                self.shown = None
            (self._session.preview_changed if preview else self._session.survey_changed).emit()

    def _is_newest(self, kind: type, number: int) -> bool:
        return kind in self._asked and self._asked[kind][0] == number
