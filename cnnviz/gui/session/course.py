"""How a training went, step by step: what the curves are drawn from."""

from __future__ import annotations

import numpy as np

from ...link.adjusting import Change
from ...link.messages import News

NOTHING, UNTESTED = np.empty((0, 4)), np.empty((0, 4))


class Course:
    """The points and measurements of one run."""

    def __init__(self) -> None:
        self.points = NOTHING  # (n, 4): step, train loss, train accuracy, learning rate
        self.tests = UNTESTED  # (m, 4): step, held-out loss, accuracy, top-5 accuracy (NaN: there is none)
        self.changes: tuple[Change, ...] = ()
        self._room = NOTHING  # what `points` is the filled part of

    def take(self, news: News) -> None:
        """What is new of a run that trains."""
        self.add(news.first, news.points)
        if len(news.tests) >= len(self.tests):  # a run that goes on has read its own first a little later
            self.tests = news.tests
        if len(news.changes) >= len(self.changes):
            self.changes = news.changes

    def add(self, first: int, points: np.ndarray) -> None:
        """Points from index `first` on; room is doubled, so that a long run is not copied at every answer."""
        if not len(points) or first > len(self.points):
            return
        end = first + len(points)
        if end > len(self._room):
            room = np.empty((max(1024, 2 * end), 4))
            room[:first] = self.points[:first]
            self._room = room
        self._room[first:end] = points
        self.points = self._room[:end]

    @property
    def top5(self) -> np.ndarray:
        """(k, 2): step and top-5 accuracy of the measurements that have one; below six classes it says nothing."""
        some = self.tests[:, [0, 3]]
        return some[~np.isnan(some[:, 1])]

    def cut(self, step: int) -> None:
        """Keep what was up to this step."""
        self.points = self.points[: np.searchsorted(self.points[:, 0], step, "right")]
        self.tests = self.tests[: np.searchsorted(self.tests[:, 0], step, "right")]
        self.changes = tuple(c for c in self.changes if c.step <= step)
        self._room = NOTHING

    def clear(self) -> None:
        """Another run."""
        self.points, self._room, self.tests, self.changes = NOTHING, NOTHING, UNTESTED, ()
