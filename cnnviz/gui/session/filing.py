"""Files: open, save, recent, autosave and recovery. Nothing that a person made is lost."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLockFile, QTimer
from safetensors import SafetensorError, safe_open

from ...link.messages import Save, Saved
from ...link.runs import LAST, marks, size
from ...net import files, presets
from ...net.files import FileError
from ...net.graph import Graph
from ...net.network import Network
from ...text import _

if TYPE_CHECKING:
    from .hallway import Session

SUFFIX, WEIGHTS = ".cnnviz", ".safetensors"
AUTOSAVE_MS = 1500  # after an edit
RUNS_KEPT, ROOM = 24, 4_000_000_000  # run folders, and bytes that they take, before the oldest are cleared away
OF_A_DOCUMENT = (
    *("file", "recovered", "edit", "train", "plan", "engine", "behind", "followed"),
    *("notes", "compare", "export", "failed.checkpoint", "failed.open", "failed.data", "failed.look", "failed.train"),
    *("failed.record", "failed.import", "failed.save", "failed.measure", "failed.export"),
)
"""Messages that mean the open document: another one has no use for them."""


class Filing:
    """The open file and what is kept beside it."""

    def __init__(self, session: Session):
        self._session = session
        self.path: Path | None = None
        self.network = Network(session.edit.document.graph)
        self._stamp: tuple[int, int] | None = None  # of the file as it was last read or written
        self._autosaved: object = None
        self._held: QLockFile | None = None  # on the autosave
        self._at_work: QLockFile | None = None  # on this process's run folders
        self.saving = False  # the engine is writing weights
        self._timer = QTimer(session, singleShot=True, interval=AUTOSAVE_MS)
        self._timer.timeout.connect(self.autosave)
        session.graph_changed.connect(self._soon)
        session.document_changed.connect(self._soon)
        session.plan_changed.connect(self._soon)
        session.run_changed.connect(self._soon)  # a new run records elsewhere

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def name(self) -> str:
        """The file's name, or the network's."""
        return self.path.name if self.path else self.network.name

    @property
    def modified(self) -> bool:
        """There are edits that no file holds."""
        return self._session.edit.document.modified or self._session.run.learned

    @property
    def only_learned(self) -> bool:
        """What no file holds is weights alone."""
        return not self._session.edit.document.modified

    @property
    def changed_on_disk(self) -> bool:
        """Another program, or another window, has written the file since it was opened or saved here."""
        now = stamp(self.path)
        return now is not None and now != self._stamp

    def let_go(self) -> None:
        """What no file holds need not be kept."""
        self._session.edit.document.mark_saved()
        self._session.run.learned = False

    def present(self) -> Network:
        """The network as it is now."""
        n = self.network
        name = self.path.stem if self.path else n.name
        return Network(self._session.graph, name, n.title, n.about, self._session.run.plan)

    # ── open ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def new(self) -> None:
        """An empty network."""
        self._show(Network(Graph()), None, None)

    def open(self, path: str | Path) -> bool:
        """Open a network file and the weights beside it. What cannot be read is said; the open network stays."""
        path = Path(path)
        try:
            network = files.read(path)
        except FileError as e:
            self._session.notice(str(e), "error", key="file")
            return False
        weights = path.with_suffix(WEIGHTS)
        self._show(network, path, weights if weights.is_file() else None)
        self._session.settings.add_recent(str(path))
        return True

    def open_any(self, name: str, shape: tuple[int, int, int] | None = None) -> bool:
        """Open what the command line names: a preset, a file, or a model that takes pictures of this shape."""
        if presets.is_model(name):
            self._session.models.start(name, shape=shape)
            return True
        return self.open_preset(name) if name in presets.presets() else self.open(name)

    def show_made(self, network: Network) -> None:
        """Open a network that has just been made and that no file holds yet."""
        self._show(network, None, None)

    def show_run(self, network: Network, weights: Path | None) -> None:
        """Open the network of a recorded run with its weights; it is no document of its own yet."""
        self._show(network, None, weights)

    def show_imported(self, network: Network) -> None:
        """Open a network that the engine has made of a model, whose weights it has."""
        self._show(network, None, None, imported=True)

    def open_preset(self, name: str) -> bool:
        """Open one of the networks that come with the program."""
        try:
            network = presets.preset(name)
        except FileError as e:
            self._session.notice(str(e), "error", key="file")
            return False
        self._show(network, None, None)
        return True

    def _show(
        self,
        network: Network,
        path: Path | None,
        weights: Path | None,
        modified: bool = False,
        imported: bool = False,
    ) -> None:
        self._session.hush(*OF_A_DOCUMENT)
        if not imported:
            self._session.models.other_document()
        self.network, self.path = network, path
        self._stamp = stamp(path)
        self._session.look.select([])
        self._session.run.begin(weights)
        self._session.look.forget()
        self._session.predict.forget()
        self._session.review.forget()
        self._session.fold.opening(network.graph)
        self._session.edit.document.reset(network.graph, network.plan, saved=not modified)
        self._session.document_changed.emit()
        first = next((n.id for n in network.graph if n.sources), "")
        self._session.look.select([first] if first else [])

    # ── save ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def save(self, path: str | Path | None = None) -> bool:
        """Write the network, and its weights beside it. False, with the reason said, where that failed."""
        target = Path(path) if path else self.path
        if target is None:
            return False
        if target.suffix != SUFFIX:
            target = target.with_name(target.name + SUFFIX)
        network = Network(
            self._session.graph, target.stem, self.network.title, self.network.about, self._session.run.plan
        )
        try:
            files.write(target, network)
        except FileError as e:
            self._session.notice(str(e), "error", key="file")
            return False
        self.path, self.network = target, network
        self._stamp = stamp(target)
        self._session.edit.document.mark_saved()
        self._session.hush("recovered")
        self._session.settings.add_recent(str(target))
        self.saving = True
        self._session.send(Save(str(target.with_suffix(WEIGHTS))))
        self._session.document_changed.emit()
        return True

    def weights_saved(self, reply: Saved) -> None:
        """The engine has written the weights."""
        self.saving = False
        self._session.run.saved(reply.path)
        self._discard()
        text = _("Saved {name} with its weights.").format(name=self.name)
        self._session.notice(text, "done", key="file")

    def save_failed(self) -> None:
        """The engine could not write the weights; it has said why."""
        self.saving = False

    # ── autosave ────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _autosaves(self) -> Path:
        return self._session.settings.folder / "autosave"

    def _soon(self) -> None:
        if not self._timer.isActive():  # not put off by every further edit
            self._timer.start()

    def autosave(self) -> None:
        """Write unsaved edits where the next start finds them."""
        if not self.modified:
            self._discard()
            return
        state = (self._session.graph, self._session.run.plan, self._session.run.folders)
        if state == self._autosaved:
            return
        try:
            self._autosaves.mkdir(parents=True, exist_ok=True)
            if self._held is None:
                self._held = _lock(self._autosaves / f"{os.getpid()}{SUFFIX}")
                self._held.tryLock(0)
            files.write(self._autosaves / f"{os.getpid()}{SUFFIX}", self.present())
            note = {"path": str(self.path) if self.path else "", "runs": self._session.run.folders}
            (self._autosaves / f"{os.getpid()}.json").write_text(json.dumps(note), encoding="utf-8")
        except (FileError, OSError) as e:
            why = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
            text = _("Edits cannot be kept for recovery in {folder}: {why}.").format(
                folder=self._autosaves, why=why.rstrip(".")
            )
            self._session.notice(text, "warning", key="autosave")
        else:
            self._autosaved = state

    def _discard(self) -> None:
        self._autosaved = None
        for suffix in (SUFFIX, ".json"):
            (self._autosaves / f"{os.getpid()}{suffix}").unlink(missing_ok=True)

    def recover(self) -> bool:
        """Open what a crashed window left behind, if anything; the newest first."""
        for path in sorted(self._autosaves.glob(f"*{SUFFIX}"), key=lambda p: -p.stat().st_mtime):
            lock = _lock(path)
            if path.stem == str(os.getpid()) or not lock.tryLock(0):
                continue  # of a window that lives
            note = _note(path.with_suffix(".json"))
            try:
                network = files.read(path)
            except FileError:
                continue
            finally:
                taken = path.with_suffix(".recovered")
                path.replace(taken)
                path.with_suffix(".json").unlink(missing_ok=True)
            folders = tuple(str(f) for f in note.get("runs", ()))
            recorded = next((w[1] for f in folders if (w := self.last_weights(f)) is not None), None)
            file = Path(str(note["path"])) if note.get("path") else None
            beside = file.with_suffix(WEIGHTS) if file else None
            saved = beside if beside and beside.is_file() else None
            self._show(network, file, recorded or saved, modified=True)
            text = _("The last session ended without saving. Its network has been recovered; save it to keep it.")
            self._session.notice(text, "warning", key="recovered")
            if recorded:  # until a new run has its own, these are the weights to come back to
                self._session.run.folders, self._session.run.learned = folders, True
            self.autosave()
            return True
        return False

    # ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def run_folder(self) -> str:
        """A new folder for a run; the oldest ones are cleared away, but none that a window may still need."""
        runs = self._session.settings.folder / "runs"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            if self._at_work is None:
                self._at_work = _lock(runs / str(os.getpid()))
                self._at_work.tryLock(0)
            self._clear([p for p in runs.iterdir() if p.is_dir()])
        except OSError:
            pass  # the engine will say that it cannot record
        now = time.strftime("%Y%m%d-%H%M%S")
        return str(runs / f"{now}-{os.getpid()}-{self._session.run.number:03d}")

    def _clear(self, folders: list[Path]) -> None:
        """Clear the oldest away, as far as there are too many or they take too much."""
        sizes = {folder: size(folder) for folder in sorted(folders)}
        for folder in sorted(folders):
            if len(sizes) < RUNS_KEPT and sum(sizes.values()) <= ROOM:
                return
            if not self._needed(folder):
                shutil.rmtree(folder, ignore_errors=True)
                del sizes[folder]

    def _needed(self, run: Path) -> bool:
        """Whether it is a run of this document's, of another window that lives, or one with named steps."""
        if marks(run):
            return True
        time, others = self._session.time, self._session.ensemble.folders
        if str(run) in (*self._session.run.folders, time.other, time.next_other, *others):
            return True
        owner = run.name.split("-")[2:3]
        if not owner or owner[0] == str(os.getpid()):
            return False
        lock = _lock(run.parent / owner[0])
        free = lock.tryLock(0)
        lock.unlock()
        return not free

    def last_weights(self, folder: str) -> tuple[int, Path] | None:
        """(step, file) of the weights last recorded in a run folder."""
        path = Path(folder) / LAST
        if not folder or not path.is_file():
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                return int((file.metadata() or {}).get("step", 0)), path
        except (SafetensorError, OSError, ValueError):
            return None

    def close(self) -> None:
        """The window closes: what was to be kept has been asked for."""
        self._timer.stop()
        self._discard()
        for lock in (self._held, self._at_work):
            if lock is not None:
                lock.unlock()


def stamp(path: Path | None) -> tuple[int, int] | None:
    """What tells a file from the one that stood there before: when it was written, and its size; None for none."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None


def _lock(path: Path) -> QLockFile:
    """The lock that a living window holds on its autosave."""
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # held until the process ends, however long that takes
    return lock


def _note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
