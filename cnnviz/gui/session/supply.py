"""The data set: its download and its loading, asked for and told of, and what there is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...link.data import OFFERED, Contents, Desist, Download, Downloaded, Downloading, Leave, Loading, Stock
from ...link.messages import Failed
from ...text import _, grouped

if TYPE_CHECKING:
    from .hallway import Session

KEY = "download"
"""Of the message that tells how far a download is."""
NAMED = 3
"""Broken files that a message names."""


class Supply:
    """The download in progress, and what is known of the plan's data set."""

    def __init__(self, session: Session):
        self._session = session
        self.wanted: Download | None = None  # in progress
        self.contents: Contents | None = None  # of the data set that is loaded
        self._number = 0
        self._stock = 0  # number of the newest Stock

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

    def leave(self) -> None:
        """The data set that is being loaded is not wanted."""
        self._session.send(Leave())

    def drop_leaks(self) -> None:
        """Leave pictures out of the held-out part that are trained on, too."""
        self._session.run.set_plan(drop_leaks=True)

    def loaded(self) -> None:
        """The plan's data set is loaded: ask what there is in it."""
        self._session.hush("loading")
        self._stock += 1
        self._session.send(Stock(self._stock))

    def forget(self) -> None:
        """There is no data set, or another one."""
        self._session.hush("loading", "broken", "leaks")
        if self.contents is not None:
            self.contents = None
            self._session.contents_changed.emit()

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Downloading | Downloaded | Loading | Contents) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if isinstance(reply, Loading):
            text = _("Reading {name}: {n} of {total} pictures")
            text = text.format(name=reply.name, n=grouped(reply.done), total=grouped(reply.total))
            self._session.notice(text, "info", actions=((_("Cancel"), self.leave),), key="loading")
            return
        if isinstance(reply, Contents):
            if reply.number == self._stock:
                self._learn(reply)
            return
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

    def _learn(self, found: Contents) -> None:
        first, self.contents = self.contents is None or self.contents.number != found.number, found
        if first and found.broken_count:
            self._session.notice(broken(found), "warning", details=listed(found), key="broken")
        leaked = len(found.leaked)
        if leaked:
            text = _(
                "{n} of {all} held-out pictures of {name} are trained on, too: what is measured on them says too much."
            )
            text = text.format(n=grouped(leaked), all=grouped(len(found.test_y)), name=found.name)
            self._session.notice(text, "warning", actions=((_("Leave them out"), self.drop_leaks),), key="leaks")
        self._session.contents_changed.emit()

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


def broken(found: Contents) -> str:
    """How many files of a data set cannot be read, and the names of the first."""
    names = ", ".join(name for name, _why in found.broken[:NAMED])
    if found.broken_count > NAMED:
        names += ", …"
    text = _("{n} files of {name} cannot be read and are left out: {names}")
    if found.broken_count == 1:
        text = _("1 file of {name} cannot be read and is left out: {names}")
    return text.format(n=grouped(found.broken_count), name=found.name, names=names)


def listed(found: Contents) -> str:
    """All broken files that are named, a line each."""
    lines = [f"{name}: {why}" for name, why in found.broken]
    more = found.broken_count - len(lines)
    return "\n".join([*lines, *([_("And {n} more.").format(n=grouped(more))] if more else [])])


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
