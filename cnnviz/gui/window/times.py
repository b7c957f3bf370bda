"""What of the time cursor asks a person something: names of marks, run folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...text import _, grouped
from ..naming import ask_folder, ask_name

if TYPE_CHECKING:
    from .window import Window


class Times:
    """The verbs of the menu Time that the session has not."""

    def __init__(self, window: Window):
        self._window, self._time = window, window.session.time

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

    def open_folder(self, folder: str) -> None:
        """The same with this folder."""
        if self._window.desk.may_leave():
            self._time.open(folder)
