"""What a traced operation gives, as far as it is known without running it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from torch import Tensor

from ...net.layers import Shape


@dataclass(frozen=True)
class Step:
    """A rearrangement that has not become a node, as it may cancel out. Axes and sizes are without the batch."""

    name: str  # "permute" or "reshape"
    sizes: tuple[int, ...]  # the order of the axes, or the new sizes

    def after(self, dims: Shape) -> Shape:
        """The sizes that it leaves."""
        return tuple(dims[a] for a in self.sizes) if self.name == "permute" else self.sizes


LAST = Step("permute", (1, 2, 0))
FIRST = Step("permute", (2, 0, 1))
"""Channels to the end, and back to the front."""


@dataclass(frozen=True)
class Value:
    """A tensor: the output of one of our nodes, seen through rearrangements.

    node    the node's id;  shape  of its output, without the batch
    memory  tensors with the same number share memory, so that writing into one changes all
    """

    node: str
    shape: Shape
    memory: int
    steps: tuple[Step, ...] = ()

    @property
    def dims(self) -> Shape:
        """Sizes without the batch as the model sees them."""
        dims = self.shape
        for step in self.steps:
            dims = step.after(dims)
        return dims

    @property
    def last(self) -> bool:
        """Whether it is a map whose channels stand last."""
        return self.steps == (LAST,)

    def through(self, step: Step) -> Value:
        """Rearranged once more; what cancels out is left out."""
        steps = [*self.steps, step]
        if len(steps) > 1 and steps[-1].name == steps[-2].name:
            newer, older = steps.pop(), steps.pop()
            both = tuple(older.sizes[a] for a in newer.sizes) if newer.name == "permute" else newer.sizes
            steps.append(Step(newer.name, both))
        end, dims = steps[-1], replace(self, steps=tuple(steps[:-1])).dims
        if end.sizes == (tuple(range(len(dims))) if end.name == "permute" else dims):
            steps.pop()
        return replace(self, steps=tuple(steps))

    @property
    def count(self) -> int:
        """Values of one picture."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class Weight:
    """A parameter, buffer or constant of the model, by its name there."""

    name: str
    tensor: Tensor


@dataclass(frozen=True, eq=False)
class Pending:
    """What became no node: no tensor with a batch in front. `sample` is what it gives for zeros; `wired`: it depends
    on the input."""

    sample: object
    wired: bool


@dataclass(frozen=True)
class Pieces:
    """A tensor cut along its channels: (first channel, the one behind the last) of each piece."""

    value: Value
    cuts: tuple[tuple[int, int], ...]


def leading(result: object) -> Tensor | None:
    """The first tensor in a nested result."""
    if isinstance(result, Tensor):
        return result
    if isinstance(result, dict):
        result = list(result.values())
    found = (leading(r) for r in result) if isinstance(result, (tuple, list)) else ()
    return next((t for t in found if t is not None), None)
