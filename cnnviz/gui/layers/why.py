"""The arithmetic: how the selected layer's numbers come about, with its own numbers in the formulas."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent, QTextDocument, QTextOption
from PySide6.QtWidgets import QFrame, QTextBrowser, QVBoxLayout, QWidget

from ...net.analysis import Row
from ...net.explain import Formula, explain, letters
from ...net.refusal import refusal
from ...text import _
from ..meeting import meets
from ..paint import theme
from ..paint.counts import figures, grouped, shape
from ..paint.signs import sign_pixmap
from ..session import Session

SIGN = QTextDocument.ResourceType.ImageResource
WIDE = 480
"""From this many pixels on, labels stand beside their formulas instead of above them."""


class Why(QWidget):
    """Formulas of the selected layer as text to read, select and copy. Live with every edit."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._shown: object = None
        self.text = QTextBrowser(self)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setOpenLinks(False)
        self.text.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setAccessibleName(_("The arithmetic of the selected layer"))
        self.text.document().setDocumentMargin(3 * theme.GRID)
        self.text.document().setDefaultFont(theme.tabular(theme.body()))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.text)
        self.setFocusProxy(self.text)
        self._soon = QTimer(self)  # a new layer is also selected: written once, after table and canvas
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        session.selection_changed.connect(self._soon.start)
        session.graph_changed.connect(self._soon.start)
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    @Slot()
    def refresh(self) -> None:
        """Show the selected layer's arithmetic; what is selected in the text stays where nothing changed."""
        if not self.isVisible() and self._shown is not None:
            self._shown = ()  # nobody reads it: written again when it is shown
            return
        html = self._html()
        if html != self._shown:
            self._shown = html
            place = self.text.verticalScrollBar().value()
            self.text.document().addResource(SIGN, QUrl("sign"), sign_pixmap(self.devicePixelRatioF()))
            self.text.setHtml(html)
            self.text.verticalScrollBar().setValue(place)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _html(self) -> str:
        row = self._session.rows.get(self._session.look.selected)
        if row is None:
            return _caption(_("Select a layer to see how its numbers come about."))
        parts = [_title(row)]
        if row.problem:
            parts.append(self._problem(row))
        formulas = explain(row)
        parts.append(_formulas(formulas, self.width() >= WIDE))
        if legend := letters(formulas):
            told = (f"{letter}:\N{NO-BREAK SPACE}{word}" for letter, word in legend.items())
            parts.append(_caption(" · ".join(told), small=True))
        parts += [_caption(s) for s in (*meets(self._session.rows, row.id), *statements(row))]
        return "".join(parts)

    def _problem(self, row: Row) -> str:
        texts = [self._session.rows.reason(row.id)]
        cause = self._session.rows.cause(row.id)
        if cause is not row and cause.problem:
            texts.append(f"{cause.id}: {cause.problem.text}")
        style = f"color:{theme.current().problem_text}; margin:0 0 8px 0"
        image = '<img src="sign" style="vertical-align:middle">&nbsp; '
        told = "".join(f'<p style="{style}">{image}{escape(t)}</p>' for t in texts)
        arithmetic = refusal(cause)
        return f"{told}<p style='margin:0 0 8px 0'>{escape(figures(arithmetic))}</p>" if arithmetic else told


def statements(row: Row) -> list[str]:
    """What no formula says of the receptive field: that branches are aligned or not, that it is the whole picture."""
    if row.out is None:
        return []
    if row.field is None:
        return [_("Every unit sees the whole picture.")]
    if not row.field.aligned:
        if row.node.layer.family == "Merge":
            return [
                _(
                    "The branches are not aligned: they differ in stride or in the centres of their windows. "
                    "The receptive field is the hull of theirs."
                )
            ]
        return [_("Branches that meet before this layer are not aligned: the receptive field is the hull of theirs.")]
    if row.node.layer.family == "Merge":
        return [_("The branches are aligned: their windows have the same stride and the same centres.")]
    return []


def _title(row: Row) -> str:
    into = ", ".join(shape(s) for s in row.ins)
    flow = " → ".join(t for t in (into, shape(row.out) if row.out else "") if t)
    told = " · ".join(t for t in (row.node.type, flow) if t)
    return (
        f'<p style="margin:0 0 8px 0"><b>{escape(row.id)}</b>&nbsp;&nbsp;'
        f'<span style="color:{theme.current().caption}">{escape(told)}</span></p>'
    )


def _caption(text: str, small: bool = False) -> str:
    size = f"; font-size:{theme.caption().pixelSize()}px" if small else ""
    return f'<p style="color:{theme.current().caption}; margin:8px 0 0 0{size}">{escape(text)}</p>'


def _formulas(formulas: tuple[Formula, ...], wide: bool) -> str:
    if not formulas:
        return ""
    now = theme.current()
    symbols = f"color:{now.caption}; font-size:{theme.caption().pixelSize()}px"
    rows = []
    for f in formulas:
        label = f'<span style="color:{now.caption}">{escape(f.label)}</span>'
        text, value = escape(figures(f.text)), grouped(f.value)
        told = f"<b>{value}</b>" if text == value else f"{text} =&nbsp;<b>{value}</b>"
        if f.symbols:
            told = f'<span style="{symbols}">{escape(f.symbols)}</span><br>{told}'
        if wide:
            rows.append(
                f'<tr><td style="padding:2px 16px 2px 0">{label}</td><td style="padding:2px 0">{told}</td></tr>'
            )
        else:
            rows.append(f'<p style="margin:0 0 6px 0">{label}<br>{told}</p>')
    body = "".join(rows)
    return f'<table style="margin-top:6px" cellspacing="0" cellpadding="0">{body}</table>' if wide else body
