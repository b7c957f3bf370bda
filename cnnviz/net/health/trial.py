"""What could be tried about a sign of trouble: each an ordinary change of the plan or of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...text import _
from ..analysis import Analysis, analyse
from ..edit import Wire, append, insert, rename
from ..graph import Graph
from ..layers import BatchNorm1d, BatchNorm2d, Dropout, Input, Layer, LeakyReLU, Linear, ReLU
from ..plan import LIVE, Plan
from .sign import Sign, short

MOST = 3
"""Experiments that are offered for one sign."""
USUAL = 0.001
"""A learning rate to begin with where it was 0."""
BATCH = 32
"""Pictures from which on the statistics of a batch are those of the data, about."""
DECAY = 5e-4
"""Weight decay of AlexNet's, VGG's and ResNet's papers."""
CLIP = 1.0
"""Norm that recurrent nets and transformers clip their gradients to (Pascanu et al. 2013 and after)."""
SQUASHING = ("Tanh", "Sigmoid", "Hardsigmoid")


@dataclass(frozen=True)
class Trial:
    """One experiment: `text` says what is done, in the imperative; either settings of the plan or a graph change."""

    text: str
    settings: tuple[tuple[str, Any], ...] = ()
    graph: Graph | None = None
    node: str = ""  # that changes, or comes

    @property
    def at_once(self) -> bool:
        """It acts on a training that goes on; all else acts on the next."""
        return self.graph is None and {name for name, _value in self.settings} <= set(LIVE)


def trials(sign: Sign, rows: Analysis, plan: Plan) -> tuple[Trial, ...]:
    """What can be tried about a sign with this network and plan, the most likely first; none where nothing is known.

    Every graph has no problem that the network does not have already.
    """
    bench = _Bench(sign, rows, plan)
    found: dict[str, Trial] = {}
    for name in OFFERED.get(sign.key, OFFERED.get(sign.code, ())):
        for trial in MAKERS[name](bench):
            found.setdefault(trial.text, trial)
    return tuple(found.values())[:MOST]


class _Bench:
    """One sign with the network and the plan that it is seen in."""

    def __init__(self, sign: Sign, rows: Analysis, plan: Plan):
        self.sign, self.rows, self.plan, self.graph = sign, rows, plan, rows.graph
        self.nodes = tuple(id for id in (sign.node, *sign.also) if id in rows.graph)

    # ── the plan ────────────────────────────────────────────────────────────────────────────────────────────────────
    def rate(self, factor: float) -> Iterator[Trial]:
        """Another learning rate, with one digit."""
        lr = float(f"{self.plan.lr * factor:.1g}") or USUAL
        yield Trial(_("Try a learning rate of {lr}").format(lr=short(lr)), (("lr", lr),))

    def clip(self) -> Iterator[Trial]:
        """Gradients that cannot throw the weights away."""
        if not self.plan.clip or self.plan.clip > CLIP:
            yield Trial(_("Clip gradients to a norm of {n}").format(n=short(CLIP)), (("clip", CLIP),))

    def kaiming(self) -> Iterator[Trial]:
        """First weights that keep the variance through ReLUs."""
        if self.plan.init == "default":
            yield Trial(_("Use Kaiming first weights"), (("init", "kaiming_normal"),))

    def fresh(self) -> Iterator[Trial]:
        """First weights that are not all alike."""
        init = self.plan.init if self.plan.init in ("default", "kaiming_normal") else "default"
        yield Trial(_("Draw the first weights at random"), (("init", init),))

    def decay(self) -> Iterator[Trial]:
        """A pull towards zero."""
        if self.plan.weight_decay < DECAY:
            yield Trial(_("Try a weight decay of {n}").format(n=short(DECAY)), (("weight_decay", DECAY),))

    def batch(self) -> Iterator[Trial]:
        """More pictures in a step."""
        size = max(BATCH, 2 * self.plan.batch_size)
        yield Trial(_("Try batches of {n} pictures").format(n=size), (("batch_size", size),))

    def shift(self) -> Iterator[Trial]:
        """Pictures that are never the same."""
        node = self.rows.input
        if node is not None and isinstance(node.layer, Input) and not self.plan.augment_shift:
            n = max(1, min(node.layer.size) // 8)
            text = _("Shift the training pictures by up to {n} pixels")
            yield Trial(text.format(n=n), (("augment_shift", n),))

    # ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────
    def leaky(self) -> Iterator[Trial]:
        """An activation that cannot die."""
        yield from self._turned(("ReLU", "ReLU6"), LeakyReLU(), _("Use LeakyReLU for {node}"))

    def relu(self) -> Iterator[Trial]:
        """An activation that does not level off; for all that do, where the gradient vanishes on its way through."""
        nodes = self.nodes
        if self.sign.code == "vanishing":
            nodes = tuple(n.id for n in self.graph if n.type in SQUASHING)
        yield from self._turned(SQUASHING, ReLU(), _("Use ReLU for {node}"), nodes)

    def _turned(
        self, types: tuple[str, ...], layer: Layer, text: str, nodes: tuple[str, ...] | None = None
    ) -> Iterator[Trial]:
        ids = [id for id in (self.nodes if nodes is None else nodes) if self.graph[id].type in types]
        if not ids:
            return
        graph = self.graph
        for id in ids:
            graph = graph.change(id, layer=layer)
        first = ids[0]
        for id in ids:  # a name that says the type changes
            stem, _bar, number = id.rpartition("_")
            if stem == self.graph[id].type.lower() and number.isdigit():
                new = graph.fresh_id(layer)
                graph, first = rename(graph, id, new), new if id == first else first
        named = ids[0] if len(ids) == 1 else _("{node} and {n} more").format(node=ids[0], n=len(ids) - 1)
        yield from self._sound(Trial(text.format(node=named), graph=graph, node=first))

    def norm(self) -> Iterator[Trial]:
        """Batch normalisation behind the layer with weights; in front of an activation that is named."""
        for id in self.nodes:
            node = self.graph[id]
            if node.layer.family == "Activation" and node.sources:
                node = self.graph[node.sources[0]]
            out = self.rows[node.id].out
            readers = self.graph.readers[node.id]
            if node.layer.family not in ("Convolution", "Dense") or out is None or len(out) == 2 or not readers:
                continue
            if any(self.graph[r].layer.family == "Normalisation" for r in readers):
                continue
            layer = BatchNorm2d() if len(out) == 3 else BatchNorm1d()
            graph, new = append(self.graph, layer, node.id)
            yield from self._sound(Trial(_("Put BatchNorm after {node}").format(node=node.id), graph=graph, node=new))
            return

    def dropout(self) -> Iterator[Trial]:
        """Dropout in front of the last Linear."""
        last = next((n for n in reversed(self.graph.nodes) if isinstance(n.layer, Linear) and n.sources), None)
        if last is None or any(n.layer.family == "Regularisation" for n in self.graph):
            return
        source = self.graph[last.sources[0]]
        between = ((source.pos[0] + last.pos[0]) / 2, (source.pos[1] + last.pos[1]) / 2)
        graph, new = insert(self.graph, Dropout(), Wire(source.id, last.id, 0), between)
        yield from self._sound(Trial(_("Put Dropout before {node}").format(node=last.id), graph=graph, node=new))

    def _sound(self, trial: Trial) -> Iterator[Trial]:
        assert trial.graph is not None
        if len(analyse(trial.graph, self.rows).problems) <= len(self.rows.problems):
            yield trial


MAKERS: dict[str, Callable[[_Bench], Iterator[Trial]]] = {
    "slower": lambda bench: bench.rate(0.1),
    "faster": lambda bench: bench.rate(10.0),
    "clip": _Bench.clip,
    "kaiming": _Bench.kaiming,
    "fresh": _Bench.fresh,
    "decay": _Bench.decay,
    "batch": _Bench.batch,
    "shift": _Bench.shift,
    "leaky": _Bench.leaky,
    "relu": _Bench.relu,
    "norm": _Bench.norm,
    "dropout": _Bench.dropout,
}
OFFERED: dict[str, tuple[str, ...]] = {
    "lost": ("slower", "norm", "kaiming"),
    "high": ("slower",),
    "exploding": ("norm", "clip", "slower"),
    "dead": ("leaky", "kaiming", "norm", "slower"),
    "saturated": ("norm", "relu", "slower"),
    "still.rate": ("faster",),
    "still.zeros": ("fresh",),
    "still.gradient": ("kaiming",),
    "vanishing": ("relu", "norm", "kaiming"),
    "low": ("faster",),
    "stuck": ("faster", "slower", "kaiming"),
    "collapse": ("slower", "batch", "kaiming"),
    "overfit": ("dropout", "shift", "decay"),
    "gap": ("batch",),
}
"""By a sign's code, or by code and what it is seen from: what is offered, the most likely first."""
