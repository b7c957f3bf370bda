"""What the numbers of a layer stand for: classes, and the windows its units look through."""

from __future__ import annotations

from ...link.messages import Frame, Unit
from ...net.analysis import Analysis
from ...net.layers import plane
from ..session import Session

LAST = ("Activation", "Regularisation")
"""Families that may stand between the class scores and the end of the network."""


def class_names(session: Session, id: str) -> tuple[str, ...]:
    """The data set's classes where the node gives one value for each of them; else nothing."""
    pictures, rows = session.look.pictures, session.rows
    if pictures is None or pictures.data != session.run.plan.data or id not in rows:
        return ()
    if rows[id].out != (len(pictures.classes),):
        return ()
    readers = rows.graph.readers
    while readers[id]:
        if len(readers[id]) > 1:
            return ()
        id = readers[id][0]
        if rows[id].node.layer.family not in LAST or rows[id].out != (len(pictures.classes),):
            return ()
    return pictures.classes


def window(rows: Analysis, unit: Unit | None) -> tuple[int, int, int, int] | None:
    """(top, left, height, width) of the declared receptive field of a unit, not clipped to the picture.

    None where the unit sees the whole picture, sees nothing, or is not in this network.
    """
    row = rows.get(unit.node) if unit else None
    if unit is None or row is None or row.field is None or row.out is None or len(row.out) == 1:
        return None
    top, left, height, width = row.field.window(unit.y, unit.x)
    return (top, left, height, width) if height and width else None


def unit_looking_at(rows: Analysis, unit: Unit | None, y: int, x: int) -> Unit | None:
    """The unit of the same channel whose window's middle is nearest to pixel (y, x) of the picture."""
    row = rows.get(unit.node) if unit else None
    if unit is None or row is None or row.field is None or row.out is None or len(row.out) == 1:
        return None
    best = []
    height, width = plane(row.out)
    for span, count, pixel in ((row.field.y, height, y), (row.field.x, width, x)):
        middles = (2 * start + size for start, size in map(span.at, range(count)))
        best.append(min(enumerate(middles), key=lambda m: abs(m[1] - 2 * pixel - 1))[0])
    return Unit(unit.node, unit.channel, *best)


def fits(rows: Analysis, shape: tuple[int, ...]) -> bool:
    """Whether a picture of this (height, width) is what the network in the editor takes."""
    row = rows[rows.input.id] if rows.input else None
    return row is not None and row.out is not None and row.out[1:] == tuple(shape)


def gone(session: Session, frame: Frame | None, id: str) -> bool:
    """Whether a frame that lacks the node shows that no other will have it: a run of the network as it was goes on.

    One that was made before the node was asked for says nothing of it.
    """
    if frame is None or not session.run.behind or not session.look.answered(frame):
        return False
    return frame.version != session.version and id in session.rows


def problem_text(rows: Analysis, id: str) -> str:
    """Why the node gives nothing: its own problem, or what it waits for and the problem there."""
    row, cause = rows[id], rows.cause(id)
    if row.problem is None or cause.problem is None:
        return ""
    text = f"⚠ {row.problem.text}"
    return text if cause is row else f"{text}\n{cause.id}: {cause.problem.text}"
