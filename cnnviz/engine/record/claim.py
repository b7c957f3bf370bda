"""Whose a run folder is: it may be deleted while a run writes into it, and another run may make it again."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from ...link import runs
from ...text import _
from .reader import TrackError


class Gone(TrackError):
    """The folder is no longer this run's; the message is a part of a sentence that says why."""


class Claim:
    """A run's hold on its folder: the `id` that its run.json has, and how that file lay there when it was written last.

    As long as the file lies there like that, a look costs some microseconds; only where it does not, it is read.
    """

    def __init__(self, folder: Path):
        self.id = secrets.token_hex(8)
        self._notes, self._network = folder / runs.NOTES, folder / runs.NETWORK
        self._written: object = None
        self._begun: object = None

    def take(self) -> None:
        """The network and run.json, with the id, have just been written."""
        self._written, self._begun = _look(self._notes), _look(self._network)

    def check(self) -> None:
        """Raise Gone where the folder is another's by now, or is not there; a missing run.json alone is no reason."""
        now = _look(self._notes)
        if now is not None and now == self._written:
            return
        try:
            said = json.loads(self._notes.read_text("utf-8"))
            if said["id"] == self.id:
                self._written = now
                return
        except (OSError, ValueError, KeyError, TypeError):  # lost or damaged, and written anew soon, if all else stands
            begun = _look(self._network)
            if begun is not None and begun == self._begun:
                return
            if begun is None:
                raise Gone(_("the folder is gone")) from None
        raise Gone(_("the folder is gone: another run has been recorded in its place"))

    @property
    def holds(self) -> bool:
        """Whether the folder is still this run's; from any thread."""
        try:
            self.check()
        except Gone:
            return False
        return True


def _look(path: Path) -> tuple[int, int, int, int] | None:
    """Tells one writing of a file from another; None where there is none."""
    try:
        said = path.stat()
    except OSError:
        return None
    return said.st_dev, said.st_ino, said.st_mtime_ns, said.st_size
