"""The shape doctor: a problem leads to concrete repairs, each a new graph.

    repairs(rows, id)        for the problem of one row, or of the row that it waits for
    remedies(rows, classes)  for whatever keeps the network from being trained

What is offered has been tried: its problem is gone in the graph that it gives, and nothing that was right is wrong
there. The first one offered is what a teacher would say: it changes least and keeps weights where it can. Every
repair makes the network less wrong (measure.py), so that taking the first one again and again comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ...text import N_
from ..analysis import Analysis, Row, trainable
from ..graph import Graph
from . import meeting, settings, shapes, whole, wiring
from .base import Case, Change, Offer, Offers, Repair, offer
from .measure import mends
from .sought import left, odd, shared, sought, strangers

MOST = 5
"""Repairs that are offered for one problem."""
ENOUGH = 3
"""Repairs made for a problem, beside which those are not offered that could be for any."""
STARTS = 3
"""Repairs that are tried as the first of several steps."""
STEPS = 4
"""Steps that are offered as one repair."""
ALL = 8
"""Steps of one that mends a whole network with several problems."""
CURES = settings.CURES | shapes.CURES | meeting.CURES | wiring.CURES

__all__ = ["MOST", "Change", "Repair", "remedies", "repairs"]


def repairs(rows: Analysis, id: str, most: int = MOST) -> tuple[Repair, ...]:
    """Ways out of the problem of row `id`, the best first; of the row's that it waits for. None where all is well."""
    row = rows.cause(id)
    if row.problem is None:
        return ()
    case = Case(rows, row)
    found = _tried(case, most)
    if not found or left(rows, found[0].rows):
        found = _whole(case, found)
    if len(rows.problems) > 1 and found and found[0].rows.problems and (within := shared(rows)):
        found = (*_sound(case, sought(case, within)), *found)
    return found[:most]


def remedies(rows: Analysis, classes: int | None = None, most: int = MOST) -> tuple[Repair, ...]:
    """Ways towards a network that can be trained (on so many classes), the best first. None where it can."""
    why = trainable(rows, classes)
    if why is None:
        return ()
    if why.code == "net.broken":
        found = repairs(rows, rows.problems[0].id, most)
        if found and found[0].rows.problems:
            return _with_all(found, most)
        return found
    now = whole.stage(rows, classes)
    staged: list[Repair] = []
    for repair in _made(rows, whole.offers(rows, classes), "", lambda graph: None):
        if whole.stage(repair.rows, classes) > now:
            staged.append(repair)
            if len(staged) == most:
                break
    if staged and staged[0].rows.problems:
        return _with_all(tuple(staged), most)
    return tuple(staged)


def _with_all(found: tuple[Repair, ...], most: int) -> tuple[Repair, ...]:
    """Before these what mends every problem of the network, in one."""
    every = _steps(found[0], lambda now: now.problems, ALL)
    return (*([every] if every else []), *found)[:most]


def _whole(case: Case, tried: tuple[Repair, ...]) -> tuple[Repair, ...]:
    """Those after which nothing is left to mend stand first: one setting, then layers more, then several steps."""
    starts = (*_sound(case, _further(case)), *tried)
    found = {_difference(case.graph, r.graph): r for r in starts}
    ranked = sorted(found.values(), key=lambda r: _rank(case, r))
    if not ranked or _rank(case, ranked[0]) > 1:
        steps = (_steps(r, lambda now: left(case.rows, now)) for r in starts[:STARTS])
        ranked = [*[r for r in steps if r is not None][:1], *ranked]
    return tuple(ranked)


def _further(case: Case) -> Offers:
    """What is found further away from the problem: a setting, where there is none something else."""
    alone = True
    for it in sought(case):
        alone = alone and it.graph is not None and bool(left(case.rows, case.tried(it.graph)))
        yield it
    if alone:
        yield from strangers(case)
        if case.problem.code in meeting.CURES:
            yield from meeting.behind(case)


def _sound(case: Case, offers: Iterator[Offer]) -> list[Repair]:
    """Those of these offers that mend."""
    return [r for r in _made(case.rows, offers, case.id, case.known) if mends(case.rows, r.rows, case.id)]


def _rank(case: Case, repair: Repair) -> int:
    """0: one setting mends all; 1: so do layers more, or an odd one less; 2: so do others or wires less; 3: nothing."""
    if left(case.rows, repair.rows):
        return 3
    old, new = case.graph.index, repair.graph.index
    gone = old.keys() - new.keys()
    if any(len(new[id].sources) < len(n.sources) for id, n in old.items() if id not in gone):
        return 2
    if gone:
        return 1 if len(gone) == 1 and odd(case.graph, *gone) else 2
    return int(len(new) > len(old))


def _steps(first: Repair, rest: Callable[[Analysis], Sequence[Row]], most: int = STEPS) -> Repair | None:
    """The repair and what mends the `rest` of the problems, in one; None where that takes too many steps."""
    taken, now = [first], first.rows
    while problems := rest(now):
        if len(taken) == most:
            return None
        case = Case(now, problems[0])
        found = _tried(case, STARTS)
        if not found or left(now, found[0].rows):
            found = (*_sound(case, _further(case)), *found)
        if not found:
            return None
        best = min(found, key=lambda r: (bool(left(case.rows, r.rows)), _rank(case, r) == 2))
        taken.append(best)
        now = best.rows
    then: Repair | None = None
    for it in reversed([step for one in taken for step in one.steps]):
        then = Repair(it.template, it.args, now.graph, first.before, it.id, now, then)
    return then


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
