"""A network as Keras source, as lecture notes write it, with its weights in Keras's order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...net import layers as net
from ...net.analysis import Analysis, Row, analyse
from ...net.problems import shape_text
from ...text import _
from ..build import Net, last_end
from . import apart
from .forward import Body
from .keras_layers import Array, Call, Unlike, activation, calls, merges
from .outline import outline
from .to_onnx import ExportError
from .verify import Verified, always, compare


@dataclass(frozen=True)
class KerasCode:
    """Keras source with a `model` in it, and the weights of its layers by name."""

    text: str
    weights: Mapping[str, list[Array]]


def to_keras(net_: Net, rows: Analysis, about: tuple[str, ...] = ()) -> KerasCode:
    """Source text and weights. Raises ExportError naming the layer that Keras has not."""
    state = {k: v.detach().numpy().astype(np.float32) for k, v in net_.state_dict().items() if v.is_floating_point()}
    writer = _Writer(rows, state)
    return KerasCode("\n".join([*_head(about), *writer.lines(), ""]), writer.weights)


def _head(about: tuple[str, ...]) -> list[str]:
    doc = ['"""' + about[0], *about[1:], '"""', ""] if len(about) > 1 else [f'"""{a}"""\n' for a in about]
    return [*doc, "import keras", "from keras import layers", ""]


class _Writer:
    """Goes through the network once and knows what stands for each layer."""

    def __init__(self, rows: Analysis, state: Mapping[str, Array]):
        self._rows, self._state = rows, dict(state)
        self.weights: dict[str, list[Array]] = {}
        self._end = last_end(rows)
        self._swapped = self._permute()
        self._into: dict[str, str] = {}  # the layer that an activation is written into, and the other way round
        self._made: dict[str, list[Call]] = {}
        for row in rows.values():
            if not isinstance(row.node.layer, net.Source):
                self._made[row.id] = self._calls(row)
        self._join_activations()
        for id, made in self._made.items():
            for call in made:
                if call.weights and not rows.graph[id].weights:
                    self.weights[id] = call.weights

    def lines(self) -> list[str]:
        """The source behind the imports."""
        node = self._rows.input
        if node is None or not isinstance(node.layer, net.Source):
            raise ExportError(_("The network has no Input. Drag one onto the canvas."))
        c, h, w = self._rows[node.id].out or (0, 0, 0)
        start = f"keras.Input(shape=({h}, {w}, {c}))"
        shown = [r for r in self._rows.values() if r.id in self._made and r.id not in self._into]
        if self._is_chain():
            body = [f"    {start},"]
            body += [f"    {text},{note}" for r in shown for text, note in self._noted(r)]
            return ["model = keras.Sequential(", *(f"    {line}" for line in ["[", *body, "]"]), ")"]
        return self._functional(start, shown)

    def _is_chain(self) -> bool:
        rows = list(self._rows.values())
        return not self._rows.graph.sharers and all(r.node.sources == (before.id,) for before, r in pairwise(rows))

    def _functional(self, start: str, shown: list[Row]) -> list[str]:
        # without groups: all in one function, as notes have it
        flat = analyse(replace(self._rows.graph, nodes=tuple(replace(n, group="") for n in self._rows.graph)))
        top = outline(flat, self._end)
        body = Body(top, [p.name for p in top.parts], {})
        node = self._rows.input
        assert node is not None
        names = {body.variable(id) for id in flat}
        lines = [f"{body.variable(node.id)} = inputs = {start}"]
        for row in shown:
            takes = [body.variable(s) for s in row.node.sources]
            out = body.variable(self._last(row.id))
            layer = row.node.layer
            if isinstance(layer, net.ChannelSlice):
                lines.append(f"{out} = {takes[0]}[..., {layer.start}:{layer.stop}]")
                continue
            given = f"[{', '.join(takes)}]" if merges(layer) else takes[0]
            called = self._called(row.id)
            while called in names:
                called += "_"
            once = self._made[row.id] if called and not row.node.weights else []
            lines += [f"{called} = {call.text(row.id)}" for call in once if call.weights]
            for text, note in self._noted(row, called):
                lines.append(f"{out} = {text}({given}){note}")
                given = out
            if not self._made[row.id] and out != given:
                lines.append(f"{out} = {given}")
        return [*lines, f"model = keras.Model(inputs, {body.variable(self._end)})"]

    def _called(self, id: str) -> str:
        """The variable that holds a layer which is called several times; empty for the others."""
        family = self._rows.graph.family(id)
        return f"{family[0]}_layer" if len(family) > 1 and any(c.weights for c in self._made[id]) else ""

    def _noted(self, row: Row, called: str = "") -> list[tuple[str, str]]:
        """The calls of a layer, which is held by the variable `called`; the last one gives its shape."""
        made = [called if called and call.weights else call.text(row.id) for call in self._made[row.id]]
        return [(text, self._note(row) if i == len(made) else "") for i, text in enumerate(made, 1)]

    def _note(self, row: Row) -> str:
        out = row.out or ()
        if len(row.ins) == 1 and row.ins[0] == out:
            return ""
        return f"  # {shape_text((*out[1:], out[0]))}"

    def _last(self, id: str) -> str:
        return next((a for a, home in self._into.items() if home == id), id)

    # ── what stands for a layer ──────────────────────────────────────────────────────────────────────────────────────
    def _calls(self, row: Row) -> list[Call]:
        layer = row.node.layer
        if isinstance(layer, net.Flatten):
            return self._flattened(row)
        if isinstance(layer, net.ChannelSlice):
            return []
        if len(row.ins[0]) == 2:
            raise ExportError(_("{id}: What takes a sequence cannot be written as Keras code here.").format(id=row.id))
        try:
            made = calls(row, self._rows, self._state)
        except Unlike as e:
            text = _("{id}: {type} cannot be written as Keras code.")
            if str(e):
                text = _("{id}: {type} with these settings cannot be written as Keras code: {settings}.")
            raise ExportError(text.format(id=row.id, type=row.node.type, settings=e)) from None
        order = self._swapped.get(row.id)
        if order is not None and made and made[0].weights:
            made[0].weights = [w[order] if len(w) == len(order) else w for w in made[0].weights]
        first = [c for c in self._made.get(row.node.weights, ()) if c.weights]
        if first and not _alike(first, [c for c in made if c.weights]):
            text = _("{id}: Keras cannot call {owner} for this input, too, since it stands otherwise in its weights.")
            raise ExportError(text.format(id=row.id, owner=row.node.weights))
        return made

    def _flattened(self, row: Row) -> list[Call]:
        before = self._rows[row.node.sources[0]]
        pooled = before.node.layer
        alone = len(self._rows.graph.readers[before.id]) == 1
        if (
            isinstance(pooled, (net.AdaptiveAvgPool2d, net.AdaptiveMaxPool2d))
            and pooled.output_size == (1, 1)
            and alone
        ):
            return []  # global pooling gives a vector
        if len(row.ins[0]) == 1:
            return []
        straight = _is_straight(row.ins[0]) or all(r in self._swapped for r in self._rows.graph.readers[row.id])
        order = [] if straight and row.id != self._end else [Call("Permute", ["(3, 1, 2)"])]
        return [*order, Call("Flatten")] if not _is_straight(row.ins[0]) else [Call("Flatten")]

    def _permute(self) -> dict[str, list[int]]:
        """For what reads a flattened map: where each value of Keras's order, channels last, lies in torch's.

        Only where nothing but a Dense layer sees the difference; else the map is put into torch's order.
        """
        found: dict[str, list[int]] = {}
        for row in self._rows.values():
            if not isinstance(row.node.layer, net.Flatten) or _is_straight(row.ins[0]):
                continue
            shape = row.ins[0]
            order = np.arange(np.prod(shape)).reshape(shape).transpose(1, 2, 0).reshape(-1).tolist()
            reached = self._until_dense(row.id)
            if reached is not None:
                found |= dict.fromkeys(reached, order)
        return found

    def _until_dense(self, id: str) -> list[str] | None:
        """The layers behind a Flatten up to each Linear; None where another layer sees the order of values."""
        found: list[str] = []
        todo = [id]
        while todo:
            at = todo.pop()
            if at == self._end:
                return None
            for reader in self._rows.graph.readers[at]:
                layer = self._rows[reader].node.layer
                softmax = isinstance(layer, (net.Softmax, net.LogSoftmax))
                if isinstance(layer, net.Linear):
                    found.append(reader)
                elif (activation(layer) and not softmax) or isinstance(layer, (net.Dropout, net.BatchNorm1d)):
                    found.append(reader)
                    todo.append(reader)
                else:
                    return None
        return found

    def _join_activations(self) -> None:
        """`Conv2D(6, 5, activation="tanh")`, where nothing else reads what comes before it."""
        for row in self._rows.values():
            word = activation(row.node.layer)
            if not word or not row.node.sources:
                continue
            before = row.node.sources[0]
            made = self._made.get(before)
            home = self._rows[before].node.layer
            kinds = (net.Conv2d, net.ConvTranspose2d, net.Linear, net.ChannelLinear)
            if len(self._rows.graph.family(before)) > 1:
                continue  # it may be called again without the activation
            if made and isinstance(home, kinds) and made[-1].weights and len(self._rows.graph.readers[before]) == 1:
                use = next((i for i, a in enumerate(made[-1].args) if a.startswith("use_bias")), len(made[-1].args))
                made[-1].args.insert(use, f'activation="{word}"')
                self._into[row.id] = before


def _alike(a: list[Call], b: list[Call]) -> bool:
    """Whether these are one Keras layer: so it is not where one input needs other padding, or another order."""
    return len(a) == len(b) and all(
        (m.kind, m.args) == (n.kind, n.args) and all(map(np.array_equal, m.weights, n.weights))
        for m, n in zip(a, b, strict=True)
    )


def _is_straight(shape: tuple[int, ...]) -> bool:
    """Whether a map has the same order with its channels first and last."""
    return len(shape) == 1 or shape[0] == 1 or all(n == 1 for n in shape[1:])


# ── beside the network ───────────────────────────────────────────────────────────────────────────────────────────────
def verify_keras(
    net_: Net, rows: Analysis, code: KerasCode, keep: Path | None = None, go_on: Callable[[], bool] = always
) -> Verified:
    """Run the code with Keras, on torch, beside the net. `keep`: where its weights are put as Keras has them.

    In a process of its own, since Keras takes its backend once and for all. Raises ExportError where it fails, and
    Cancelled where `go_on`, which is asked meanwhile, says no.
    """

    def run(x: Array) -> Array:
        with tempfile.TemporaryDirectory(prefix="cnnviz-keras-") as folder:
            room = Path(folder)
            (room / "code.py").write_text(code.text, encoding="utf-8")
            np.save(room / "in.npy", x.transpose(0, 2, 3, 1))
            arrays = {f"{name}/{i}": w for name, ws in code.weights.items() for i, w in enumerate(ws)}
            np.savez(room / "weights.npz", **arrays)  # type: ignore[arg-type]
            argv = [str(Path(__file__).with_name("keras_run.py")), folder, str(keep or "")]
            try:
                apart.run(argv, go_on, {"KERAS_BACKEND": "torch", "PYTHONWARNINGS": "ignore"})
            except apart.Failure as e:
                raise ExportError(_failure(str(e))) from None
            out: Array = np.load(room / "out.npy")
            return out.transpose(0, 3, 1, 2) if out.ndim == 4 else out

    return compare(net_, rows, run, runs=1)


def _failure(said: str) -> str:
    if "No module named 'keras'" in said:
        text = _(
            "Keras is not installed here, so that its code cannot be verified. Run: python -m pip install {package}"
        )
        return text.format(package='"cnnviz[keras]"')
    return _("Keras cannot run this code: {why}").format(why=apart.last_line(said))
