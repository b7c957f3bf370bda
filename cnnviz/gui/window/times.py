"""What of the time cursor asks a person something: names of marks, run folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from ...text import _, grouped
from ..naming import ask_folder, ask_name

if TYPE_CHECKING:
    from .window import Window


class Times(QObject):
    """The verbs of the menu Time that the session has not."""

    def __init__(self, window: Window):
        super().__init__(window)
        self._window, self._time = window, window.session.time
        window.session.beside_changed.connect(self.follow_beside)

    def back(self) -> None:
        """To the recorded step before."""
        self._time.move(-1)

    def forward(self) -> None:
        """To the next recorded step."""
        self._time.move(1)

    def mark(self) -> None:
        """Give the step that is shown a name; it is kept, whatever is thinned out."""
        time = self._time
        step = time.shown if time.at is not None else time.end
        if step is None:
            return
        title = _("Mark step {step}").format(step=grouped(step))
        known = next((m.name for m in time.marks if m.step == step), "")
        name = ask_name(self._window, title, _("Name of the mark"), known)
        if name:
            time.mark(name)

    def unmark(self) -> None:
        """Take the mark of the step that is shown away."""
        if self._time.shown is not None:
            self._time.unmark(self._time.shown)

    def open(self) -> None:
        """Open a run folder: its network, curves and time; followed live while another program trains there."""
        start = self._window.session.settings.folder / "runs"
        folder = ask_folder(self._window, _("Open a run"), str(start if start.is_dir() else Path.home()))
        if folder:
            self.open_folder(folder)

    def compare(self) -> None:
        """Ask for a run folder, and put that run beside this one."""
        beside = self._window.session.beside
        start = Path(beside.folder).parent if beside.folder else beside.home
        folder = ask_folder(self._window, _("Compare with another run"), str(start if start.is_dir() else Path.home()))
        if folder:
            beside.choose(folder)

    @Slot()
    def layers(self) -> None:
        """The networks of both runs side by side."""
        from .comparing import show

        session = self._window.session
        if session.beside.account is not None:
            session.compare.with_run(session.beside.name, session.beside.account.rows)
            show(self._window)

    def again(self) -> None:
        """Train once more with the same seed and one change, and put the run before beside it."""
        from .again import begin

        begin(self._window)

    @Slot()
    def follow_beside(self) -> None:
        """The tab Runs is there while another run stands beside."""
        dock, there = self._window.docks["runs"], bool(self._window.session.beside.folder)
        if there == dock.isHidden():
            front = self._window.docks["table"]
            dock.setVisible(there)
            if there and not front.visibleRegion().isEmpty():
                front.raise_()  # what a person looks at stays in front

    def open_folder(self, folder: str) -> None:
        """The same with this folder."""
        if self._window.desk.may_leave():
            self._time.open(folder)
