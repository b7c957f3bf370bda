"""Where cards stand: a layered layout (Sugiyama, Tagawa, Toda 1981) that reads like text.

Columns from left to right by the longest path from the input, long wires held open by dummies, crossings reduced by
barycentre sweeps, and whatever follows one after the other on one straight line. A long network is broken into rows
where all that crosses comes from one card, so that the picture has the shape of the canvas.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import inf

from .graph import Graph

Point = tuple[float, float]
Size = tuple[float, float]

GRID = 4  # px: every place is a multiple
CARD = (132, 120)  # px: width and height of an ordinary card
GAP = (44, 24)  # px: between neighbouring cards, along a row and between the branches of one
ROW_GAP = 56  # px: between rows; the wire to the next row runs there
LANE = 16  # px: height that a long wire keeps free for itself
LANES = 8  # of wires beside a longer path, one above the other
SWEEPS, ROUNDS = 8, 24  # at most
WORK = 60_000  # cards and dummies that all sweeps over a row may visit, and all rounds: beyond it there are fewer


def tidy(graph: Graph, sizes: Mapping[str, Size] | None = None, aspect: float = 1.6) -> dict[str, Point]:
    """Centres for all cards. `sizes`: width and height of cards that are not ordinary; `aspect`: of the canvas.

    The first card stands at (0, 0). The same graph and sizes always give the same places.
    """
    rows: list[_Row] = []
    loose: list[str] = []
    for part in _components(graph):
        if len(part) == 1:
            loose += part
        else:
            rows += _wrap(_Part(graph, part, sizes or {}), aspect)
    width = max([r.width for r in rows], default=len(loose) ** 0.5 * (CARD[0] + GAP[0]) * aspect)
    rows += _shelf(loose, sizes or {}, width)
    places: dict[str, Point] = {}
    top = 0.0
    for row in rows:
        places |= {id: (x, y + top) for id, (x, y) in row.places.items()}
        top += row.height + ROW_GAP
    if not places:
        return {}
    x0, y0 = places[next(n.id for n in graph if n.id in places)]
    return {n.id: (_snap(places[n.id][0] - x0), _snap(places[n.id][1] - y0)) for n in graph}


def _snap(v: float) -> int:
    return GRID * round(v / GRID)


class _Row:
    """Cards of one row, from (0, 0) at its top left."""

    def __init__(self, places: dict[str, Point], width: float, height: float):
        self.places, self.width, self.height = places, width, height


def _components(graph: Graph) -> list[list[str]]:
    """Ids of what hangs together, in the graph's order."""
    first: dict[str, str] = {}  # of the part that a node belongs to
    for n in graph:
        if n.id in first:
            continue
        first[n.id], todo = n.id, [n.id]
        while todo:
            id = todo.pop()
            fresh = {*graph[id].sources, *graph.readers[id]} - first.keys()
            first |= dict.fromkeys(fresh, n.id)
            todo += fresh
    parts: dict[str, list[str]] = {}
    for n in graph:
        parts.setdefault(first[n.id], []).append(n.id)
    return list(parts.values())


def _shelf(ids: Iterable[str], sizes: Mapping[str, Size], width: float) -> list[_Row]:
    """Cards without wires, side by side."""
    rows: list[_Row] = []
    for id in ids:
        w, h = sizes.get(id, CARD)
        if not rows or rows[-1].width + GAP[0] + w > width:
            rows.append(_Row({}, -GAP[0], 0))
        row = rows[-1]
        row.places[id] = (row.width + GAP[0] + w / 2, h / 2)
        row.width += GAP[0] + w
        row.height = max(row.height, h)
    return rows


class _Part:
    """A connected part of the graph in columns. Items are ids, and from `len(ids)` on dummies of long wires."""

    def __init__(self, graph: Graph, ids: Sequence[str], sizes: Mapping[str, Size]):
        self.ids = ids
        number = {id: i for i, id in enumerate(ids)}
        self.size: list[Size] = [sizes.get(id, CARD) for id in ids]
        wires = sorted({(number[s], i) for i, id in enumerate(ids) for s in graph[id].sources})
        self.column = self._columns(wires)
        self.ups: list[list[int]] = [[] for _ in ids]
        self.downs: list[list[int]] = [[] for _ in ids]
        self.idle: set[int] = set()  # dummies of wires beside a longer path: they make room, but pull at nothing
        self._lead(wires, self._bypasses(wires))
        readers, far = [0] * len(ids), [0] * len(ids)  # of each card, and the column of the furthest
        for s, t in wires:
            readers[s] += 1
            far[s] = max(far[s], self.column[t])
        crossing: list[list[int]] = [[] for _ in range(max(self.column))]  # sources of wires from column c to c + 1
        for s, last in enumerate(far):
            for c in range(self.column[s], last):
                crossing[c].append(s)
        # a row can end behind a column whose one card is all that anything further on reads; best, one wire from it
        self.cuts = [c + 1 for c, sources in enumerate(crossing) if [self.column[s] for s in sources] == [c]]
        self.forks = {c + 1 for c, sources in enumerate(crossing) if sum(readers[s] for s in sources) > 1}
        self.rows: list[list[int]] = [[] for _ in range(max(self.column) + 1)]
        for i, c in enumerate(self.column):
            self.rows[c].append(i)
        self.widths = [max(self.size[i][0] for i in r) for r in self.rows]
        self.heights = [sum(self.size[i][1] + GAP[1] for i in r) - GAP[1] for r in self.rows]

    def _lead(self, wires: Iterable[tuple[int, int]], bypasses: set[tuple[int, int]]) -> None:
        """Lead wires from column to column, over dummies where they are long.

        The bypasses of one card run together as far as they go. Where there are many, some have no dummies, and find
        their way beside the others: a row as high as a dense block has wires would be mostly empty.
        """
        lanes: dict[int, list[int]] = {}  # dummies of a card's bypasses
        lanes_in = [0] * (max(self.column) + 1)  # columns
        for s, t in sorted(wires, key=lambda w: (w in bypasses, w)):
            beside = (s, t) in bypasses
            lane = lanes.setdefault(s, []) if beside else []
            columns = range(self.column[s] + 1 + len(lane), self.column[t])
            if beside and any(lanes_in[c] >= LANES for c in columns):
                continue
            for c in columns:
                dummy = len(self.column)
                self.column.append(c)
                self.size.append((0.0, LANE))
                self.ups.append([])
                self.downs.append([])
                if beside:
                    self.idle.add(dummy)
                    lanes_in[c] += 1
                self._link(lane[-1] if lane else s, dummy)
                lane.append(dummy)
            between = self.column[t] - self.column[s] - 1
            self._link(lane[between - 1] if between else s, t)

    def _link(self, s: int, t: int) -> None:
        self.downs[s].append(t)
        self.ups[t].append(s)

    def _columns(self, wires: Sequence[tuple[int, int]]) -> list[int]:
        """Longest path from the left; what has no source stands just before its first reader."""
        column = [0] * len(self.ids)
        for s, t in sorted(wires, key=lambda w: w[1]):  # ids are in topological order
            column[t] = max(column[t], column[s] + 1)
        fed = {t for _, t in wires}
        nearest: dict[int, int] = {}  # reader of what has no source
        for s, t in wires:
            if s not in fed:
                nearest[s] = min(nearest.get(s, column[t]), column[t])
        for s, c in nearest.items():
            column[s] = c - 1
        first = min(column)
        return [c - first for c in column]

    def _bypasses(self, wires: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        """Wires beside a longer path from their source to their target, such as skip connections."""
        reach = [0] * len(self.ids)  # bits of the cards behind a card
        beyond = [0] * len(self.ids)  # of those behind its readers
        for s, t in sorted(wires, reverse=True):
            beyond[s] |= reach[t]
            reach[s] |= reach[t] | 1 << t
        return {(s, t) for s, t in wires if beyond[s] >> t & 1}


def _wrap(part: _Part, aspect: float) -> list[_Row]:
    """The part in the number of rows that can be shown largest on a canvas of this aspect."""
    lefts = [0.0, *accumulate(w + GAP[0] for w in part.widths)]  # of the columns, in one row
    best, least, lowest = [(0, len(part.widths))], inf, min(part.heights) + ROW_GAP
    clean = [c for c in part.cuts if c not in part.forks]
    for cuts in (clean, part.cuts) if part.forks.intersection(part.cuts) else (clean,):
        stops, before = [*cuts, len(part.widths)], best[:0]
        for count in range(1, len(part.widths) + 1):
            pieces = _pieces(stops, lefts, (lefts[-1] - GAP[0]) / count)
            if len(pieces) * lowest - ROW_GAP > least:
                break  # so many rows are too high, and less room for each gives no fewer
            if pieces == before:
                continue
            before = pieces
            cost = _cost(part, pieces, lefts, aspect)
            if cost < least * 0.999:
                best, least = pieces, cost
    return [_place(part, a, b) for a, b in best]


def _cost(part: _Part, pieces: list[tuple[int, int]], lefts: Sequence[float], aspect: float) -> float:
    """Height of a canvas that shows the rows, more where they read badly: stubs of rows, a break inside a block."""
    widths = [lefts[b] - lefts[a] - GAP[0] for a, b in pieces]
    height = sum(max(part.heights[a:b]) for a, b in pieces) + ROW_GAP * (len(pieces) - 1)
    stubs = sum(w < 0.4 * max(widths) for w in widths[:-1]) + (widths[-1] < 0.15 * max(widths))
    forks = sum(b in part.forks for _, b in pieces) / len(pieces)
    return max(max(widths) / aspect, height) * (1 + 0.15 * stubs + 0.3 * forks)


def _pieces(stops: Sequence[int], lefts: Sequence[float], width: float) -> list[tuple[int, int]]:
    """Columns [a, b) of each row: as many as fit `width`, ended only at `stops`."""
    pieces, start, k = [], 0, 0
    while start < stops[-1]:
        most = lefts[start] + GAP[0] + width + 1
        k = max(bisect_right(stops, most, key=lefts.__getitem__), k + 1)  # one at least, fit or not
        pieces.append((start, stops[k - 1]))
        start = stops[k - 1]
    return pieces


# ── one row ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _place(part: _Part, a: int, b: int) -> _Row:
    """Places of the cards in columns [a, b)."""
    columns = _ordered(part, part.rows[a:b])
    ys = _straight(part, columns)
    top = min(ys[i] - part.size[i][1] / 2 for c in columns for i in c)
    bottom = max(ys[i] + part.size[i][1] / 2 for c in columns for i in c)
    places: dict[str, Point] = {}
    x = 0.0
    for column, width in zip(columns, part.widths[a:b], strict=True):
        for i in column:
            if i < len(part.ids):
                places[part.ids[i]] = (x + width / 2, ys[i] - top)
        x += width + GAP[0]
    return _Row(places, x - GAP[0], bottom - top)


def _ordered(part: _Part, columns: list[list[int]]) -> list[list[int]]:
    """The columns in an order with few crossings."""
    columns = [list(c) for c in columns]
    best, fewest = [list(c) for c in columns], inf
    for sweep in range(_times(SWEEPS, sum(map(len, columns)))):
        forward = sweep % 2 == 0
        spot = {i: k for c in columns for k, i in enumerate(c)}
        for c in columns[1:] if forward else columns[-2::-1]:
            near = part.ups if forward else part.downs
            mean = {}
            for i in c:
                known = [spot[j] for j in near[i] if j in spot]
                mean[i] = sum(known) / len(known) if known else spot[i]
            c.sort(key=mean.__getitem__)
            spot.update((i, k) for k, i in enumerate(c))
        found = _crossings(part, columns)
        if found < fewest:
            best, fewest = [list(c) for c in columns], found
        if not found:
            break
    return best


def _times(most: int, size: int) -> int:
    """How often to go over so many items: a network of thousands gets a layout in time, if a rougher one."""
    return min(most, max(2, WORK // size))


def _crossings(part: _Part, columns: list[list[int]]) -> int:
    found = 0
    for left, right in pairwise(columns):
        spot = {i: k for k, i in enumerate(right)}
        ends: list[int] = []
        for i in left:
            mine = [spot[j] for j in part.downs[i] if j in spot]
            found += sum(len(ends) - bisect_right(ends, k) for k in mine)
            for k in mine:
                insort(ends, k)
    return found


def _straight(part: _Part, columns: list[list[int]]) -> dict[int, float]:
    """A height for every item: tracks (what follows one after the other) are straight, in the columns' order."""
    here = {i for c in columns for i in c}
    split: set[int] = set()
    while True:
        track = _tracks(part, columns, here, split)
        below, order = _stacking(part, columns, track)
        stuck = set(track.values()) - set(order)
        if not stuck:
            break
        split |= {i for i, t in track.items() if t in stuck}  # crossing tracks: each item for itself
    pulls: dict[int, list[int]] = {t: [] for t in order}
    for i in here:
        for j in part.downs[i]:
            if j in here and track[i] != track[j] and i not in part.idle and j not in part.idle:
                pulls[track[i]].append(track[j])
                pulls[track[j]].append(track[i])
    idle = {track[i] for i in part.idle & here}
    y = dict.fromkeys(order, 0.0)
    for _ in range(_times(ROUNDS, len(order))):
        want = {t: sum(y[u] for u in pulls[t]) / len(pulls[t]) if pulls[t] else y[t] for t in order}
        down = _pressed(order, below, {t: -inf if t in idle else want[t] for t in order})
        up = _pressed(order[::-1], below, {t: inf if t in idle else want[t] for t in order}, upward=True)
        # both keep the distances, so their mean does; and it treats up and down alike
        new = {t: y[t] if t in idle else (down[t] + up[t]) / 2 for t in order}
        still = all(abs(new[t] - y[t]) < 0.5 for t in order)
        y = new
        if still:
            break
    if idle:
        room = _pressed(order[::-1], below, {t: inf if t in idle else y[t] for t in order}, upward=True)
        ends = {track[i]: track[j] for i in part.idle & here for j in part.ups[i] if j in here and j not in part.idle}
        free = {t: min(room[t], y[ends[t]] if t in ends else 0.0) if t in idle else y[t] for t in order}
        y = _pressed(order, below, free)
    return {i: y[t] for i, t in track.items()}


def _tracks(part: _Part, columns: list[list[int]], here: set[int], split: set[int]) -> dict[int, int]:
    """The first item of each item's track. Bypasses have tracks of their own."""
    track: dict[int, int] = {}
    for c in columns:
        for i in c:
            idle = i in part.idle
            ups = [j for j in part.ups[i] if j in here and (j in part.idle) == idle]
            alone = len(ups) == 1 and i not in split and ups[0] not in split
            if alone and len([k for k in part.downs[ups[0]] if k in here and (k in part.idle) == idle]) == 1:
                track[i] = track[ups[0]]
            else:
                track[i] = i
    return track


Below = dict[int, list[tuple[int, float]]]


def _stacking(part: _Part, columns: list[list[int]], track: dict[int, int]) -> tuple[Below, list[int]]:
    """What stands below each track and how far at least; and the tracks from top to bottom (less those in a cycle)."""
    apart: dict[tuple[int, int], float] = {}
    for c in columns:
        for i, j in pairwise(c):
            pair = track[i], track[j]
            apart[pair] = max(apart.get(pair, 0.0), (part.size[i][1] + part.size[j][1]) / 2 + GAP[1])
    below: Below = {t: [] for c in columns for i in c if (t := track[i]) == i}
    waits = dict.fromkeys(below, 0)
    for (t, u), d in apart.items():
        below[t].append((u, d))
        waits[u] += 1
    order = [t for t in below if not waits[t]]
    for t in order:
        for u, _d in below[t]:
            waits[u] -= 1
            if not waits[u]:
                order.append(u)
    return below, order


def _pressed(order: Sequence[int], below: Below, want: dict[int, float], upward: bool = False) -> dict[int, float]:
    """Wanted heights, moved down (or up) as far as the distances ask for."""
    y = dict(want)
    for t in order:
        for u, d in below[t]:
            if upward:
                y[t] = min(y[t], y[u] - d)
            else:
                y[u] = max(y[u], y[t] + d)
    return y
