"""Repairs for a layer that gets a vector where it needs a map, a map where it needs a sequence, and the like."""

from __future__ import annotations

from math import prod

from ...text import N_
from .. import edit
from ..layers import Layer, Shape, Shortcut, Tokens
from .base import Case, Offer, Offers, made, move_before, offer, out_of, said
from .settings import SET, Cure

INSERT = N_("Insert {type}")
USE = N_("Use {type} instead")
MAPS, SEQUENCES, VECTORS = 3, 2, 1  # numbers in the shape of each
TWINS: dict[int, dict[str, str]] = {
    MAPS: {"BatchNorm1d": "BatchNorm2d", "Conv1d": "Conv2d", "MaxPool1d": "MaxPool2d", "Linear": "ChannelLinear"},
    SEQUENCES: {"BatchNorm2d": "BatchNorm1d", "Conv2d": "Conv1d", "MaxPool2d": "MaxPool1d"},
    VECTORS: {
        "BatchNorm2d": "BatchNorm1d",
        "Dropout2d": "Dropout",
        "InstanceNorm2d": "LayerNorm",
        "ChannelLinear": "Linear",
        "Conv2d": "Linear",
        "Conv1d": "Linear",
    },
}
"""The layer that does for maps, sequences and vectors what another does elsewhere."""
LARGEST = 50_000_000
"""Weights of a Linear that is offered: what comes in is averaged first where it would have more."""


def needs_map(case: Case) -> Offers:
    """A vector or a sequence where a map is needed."""
    shape = case.args["shape"]
    if case.layer.family in ("Normalisation", "Regularisation"):
        yield from twin(case, len(shape))
    yield from earlier(case, MAPS)
    for wanted in _maps(case, shape):
        yield reshaped(case, wanted)
    yield from twin(case, len(shape))


def _maps(case: Case, shape: Shape) -> list[Shape]:
    """Maps that these values could be: as they were before Flatten, a column, a square of one channel."""
    values = prod(shape)
    found: list[Shape] = [r.out for r in case.chain if r.out and len(r.out) == MAPS and prod(r.out) == values]
    found.append((*shape, 1) if len(shape) == SEQUENCES else (values, 1, 1))
    side = int(values**0.5)
    while values % side:
        side -= 1
    found.append((1, side, values // side))
    return list(dict.fromkeys(found))


def needs_vector(case: Case) -> Offers:
    """A map or a sequence where a vector is needed."""
    shape = case.args["shape"]
    if case.layer.family in ("Normalisation", "Regularisation"):
        yield from twin(case, len(shape))
    outputs = getattr(case.layer, "out_features", 0)
    if prod(shape) * outputs <= LARGEST:
        yield offer(INSERT, case.insert(made("Flatten")), type="Flatten")
    if len(shape) == MAPS:
        pooled = case.insert(made("AdaptiveAvgPool2d"), made("Flatten"))
        yield offer(N_("Insert AdaptiveAvgPool2d and Flatten"), pooled)
    yield offer(INSERT, case.insert(made("Flatten")), type="Flatten")
    yield from twin(case, len(shape))


def needs_sequence(case: Case) -> Offers:
    """A map or a vector where a sequence is needed."""
    shape = case.args["shape"]
    first = case.chain[0] if case.chain else None
    if first is not None and isinstance(first.node.layer, Tokens):
        layer = made("Embedding", num_embeddings=first.node.layer.vocabulary, layout="channels")
        yield offer(INSERT, case.insert(layer), type="Embedding")
    if first is not None and first.node.type == "Embedding":
        yield offer(SET, case.set(first.id, layout="channels"), setting="layout", node=first.id, value="channels")
    yield from earlier(case, SEQUENCES)
    yield from twin(case, len(shape))
    if len(shape) == MAPS and shape[2] > 1:
        yield offer(N_("Insert Mean over the width"), case.insert(made("Mean", axis="width")))
    values = prod(shape)
    for wanted in ((shape[0], values // shape[0]), (1, values)):
        yield reshaped(case, wanted)


def needs_tokens(case: Case) -> Offers:
    """Something else than a sentence before an Embedding."""
    first = case.rows.input
    words = getattr(case.layer, "num_embeddings", 1)
    chain = [r for r in case.chain if r.out is not None]
    if first is not None and [r.id for r in chain[:1]] == [first.id] and case.graph.readers[first.id] == (case.id,):
        tokens = made("Tokens", vocabulary=words)
        if tokens is not None:
            yield offer(USE_AT, case.graph.change(first.id, layer=tokens), type="Tokens", node=first.id)
    yield offer(N_("Remove {node}: words come from Tokens alone"), case.remove(), node=case.id)
    yield reshaped(case, (1, prod(case.args["shape"]), 1))


USE_AT = N_("Use {type} instead of {node}")


def foreign(case: Case) -> Offers:
    """A part of an imported model gets something else than it did there."""
    need, have = case.args.get("need") or (), case.args.get("have") or ()
    if len(need) != len(have):
        return
    wrong = [(port, a, b) for port, (a, b) in enumerate(zip(have, need, strict=True)) if a != b]
    if len(wrong) == 1:
        port, shape, target = wrong[0]
        for words, layers in ways(shape, target):
            yield Offer(words.template, case.insert(*layers, port=port), words.args)


# ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def twin(case: Case, rank: int) -> Offers:
    """The layer that does the same for what comes in."""
    name = TWINS[rank].get(case.node.type)
    if name is not None:
        yield offer(USE, case.turn(name), type=name)


def earlier(case: Case, rank: int) -> Offers:
    """The layer further up, where maps still are maps: before the Flatten that is in its way."""
    before = None
    for row in case.chain:
        if row.out is not None and len(row.out) == rank and before is not None:
            if out_of(case.layer, row.out) and len(case.node.sources) == 1:
                yield offer(N_("Move it before {node}"), move_before(case.graph, case.id, before), node=before)
            return
        before = row.id


def reshaped(case: Case, wanted: Shape) -> Offer:
    """The same values in another shape."""
    return offer(N_("Insert Reshape to {shape}"), case.insert(made("Reshape", shape=wanted)), shape=wanted)


Layers = tuple[Layer | None, ...]


def ways(shape: Shape, target: Shape, weights: bool = True) -> list[tuple[Offer, Layers]]:
    """Layers that make `target` of `shape`, with what to say of them; the best first, at least one.

    `weights`: learned ones first, as where a skip connection is projected.
    """
    found = list(_ways(shape, target))
    if not weights:
        found = [way for way in found if not any(isinstance(it, Shortcut) for it in way[1])]
        found.sort(key=lambda way: any(it and it.family in ("Convolution", "Dense") for it in way[1]))
    return [(words, layers) for words, layers in found if _gives(shape, layers) == target]


def _gives(shape: Shape | None, layers: Layers) -> Shape | None:
    for layer in layers:
        shape = out_of(layer, shape) if shape is not None else None
    return shape


def _ways(shape: Shape, target: Shape) -> list[tuple[Offer, Layers]]:
    n = prod(target)
    if len(target) == len(shape) == MAPS:
        found = _between_maps(shape, target)
    elif len(target) == MAPS and shape == target[:1]:
        found = [(offer(N_("Insert Reshape to {shape}"), None, shape=(n, 1, 1)), (made("Reshape", shape=(n, 1, 1)),))]
    elif len(target) == len(shape) == SEQUENCES:
        found = _between_sequences(shape, target)
    else:
        found = []
    if prod(shape) == n:
        last: Layers = (made("Flatten"),) if len(target) == VECTORS else (made("Reshape", shape=target),)
        found.append((offer(N_("Insert Reshape to {shape}"), None, shape=target), last))
        return found
    if found and len(target) == MAPS:
        return found
    last = () if len(target) == VECTORS else (made("Reshape", shape=target),)
    flat: Layers = () if len(shape) == VECTORS else (made("Flatten"),)
    words = offer(N_("Insert Linear with {n} outputs") if not (flat or last) else N_("Insert layers that give {shape}"),
                  None, n=n, shape=target)  # fmt: skip
    few: Layers = (made("AdaptiveAvgPool2d"),) if len(shape) == MAPS else (made("Mean"),) if shape[1:] else ()
    if prod(shape) * n <= LARGEST:
        found.append((words, (*flat, made("Linear", out_features=n), *last)))
    elif few:
        found.append((words, (*few, *(flat if len(shape) == MAPS else ()), made("Linear", out_features=n), *last)))
    return found


def _between_maps(shape: Shape, target: Shape) -> list[tuple[Offer, Layers]]:
    (c, *sizes), (channels, *wanted) = shape, target
    found: list[tuple[Offer, Layers]] = []
    stride = tuple(_stride(n, m) for n, m in zip(sizes, wanted, strict=True))
    near = all(abs(n - m) <= max(2, m // 8) for n, m in zip(sizes, wanted, strict=True))
    pad = _sides(sizes, wanted)
    conv = made("Conv2d", out_channels=channels, kernel_size=1)
    met = offer(_meeting(pad), None, size=tuple(wanted))
    if near and c == channels:
        found.append((met, (made("ZeroPad2d", padding=pad),)))
    if all(stride):
        words = (
            offer(N_("Add a 1×1 shortcut with {channels} channels"), None, channels=channels)
            if stride == (1, 1)
            else offer(
                N_("Add a 1×1 shortcut with stride {stride} and {channels} channels"),
                None,
                stride=said(stride),
                channels=channels,
            )
        )
        found.append((words, (made("Conv2d", out_channels=channels, kernel_size=1, stride=stride),)))
        if channels >= c:
            words = offer(N_("Add a shortcut without weights (option A)"), None)
            found.append((words, (made("Shortcut", out_channels=channels, stride=stride),)))
    if c == channels:
        scale = tuple(m // n if m % n == 0 else 0 for n, m in zip(sizes, wanted, strict=True))
        if all(scale):
            found.append((offer(N_("Insert Upsample by {scale}"), None, scale=said(scale)),
                          (made("Upsample", scale_factor=scale),)))  # fmt: skip
        pooled = offer(N_("Insert AdaptiveAvgPool2d to {size}"), None, size=tuple(wanted))
        found.append((pooled, (made("AdaptiveAvgPool2d", output_size=tuple(wanted)),)))
        if not near:
            found.append((met, (made("ZeroPad2d", padding=pad),)))
    else:
        both = offer(N_("Add a 1×1 shortcut with {channels} channels, padded or cut to meet"), None, channels=channels)
        if any(pad):
            found.append((both, (conv, made("ZeroPad2d", padding=pad))))
            found.append((both, (conv, made("AdaptiveAvgPool2d", output_size=tuple(wanted)))))
    return found


def _meeting(sides: tuple[int, int, int, int]) -> str:
    if min(sides) >= 0:
        return N_("Pad to {size} to meet")
    return N_("Crop to {size} to meet") if max(sides) <= 0 else N_("Pad and crop to {size} to meet")


def _between_sequences(shape: Shape, target: Shape) -> list[tuple[Offer, Layers]]:
    stride = _stride(shape[1], target[1])
    if not stride:
        return []
    words = offer(N_("Add a Conv1d of length 1 with {channels} channels"), None, channels=target[0])
    return [(words, (made("Conv1d", out_channels=target[0], kernel_size=1, stride=stride),))]


def _stride(n: int, wanted: int) -> int:
    """The stride with which a window of one pixel makes `wanted` of `n`; 0 where there is none."""
    stride = -(-n // wanted)
    return stride if (n - 1) // stride + 1 == wanted else 0


def _sides(sizes: list[int], wanted: list[int]) -> tuple[int, int, int, int]:
    """Pixels to add (left, right, top, bottom), negative to cut."""
    (top, bottom), (left, right) = ((d // 2, d - d // 2) for d in (m - n for n, m in zip(sizes, wanted, strict=True)))
    return left, right, top, bottom


# ── weights that several use ─────────────────────────────────────────────────────────────────────────────────────────
def _own_weights(case: Case) -> Offers:
    yield offer(N_("Give {node} weights of its own"), edit.own_weights(case.graph, case.id), node=case.id)


def _same_settings(case: Case) -> Offers:
    owner = case.args["owner"]
    changed = case.graph.change(case.id, layer=case.graph[owner].layer)
    yield offer(N_("Give {node} the settings of {owner}"), changed, node=case.id, owner=owner)


CURES: dict[str, tuple[Cure, ...]] = {
    "weights.input": (_own_weights,),
    "weights.layer": (_own_weights, _same_settings),
    "shape.map": (needs_map,),
    "shape.vector": (needs_vector,),
    "shape.sequence": (needs_sequence,),
    "shape.tokens": (needs_tokens,),
    "foreign.shape": (foreign,),
}
"""What is offered for each problem of a shape that does not fit, the best first."""
