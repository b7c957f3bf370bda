"""The shape doctor: a problem leads to concrete repairs, each a new graph.

    repairs(rows, id)        for the problem of one row, or of the row that it waits for
    remedies(rows, classes)  for whatever keeps the network from being trained

What is offered has been tried: its problem is gone in the graph that it gives, and nothing that was right is wrong
there. The first one offered is what a teacher would say: it changes least and keeps weights where it can. Every
repair makes the network less wrong (measure.py), so that taking the first one again and again comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...text import N_
from ..analysis import Analysis, trainable
from ..graph import Graph
from . import meeting, settings, shapes, whole, wiring
from .base import Case, Change, Offer, Offers, Repair, offer
from .measure import mends

MOST = 5
"""Repairs that are offered for one problem."""
ENOUGH = 3
"""Repairs made for a problem, beside which those are not offered that could be for any."""
CURES = settings.CURES | shapes.CURES | meeting.CURES | wiring.CURES

__all__ = ["MOST", "Change", "Repair", "remedies", "repairs"]


def repairs(rows: Analysis, id: str, most: int = MOST) -> tuple[Repair, ...]:
    """Ways out of the problem of row `id`, the best first; of the row's that it waits for. None where all is well."""
    row = rows.cause(id)
    if row.problem is None:
        return ()
    return _tried(Case(rows, row), most)


def remedies(rows: Analysis, classes: int | None = None, most: int = MOST) -> tuple[Repair, ...]:
    """Ways towards a network that can be trained (on so many classes), the best first. None where it can."""
    why = trainable(rows, classes)
    if why is None:
        return ()
    if why.code == "net.broken":
        return repairs(rows, rows.problems[0].id, most)
    now = whole.stage(rows, classes)
    found: list[Repair] = []
    for repair in _made(rows, whole.offers(rows, classes), "", lambda graph: None):
        if whole.stage(repair.rows, classes) > now:
            found.append(repair)
            if len(found) == most:
                break
    return tuple(found)


def _offers(case: Case) -> Offers:
    for cure in CURES.get(case.problem.code, ()):
        yield from cure(case)


def _last(case: Case) -> Offers:
    """For any problem: the settings of a new layer, or without the layer."""
    readers = case.graph.readers[case.id]
    gone = offer(N_("Remove {node}") if readers else N_("Delete {node}"), case.remove(), node=case.id)
    if case.node is not case.rows.input and (not readers or len(set(case.node.sources)) < 2):
        yield gone
    if not case.problem.code.startswith("input"):
        yield from settings.usual(case)
    if case.node is not case.rows.input:
        yield gone


def _tried(case: Case, most: int) -> tuple[Repair, ...]:
    """Those that mend, first those after which the row gives something; what is for any problem stands last."""
    sound: list[Repair] = []
    better: list[Repair] = []
    for few, offers in ((most, _offers(case)), (ENOUGH, _last(case))):
        made: list[Repair] = []
        for repair in _made(case.rows, offers, case.id, case.known):
            if len(sound) + len(made) >= few:
                break
            if mends(case.rows, repair.rows, case.id):
                row = repair.rows.get(case.id)
                first = row is None or row.problem is None or case.problem.code.startswith("input")
                (made if first else better).append(repair)
        sound += [*made, *better]
        better.clear()
    found: dict[object, Repair] = {}
    for repair in sound:
        found.setdefault(_difference(case.graph, repair.graph), repair)
    return tuple(found.values())[:most]


def _made(
    rows: Analysis, offers: Iterator[Offer], id: str, known: Callable[[Graph], Analysis | None]
) -> Iterator[Repair]:
    """Repairs that can be done, each once: by what it says and by what it gives. `known`: tables found already."""
    said: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    given: set[object] = set()
    for it in offers:
        if it.graph is None:
            continue
        words = it.template, tuple(it.args.items())
        shape = _difference(rows.graph, it.graph)
        if words in said or shape in given:
            continue
        said.add(words)
        given.add(shape)
        yield Repair(*words, it.graph, rows, id, known(it.graph))


def _difference(old: Graph, new: Graph) -> object:
    """What makes a graph another one, places aside: equal for two repairs that give the same."""
    known = old.index
    changed = tuple(
        (n.id, n.layer, n.sources)
        for n in new
        if (was := known.get(n.id)) is None or was.layer is not n.layer or was.sources != n.sources
    )
    return changed, frozenset(known.keys() - new.index.keys())
