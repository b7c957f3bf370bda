"""Marks the cards of layers that have a sign of trouble while they learn."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QObject, Slot

from ..session import Session
from .scene import Scene


class Unwell(QObject):
    """Keeps the amber marks of a scene's cards in step with the session's health."""

    def __init__(self, session: Session, scene: Scene):
        super().__init__(scene)
        self._session, self._scene = session, scene
        for signal in (session.health_changed, session.graph_changed, session.view_changed):
            signal.connect(self._mark)

    @Slot()
    def _mark(self) -> None:
        health = self._session.health
        marked = set(self._session.fold.cards(tuple(health.marks))) if health.signs else set()
        for id, card in self._scene.cards.items():
            card.mark(unwell=id in marked)


def unwell_tip(session: Session, card: str) -> str:
    """Rich text: what is wrong with the layers that a card stands for; empty where nothing is."""
    marks = session.health.marks
    found = {marks[id].code: marks[id] for id in session.fold.members((card,)) if id in marks}
    return "".join(f"<p style='margin:4px 0 0 0'>⚠ {escape(sign.text)}</p>" for sign in found.values())
