"""The form: the selected layer's name, what it does, what is wrong with it, and its settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ...net import edit
from ...net.analysis import Row
from ...net.layers import Layer, kinds
from ...net.refusal import refusal
from ...net.repair import Repair
from ...text import _
from ..boxes import LINE, Line, say
from ..editor import Editor
from ..fields import editor
from ..paint import theme
from ..paint.counts import figures, grouped, shape
from ..paint.signs import Sign
from ..session import Session
from ..session.mending import preview
from .doctor import Cure, Doctor
from .learning import Learns
from .normalising import Normalising
from .sharing import Sharing


class Form(QWidget):
    """Settings of the selected layer. Edits go to the session; what changes elsewhere is shown at once."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._id = ""
        self._type: type[Layer] | None = None  # that the editors are for
        self._pages: dict[type[Layer], _Page] = {}  # made when a layer of the type is first selected
        self._renaming = False
        self.editors: dict[str, Editor] = {}
        self.head = _Head(self)
        self.words = _Words(self)
        self._nothing = _wrapped(self)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._rows = QWidget(self)  # holds the pages; one is in view
        self.sharing, self.normalising, self.learns = (of(session, self) for of in (Sharing, Normalising, Learns))
        self.others = Doctor(_("Other ways to mend it"), self)
        self._soon = QTimer(self)  # repairs are tried once the edit is on the screen
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self.help = _wrapped(self)  # of the setting that has the focus or the pointer
        self._lay_out()
        self.head.name.textEdited.connect(self._check_name)
        self.head.name.editingFinished.connect(self._rename)
        self.head.name.left.connect(self._revert_name)
        self._soon.timeout.connect(self._offer)
        for place in (self.words.cure, self.others):
            place.taken.connect(self._mend)
            place.looked_at.connect(self._preview)
        session.plan_changed.connect(self._soon.start)
        session.pictures_changed.connect(self._soon.start)
        session.selection_changed.connect(self.refresh)
        session.graph_changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        self._turns = QVBoxLayout(self._rows)
        self._turns.setContentsMargins(0, 0, 0, 0)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self._page = QWidget(self)
        self._page.setBackgroundRole(QPalette.ColorRole.Base)
        box = QVBoxLayout(self._page)
        box.setContentsMargins(2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID)
        box.setSpacing(2 * theme.GRID)
        above = (self.head, self._nothing, self.words, self.sharing, self._rows, self.normalising)
        for widget in (*above, self.learns, self.others):
            box.addWidget(widget)
        box.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._page)
        scroll.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.help.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        # a place of its own: under the row itself it would push the rows away from under the pointer
        self.help.setFixedHeight(3 * self.help.fontMetrics().lineSpacing() + 3 * theme.GRID)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.help)

    def sizeHint(self) -> QSize:
        return QSize(320, 420)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # ── showing ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def refresh(self) -> None:
        """Show the selected layer as it is now."""
        if self._renaming or (not self.isVisible() and self._type is not None):
            return  # hidden, it is brought up to date when it is shown
        chosen = self._session.look.selection
        one = len(chosen) == 1
        if not one:
            self._id = ""  # first: what loses the focus by being hidden must not tell its value to anybody
        self._soon.start()
        for widget in (self.head, self._rows):
            widget.setVisible(one)
        self.words.setVisible(one)
        self._nothing.setVisible(not one)
        if not one:
            self._nothing.setText(self._several(chosen) if chosen else self._none())
            return
        row = self._session.rows[chosen[0]]
        fresh = row.id != self._id
        self._id = row.id
        if type(row.node.layer) is not self._type:
            self._turn_to(type(row.node.layer))
        self.head.show_row(row, fresh)
        self.words.show_row(row, self._session.rows.reason(row.id), figures(refusal(self._session.rows.cause(row.id))))
        for name, field in self.editors.items():
            field.show_value(getattr(row.node.layer, name), fresh)

    def _none(self) -> str:
        if len(self._session.graph):
            return _("Select a layer to see its settings.")
        return _("Drag a layer onto the canvas to see its settings.")

    def _several(self, chosen: Sequence[str]) -> str:
        rows = [self._session.rows[i] for i in chosen]
        types = Counter(r.node.type for r in rows)
        lines = [_("{n} layers selected").format(n=len(rows)), "", *(f"{n} × {t}" for t, n in types.items()), ""]
        lines.append(_("{n} parameters").format(n=grouped(sum(r.params for r in rows))))
        return "\n".join(lines)

    def _turn_to(self, cls: type[Layer]) -> None:
        """Show the editors of a layer type."""
        if self._type is not None:
            left = self._pages[self._type]
            for field in left.editors.values():
                field.blockSignals(True)  # a value half typed is the old layer's, not the new one's
            left.hide()
        self._type = cls
        self.help.clear()
        if cls not in self._pages:
            page = self._pages[cls] = _Page(cls, self._rows)
            last: QWidget = self.head.name
            for field in page.editors.values():
                field.told.connect(self._set)
                for part in field.parts():
                    QWidget.setTabOrder(last, part)
                    last = part
            for widget in page.explained:
                widget.installEventFilter(self)
            self._turns.addWidget(page)
        self.editors = self._pages[cls].editors
        for field in self.editors.values():
            field.blockSignals(False)
        self._pages[cls].show()

    # ── repairs ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot()
    def _offer(self) -> None:
        """Offer what mends the selected layer; with nothing selected, what keeps the network from being trained."""
        if not self.isVisible():
            return
        offered: tuple[Repair, ...] = ()
        if self._id in self._session.rows:
            offered = self._session.edit.repairs(self._id)
        elif not self._session.look.selection and len(self._session.graph):
            why = self._session.run.problem
            offered = self._session.run.remedies
            self.words.setVisible(bool(offered))
            if why is not None:
                self.words.show_problem(why.text)
        self.words.cure.show_repair(offered[0] if offered else None)
        self.others.show_repairs(offered[1:])

    @Slot(object)
    def _mend(self, repair: Repair) -> None:
        self._session.edit.repair(repair)

    @Slot(object)
    def _preview(self, repair: Repair | None) -> None:
        """What a repair would change, in the place of a setting's help."""
        self.help.setTextFormat(Qt.TextFormat.RichText if repair else Qt.TextFormat.PlainText)
        self.help.setText(preview(repair) if repair else "")

    # ── help ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            self._explain(watched.property("setting"))
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut):
            focused = [n for n, e in self.editors.items() if any(p.hasFocus() for p in e.parts())]
            self._explain(focused[0] if focused else "")
        return super().eventFilter(watched, event)

    def _explain(self, name: str) -> None:
        self.help.setTextFormat(Qt.TextFormat.PlainText)
        self.help.setText(f"{name}: {_(self.editors[name].kind.help)}" if name in self.editors else "")

    # ── editing ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @Slot(object)
    def _set(self, value: Any) -> None:
        field = self.sender()
        if isinstance(field, Editor) and self._id and not self._session.edit.set(self._id, field.name, value):
            field.show_value(getattr(self._session.graph[self._id].layer, field.name), True)

    @Slot()
    def _check_name(self) -> None:
        self.head.complain(self._misnamed())

    def _misnamed(self) -> str:
        """Why the layer cannot be called what is typed; empty where it can."""
        try:
            edit.rename(self._session.graph, self._id, self.head.name.text())
        except ValueError as e:
            return str(e)
        return ""

    @Slot()
    def _rename(self) -> None:
        if not self._id or not self.head.name.isModified() or self._misnamed():
            return
        self._renaming = True  # between the edit and the new selection nothing is selected: the form would be emptied
        self._session.edit.rename(self._id, self.head.name.text())
        self._renaming = False
        self._id = self._session.look.selected
        self.refresh()
        self._revert_name()

    @Slot()
    def _revert_name(self) -> None:
        if self._id:
            self.head.show_row(self._session.rows[self._id], True)


def _wrapped(parent: QWidget, quiet: bool = True) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if quiet:
        label.setFont(theme.caption())
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


class _Page(QWidget):
    """A row for each setting of a layer type: its name, as torch writes it, and its editor."""

    def __init__(self, cls: type[Layer], parent: QWidget):
        super().__init__(parent)
        self.editors: dict[str, Editor] = {}
        self.explained: list[QWidget] = []  # what has the property "setting", whose help is wanted under the pointer
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID + 2)
        grid.setColumnStretch(1, 1)
        if not kinds(cls):
            none = _wrapped(self)
            none.setText(_("{type} has no settings.").format(type=cls.__name__))
            grid.addWidget(none, 0, 0, 1, 2)
        for i, (name, kind) in enumerate(kinds(cls).items()):
            label, field = QLabel(name, self), editor(name, kind, self)
            label.setBuddy(field.parts()[0])
            label.setFixedHeight(LINE)
            for part in field.parts():
                part.setAccessibleName(part.accessibleName() or name)
            for widget in (label, field, *field.parts()):
                widget.setProperty("setting", name)
                widget.setToolTip(widget.toolTip() or _(kind.help))
                self.explained.append(widget)
            grid.addWidget(label, i, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(field, i, 1, Qt.AlignmentFlag.AlignTop)
            self.editors[name] = field


class _Head(QWidget):
    """The family's colour, the name to edit, and what goes in and comes out."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._family = "Input"
        self.name = Line(self)
        self.name.setFont(theme.title())
        self.name.setFrame(False)
        self.name.setAccessibleName(_("Name of the layer"))
        self.name.setToolTip(_("The layer's name. Click to rename it."))
        self.shapes = _wrapped(self)
        self.wrong = _wrapped(self)
        self.wrong.hide()
        for label in (self.shapes, self.wrong):
            label.setContentsMargins(2, 0, 0, 0)
        box = QVBoxLayout(self)
        box.setContentsMargins(3 * theme.GRID, 0, 0, 0)
        box.setSpacing(0)
        for widget in (self.name, self.wrong, self.shapes):
            box.addWidget(widget)

    def show_row(self, row: Row, fresh: bool) -> None:
        """Show a layer; a name half typed stays unless it is `fresh`."""
        if fresh or not self.name.isModified():
            if self.name.text() != row.id or self.name.isModified():
                self.name.setText(row.id)
            self.wrong.hide()
        into = ", ".join(shape(s) for s in row.ins)
        flow = f"{into} → {shape(row.out)}" if into and row.out else shape(row.out) if row.out else into
        self.shapes.setText(f"{row.node.type} · {flow}" if flow else row.node.type)
        self._family = row.node.layer.family
        self.update()

    def complain(self, text: str) -> None:
        """Say why the name cannot be."""
        if text:
            say(self.wrong, text)
        else:
            self.wrong.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().family(self._family))
        painter.drawRoundedRect(0, 2, theme.GRID, self.height() - 4, 2, 2)
        painter.end()


class _Words(QWidget):
    """What the layer does; in the same place, what is wrong with it: so settings stay where they are meanwhile."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self.does = _wrapped(self)
        self.does.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.wrong = _wrapped(self, quiet=False)
        self.wrong.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.arithmetic = _wrapped(self)
        self.arithmetic.setFont(theme.tabular(theme.caption()))
        self.arithmetic.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.cure = Cure(self)
        self._sign = Sign(self)
        self._sign.setFixedSize(self._sign.sizeHint())
        self._broken = QWidget(self)
        words = QVBoxLayout()
        words.setSpacing(theme.GRID)
        words.addWidget(self.wrong)
        words.addWidget(self.arithmetic)
        words.addWidget(self.cure, 0, Qt.AlignmentFlag.AlignLeft)
        words.addStretch(1)
        line = QHBoxLayout(self._broken)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * theme.GRID)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        place = QVBoxLayout(self)  # no QStackedLayout: its pages take the room of the largest, also when that is gone
        place.setContentsMargins(0, 0, 0, 0)
        place.setSpacing(0)
        place.addWidget(self.does)
        place.addWidget(self._broken)

    def show_row(self, row: Row, reason: str, arithmetic: str = "") -> None:
        """Show a layer's help, or the reason why it gives nothing, with its formula."""
        self.does.setText(_(type(row.node.layer).__doc__ or ""))
        if row.problem is None:
            self._turn(wrong=False)
            return
        self.show_problem(reason, arithmetic)
        self._sign.setVisible(row.problem.code != "waits")

    def show_problem(self, reason: str, arithmetic: str = "") -> None:
        """Show what is wrong; what mends it stands below."""
        self.wrong.setText(reason)
        self.arithmetic.setText(arithmetic)
        self.arithmetic.setVisible(bool(arithmetic))
        self._sign.show()
        self._turn(wrong=True)

    def _turn(self, wrong: bool) -> None:
        self._broken.setVisible(wrong)
        self.does.setVisible(not wrong)
