"""What the layers cost on this machine, measured on request, and the pictures that memory is counted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...link.measuring import Cease, Cost, Costs, Measure, Measuring
from ...net.analysis import Analysis, analyse
from ...net.graph import Graph
from ...text import _, grouped

if TYPE_CHECKING:
    from .hallway import Session

KEY = "measure"
"""Of the message that tells how far it is."""
MOST = 65_536


class Costing:
    """The last measurement, and the one in progress."""

    def __init__(self, session: Session):
        self._session = session
        self.batch = _whole(session.settings.get("batch"))
        """Pictures that memory is counted for and layers are measured on."""
        self.measured: Costs | None = None
        self._basis: Analysis = analyse(Graph())  # what was measured
        self._asked: tuple[int, Analysis] | None = None  # in progress
        self._number = 0

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def count_for(self, batch: int) -> None:
        """Count memory for so many pictures; what was measured on another batch does not hold any more."""
        batch = min(max(batch, 1), MOST)
        if batch != self.batch:
            self.batch = batch
            self._session.settings.set("batch", batch)
            self._session.costs_changed.emit()

    def start(self) -> None:
        """Measure every layer; `costs_changed` follows."""
        self._number += 1
        self._asked = (self._number, self._session.rows)
        self._session.hush("failed.measure")
        self._session.send(Measure(self._number, self.batch))
        self._say(_("Measuring the layers…"))

    def cancel(self) -> None:
        """The measurement in progress is not wanted any more."""
        self._asked = None
        self._session.send(Cease())
        self._session.hush(KEY)

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def busy(self) -> bool:
        """Whether a measurement is in progress."""
        return self._asked is not None

    @property
    def costs(self) -> Mapping[str, Cost]:
        """What was measured of the layers that are still as they were, by id."""
        if self.measured is None or self.measured.batch != self.batch:
            return {}
        known, rows = self.measured.costs, self._session.rows
        if rows is self._basis:
            return known
        return {id: c for id, c in known.items() if id in rows and _same(rows, self._basis, id)}

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Measuring | Costs) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if self._asked is None or reply.number != self._asked[0]:
            return
        if isinstance(reply, Costs):
            self.measured, self._basis, self._asked = reply, self._asked[1], None
            self._session.costs_changed.emit()
            self._session.notice(_told(reply), "done", key=KEY)
        elif reply.total:
            text = _("Measuring the layers: round {n} of {total}")
            self._say(text.format(n=reply.done + 1, total=reply.total))

    def failed(self) -> None:
        """The engine could not measure; it has said why, or has ended."""
        self._asked = None
        self._session.hush(KEY)

    def _say(self, text: str) -> None:
        self._session.notice(text, "info", actions=((_("Cancel"), self.cancel),), key=KEY)


def _told(costs: Costs) -> str:
    forward, backward = (sum(getattr(c, way) for c in costs.costs.values()) for way in ("forward", "backward"))
    text = _("The layers take {forward} ms forward and {backward} ms backward for a batch of {batch} on this machine.")
    return text.format(forward=f"{1000 * forward:,.3g}", backward=f"{1000 * backward:,.3g}", batch=grouped(costs.batch))


def _same(rows: Analysis, basis: Analysis, id: str) -> bool:
    now, then = rows[id], basis[id]
    return now is then or (now.node.layer == then.node.layer and now.ins == then.ins)


def _whole(value: object) -> int:
    """A batch as the settings remember it: text, or nothing."""
    text = str(value)
    return min(max(int(text), 1), MOST) if text.isdecimal() else 1
