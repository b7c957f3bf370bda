"""The window of exports: choose a form, see what it gives, have it run beside the network, and save it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QPointF, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...link.exporting import SOURCE, WRITE
from ...link.messages import Frame
from ...text import N_, _
from ..canvas import Canvas
from ..paint import theme
from ..paint.counts import grouped, memory
from ..paint.raster import encoded
from ..session import Session
from ..session.exporting import FORMS, Form, verdict
from . import questions

SPACE = 2 * theme.GRID
SOON = 300  # milliseconds from a new frame to the picture of it: while it trains there are many
WHITE = QColor("#FFFFFF")
STAGES = {
    "python": (N_("Writing the source…"), N_("Running it beside the network…")),
    "onnx": (N_("torch writes the ONNX file…"), N_("onnxruntime runs it beside the network…")),
    "keras": (N_("Writing the source…"), N_("Keras starts, and runs it beside the network…")),
}
"""What is said while it is made, and while it is run."""


class ExportDialog(QDialog):
    """Shows one form at a time. It stays until the file is written, so that what is in the way can be mended."""

    def __init__(self, session: Session, canvas: Canvas, parent: QWidget | None = None):
        super().__init__(parent)
        self._session, self._exporting, self._canvas = session, session.exporting, canvas
        self.setWindowTitle(_("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._make()
        self._lay_out()
        self.resize(880, 580)
        for form in FORMS.values():
            self._offer(form)
        session.export_changed.connect(self._follow)
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._show_maps)
        session.frame_arrived.connect(self._new_maps)
        self.forms.currentItemChanged.connect(self._choose)
        for box in (self.weights, self.maps):
            box.toggled.connect(self._choose)
        self.run.clicked.connect(self._run)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        last = session.settings.get("export", "python")
        able = [name for name in FORMS if not self._exporting.why_not(name)]
        self.forms.setFocus()
        self.forms.setCurrentRow(list(FORMS).index(last if last in able else able[0]))

    def _make(self) -> None:
        self.forms = QListWidget()
        self.forms.setAccessibleName(_("Forms"))
        self.forms.setFixedWidth(160)
        self.about = QLabel(wordWrap=True)
        self.source = QPlainTextEdit(readOnly=True)
        self.source.setAccessibleName(_("What is written"))
        self.source.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.body().pixelSize() - 1)
        self.source.setFont(font)
        self.drawing = Drawing()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.source)
        self.pages.addWidget(self.drawing)
        self.verdict = QLabel(wordWrap=True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setMinimumHeight(2 * self.verdict.fontMetrics().lineSpacing())  # one line or two, in one place
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.run = QPushButton(_("Verify"))
        self.copy = QPushButton(_("Copy"))
        for button in (self.run, self.copy):
            button.setAutoDefault(False)
        self.weights = QCheckBox()
        self.weights.setChecked(self._session.run.knows)
        self.maps = QCheckBox(_("With the feature maps of the present picture"))
        self.maps.setChecked(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = self.buttons.addButton(_("Save…"), QDialogButtonBox.ButtonRole.AcceptRole)

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(SPACE)
        below.addWidget(self.verdict, 1)
        below.addWidget(self.run)
        below.addWidget(self.copy)
        right = QVBoxLayout()
        right.setSpacing(SPACE)
        right.addWidget(self.about)
        right.addWidget(self.pages, 1)
        right.addLayout(below)
        upper = QHBoxLayout()
        upper.setSpacing(2 * SPACE)
        upper.addWidget(self.forms)
        upper.addLayout(right, 1)
        line = QHBoxLayout()
        line.addWidget(self.weights)
        line.addWidget(self.maps)
        line.addStretch(1)
        line.addWidget(self.buttons)
        box = QVBoxLayout(self)
        box.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        box.setSpacing(2 * SPACE)
        box.addLayout(upper, 1)
        box.addLayout(line)

    def _offer(self, form: Form) -> None:
        item = QListWidgetItem(_(form.title), self.forms)
        item.setData(Qt.ItemDataRole.UserRole, form.name)
        item.setSizeHint(QSize(0, 7 * theme.GRID))
        why = self._exporting.why_not(form.name)
        item.setToolTip(why or _(form.about))
        if why:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)

    # ── what is chosen ──────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def form(self) -> Form:
        """The form that is chosen."""
        return FORMS[self.forms.currentItem().data(Qt.ItemDataRole.UserRole)]

    @property
    def _with_weights(self) -> bool:
        return bool(self.form.weights) and self.weights.isChecked()

    @property
    def _with_maps(self) -> bool:
        return self.form.name == "png" and self.maps.isChecked()

    @property
    def _lacks_maps(self) -> bool:
        """Whether the engine has yet to give the maps of all cards."""
        look = self._session.look
        there = look.frame is not None and not look.stale and look.frame.thumbs.keys() >= set(self._canvas.nodes)
        return self._with_maps and not there

    @property
    def _path(self) -> str:
        """What the file would be called, and where."""
        settings = self._session.settings
        folder = settings.get("exports", "") or settings.get("folder", "") or Path.home()
        return str(Path(folder, self._session.file.present().name + self.form.suffix))

    @Slot()
    def _choose(self) -> None:
        form = self.form
        self._session.settings.set("export", form.name)
        self.about.setText(_(form.about))
        self.weights.setText(_(form.weights))
        self.weights.setVisible(bool(form.weights))
        self.maps.setVisible(form.name == "png")
        self.run.setVisible(form.runs)
        self.copy.setVisible(form.name in ("python", "keras", "json"))
        self.pages.setCurrentWidget(self.drawing if form.name in ("svg", "png") else self.source)
        # cards out of view have no maps, or old ones, until they are asked for
        self._session.look.want("export", "thumbs", self._canvas.nodes if self._with_maps else ())
        if self._with_maps:
            self._show_maps()
        elif form.name in ("svg", "png"):
            self.drawing.show_text(self._exporting.text(form.name))
        elif form.name == "json":
            self.source.setPlainText(self._exporting.text(form.name))
        else:
            self.source.setPlainText(self._inside() if form.name == "onnx" else "")
        self._exporting.show(form.name, self._path, self._with_weights)

    def _inside(self) -> str:
        """What an ONNX file of this network has, which nobody reads as text, and how it is used."""
        rows, name = self._session.rows, Path(self._path).name
        ends = {"image": rows[rows.input.id].out if rows.input else None, "output": rows[rows.graph.ends[-1]].out}
        lines = [f"{end:<8} " + " × ".join((_("batch"), *map(grouped, out or ()))) for end, out in ends.items()]
        about = _("{count} parameters, about {size}")
        lines += ["", about.format(count=grouped(rows.params), size=memory(4 * rows.params)), ""]
        lines += ["import onnxruntime", "", f"session = onnxruntime.InferenceSession({name!r})"]
        return "\n".join([*lines, "(output,) = session.run(None, {'image': pictures})  # numpy, float32"])

    # ── what comes of it ────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(object)
    def _new_maps(self, frame: Frame) -> None:
        if self._with_maps and not (frame.partial or self._soon.isActive()):
            self._soon.start()

    @Slot()
    def _show_maps(self) -> None:
        if self._with_maps:
            self.drawing.show_picture(self._canvas.picture())
            self._follow()

    @Slot()
    def _follow(self) -> None:
        """Show how far the export is."""
        exporting = self._exporting
        found = exporting.found
        if found is not None and found.files:
            self.accept()
            return
        if found is not None and found.text and found.text != self.source.toPlainText():
            self.source.setPlainText(found.text)
        there = self.pages.currentWidget() is self.drawing or bool(self.source.toPlainText())
        self.source.setPlaceholderText(exporting.trouble or _(STAGES["python"][0]))
        self._say(there)
        waits, writes = exporting.working, exporting.working and exporting.goal == WRITE
        self.run.setText(_("Cancel") if waits else _("Verify"))
        self.run.setEnabled(there)
        self.copy.setEnabled(there)
        self.save.setEnabled(there and not waits and not self._lacks_maps)
        self.forms.setEnabled(not writes)
        self.weights.setEnabled(not writes)

    def _say(self, there: bool) -> None:
        """The line below: what is being done, what came of it, or what is wrong."""
        exporting, form, now = self._exporting, self.form, theme.current()
        found, unfit = exporting.found, self._exporting.why_not("python")
        words, ink = "", now.caption
        if exporting.working:
            words = _(STAGES[form.name][exporting.stage != SOURCE])
        elif exporting.trouble and there:
            words, ink = f"!  {exporting.trouble}", now.problem_text
        elif found is not None and found.difference is not None:
            words = f"{verdict(found)}  ✓" if found.agrees else f"!  {verdict(found)}"
            ink = now.ok if found.agrees else now.problem_text
        elif self._lacks_maps:
            words = self._session.look.trouble or _("Waiting for the feature maps…")
        elif unfit:
            words = _("The other forms need a network that fits together. {why}").format(why=unfit)
        elif form.runs and there:
            words = _("Verify runs it beside the network on random inputs. Saving does, too.")
        palette = self.verdict.palette()
        palette.setColor(self.verdict.foregroundRole(), QColor(ink))
        self.verdict.setPalette(palette)
        self.verdict.setText(words)

    # ── buttons ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _run(self) -> None:
        if self._exporting.working:
            self._exporting.cancel()
        else:
            self._exporting.verify(self.form.name, self._path, self._with_weights)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.source.toPlainText())
        self._session.notice(_("Copied."), "done", key="export")

    @Slot()
    def _save(self) -> None:
        form = self.form
        title = _("Export: {form}").format(form=_(form.title))
        path = questions.save_export(self, self._path, title, _(form.files), form.suffix)
        if path:
            self._session.settings.set("exports", str(Path(path).parent))
            if self._with_maps:
                done = self._exporting.write(path, encoded(self._canvas.picture()))
            else:
                done = self._exporting.save(form.name, path, self._with_weights)
            if done:
                self.accept()

    def done(self, result: int) -> None:
        """The window closes; what is in progress is left."""
        self._session.export_changed.disconnect(self._follow)
        self._session.frame_arrived.disconnect(self._new_maps)
        self._session.look.want("export", "thumbs")
        self._exporting.leave()
        super().done(result)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self.forms.currentItem() is not None:
            self._say(bool(self.source.toPlainText()))
        super().changeEvent(event)


class Drawing(QFrame):
    """A drawing, or a picture, as large as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._renderer = QSvgRenderer(self)
        self._picture: QImage | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(_("Drawing"))

    def show_text(self, svg: str) -> None:
        """Show this SVG file, on white."""
        self._picture = None
        self._renderer.load(QByteArray(svg.encode()))
        self._renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
        self.update()

    def show_picture(self, picture: QImage) -> None:
        """Show this, on the colour of its corner."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, room = QPainter(self), self.contentsRect()
        if self._picture is None:
            painter.fillRect(room, WHITE)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._renderer.render(painter, QRectF(room))
        else:
            painter.fillRect(room, self._picture.pixelColor(0, 0))
            fine = self.devicePixelRatio()
            small = self._picture.scaled(
                room.size() * fine, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            small.setDevicePixelRatio(fine)
            size = small.deviceIndependentSize()
            painter.drawImage(QRectF(room).center() - QPointF(size.width() / 2, size.height() / 2), small)
        painter.end()
        super().paintEvent(event)
