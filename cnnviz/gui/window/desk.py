"""What menus do that needs the window: ask, then call the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEventLoop, QMimeData, QTimer, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMessageBox

from ... import __version__
from ...text import _
from ..paint import theme
from . import comparing, questions
from .ensembles import EnsembleDialog
from .exports import ExportDialog
from .families import FamilyDialog
from .imports import CheckpointDialog, ModelDialog
from .keys import Keys

if TYPE_CHECKING:
    from .window import Window


DATA_SETS = (".csv", ".tsv", ".npz")
"""What files that hold or list pictures end in."""
SAVING_MS = 15_000
WEIGHTS = (".safetensors", ".pt", ".pth", ".th", ".ckpt")


class Desk:
    """The verbs of menus and drops."""

    def __init__(self, window: Window):
        self._window = window
        self._session = window.session
        self._settings = window.session.settings
        self._session.checkpoint_found.connect(self.show_checkpoint)
        self._session.comparison_changed.connect(self._end_comparison)

    # ── networks ────────────────────────────────────────────────────────────────────────────────────────────────────
    def may_leave(self) -> bool:
        """Ask what to do with unsaved edits; False where the person wants to stay."""
        if not self._session.file.modified:
            return True
        answer = questions.unsaved(self._window, self._session.file.name, self._session.file.only_learned)
        return answer == "discard" or (answer == "save" and self.save() and self._weights_written())

    def _weights_written(self) -> bool:
        """Wait until the engine has written what is being saved; False where it could not or takes too long."""
        loop, look = QEventLoop(), QTimer()
        look.timeout.connect(lambda: None if self._session.file.saving else loop.quit())
        look.start(20)
        QTimer.singleShot(SAVING_MS, loop, loop.quit)
        if self._session.file.saving:
            loop.exec()
        return not self._session.run.learned

    def new(self) -> None:
        """An empty network."""
        if self.may_leave():
            self._session.file.new()

    def new_of_family(self) -> None:
        """Choose a family of networks, its depth and its widths."""
        if self.may_leave():
            FamilyDialog(self._session, self._window).open()

    def open(self) -> None:
        """Choose and open a network file."""
        if self.may_leave():
            path = questions.open_network(self._window, self._settings.get("folder", ""))
            if path:
                self.open_file(path, asked=True)

    def open_file(self, path: str, asked: bool = False) -> None:
        """Open a network file, or an ONNX file, which the engine makes a network of."""
        if asked or self.may_leave():
            self._settings.set("folder", str(Path(path).parent))
            self._session.file.open_any(path)

    def open_preset(self, name: str) -> None:
        """Open a network that comes with the program."""
        if self.may_leave():
            self._session.file.open_preset(name)

    def open_model(self) -> None:
        """Choose a model of torchvision and open it as a network."""
        if self.may_leave():
            ModelDialog(self._session, self._window).open()

    def load_weights(self) -> None:
        """Choose a checkpoint; what it holds for the network is shown before it is taken."""
        path = questions.open_checkpoint(self._window, self._settings.get("weights", ""))
        if path:
            self._settings.set("weights", str(Path(path).parent))
            self._session.models.match(path)

    def show_checkpoint(self) -> None:
        """Show what a checkpoint holds for the network."""
        CheckpointDialog(self._session, self._window).open()

    def save(self) -> bool:
        """Save where the network came from; asks where it is new, and where somebody else has saved there."""
        file = self._session.file
        if file.path is None:
            return self.save_as()
        if not file.changed_on_disk:
            return file.save()
        answer = questions.changed_on_disk(self._window, file.name)
        return file.save() if answer == "overwrite" else answer == "elsewhere" and self.save_as()

    def save_as(self) -> bool:
        """Ask where, and save."""
        folder = Path(self._settings.get("folder", "") or Path.home())
        name = Path(self._session.file.name).stem + ".cnnviz"
        path = questions.save_network(self._window, str(folder / name))
        if not path:
            return False
        self._settings.set("folder", str(Path(path).parent))
        return self._session.file.save(path)

    # ── comparison ──────────────────────────────────────────────────────────────────────────────────────────────────
    def compare(self) -> None:
        """Choose what to compare the network with."""
        comparing.CompareDialog(self._window).open()

    def compare_now(self) -> None:
        """Keep the network as it is now, and show what edits change."""
        self._session.compare.with_now()
        comparing.show(self._window)

    def _end_comparison(self) -> None:
        if self._session.compare.other is None:
            self._window.docks["compare"].hide()

    def export(self) -> None:
        """Choose another form of the network, look at it, and write it."""
        ExportDialog(self._session, self._window.canvas, self._window).open()

    def ensemble(self) -> None:
        """Train the plan with several seeds, and average the networks."""
        EnsembleDialog(self._session, self._window).show()

    # ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────
    def open_picture(self) -> None:
        """Choose a picture and look at it."""
        path = questions.open_picture(self._window, self._settings.get("pictures", ""))
        if path:
            self._settings.set("pictures", str(Path(path).parent))
            self._session.look.open_picture(path)

    def next_picture(self) -> None:
        """The next picture of the data set."""
        self._session.look.page(1)

    def previous_picture(self) -> None:
        """The picture before."""
        self._session.look.page(-1)

    def paste(self) -> None:
        """Put in what the clipboard holds: a picture to look at, or layers."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime.hasImage():
            image = QImage(mime.imageData())
            if not image.isNull():
                self._session.look.paste_picture(pixels(image), _("from the clipboard"))
                return
        path = dropped(mime)
        if path:
            self.take_file(path)
        else:
            self._window.canvas.paste()

    def take_file(self, path: str) -> None:
        """A file was dropped: a network is opened, weights are matched, anything else is looked at as a picture.

        A folder, a table or an .npz file is a data set.
        """
        if path.endswith((".cnnviz", ".onnx")):
            self.open_file(path)
        elif path.endswith(WEIGHTS):
            self._session.models.match(path)
        elif path.lower().endswith(DATA_SETS) or Path(path).is_dir():
            self._session.run.set_plan(data=path)
        else:
            self._session.look.open_picture(path)

    # ── window ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def switch_theme(self) -> None:
        """Light to dark and back; remembered."""
        dark = not theme.current().dark
        self._settings.set("theme", "dark" if dark else "light")
        self.show_theme()

    def follow_system(self) -> None:
        """The theme follows the system again."""
        self._settings.set("theme", "system")
        self.show_theme()

    def show_theme(self) -> None:
        """Show the theme that is asked for."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            look = theme.wanted(self._settings.get("theme", "system"))
            theme.apply(app, look)
            self._settings.set("look", look.name)

    def show_keys(self) -> None:
        """The list of keys."""
        Keys(self._window).open()

    def show_about(self) -> None:
        """Version and licence."""
        devices = ", ".join(self._session.devices) or _("the engine is starting")
        text = _(
            "cnnviz {version}: build, train and look inside convolutional networks.\nDevices: {devices}\nMIT licence"
        )
        QMessageBox.about(self._window, _("About cnnviz"), text.format(version=__version__, devices=devices))


def pixels(image: QImage) -> np.ndarray:
    """A QImage as (height, width, 4) uint8, red first."""
    rgba = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(rgba.constBits(), np.uint8).reshape(rgba.height(), rgba.bytesPerLine())
    return rows[:, : 4 * rgba.width()].reshape(rgba.height(), rgba.width(), 4).copy()


def dropped(mime: QMimeData) -> str:
    """The first local file of a drop; empty where there is none."""
    urls: list[QUrl] = mime.urls() if mime.hasUrls() else []
    return next((u.toLocalFile() for u in urls if u.isLocalFile()), "")
