"""The shape doctor's repairs where people meet them: as menu entries, as buttons of a message, and as a small table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMenu

from ...link.data import DAMAGED, LEFT, MISSING, OFFERED
from ...net.analysis import Row
from ...net.repair import Change, Repair
from ...text import _
from ..paint import theme
from ..paint.counts import count, grouped, shape

if TYPE_CHECKING:
    from .hallway import Session

LINES = 3
"""Changed rows that a preview shows."""
ON_MESSAGE = 2
"""Repairs that a message offers: it is one line."""


def add_repairs(menu: QMenu, session: Session) -> None:
    """What mends the selected layers as entries of a menu, with the table that each would give in its tip.

    Where several are selected, as with a folded group, one of them must be to blame.
    """
    rows = session.rows
    blamed = {rows.cause(id).id for id in session.look.selection if id in rows and rows[id].problem}
    offered = session.edit.repairs(blamed.pop()) if len(blamed) == 1 else ()
    if not offered:
        return
    menu.setToolTipsVisible(True)
    for repair in offered:
        action = menu.addAction(repair.text)
        action.setToolTip(preview(repair))
        taker = _Taker(session, repair, menu)
        action.triggered.connect(taker.take)
    menu.addSeparator()


class _Taker(QObject):
    """Takes one repair; lives as long as its menu."""

    def __init__(self, session: Session, repair: Repair, parent: QObject):
        super().__init__(parent)
        self._session, self._repair = session, repair

    @Slot()
    def take(self) -> None:
        self._session.edit.repair(self._repair)


def as_actions(session: Session, offered: Sequence[Repair]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    """The first repairs as buttons of a message; where the data set is not there, another one."""

    def taking(repair: Repair) -> Callable[[], Any]:
        return lambda: session.edit.repair(repair)

    why = session.run.problem
    first = data_actions(session) if why is not None and why.code == "plan.data" else ()
    return (*first, *((repair.text, taking(repair)) for repair in offered[:ON_MESSAGE]))


def data_actions(session: Session) -> tuple[tuple[str, Callable[[], Any]], ...]:
    """The buttons of a message that the data set is not there: download it where it can be, or take another one."""
    again = ((_("Load again"), session.run.load_again),) if session.run.data_code == LEFT else ()
    return (*again, *_download(session), *other_data(session))


def _download(session: Session) -> tuple[tuple[str, Callable[[], Any]], ...]:
    offer = OFFERED.get(session.run.plan.data)
    if offer is None or session.run.data_code not in (MISSING, DAMAGED) or session.supply.wanted is not None:
        return ()
    return ((_("Download ({size} MB)").format(size=offer.megabytes), session.supply.download),)


def other_data(session: Session) -> tuple[tuple[str, Callable[[], Any]], ...]:
    """The button of a message that trains on the data set that comes with the program, unless it is that one."""
    home = session.run.home_data
    if not home or session.run.plan.data == home:
        return ()
    return ((_("Train on {name}").format(name=home), session.run.use_home_data),)


def preview(repair: Repair, lines: int = LINES) -> str:
    """Rich text: the rows that would change, before and after, and the parameters of the whole network."""
    changes = sorted(repair.changes, key=lambda c: not _meant(c, repair.id))  # stable: in the table's order
    shown = changes if len(changes) <= lines else changes[: lines - 1]
    told = [_line(change) for change in shown]
    quiet = f"color:{theme.current().caption}"
    if len(shown) < len(changes):
        more = _("{n} more rows").format(n=grouped(len(changes) - len(shown)))
        told.append((f'<span style="{quiet}">{more}</span>', _whole(repair), ""))
    cell = '<td style="padding-right:12px">'
    rows = "".join(f"<tr>{cell}{a}</td>{cell}{b}</td><td>{c}</td></tr>" for a, b, c in told)
    return f'<table cellspacing="0" cellpadding="0">{rows}</table>' if rows else ""


def _meant(change: Change, id: str) -> bool:
    """Whether the repair is about this row; the others follow from it."""
    before, after = change
    return before is None or after is None or before.id == id or before.node.layer != after.node.layer


def _line(change: Change) -> tuple[str, str, str]:
    """Layer, output, parameters."""
    before, after = change
    row = after or before
    assert row is not None
    name, quiet = escape(row.id), f"color:{theme.current().caption}"
    if after is None:
        return f"<s>{name}</s>", f'<span style="{quiet}">{_("removed")}</span>', ""
    out = _out(after)
    if before is None:
        return f"<b>{name}</b>", out, _params(after.params, 0)
    was = _out(before)
    if was != out:
        out = f'<span style="{quiet}">{was} →</span> {out}'
    return name, out, _params(after.params, before.params)


def _out(row: Row) -> str:
    return shape(row.out) if row.out else "–"


def _params(now: int, before: int) -> str:
    """How many parameters there would be, where that changes."""
    return _("{n} parameters").format(n=count(now)) if now != before else ""


def _whole(repair: Repair) -> str:
    """Parameters of the whole network."""
    now, before = repair.rows.params, repair.before.params
    return "" if now == before else _("{n} parameters in all").format(n=count(now))
