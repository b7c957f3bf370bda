"""Operations that no rule knows, tried on zeros to see what they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from ...net.layers import Shape
from .calls import Call, unhook
from .trace import BATCH
from .values import Pending, Pieces, Value, Weight

PICTURES = 2  # that are tried at once


class Copies:
    """Copies of a model's modules and tensors, without their owner's hooks; the same one for the same thing."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Any]] = {}  # with what they are copies of, which keeps its id
        self._originals: dict[int, int] = {}

    def __call__(self, thing: Any) -> Any:
        if id(thing) not in self._made:
            try:
                made = deepcopy(thing, {key: ours for key, (_theirs, ours) in self._made.items()})
            except Exception:  # not everything can be copied
                made = thing
            made = plain(made) if made is not thing else made
            pairs = [(thing, made)]
            if isinstance(thing, nn.Module) and made is not thing:
                pairs += zip(thing.parameters(), made.parameters(), strict=True)
                unhook(made)
            self._made |= {id(theirs): (theirs, ours) for theirs, ours in pairs}
            self._originals |= {id(ours): id(theirs) for theirs, ours in pairs}
        return self._made[id(thing)][1]

    def original(self, ours: Any) -> int:
        """The id of what this is a copy of; its own where it is none."""
        return self._originals.get(id(ours), id(ours))


def plain(thing: Any) -> Any:
    """A module or tensor of our own as our networks have it: on the processor, its numbers float32."""
    if isinstance(thing, nn.Module):
        return thing.to(device="cpu", dtype=torch.float32)
    if not isinstance(thing, Tensor):
        return thing
    same = thing.device.type == "cpu" and (thing.dtype == torch.float32 or not thing.is_floating_point())
    return thing if same else thing.to("cpu", torch.float32 if thing.is_floating_point() else thing.dtype)


def tried(call: Call, batch: int, copies: Copies) -> tuple[Any, int]:
    """What an operation gives for zeros, and whose memory that is (0: its own). Raises what its code raises."""
    to = pictures(batch)
    shared: dict[int, int] = {}  # memory by address

    def sample(known: Any) -> Any:
        made = sample_of(known, batch, to)
        if isinstance(known, Value):
            shared[made.untyped_storage().data_ptr()] = known.memory
        return made

    args, kwargs = (rebatched(mapped_over(v, sample), batch, to) for v in (call.args, call.kwargs))
    if call.module is not None:
        result = copies(call.module)(*args, **kwargs)
    elif call.node.op == "call_method":
        result = getattr(args[0], str(call.node.target))(*args[1:], **kwargs)
    else:
        result = call.node.target(*args, **kwargs)  # type: ignore[operator]
    address = result.untyped_storage().data_ptr() if isinstance(result, Tensor) else 0
    return result, 0 if call.writes else shared.get(address, 0)


def alike(theirs: nn.Module, ours: nn.Module, shape: Shape) -> bool:
    """Whether two modules give the same for the same random input of this shape, to the last bit."""
    x = 3 * torch.randn(PICTURES, *shape, generator=torch.Generator().manual_seed(0))
    a, b = theirs(x), ours(x)
    return a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)


def is_batch(sample: Any, batch: int) -> bool:
    """Whether it is a tensor of numbers with a picture in each row."""
    plain = isinstance(sample, Tensor) and sample.is_floating_point() and sample.dim() > 1
    return plain and int(sample.shape[0]) == pictures(batch)


def pictures(batch: int) -> int:
    """How many are tried at once where `batch` stands for their number in sizes."""
    return PICTURES if batch == BATCH else batch


def rebatched(value: Any, batch: int, to: int) -> Any:
    """A plain value with sizes for `to` pictures in place of those for `batch`."""
    if type(value) is int:
        return value // batch * to if batch > 1 and value and value % batch == 0 else value
    if isinstance(value, slice):
        return slice(*(rebatched(v, batch, to) for v in (value.start, value.stop, value.step)))
    if isinstance(value, (tuple, list)):
        items = [rebatched(v, batch, to) for v in value]
        return (
            items if isinstance(value, list) else torch.Size(items) if isinstance(value, torch.Size) else tuple(items)
        )
    if isinstance(value, dict):
        return {k: rebatched(v, batch, to) for k, v in value.items()}
    return value


def sample_of(known: Any, batch: int, to: int) -> Any:
    """What an operation is tried on: zeros for tensors, `to` pictures of them."""
    if isinstance(known, Value):
        return torch.zeros(to, *known.dims)
    if isinstance(known, Weight):
        return plain(known.tensor.detach())
    if isinstance(known, Pending):
        return known.sample
    if isinstance(known, Pieces):
        dims = known.value.dims
        return tuple(torch.zeros(to, b - a, *dims[1:]) for a, b in known.cuts)
    return rebatched(known, batch, to)


def mapped_over(value: Any, change: Callable[[Any], Any]) -> Any:
    """`change` of everything inside lists, tuples and dictionaries."""
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        items = [mapped_over(v, change) for v in value]
        return items if isinstance(value, list) else tuple(items)
    return {k: mapped_over(v, change) for k, v in value.items()} if isinstance(value, dict) else change(value)


def tensors_in(result: Any) -> Sequence[Tensor]:
    """The tensors of a nested result, in its order."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, Mapping):
        result = list(result.values())
    return [t for item in result for t in tensors_in(item)] if isinstance(result, (tuple, list)) else []
