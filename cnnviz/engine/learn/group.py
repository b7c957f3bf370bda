"""The processes that make one training together; here there is one, alone. Several: together.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # torch is loaded later, when it is known that there is something to train
    from torch import Tensor, nn

T = TypeVar("T")

STOP, HOLD, SAVE = "stop", "hold", "save"
WISHES = (STOP, HOLD, SAVE)
"""What one process may want after a step, and all of them do then."""


TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun puts into the environment of each process."""


def started() -> bool:
    """Whether torchrun has started this process."""
    return all(name in os.environ for name in TORCHRUN)


class Lost(RuntimeError):
    """Another process of the group has ended, or is out of reach; the message is a sentence."""


class Group:
    """One process alone: every question has its own answer, and nothing is waited for.

    size, rank     processes, and the number of this one, from 0; the first one records, and talks
    local, beside  number of this process on its machine, and how many are there
    """

    size, rank = 1, 0
    local, beside = 0, 1
    job = ""  # what started the processes, and starts them again where one fails; empty: nothing does

    def __init__(self) -> None:
        self._wishes: dict[str, Callable[[], bool]] = {}

    @property
    def leads(self) -> bool:
        """Whether this process records, and talks."""
        return self.rank == 0

    def rows(self, pictures: int) -> slice:
        """Which of a step's pictures are this process's: equal shares, the first processes one more where need be."""
        share, rest = divmod(pictures, self.size)
        first = self.rank * share + min(self.rank, rest)
        return slice(first, first + share + (self.rank < rest))

    def wants(self, wish: str, asked: Callable[[], bool]) -> None:
        """`asked` tells from now on whether this process wants that, one of WISHES."""
        self._wishes[wish] = asked

    def agreed(self, wish: str) -> bool:
        """Whether any process wanted that at the last `total`; alone: whether it is wanted now."""
        asked = self._wishes.get(wish)
        return asked is not None and asked()

    # ── all processes of the group call these, in the same order; each may raise Lost ────────────────────────────────
    def total(self, *own: float) -> tuple[float, ...]:
        """The sums over all processes, in float64; what is wished is agreed on the way."""
        return own

    def sum(self, own: Tensor) -> Tensor:
        """The sum of a tensor over all processes, as a new one."""
        return own.clone()

    def gather(self, own: T) -> list[T]:
        """What each process gives, in order."""
        return [own]

    def first(self, work: Callable[[], T]) -> T:
        """Do this in the first process, and only then in the others; where it fails in the first, Elsewhere there."""
        return work()

    def given(self, work: Callable[[], T]) -> T:
        """What this gives in the first process, in all of them; where it fails there, Elsewhere in the others."""
        return work()

    def together(self, work: Callable[[], T]) -> T:
        """Do this in all processes; where it fails in some, the first of them says so, and the others get Elsewhere."""
        return work()

    def same(self, tensors: Iterable[Tensor]) -> None:
        """Give all processes those of the first one."""

    def backward(self, total: Tensor, own: int, whole: int) -> None:
        """Gradients of the mean over a step's pictures, `whole` many; `total`: the mean over this process's `own`."""
        total.backward()  # type: ignore[no-untyped-call]

    def mean(self, own: int, whole: int, *values: float) -> tuple[float, ...]:
        """Means over a step's pictures, `whole` many, of means over this process's `own`."""
        return values

    def parallel(self, module: nn.Module) -> Callable[..., Any]:
        """The module as its outputs are to be asked for: a backward gives all processes the mean of their gradients."""
        return module

    def close(self) -> None:
        """The training is over, in all processes."""


class Elsewhere(Exception):
    """Something has failed in another process, which says what."""


ALONE = Group()
