"""Whether what was exported does what the network does: both run on the same random inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...net.analysis import Analysis
from ...net.layers import Tokens
from ..build import Net, NothingDrawn
from .python import Code

BATCH = 2  # pictures in each run
RUNS = 2
STRONGEST = 6  # tenth powers by which inputs are enlarged
TELLING = 0.1  # how far outputs of about 1 should move from picture to picture
BLIND = 1e-5  # of the outputs: what moves less is lost in rounding
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Verified:
    """The largest absolute difference between two outputs, and the largest absolute value of the net's own.

    `inputs`: how many random inputs were compared;  `moved`: by how much the net's outputs differ between them.
    """

    difference: float
    largest: float
    inputs: int
    moved: float = math.inf

    def within(self, tolerance: float) -> bool:
        """Whether they are the same but for rounding; `tolerance` counts for outputs of about 1."""
        return self.difference <= tolerance * max(1.0, self.largest)

    @property
    def telling(self) -> bool:
        """Whether the comparison says something: not where the net gives nearly the same for every input."""
        return self.moved > max(BLIND * self.largest, 100 * self.difference)


class Cancelled(Exception):
    """What is under way is not wanted any more."""


def always() -> bool:
    """It is wanted to its end."""
    return True


def verify(net: Net, rows: Analysis, exported: Code | bytes) -> Verified:
    """Run exported PyTorch source, or an ONNX file, beside the net. Both are run as they are used: in evaluation."""
    if isinstance(exported, Code):
        return compare(net, rows, _module(net, exported))
    from .to_onnx import runner

    return compare(net, rows, runner(exported))


def compare(net: Net, rows: Analysis, other: Callable[[Array], Array], runs: int = RUNS) -> Verified:
    """Run `other`, which takes and gives a batch as an array, beside the net."""
    difference = largest = 0.0
    given: list[Array] = []
    was = net.training
    net.eval()
    try:
        for x in strong(net, rows)[:runs]:
            with torch.no_grad():
                ours = net(x).numpy()
            given.extend(ours)
            theirs = np.asarray(other(x.numpy()))
            if ours.shape != theirs.shape:
                return Verified(float("inf"), 0.0, BATCH)
            difference = max(difference, _apart(ours, theirs))
            largest = max(largest, float(np.max(np.abs(ours), initial=0.0, where=np.isfinite(ours))))
    finally:
        net.train(was)
    moved = max(_apart(given[0], one) for one in given[1:])
    return Verified(difference, largest, BATCH * runs, moved)


def strong(net: Net, rows: Analysis) -> Sequence[Tensor]:
    """Random batches, enlarged where the net, which is in evaluation mode, would give nearly the same for all of them.

    The maps of a network that has not been trained fade from layer to layer, and what differs would fade with them.
    """
    batches = inputs(rows)
    if rows.input is not None and isinstance(rows.input.layer, Tokens):
        return batches
    best, scale = 0.0, 1.0
    for power in range(STRONGEST + 1):
        with torch.no_grad():
            out = net(batches[0] * 10.0**power)
        if not bool(out.isfinite().all()):
            break
        share = float((out - out[:1]).abs().max()) / max(1.0, float(out.abs().max()))
        if share > 2 * best:
            best, scale = share, 10.0**power
        if best >= TELLING:
            break
    return [x * scale for x in batches]


def inputs(rows: Analysis) -> Sequence[Tensor]:
    """Random batches of what enters this network."""
    dice = torch.Generator().manual_seed(0)
    node = rows.input
    out = rows[node.id].out if node is not None else None
    shape = (BATCH, *(out or (1,)))
    if node is not None and isinstance(node.layer, Tokens):
        words = node.layer.vocabulary
        return [torch.randint(words, shape, generator=dice).float() for _ in range(RUNS)]
    return [torch.randn(shape, generator=dice) for _ in range(RUNS)]


def _apart(a: Array, b: Array) -> float:
    """The largest difference; values that are not numbers are the same where both are."""
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    apart = np.abs(np.where(same, 0, a) - np.where(same, 0, b))
    return float("inf") if np.isnan(apart).any() else float(apart.max(initial=0.0))


def _module(net: Net, code: Code) -> Callable[[Array], Array]:
    names: dict[str, object] = {"__name__": "exported"}
    exec(compile(code.text, "<exported>", "exec"), names)  # source that was written just now
    cls = names[code.name]
    assert isinstance(cls, type) and issubclass(cls, nn.Module)
    with NothingDrawn():  # a training may be going on
        module = cls().eval()
    module.load_state_dict(code.state(net.state_dict()))

    def run(x: Array) -> Array:
        with torch.no_grad():
            given = module(torch.from_numpy(x))
        out: Array = (given[0] if isinstance(given, tuple) else given).numpy()  # behind it are auxiliary outputs
        return out

    return run
