"""One selection, one picture, one frame: what all panels show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...link.messages import (
    Failed,
    Frame,
    Interest,
    Look,
    Picture,
    PictureFile,
    Pictures,
    Pixels,
    Sample,
    Unit,
    Watch,
)
from ...link.subject import suits
from ...net.graph import Graph
from ...net.layers import plane

if TYPE_CHECKING:
    from .hallway import Session

KINDS = ("thumbs", "maps", "filters", "field")


class Looking:
    """What is selected, what it is looked at with, and what came back."""

    def __init__(self, session: Session):
        self._session = session
        self.selection: tuple[str, ...] = ()  # ids, the one that panels show last
        self.picture: Picture = Sample(0)
        self.pictures: Pictures | None = None  # the plan's data set; None where it is not loaded, or cannot be
        self.frame: Frame | None = None
        self.trouble = ""  # what the engine has said since the last picture came: why there is none
        self._asked = 0  # number of the newest Look
        self._before: Picture | None = None  # the picture before that one, where that one may still be refused
        self._first = 0  # version of the first graph of this document: older frames are another one's
        self._unit: Unit | None = None  # as picked; unit() keeps it inside the map
        self._wants: dict[tuple[object, str], tuple[str, ...]] = {}
        self._interest = Interest()
        self._graph = Graph()  # as it was at the last edit

    # ── selection ───────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def selected(self) -> str:
        """The layer that panels show; "" where none is."""
        return self.selection[-1] if self.selection else ""

    def select(self, ids: Iterable[str]) -> None:
        """Select these layers; panels show the last one."""
        new = tuple(i for i in dict.fromkeys(ids) if i in self._session.graph)
        if new == self.selection:
            return
        self.selection = new
        self._session.selection_changed.emit()
        self._session.unit_changed.emit()
        self._watch()

    def pick(self, channel: int, y: int = 0, x: int = 0) -> None:
        """Select one output value of the selected layer."""
        if not self.selected:
            return
        before, self._unit = self.unit, Unit(self.selected, channel, y, x)
        if self.unit != before:
            self._session.unit_changed.emit()
            self._watch()

    @property
    def unit(self) -> Unit | None:
        """The selected output value: the one picked, kept inside the map, or the middle of the first channel."""
        row = self._session.rows.get(self.selected)
        if row is None or row.out is None:
            return None
        u = self._unit if self._unit and self._unit.node == self.selected else None
        if len(row.out) == 1:
            return Unit(self.selected, min(u.channel if u else 0, row.out[0] - 1))
        c, (h, w) = row.out[0], plane(row.out)
        if u is None:
            return Unit(self.selected, 0, h // 2, w // 2)
        return Unit(self.selected, min(u.channel, c - 1), min(u.y, h - 1), min(u.x, w - 1))

    def graph_edited(self) -> None:
        """Forget what is no longer there; follow a layer that has another name now."""
        graph, before = self._session.graph, self._graph
        self._graph = graph
        gone, new = before.index.keys() - graph.index.keys(), graph.index.keys() - before.index.keys()
        renamed = dict(zip(gone, new, strict=True)) if len(gone) == len(new) == 1 else {}
        renamed = {a: b for a, b in renamed.items() if before[a].layer is graph[b].layer}
        kept = tuple(renamed.get(i, i) for i in self.selection if i in graph or i in renamed)
        if self._unit and self._unit.node in renamed:
            self._unit = replace(self._unit, node=renamed[self._unit.node])
        if kept != self.selection:
            self.selection = kept
            self._session.selection_changed.emit()
            self._session.unit_changed.emit()
        self._suit()
        self._watch()

    def _suit(self) -> None:
        """A picture of one's own is no sentence or board, nor the other way round: go back to the data set then."""
        node = self._session.rows.input
        if node is not None and not suits(self.picture, node.layer):
            self.show(Sample())

    # ── picture ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def show(self, picture: Picture) -> None:
        """Show everything on this picture."""
        self._session.hush("failed.look")
        self._before = self.picture
        self._ask(picture)

    def _ask(self, picture: Picture) -> None:
        self.picture = picture
        self._asked += 1
        self._session.send(Look(picture, self._asked))
        self._session.picture_changed.emit()

    def _go_back(self) -> None:
        """The newest picture was refused: the engine goes on with the one before."""
        before, self._before = self._before, None
        if before is None and self.picture != Sample():  # that one was refused as well
            before = Sample()
        node = self._session.rows.input
        if before is not None and (node is None or suits(before, node.layer)):
            self._ask(before)

    def page(self, by: int) -> None:
        """The next (1) or previous (−1) picture of the data set."""
        if self.pictures:
            old, split = self.picture, self._split
            n = self.pictures.test if split == "test" else self.pictures.train
            index = (old.index + by) % n if isinstance(old, Sample) else 0
            self.show(Sample(index, split))

    @property
    def _split(self) -> str:
        """Which pictures are paged through: "test" or "train"."""
        return self.picture.split if isinstance(self.picture, Sample) else "test"

    def open_picture(self, path: str) -> None:
        """Show everything on a picture file."""
        self.show(PictureFile(path))

    def paste_picture(self, array: np.ndarray, name: str) -> None:
        """Show everything on a picture in memory: (height, width, channels) uint8."""
        self.show(Pixels(array, name))

    def take_pictures(self, pictures: Pictures) -> None:
        """The engine has loaded the data set."""
        self.pictures = pictures
        self._session.hush("failed.data")
        self._session.pictures_changed.emit()
        n = pictures.test if self._split == "test" else pictures.train
        if n and isinstance(self.picture, Sample) and self.picture.index >= n:
            self.show(Sample(0, self._split))  # the data set before had more

    def _lose_pictures(self) -> None:
        self._session.supply.forget()
        if self.pictures is not None:
            self.pictures = None
            self._session.pictures_changed.emit()

    # ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def take_frame(self) -> None:
        """Fetch the newest frame and hand it round."""
        frame = self._session.engine.frame()
        if frame is not None and frame.version >= self._first and self._session.time.takes(frame):
            if frame.partial:
                frame = _completed(frame, self.frame)
            self.frame = frame
            if frame.shown is not None:
                self.trouble = ""
            self._session.frame_arrived.emit(frame)

    @property
    def stale(self) -> bool:
        """The frame shows the network as it was before the last edit."""
        return self.frame is not None and not self._session.is_present(self.frame.version)

    def answered(self, frame: Frame) -> bool:
        """Whether the engine knew what is looked at now when it made the frame."""
        return frame.interest >= self._interest.number

    def forget(self) -> None:
        """Another document is opened: what is shown belongs to the old one."""
        self._first = self._session.version + 1
        self.frame, self.trouble, self._unit = None, "", None
        self._session.frame_arrived.emit(Frame(self._first, 0, 0, 0))
        self._lose_pictures()

    def failed(self, reply: Failed) -> None:
        """The engine could not open the network, load its data or show the picture."""
        if reply.what == "data":
            self._lose_pictures()
        if reply.look == self._asked:
            self._go_back()
        if reply.what in ("open", "data", "look"):
            self.trouble = reply.text
            self._session.picture_changed.emit()

    def want(self, panel: object, kind: str, ids: Iterable[str] = ()) -> None:
        """A panel needs `kind` ("thumbs", "maps", "filters") of these layers, or "field" (any id) of the selected unit.

        Replaces what the panel wanted before; nothing where it is hidden.
        """
        if kind not in KINDS:
            raise ValueError(kind)
        new = tuple(ids)
        if self._wants.get((panel, kind), ()) != new:
            if new:
                self._wants[panel, kind] = new
            else:
                self._wants.pop((panel, kind), None)
            self._watch()

    @property
    def inside(self) -> bool:
        """Whether a panel that is seen shows maps, weights or a measured field."""
        return any(kind != "thumbs" for _panel, kind in self._wants)

    def _watch(self) -> None:
        wants: dict[str, dict[str, None]] = {k: {} for k in KINDS}
        for (_panel, kind), ids in self._wants.items():
            wants[kind].update(dict.fromkeys(ids))
        new = Interest(
            self._interest.number,
            thumbs=_there(wants["thumbs"], self._session.graph),
            maps=_there(wants["maps"], self._session.graph),
            filters=_there(wants["filters"], self._session.graph),
            unit=self.unit if wants["field"] else None,
        )
        if new != self._interest:
            self._interest = replace(new, number=self._interest.number + 1)
            self._session.send(Watch(self._interest))

    def resend(self) -> None:
        """Tell a new engine what is looked at."""
        self._ask(self.picture)
        self._session.send(Watch(self._interest))


def _completed(partial: Frame, whole: Frame | None) -> Frame:
    """The newest maps and filters, and of the frame before, where that shows the same run, all the rest."""
    if whole is None or (whole.version, whole.run, whole.past) != (partial.version, partial.run, partial.past):
        return partial
    return replace(
        whole,
        step=partial.step,
        interest=partial.interest,
        partial=True,
        picture=partial.picture,
        maps=partial.maps,
        filters=partial.filters,
    )


def _there(ids: Iterable[str], graph: Graph) -> tuple[str, ...]:
    return tuple(i for i in ids if i in graph)
