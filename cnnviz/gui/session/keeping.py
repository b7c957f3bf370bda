"""One's own blocks: kept as files in the settings folder, there again at the next start."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ...net import catalogue, files
from ...net.catalogue import SUFFIX, Item
from ...net.files import FileError
from ...net.network import Network
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session

STEM = 40
"""Letters of a title that are in its file's name: in any script they fit into the 255 bytes of one."""


class Keeping:
    """All blocks that can be put in: the shipped ones and one's own. Names of one's own begin with `own:`."""

    def __init__(self, session: Session):
        self._session = session
        self._own: dict[str, Item] | None = None

    @property
    def folder(self) -> Path:
        """Where one's own blocks are."""
        return self._session.settings.folder / "blocks"

    @property
    def own(self) -> dict[str, Item]:
        """One's own blocks by name. What cannot be read is left out, and said once."""
        if self._own is None:
            found, wrong = catalogue.own(self.folder)
            self._own = {f"own:{name}": item for name, item in found.items()}
            if wrong:
                more = _("{n} more cannot be read either.").format(n=len(wrong) - 1) if len(wrong) > 1 else ""
                text = _("A block of your own cannot be read and is left out: {why}").format(why=wrong[0])
                self._session.notice(f"{text} {more}".strip(), "warning", key="blocks")
        return self._own

    def item(self, name: str) -> Item | None:
        """The block of this name, if there is one."""
        return catalogue.shipped().get(name) or self.own.get(name)

    def save(self, ids: Collection[str], title: str) -> bool:
        """Keep these layers as a block of one's own, which needs a name that none of them has yet."""
        title = title.strip()
        if not title or any(item.title == title for item in self.own.values()):
            text = _("There is a block {name} already. Choose another name.") if title else _("A block needs a name.")
            self._session.notice(text.format(name=title), "warning", key="blocks")
            return False
        try:
            network = catalogue.fragment(self._session.graph, ids, title)
        except ValueError as e:
            self._session.notice(str(e), "warning", key="blocks")
            return False
        if not self._write(self._path(title), network):
            return False
        text = _("Saved the block {name}. It is in the palette, under “My blocks”.").format(name=title)
        self._session.notice(text, "done", key="blocks")
        return True

    def rename(self, name: str, title: str) -> bool:
        """Call a block of one's own otherwise."""
        item = self.own.get(name)
        if item is None or not title or title == item.title:
            return False
        path = self.folder / (name.removeprefix("own:") + SUFFIX)
        try:
            network = files.read(path)
        except FileError as e:
            self._session.notice(str(e), "error", key="blocks")
            return False
        new = self._path(title)
        if not self._write(new, Network(network.graph, title, title, network.about)):
            return False
        self._remove(path)
        return True

    def delete(self, name: str) -> None:
        """Throw a block of one's own away."""
        self._remove(self.folder / (name.removeprefix("own:") + SUFFIX))

    def _path(self, title: str) -> Path:
        """A file for a block of this title that is not there yet."""
        stem = re.sub(r"\W+", "_", title).strip("_")[:STEM] or "block"
        stem = f"_{stem}" if stem[0].isdigit() else stem
        path, i = self.folder / f"{stem}{SUFFIX}", 2
        while path.exists():
            path, i = self.folder / f"{stem}_{i}{SUFFIX}", i + 1
        return path

    def _write(self, path: Path, network: Network) -> bool:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            files.write(path, network)
        except (FileError, OSError) as e:
            self._session.notice(str(e), "error", key="blocks")
            return False
        self._changed()
        return True

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as e:
            self._session.notice(str(e), "error", key="blocks")
        self._changed()

    def _changed(self) -> None:
        self._own = None
        self._session.blocks_changed.emit()
