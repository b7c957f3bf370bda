"""What the network makes of every picture of a split, and pictures of it by number: asked for by any panel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...link.messages import Failed
from ...link.predictions import Abandon, Fetch, Fetched, Predict, Predicting, Predictions

if TYPE_CHECKING:
    from .hallway import Session


class Prediction:
    """The newest predictions of each split, and how far those are that were asked for."""

    def __init__(self, session: Session):
        self._session = session
        self.found: dict[str, Predictions] = {}  # by split: "test", "train"
        self.progress: tuple[int, int] | None = None  # pictures done, and of how many (0: not known); None: none asked
        self.asked = ""  # split of those in progress
        self.trouble = ""  # why the last ones did not come
        self._number = 0  # of the newest Predict
        self._fetches = 0

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def ask(self, split: str = "test") -> None:
        """Classify every picture of the split with the weights there are now; `predictions_changed` follows."""
        self._number += 1
        self.progress, self.asked, self.trouble = (0, 0), split, ""
        self._session.hush("failed.predict")
        self._session.send(Predict(self._number, split))
        self._session.predictions_changed.emit()

    def cancel(self) -> None:
        """What is in progress is not wanted any more."""
        if self.progress is not None:
            self._session.send(Abandon(self._number))
            self._end()

    def fetch(self, split: str, indices: Iterable[int]) -> int:
        """Ask for these pictures; `pictures_fetched(Fetched)` of this number follows, or `pictures_fetched(Failed)`."""
        self._fetches += 1
        self._session.send(Fetch(self._fetches, split, tuple(int(i) for i in indices)))
        return self._fetches

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────
    def current(self, split: str) -> bool:
        """Whether the predictions are of the network as it is now, with the weights of now."""
        found, run = self.found.get(split), self._session.run
        if found is None or not self._session.is_present(found.version) or found.data != run.plan.data:
            return False
        return not run.progress or (found.run, found.step) == (run.progress.run, run.progress.step)

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Predicting | Predictions | Fetched) -> None:
        """An answer of the engine's; those of an older Predict are dropped."""
        if isinstance(reply, Fetched):
            self._session.pictures_fetched.emit(reply)
        elif reply.number == self._number and self.progress is not None:
            if isinstance(reply, Predicting):
                self.progress = (reply.done, reply.total)
                self._session.predictions_changed.emit()
            else:
                self.found[reply.split] = reply
                self._end()

    def failed(self, reply: Failed) -> None:
        """The engine could not do it; the panel that asked says why."""
        if reply.what == "fetch":
            self._session.pictures_fetched.emit(reply)
        elif reply.run == self._number and self.progress is not None:
            self._end(reply.text)

    def lost(self) -> None:
        """The engine has died: nothing comes of what was asked."""
        if self.progress is not None:
            self._end()

    def data_loaded(self, name: str) -> None:
        """This is the plan's data set now: predictions of another one are of no use."""
        if any(found.data != name for found in self.found.values()):
            self.forget()

    def graph_edited(self) -> None:
        """What was wrong with the network may be mended."""
        self.trouble = ""

    def forget(self) -> None:
        """What is known is of another network, or another data set."""
        self.cancel()
        self.found, self.trouble = {}, ""
        self._session.predictions_changed.emit()

    def _end(self, trouble: str = "") -> None:
        self.progress, self.asked, self.trouble = None, "", trouble
        self._session.predictions_changed.emit()
