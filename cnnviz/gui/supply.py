"""Where the data set comes from: its download, asked for and told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..link.data import OFFERED, Desist, Download, Downloaded, Downloading
from ..link.messages import Failed
from ..text import _

if TYPE_CHECKING:
    from .session import Session

KEY = "download"
"""Of the message that tells how far a download is."""


class Supply:
    """The download in progress."""

    def __init__(self, session: Session):
        self._session = session
        self.wanted: Download | None = None  # in progress
        self._number = 0

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def download(self) -> None:
        """Download the plan's data set into the plan's folder; when it is there, it is loaded."""
        plan = self._session.run.plan
        if plan.data not in OFFERED:
            return
        self._number += 1
        self.wanted = Download(self._number, plan.data, plan.data_dir)
        self._session.hush("failed.data", "failed.download", "train", "failed.train")
        self._session.send(self.wanted)
        self._say(_("Downloading {name}…").format(name=plan.data))

    def cancel(self) -> None:
        """The download is not wanted any more; what has come stays on the disk."""
        if self.wanted is None:
            return
        name, self.wanted = self.wanted.name, None
        self._session.send(Desist())
        text = _("The download of {name} was cancelled. What has come is kept: the next one goes on from there.")
        actions = ((_("Go on"), self.download),) if name == self._session.run.plan.data else ()
        self._session.notice(text.format(name=name), "info", actions=actions, key=KEY)

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Downloading | Downloaded) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if self.wanted is None or reply.number != self.wanted.number:
            return
        if isinstance(reply, Downloading):
            self._say(said(self.wanted.name, reply))
            return
        wanted, self.wanted = self.wanted, None
        text = _("{name} is downloaded, in {folder}.")
        self._session.notice(text.format(name=reply.name, folder=reply.folder), "done", key=KEY)
        plan = self._session.run.plan
        if (plan.data, plan.data_dir) == (wanted.name, wanted.folder):
            self._session.run.load_again()

    def failed(self, reply: Failed) -> None:
        """The engine could not download it."""
        if self.wanted is not None and reply.run == self.wanted.number:
            self.wanted = None
            self._session.hush(KEY)

    def lost(self) -> None:
        """The engine has died: nothing comes any more."""
        if self.wanted is not None:
            self.wanted = None
            self._session.hush(KEY)

    def _say(self, text: str) -> None:
        self._session.notice(text, "info", actions=((_("Cancel"), self.cancel),), key=KEY)


def said(name: str, far: Downloading) -> str:
    """How far a download is, in one line."""
    parts = [_("Downloading {name}").format(name=name)]
    if far.files > 1:
        parts.append(_("file {n} of {all}").format(n=far.file, all=far.files))
    if far.total:
        text = _("{part} % of {size} MB")
        parts.append(text.format(part=100 * far.done // far.total, size=f"{far.total / 1e6:,.1f}"))
    else:
        parts.append(_("{size} MB").format(size=f"{far.done / 1e6:,.1f}"))
    if far.speed:
        parts.append(_("{speed} MB/s").format(speed=f"{far.speed / 1e6:,.1f}"))
        if far.total > far.done:
            parts.append(_("{time} left").format(time=clock((far.total - far.done) / far.speed)))
    return f"{parts[0]}: {' · '.join(parts[1:])}"


def clock(seconds: float) -> str:
    """`1:05` minutes, `2:00:07` hours."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
