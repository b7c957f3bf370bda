"""A network fitted to the classes of a data set (`cnnviz train NET --fit`), and what is said where it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..net.analysis import Analysis, trainable
from ..net.repair import Repair, remedies
from ..text import _, grouped
from .opening import Opened


@dataclass(frozen=True, eq=False)
class Fitted:
    """A network with an output for each class: `new` are the layers whose weights are new, `said` what was done."""

    given: Opened
    new: frozenset[str] = frozenset()
    said: str = ""


def fitted(given: Opened, classes: int) -> Fitted:
    """The network with one value for each of so many classes; as it is, where it has them, or cannot."""
    repair = _repair(given.network.analyze(), classes)
    if repair is None:
        return Fitted(given)
    old = given.network.graph.index
    new = frozenset(n.id for n in repair.graph if n.id not in old or old[n.id].layer != n.layer)
    network = replace(given.network, graph=repair.graph)
    return Fitted(replace(given, network=network), new, repair.text)


def way_out(rows: Analysis, classes: int) -> str:
    """What makes this network fit so many classes, as a sentence for the command line; empty where nothing does."""
    repair = _repair(rows, classes)
    if repair is None:
        return ""
    return _("--fit mends that: {repair}.").format(repair=repair.text)


def unequal(rows: Analysis, classes: int, data: str) -> str:
    """That what the network gives are not so many classes of this data set, as a sentence; empty where it is."""
    why = trainable(rows, classes)
    if why is None or why.code not in ("net.output", "net.ends"):
        return ""
    end = rows[rows.graph.ends[-1]]
    out = grouped(*end.out) if end.out is not None else "?"
    text = _("{node} gives {out}, but needs one value for each of the {n} classes of {data}.")
    return text.format(node=end.id, out=out, data=data, n=grouped(classes))


def _repair(rows: Analysis, classes: int) -> Repair | None:
    """The first one after which it can be trained on so many classes; None where it can already, or there is none."""
    return next((r for r in remedies(rows, classes) if trainable(r.rows, classes) is None), None)
