"""From one fold state to the next: where cards come from, what they show meanwhile, and where the eye stays."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from ...net.fold import card_of, path_of
from ...net.graph import Node, paths
from .card import Card
from .places import SIGN, Point
from .scene import Scene, shown_node


@dataclass(frozen=True)
class Before:
    """The canvas as it was."""

    cards: dict[str, Card]
    places: dict[str, Point]
    signs: dict[str, QPointF]  # of folded and open groups, by path


def before(scene: Scene) -> Before:
    """Remember it."""
    return Before(dict(scene.cards), {i: c.place for i, c in scene.cards.items()}, _signs(scene))


def _signs(scene: Scene) -> dict[str, QPointF]:
    folded = {path_of(i): c.pos() + SIGN.center() for i, c in scene.cards.items() if path_of(i)}
    return {path: frame.sign for path, frame in scene.frames.items()} | folded


def inherit(scene: Scene, then: Before) -> None:
    """New cards show the maps of the node whose maps the canvas has shown already."""
    had = {shown_node(c.row): c for i, c in then.cards.items() if i not in scene.cards}
    for id, card in scene.cards.items():
        old = had.get(shown_node(card.row))
        if id not in then.cards and old is not None and old.strip.array is not None:
            card.strip = old.strip


def starts(scene: Scene, then: Before) -> dict[str, Point]:
    """Where each card comes from: its place, that of the group which held it, or the middle of those it holds."""
    found: dict[str, Point] = {}
    for id, card in scene.cards.items():
        if id in then.places:
            found[id] = then.places[id]
        elif out_of := next((p for p in _around(card.node) if card_of(p) in then.places), ""):
            found[id] = then.places[card_of(out_of)]
        elif held := [then.places[i] for i, c in then.cards.items() if path_of(id) in _around(c.node)]:
            found[id] = sum(p[0] for p in held) / len(held), sum(p[1] for p in held) / len(held)
    return found


def _around(node: Node) -> list[str]:
    return [*paths(node.group), *([path_of(node.id)] if path_of(node.id) else [])]


def shift(scene: Scene, then: Before) -> QPointF | None:
    """How far the group moves that has been folded or unfolded; None where that is not one group."""
    now = _signs(scene)
    folded = {path_of(i) for i in scene.cards if path_of(i)}
    was = {path_of(i) for i in then.cards if path_of(i)}
    changed = [p for p in folded ^ was if p in now and p in then.signs]
    return now[changed[0]] - then.signs[changed[0]] if len(changed) == 1 else None
