"""Models of other programs: imported as networks, and their checkpoints taken into the open one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...link.messages import Adopt, Advance, Catalogue, Forget, Import, Imported, Match, Matched, Models
from ...net.files import placed
from ...net.graph import Graph
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session

KEY = "import"
"""Of the messages that tell how far an import is."""
NOTES = 4
"""Notes on an imported model that are said; there may be many alike."""


class Importing:
    """The import in progress, and what was found in a checkpoint."""

    def __init__(self, session: Session):
        self._session = session
        self.names: tuple[tuple[str, tuple[str, ...]], ...] = ()  # what can be imported, once asked for
        self.found: Matched | None = None  # what the last checkpoint holds
        self._number = 0
        self._wanted: Import | None = None  # in progress
        self._opened: Import | None = None  # the one that the open document came from
        self._begun: Graph = session.graph  # what was open when it was asked for
        self._ready: Imported | None = None  # come while the person was editing

    @property
    def number(self) -> int:
        """Of the import that the open document came from; 0 for none."""
        return self._opened.number if self._opened else 0

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def ask(self) -> None:
        """Have the engine tell what there is to import; `models_changed` follows."""
        self._session.send(Catalogue())

    def start(self, spec: str, weights: str = "", shape: tuple[int, int, int] | None = None) -> None:
        """Import a model; when it is there it is opened in place of the present document."""
        self._number += 1
        self._wanted = Import(self._number, spec, weights, shape)
        self._begun = self._session.graph
        self._session.hush("failed.import")
        self._session.send(self._wanted)
        self._say(_("Opening {name}…").format(name=spec))

    def cancel(self) -> None:
        """The import in progress is not wanted any more."""
        self._wanted = None
        self._session.send(Forget())
        self._session.hush(KEY)

    def match(self, path: str) -> None:
        """See what a checkpoint file holds for the network; `checkpoint_found` follows."""
        self._number += 1
        self._session.hush("failed.checkpoint")
        self._session.send(Match(self._number, path))

    def adopt(self) -> None:
        """Take the weights that were found."""
        if self.found is not None:
            self._session.send(Adopt(self.found.number))
            self._session.run.learned = self._session.run.apart = True
            self._session.document_changed.emit()
            text = _("{n} tensors of {file} are the network's weights now.")
            self._session.notice(
                text.format(n=len(self.found.matches), file=self.found.path.rpartition("/")[2]), "done", key=KEY
            )
            self.found = None

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Advance | Imported | Models | Matched) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if isinstance(reply, Models):
            self.names = reply.names
            self._session.models_changed.emit()
        elif isinstance(reply, Matched):
            if reply.number == self._number:
                self.found = reply
                self._session.checkpoint_found.emit()
        elif isinstance(reply, Imported) and reply.number < 0:
            self._wanted = Import(reply.number, reply.network.name)
            self._open(reply)
        elif self._wanted is not None and reply.number == self._wanted.number:
            if isinstance(reply, Advance):
                self._advance(reply)
            elif self._session.file.modified and self._session.graph is not self._begun:
                self._ready = reply
                text = _("{name} is there. You have edited this network meanwhile: opening it drops your edits.")
                actions = ((_("Open it"), self.open_ready), (_("Cancel"), self.cancel))
                self._session.notice(text.format(name=self._wanted.spec), "warning", actions=actions, key=KEY)
            else:
                self._open(reply)

    def _advance(self, reply: Advance) -> None:
        assert self._wanted is not None
        if reply.total:
            text = _("Downloading {name}: {part} % of {size} MB").format(
                name=self._wanted.spec, part=100 * reply.done // reply.total, size=round(reply.total / 1e6)
            )
            self._say(text)

    def open_ready(self) -> None:
        """Open the model that came while the network was edited."""
        if self._ready is not None and self._wanted is not None and self._ready.number == self._wanted.number:
            self._open(self._ready)

    def _open(self, reply: Imported) -> None:
        self._opened, self._wanted, self._ready = self._wanted, None, None
        self._session.hush(KEY)
        graph = reply.network.graph
        if len({n.pos for n in graph}) < len(graph):  # nobody has laid it out
            graph = placed(graph)
        self._session.file.show_imported(replace(reply.network, graph=graph))
        if reply.picture is not None:
            self._session.look.show(reply.picture)
        if reply.notes:
            more = len(reply.notes) - NOTES
            notes = [*reply.notes[:NOTES], *([_("And {n} more.").format(n=more)] if more > 0 else [])]
            self._session.notice(" ".join(notes), "info", key="notes")

    def _say(self, text: str) -> None:
        self._session.notice(text, "info", actions=((_("Cancel"), self.cancel),), key=KEY)

    def failed(self) -> None:
        """The engine could not import it; it has said why."""
        self._wanted = None
        self._session.hush(KEY)

    def other_document(self) -> None:
        """Another document is opened: it needs no parts of a model."""
        self._opened = None

    def resend(self) -> None:
        """Tell a new engine of the model that the document came from, and of the one that was being imported."""
        for command in (self._opened, self._wanted):
            if command is not None:
                self._session.send(command)
