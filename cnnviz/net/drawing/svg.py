"""A network as a drawing for slides: cards, wires, shapes and parameters, in the colours of the window."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from ...text import _, grouped
from ..analysis import Analysis, Row
from ..arrange import Rect, frames
from ..fold import fold, inside, path_of, title, usual
from ..layers.base import FAMILIES
from ..layout import tidy
from .wires import Box, Point, path

WIDTH, HEIGHT = 156, 68  # px of a card
MARGIN, HEAD = 36, 52  # px around everything, and of the title
EDGE, RADIUS, STACK, FRAME = 5, 6, 4, 8
PITCH = 12  # px between wires into one card
ASPECT = 16 / 8  # of what is below the title of a slide
ACROSS, DOWN = 1.25, 0.8  # from the canvas's cards to these, which are wider and lower
STRIP = 3  # times as wide as high: no slide
BODY, CAPTION, TITLE = 13, 11, 17  # px of letters
LETTER, BOLD = 0.57, 0.66  # width of a letter in its height, about
FONT = "'Noto Sans','DejaVu Sans','Noto Sans KR','NanumGothic',Arial,sans-serif"
COLOURS = dict(
    zip(
        FAMILIES,
        ("#5B6B7B", "#2F6DB5", "#1B8A7A", "#B87A00", "#7A55B5", "#B5483A", "#6B6B6B", "#8A6A4A", "#6E7B2F"),
        strict=True,
    )
)
PANEL, LINE, TEXT, QUIET, WIRE, OTHER = "#FFFFFF", "#D0D5DB", "#1B1F24", "#5A6270", "#8A929D", "#5B6B7B"
VEIL = f'fill="{LINE}" fill-opacity="0.28"'


def svg(rows: Analysis, name: str, canvas: Analysis | None = None) -> str:
    """The text of an SVG file.

    canvas  the same network as a person sees it: its groups folded, its cards where they stand, and open groups in
            frames; without it, it is folded and laid out for a slide
    """
    shown, places = _laid_out(rows) if canvas is None else (canvas, _as_on_canvas(canvas))
    around = frames(shown.graph, places, dict.fromkeys(places, (WIDTH, HEIGHT))) if canvas is not None else {}
    edges = [(x - WIDTH / 2, y - HEIGHT / 2) for x, y in places.values()] + [(r[0], r[1]) for r in around.values()]
    left = min((x for x, _y in edges), default=0) - MARGIN
    top = min((y for _x, y in edges), default=0) - MARGIN - HEAD
    spots = {id: (x - left, y - top) for id, (x, y) in places.items()}
    framed = {path: (x - left, y - top, w, h) for path, (x, y, w, h) in around.items()}
    about = _("{count} parameters · {macs} multiply-adds").format(count=grouped(rows.params), macs=grouped(rows.macs))
    least = max(_wide(name, TITLE, BOLD), _wide(about, CAPTION)) + 2 * MARGIN
    ends = [(x + WIDTH / 2, y + HEIGHT / 2) for x, y in spots.values()]
    ends += [(x + w, y + h) for x, y, w, h in framed.values()]
    width = max(max((x for x, _y in ends), default=0) + MARGIN, least)
    height = max((y for _x, y in ends), default=HEAD) + MARGIN
    boxes = {id: (x - WIDTH / 2, y - HEIGHT / 2, x + WIDTH / 2, y + HEIGHT / 2) for id, (x, y) in spots.items()}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family={quoteattr(FONT)}>',
        f"<title>{escape(name)}</title>",
        f'<rect width="100%" height="100%" fill="{PANEL}"/>',
        _words(MARGIN, MARGIN + TITLE - 4, name, TITLE, TEXT, bold=True),
        _words(MARGIN, MARGIN + TITLE + 14, about, CAPTION, QUIET),
        *map(_frame, framed.values()),
        *(_behind(*spots[id]) for id in shown if path_of(id)),
        f'<g fill="none" stroke="{WIRE}" stroke-width="1.3">',
        *_wires(shown, spots, list(boxes.values())),
        "</g>",
        *(line for path, rect in framed.items() for line in _label(path, rect)),
        *(line for row in shown.values() for line in _card(row, *spots[row.id])),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _laid_out(rows: Analysis) -> tuple[Analysis, dict[str, Point]]:
    """What is drawn, and where: with groups folded until it has the shape of a slide."""
    closed = rows.graph.closed
    for way in usual(rows.graph), closed, frozenset(p for p in closed if "/" not in p):
        shown = fold(rows, way)
        places = tidy(shown.graph, dict.fromkeys(shown, (WIDTH, HEIGHT)), ASPECT)
        xs, ys = [x for x, _y in places.values()], [y for _x, y in places.values()]
        if not xs or max(xs) - min(xs) <= STRIP * (max(ys) - min(ys) + 2 * HEIGHT):
            break
    return shown, places


def _as_on_canvas(canvas: Analysis) -> dict[str, Point]:
    """Where the cards stand, in their other shape: wider, and lower since they have no maps."""
    return {n.id: (n.pos[0] * ACROSS, n.pos[1] * DOWN) for n in canvas.graph}


def _frame(rect: Rect) -> str:
    """The frame around an open group."""
    x, y, w, h = rect
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{FRAME}" {VEIL} stroke="{LINE}"/>'


def _label(path: str, rect: Rect) -> list[str]:
    """Its name, on the wires that pass there; behind it, what the frames around look like together."""
    x, y, w, _h = rect
    name = _cut(title(path), CAPTION, w - 24)
    back = f'<rect x="{x + 8:.1f}" y="{y + 7:.1f}" width="{_wide(name, CAPTION) + 8:.1f}" height="15" '
    veils = [f"{back}{VEIL}/>"] * (1 + path.count("/"))
    return [f'{back}fill="{PANEL}"/>', *veils, _words(x + 12, y + 18, name, CAPTION, QUIET)]


def _wires(rows: Analysis, spots: dict[str, Point], boxes: list[Box]) -> Iterable[str]:
    ends: list[tuple[Point, Point]] = []
    for row in rows.values():
        x, y = spots[row.id]
        sources = row.node.sources
        step = min(PITCH, (HEIGHT - 16) / max(1, len(sources)))
        for i, source in enumerate(sources):
            a, b = spots[source]
            edge = a + WIDTH / 2 + (STACK if path_of(source) else 0)
            ends.append(((edge, b), (x - WIDTH / 2, y + (i - (len(sources) - 1) / 2) * step)))
    for start, (x, y) in sorted(ends, key=lambda e: abs(e[1][0] - e[0][0])):  # short ones lie nearest to the cards
        yield f'<path d="{path(start, (x - 5, y), boxes)}"/>'
        # a head of its own: not every program draws markers
        yield f'<path d="M{x:.1f} {y:.1f}l-6 -3v6z" fill="{WIRE}" stroke="none"/>'


def _behind(x: float, y: float) -> str:
    """A second card behind that of a group: there is more inside."""
    left, top = x - WIDTH / 2 + STACK, y - HEIGHT / 2 - STACK
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="{RADIUS}" fill="{PANEL}" '
        f'stroke="{LINE}"/>'
    )


def _card(row: Row, x: float, y: float) -> list[str]:
    left, top = x - WIDTH / 2, y - HEIGHT / 2
    group = path_of(row.id)
    layer = row.node.layer
    colour = COLOURS.get(layer.family, OTHER)
    head = title(group) if group else row.node.type
    brief = "" if group else layer.brief
    name = _("{count} layers").format(count=len(inside(row))) if group else row.id
    count = grouped(row.params) if row.params else ""
    if _wide(count, CAPTION) + _wide(grouped(*row.out or ()), 12) > WIDTH - EDGE - 28:
        count = _short(row.params)
    room = WIDTH - EDGE - 16
    shape = grouped(*row.out or ())
    lines = [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="{RADIUS}" fill="{PANEL}" '
        f'stroke="{LINE}"/>',
        f'<path d="M{left + RADIUS:.1f} {top:.1f}h{EDGE - RADIUS + 1}v{HEIGHT}h{RADIUS - EDGE - 1}'
        f"a{RADIUS} {RADIUS} 0 0 1 -{RADIUS} -{RADIUS}v-{HEIGHT - 2 * RADIUS}"
        f'a{RADIUS} {RADIUS} 0 0 1 {RADIUS} -{RADIUS}z" fill="{colour}"/>',
    ]
    at, end = left + EDGE + 9, left + WIDTH - 9
    beside = _wide(brief, CAPTION) + 6 if brief else 0
    size = BODY if _wide(head, BODY, BOLD) <= room else CAPTION
    lines += [
        _words(at, top + 20, _cut(head, size, room, BOLD), size, TEXT, bold=True),
        _words(at, top + 37, _cut(name, CAPTION, room - beside), CAPTION, QUIET),
        _words(end, top + 37, brief, CAPTION, QUIET, right=True),
        _words(at, top + 56, shape, 12, TEXT),
        _words(end, top + 56, count, CAPTION, QUIET, right=True),
    ]
    return [line for line in lines if line]


def _short(count: int) -> str:
    """`1.18 M`, where there is no room for all digits."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def _words(x: float, y: float, text: str, size: int, colour: str, bold: bool = False, right: bool = False) -> str:
    if not text:
        return ""
    more = (' font-weight="600"' if bold else "") + (' text-anchor="end"' if right else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{more}>{escape(text)}</text>'


def _wide(text: str, size: int, letter: float = LETTER) -> float:
    return sum(size * (1.0 if ord(c) > 0x1100 else letter) for c in text)


def _cut(text: str, size: int, room: float, letter: float = LETTER) -> str:
    if _wide(text, size, letter) <= room:
        return text
    while text and _wide(text + "…", size, letter) > room:
        text = text[:-1]
    return text + "…"
