"""What the open network is compared with: a network that ships, a file, or the network itself as it was."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher

from ...net import files, fold, presets
from ...net.analysis import Analysis, analyse
from ...net.files import FileError
from ...net.graph import Graph
from ...text import _
from .filing import stamp

if TYPE_CHECKING:
    from .hallway import Session


@dataclass(frozen=True)
class Other:
    """The other network. `trouble`: why its file cannot be read any more; the rows are then what it held last."""

    name: str
    rows: Analysis
    path: Path | None = None
    trouble: str = ""


class Comparing:
    """The other network, and which of its groups are folded.

    A group that both networks have is folded in both or in neither, so that its rows stand beside each other.
    """

    def __init__(self, session: Session):
        self._session = session
        self.other: Other | None = None
        self._follows = False  # it is the open network as its file holds it
        self._folded: frozenset[str] = frozenset()  # groups that the open network does not have
        self._viewed: tuple[Analysis, frozenset[str], Analysis] | None = None  # of these rows so folded: the view
        self._watcher = QFileSystemWatcher(session)
        self._stamp: tuple[int, int] | None = None  # of the file as it was read
        self._watcher.fileChanged.connect(self._reread)
        self._watcher.directoryChanged.connect(self._reread)
        session.document_changed.connect(self._follow)

    @property
    def view(self) -> Analysis:
        """The other network's rows with its groups folded as they are to be shown."""
        assert self.other is not None
        rows = self.other.rows
        if not rows.graph.grouped:
            return rows
        mine = self._session.graph.groups if self._session.graph.grouped else {}
        ours = self._session.fold.folded
        wanted = frozenset(p for p in rows.graph.closed if p in (ours if p in mine else self._folded))
        if self._viewed is None or self._viewed[0] is not rows or self._viewed[1] != wanted:
            self._viewed = rows, wanted, fold.fold(rows, wanted)
        return self._viewed[2]

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def with_preset(self, name: str) -> bool:
        """Compare with a network that comes with the program."""
        try:
            graph = presets.preset(name).graph
        except FileError as e:
            self._session.notice(str(e), "error", key="compare")
            return False
        self._begin(name, graph)
        return True

    def with_file(self, path: str | Path) -> bool:
        """Compare with a network file, and go on when it is written anew. What cannot be read is said."""
        path = Path(path)
        if path.suffix == presets.ONNX:
            text = _("{file}: Open it, keep it with “Compare with it as it is now”, and open the other one then.")
            self._session.notice(text.format(file=path.name), "warning", key="compare")
            return False
        found = stamp(path)
        try:
            graph = files.read(path).graph
        except FileError as e:
            self._session.notice(str(e), "error", key="compare")
            return False
        self._begin(path.name, graph, path)
        self._stamp = found
        self._watch()
        return True

    def with_run(self, name: str, rows: Analysis) -> None:
        """Compare with the network that a run has trained."""
        self._begin(name, rows.graph, rows=rows)

    def with_now(self) -> None:
        """Keep the open network as it is, and compare it with what becomes of it."""
        name = _("{name} at {time}").format(name=self._session.file.name, time=time.strftime("%H:%M"))
        self._begin(name, self._session.graph, rows=self._session.rows)

    def with_saved(self) -> bool:
        """Compare with the network as it was opened or last saved; false where no file and no preset holds it."""
        graph = self._session.edit.document.saved
        if graph is None:
            self._session.notice(_("No file holds this network yet. Save it first."), "warning", key="compare")
            return False
        self._begin(_("{name} as saved").format(name=self._session.file.name), graph)
        self._follows = True
        return True

    def end(self) -> None:
        """Compare with nothing any more."""
        if self.other is not None:
            self._forget()
            self.other = None
            self._session.comparison_changed.emit()

    def toggle(self, path: str) -> None:
        """Fold or unfold a group of the other network that the open one does not have."""
        self._folded ^= {path}
        self._session.comparison_changed.emit()

    # ── following ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _begin(self, name: str, graph: Graph, path: Path | None = None, rows: Analysis | None = None) -> None:
        self._forget()
        self._session.hush("compare")
        self._folded = fold.usual(graph)
        self.other = Other(name, rows or analyse(graph), path)
        self._session.comparison_changed.emit()

    def _forget(self) -> None:
        self._follows, self._stamp, self._viewed = False, None, None
        watched = [*self._watcher.files(), *self._watcher.directories()]
        if watched:
            self._watcher.removePaths(watched)

    def _follow(self) -> None:
        """Compared is what the file holds: another one after each saving, and of another document."""
        graph = self._session.edit.document.saved
        if not self._follows or self.other is None or graph is None or graph is self.other.rows.graph:
            return
        name = _("{name} as saved").format(name=self._session.file.name)
        self.other = Other(name, analyse(graph, self.other.rows))
        self._session.comparison_changed.emit()

    def _watch(self) -> None:
        """Hear of the file, and of its folder, where a file takes another's place."""
        assert self.other is not None and self.other.path is not None
        self._watcher.addPaths([str(p) for p in (self.other.path, self.other.path.parent) if p.exists()])

    def _reread(self) -> None:
        if self.other is None or self.other.path is None or stamp(self.other.path) == self._stamp:
            return
        self._stamp = stamp(self.other.path)
        try:
            graph = files.read(self.other.path).graph
        except FileError as e:
            self.other = replace(self.other, trouble=str(e))
        else:
            self.other = replace(self.other, rows=analyse(graph, self.other.rows), trouble="")
        self._watch()
        self._session.comparison_changed.emit()
