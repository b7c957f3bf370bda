"""Repairs found by search: the one setting that, put as its siblings have it, leaves the whole network right.

Where branches of several levels must meet, the setting that was changed can lie far above the row that complains, and
what makes that row right only moves the problem on. Nothing tells how the network was before, but a network repeats
itself: a layer that differs from those like it is tried first.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from ...text import N_
from ..analysis import Analysis, Row
from ..graph import Graph, Node
from ..layers import Layer, Shape, Source, kinds
from .base import Case, Offer, Offers, above, altered, offer, out_of, said
from .measure import Measure, measure
from .settings import SET

FOUND = 2
"""Settings that are offered."""
RUNS = 400
"""Settings of which it is tried whether they mend the row; of those that do, so many networks are analysed:"""
TABLES = 16
FAR = 24
"""Layers from the problem upwards of which also settings are tried that no other layer speaks for."""
SIZES = (224, 227, 32, 28, 64, 96, 128, 256, 512)
LENGTHS = (64, 16, 32, 128, 256)
COUNTS = ("out_channels", "out_features", "groups", "channels", "num_groups")
SILENT = ("bias", "mean", "std", "inplace", "affine")
"""Settings that change no shape."""


def left(before: Analysis, after: Analysis) -> list[Row]:
    """Rows with a problem in `after` that was not there before: what a repair moves a problem to."""
    return [r for r in after.problems if (was := before.get(r.id)) is None or was.problem != r.problem]


def shared(rows: Analysis) -> frozenset[str]:
    """Ids of the nodes that can be to blame for every problem of the network; none where it has one problem."""
    if len(rows.problems) < 2:
        return frozenset()
    return frozenset.intersection(*(frozenset((r.id, *above(rows.graph, r.id))) for r in rows.problems))


def sought(case: Case, within: frozenset[str] = frozenset()) -> Offers:
    """One other setting of this layer or of one above it, after which no problem is left that was not there before.

    Where there is none, that of an unlike layer which leaves least: the next problem has another cause.
    `within`: of these nodes alone, and after which no problem is left at all.
    """
    if case.problem.code.startswith("input"):
        return
    lines = _Lines(case, within)
    found = tables = 0
    least: tuple[Measure, Offer] | None = None
    for it in lines.ranked()[:RUNS]:
        if found and it.votes >= 0:
            return
        layer = altered(case.graph[it.id].layer, **{it.name: it.value})
        if layer is None or not lines.fits(it.id, layer):
            continue
        graph = case.set(it.id, **{it.name: it.value})
        tables += 1
        if graph is None:
            continue
        after = case.tried(graph)
        told = it.value if it.name == "size" else said(it.value)
        change = offer(SET, graph, setting=it.name, node=it.id, value=told)
        if not (after.problems if within else left(case.rows, after)):
            yield change
            found += 1
        elif it.votes < 0 and not within and (least is None or measure(after) < least[0]):
            least = measure(after), change
        if found == FOUND or tables == TABLES:
            break
    if not found and least is not None:
        yield least[1]


def strangers(case: Case) -> Offers:
    """Without a layer above this one that is unlike all others, after which no problem is left that was not there."""
    if case.problem.code.startswith("input"):
        return
    ids = above(case.graph, case.id)
    near = [n for n in reversed(case.graph.nodes) if n.id in ids and not isinstance(n.layer, Source)]
    for n in near[:FAR]:
        if len(n.sources) != 1 or not odd(case.graph, n.id):
            continue
        graph = case.remove(n.id)
        if not left(case.rows, case.tried(graph)):
            yield offer(N_("Remove {node}"), graph, node=n.id)


def odd(graph: Graph, id: str) -> bool:
    """Whether no other node has its type and, but for one number, its name."""
    node = graph[id]
    names = {*_masked(id)}
    return not any(n.id != id and n.type == node.type and (not names or names & {*_masked(n.id)}) for n in graph)


class _Try(NamedTuple):
    """A value for a setting. Smaller ones are tried first."""

    votes: float  # against it, by layers like this one
    far: int  # nodes between this one and the problem
    place: int
    id: str
    name: str
    value: Any


class _Lines:
    """What leads to the row with the problem, in the graph's order."""

    def __init__(self, case: Case, within: frozenset[str]):
        self.case, self.within = case, within
        ids = {case.id, *above(case.graph, case.id)}
        self.nodes = [n for n in case.graph if n.id in ids]
        self.place = {n.id: i for i, n in enumerate(self.nodes)}
        self._votes: dict[tuple[object, str], Counter[Any]] = defaultdict(Counter)
        for n in case.graph:
            for role in _roles(n):
                for name in _settings(type(n.layer)):
                    self._votes[role, name][getattr(n.layer, name)] += 1

    def ranked(self) -> list[_Try]:
        """What could be tried, the most likely first."""
        return sorted(self._tries(), key=lambda it: it[:3])

    def _tries(self) -> Iterator[_Try]:
        for far, n in enumerate(reversed(self.nodes)):
            if self.within and n.id not in self.within:
                continue
            roles = _roles(n)
            for name in _settings(type(n.layer)):
                now = getattr(n.layer, name)
                votes = [self._votes[role, name] for role in roles]
                known = dict.fromkeys(v for counted in votes for v in counted)
                if name in COUNTS and len(known) > 6:
                    known = dict.fromkeys(v for counted in votes[1:] for v in counted)
                if far < FAR or isinstance(n.layer, Source):
                    known |= dict.fromkeys(self._plausible(n, name))
                for place, value in enumerate(known):
                    if value == now:
                        continue
                    against = sum((c[now] - 1 - c[value]) / c.total() for c in votes if c.total() > 1)
                    if against < 0 or far < FAR or isinstance(n.layer, Source):
                        yield _Try(round(against, 3), far, place, n.id, name, value)

    def _plausible(self, n: Node, name: str) -> Iterable[Any]:
        """Values that are usual, or follow from what comes in, whatever other layers have."""
        layer, row = n.layer, self.case.rows[n.id]
        now, kind = getattr(layer, name), kinds(type(layer))[name]
        yield getattr(type(layer)(), name)
        if kind.name == "bool":
            yield not now
        elif kind.name == "choice":
            yield from kind.choices
        elif name == "embedding_dim":
            windows = (getattr(o.layer, "kernel_size", 0) for o in self.case.graph)
            yield from dict.fromkeys(w[1] for w in windows if isinstance(w, tuple) and w[1] > 1)
        elif isinstance(layer, Source):
            yield from _pictures(now, name)
        elif name == "padding" and hasattr(layer, "kernel_size"):
            yield from _paddings(layer)
        elif kind.name == "pair":
            yield from (((1, 1), (2, 2)) if name != "kernel_size" else ((1, 1), (2, 2), (3, 3), (5, 5), (7, 7)))
        elif name in COUNTS:
            yield from dict.fromkeys(s[0] for s in (*self.case.ins, *row.ins) if s)
            yield from self._counts(n)

    def _counts(self, n: Node) -> list[int]:
        """Channels of the layers around this one, the nearest first."""
        nodes = self.case.graph.nodes
        here = nodes.index(n)
        near = nodes[max(here - FAR, 0) : here + FAR]
        outs = (self.case.rows[other.id].out or (getattr(other.layer, "out_channels", 0),) for other in near)
        return [c for c, _times in Counter(o[0] for o in outs if o[0]).most_common(6)]

    def fits(self, id: str, layer: Layer) -> bool:
        """Whether the row with the problem gives something with this layer in place of that of node `id`."""
        rows, outs = self.case.rows, dict[str, Shape]()
        for n in self.nodes[self.place[id] :]:
            if n.id != id and n.id != self.case.id and outs.keys().isdisjoint(n.sources):
                continue
            ins = [outs.get(s) or rows[s].out or () for s in n.sources]
            out = out_of(layer if n.id == id else n.layer, *ins)
            if out is None:
                return False
            if out != rows[n.id].out:
                outs[n.id] = out
        return True


def _roles(n: Node) -> list[object]:
    """What this node has in common with others: its type and window, and its name but for one number."""
    window = getattr(n.layer, "kernel_size", None)
    return [(n.type, window), *((n.type, name) for name in _masked(n.id))]


@cache
def _masked(id: str) -> tuple[str, ...]:
    """`down#_conv1`, `down2_conv#` and `down#_conv#` of `down2_conv1`."""
    numbers = list(re.finditer(r"\d+", id))
    each = [id[: m.start()] + "#" + id[m.end() :] for m in numbers]
    return tuple(dict.fromkeys((*each, re.sub(r"\d+", "#", id)))) if numbers else ()


def _settings(cls: type[Layer]) -> tuple[str, ...]:
    """Settings that a shape may depend on."""
    if cls not in _SETTINGS:
        _SETTINGS[cls] = _shaping(cls)
    return _SETTINGS[cls]


_SETTINGS: dict[type[Layer], tuple[str, ...]] = {}


def _shaping(cls: type[Layer]) -> tuple[str, ...]:
    plain = ("int", "bool", "choice", "pair", "padding", "length_padding", "sides", "shape")
    return tuple(name for name, kind in kinds(cls).items() if name not in SILENT and kind.name in plain)


def _paddings(layer: Layer) -> Iterable[Any]:
    """None, and as much as keeps a map's size."""
    kernel, dilation = getattr(layer, "kernel_size"), getattr(layer, "dilation", (1, 1))  # noqa: B009
    if isinstance(kernel, int):
        yield from (0, kernel // 2)
    else:
        d = dilation if isinstance(dilation, tuple) else (dilation,) * 2
        yield (0, 0)
        yield tuple(e * (k - 1) // 2 for k, e in zip(kernel, d, strict=True))


def _pictures(now: Any, name: str) -> Iterable[Any]:
    """Sizes of pictures, lengths of sentences, and those that are some doublings larger."""
    if name == "size":
        yield from ((n, n) for n in SIZES)
        yield from (tuple(n * 2**i for n in now) for i in range(1, 9) if max(now) * 2**i <= 512)
    elif name == "length":
        yield from LENGTHS
    elif name == "channels":
        yield from (1, 3)
