"""A learning rate looked for: a short training of a copy, whose rate rises; nothing of the network changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...link.measuring import Cease, Find, Found
from ...net.finding import suggested

if TYPE_CHECKING:
    from .hallway import Session


class Finding:
    """The last curve of losses, and whether more of it comes."""

    def __init__(self, session: Session):
        self._session = session
        self._number = 0
        self.busy = False
        self.shown = False  # somebody has asked for it, and not put it away
        self.found: Found | None = None

    def start(self) -> None:
        """Look for a rate with the plan as it is; `finder_changed` follows, several times."""
        self._number += 1
        self.busy, self.shown, self.found = True, True, None
        self._session.hush("failed.find")
        self._session.send(Find(self._number, self._session.run.plan))
        self._session.finder_changed.emit()

    def put_away(self) -> None:
        """It is not wanted any more."""
        if self.busy:
            self._session.send(Cease())
        self.busy, self.shown, self.found = False, False, None
        self._session.finder_changed.emit()

    def use(self) -> None:
        """Train with the rate that is suggested."""
        rate = self.suggestion
        if rate is not None:
            self._session.run.set_plan(lr=rate)
            self.put_away()

    @property
    def suggestion(self) -> float | None:
        """The rate that the curve suggests; None while it is not whole, or where it suggests none."""
        found = self.found
        return suggested(found.rates, found.losses) if found is not None and found.done else None

    def take(self, reply: Found) -> None:
        """A piece of the curve; those of an older request are dropped."""
        if self.busy and reply.number == self._number:
            self.found, self.busy = reply, not reply.done
            self._session.finder_changed.emit()

    def failed(self) -> None:
        """The engine could not; it has said why, or has ended."""
        if self.shown:
            self.busy, self.shown, self.found = False, False, None
            self._session.finder_changed.emit()
