"""The network in other forms: source and ONNX, which the engine makes and runs, and what the window draws itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...link.exporting import SOURCE, VERIFY, WRITE, Export, Exported, Exporting, Withdraw
from ...link.messages import Failed
from ...net.analysis import unsound
from ...net.drawing.svg import svg
from ...net.files import FileError, dump, replace_file
from ...text import N_, _
from ..paint.number import number
from ..paint.raster import png

if TYPE_CHECKING:
    from .hallway import Session


@dataclass(frozen=True)
class Form:
    """What a network can be exported to. `about`: what it gives; `files`: what its files are called."""

    name: str
    title: str
    about: str
    suffix: str
    files: str
    runs: bool = False  # the engine makes it, and can run it beside the network
    weights: str = ""  # what is said of weights that can go along


FORMS = {
    f.name: f
    for f in (
        Form(
            "python", N_("PyTorch source"), N_("A module as a person would write it. It needs nothing but torch."),
            ".py", N_("Python source"), True, N_("With its weights, in a .safetensors file beside it"),
        ),
        Form(
            "onnx", N_("ONNX"), N_("One file with the weights inside, for onnxruntime and other programs."),
            ".onnx", N_("ONNX files"), True,
        ),
        Form(
            "keras", N_("Keras source"), N_("A Keras model as lecture notes write it, channels last."),
            ".py", N_("Python source"), True, N_("With its weights, in a .weights.h5 file beside it"),
        ),
        Form(
            "json", N_("Network JSON"),
            N_("Layers, settings and wires as text, without weights. cnnviz opens it again."),
            ".cnnviz", N_("Networks"),
        ),
        Form("svg", N_("SVG drawing"), N_("The network as the canvas shows it, for documents and slides."), ".svg",
             N_("SVG drawings")),
        Form("png", N_("PNG picture"), N_("The network as the canvas shows it, in pixels."), ".png",
             N_("PNG pictures")),
    )
}  # fmt: skip


class Exports:
    """The export that a person looks at, and how far it is."""

    def __init__(self, session: Session):
        self._session = session
        self.stage = ""  # what the engine does for it now: SOURCE, VERIFY, WRITE; empty: nothing
        self.found: Exported | None = None  # the newest answer for this form
        self.trouble = ""  # why there is none, or why it was not written
        self._number = 0
        self._asked: Export | None = None  # in progress, or answered

    @property
    def goal(self) -> str:
        """How far the export in progress is to go."""
        return self._asked.goal if self._asked and self.stage else ""

    @property
    def working(self) -> bool:
        """Whether it is being run or written, which takes its time."""
        return self.goal in (VERIFY, WRITE)

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def show(self, form: str, path: str, weights: bool) -> None:
        """Have the source made as it would go to `path`; `export_changed` follows. Nothing for other forms."""
        self.leave()
        if FORMS[form].runs and form != "onnx" and not self.why_not(form):
            self._ask(form, path, weights, SOURCE)

    def verify(self, form: str, path: str, weights: bool) -> None:
        """Have it run beside the network."""
        self._ask(form, path, weights, VERIFY)

    def save(self, form: str, path: str, weights: bool) -> bool:
        """Write it to `path`. Gives whether that is done; the engine's forms are made, run and written by and by."""
        if FORMS[form].runs:
            self._ask(form, path, weights, WRITE)
            return False
        return self.write(path, self.contents(form))

    def write(self, path: str, contents: bytes) -> bool:
        """Write what the window has made; gives whether that is done."""
        try:
            replace_file(path, contents)
        except FileError as e:
            self.trouble = str(e)
            self._session.export_changed.emit()
            return False
        self._session.notice(_("Wrote {file}.").format(file=Path(path).name), "done", key="export")
        return True

    def leave(self) -> None:
        """What was made is not looked at any more."""
        self.found = None
        self.cancel()

    def cancel(self) -> None:
        """What is in progress is not wanted any more."""
        if self._asked is not None:
            self._session.send(Withdraw())
        self._asked, self.stage, self.trouble = None, "", ""
        self._session.export_changed.emit()

    def _ask(self, form: str, path: str, weights: bool, goal: str) -> None:
        self._number += 1
        network = self._session.file.present()
        self._asked = Export(self._number, form, path, network.title or network.name, weights, goal)
        self.stage, self.trouble = goal if goal == SOURCE or self.found else SOURCE, ""
        self._session.send(self._asked)
        self._session.export_changed.emit()

    # ── what the window makes itself ────────────────────────────────────────────────────────────────────────────────
    def why_not(self, form: str) -> str:
        """Why the network cannot have this form; empty where it can."""
        return "" if form == "json" else unsound(self._session.rows)

    def text(self, form: str) -> str:
        """The network file, or the drawing as SVG."""
        network = self._session.file.present()
        if form == "json":
            return dump(network)
        return svg(self._session.rows, network.title or network.name, self._session.fold.view)

    def contents(self, form: str) -> bytes:
        """Of a file of "json", "svg" or "png"."""
        text = self.text(form)
        return png(text) if form == "png" else text.encode("utf-8", "backslashreplace")

    # ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, reply: Exporting | Exported) -> None:
        """An answer of the engine's; those of an older request are dropped."""
        if self._asked is None or reply.number != self._number:
            return
        if isinstance(reply, Exporting):
            self.stage = reply.stage
        else:
            self.stage, self.found = "", reply
            if reply.files:
                self._session.notice(written(reply), "done", key="export")
        self._session.export_changed.emit()

    def failed(self, reply: Failed) -> None:
        """The engine could not do it."""
        if self._asked is not None and reply.run == self._number:
            self.stage, self.trouble = "", reply.text
            self._session.export_changed.emit()

    def lost(self) -> None:
        """The engine has died, perhaps of this."""
        if self.stage:
            self.stage, self.trouble = "", _("The engine was ended meanwhile. Try again.")
            self._session.export_changed.emit()


def verdict(reply: Exported) -> str:
    """What was found when it was run beside the network; empty where it was not."""
    if reply.difference is None:
        return ""
    found = {"difference": number(reply.difference), "count": reply.inputs}
    if reply.agrees and not reply.telling:
        text = _("Largest difference {difference}, which says little: it gives nearly the same for all {count} inputs")
        return text.format(**found)
    if reply.agrees:
        return _("Largest difference {difference} over {count} random inputs").format(**found)
    text = _("It gives other numbers than the network: they differ by up to {difference} over {count} random inputs.")
    return text.format(**found)


def written(reply: Exported) -> str:
    """What is said once it is on the disk."""
    files = [Path(f).name for f in reply.files]
    text = _("Wrote {file}. {verdict}.") if len(files) == 1 else _("Wrote {file} and {weights}. {verdict}.")
    return text.format(file=files[0], weights=files[-1], verdict=verdict(reply))
