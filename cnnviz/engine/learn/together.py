"""Several processes that train one net, each on its share of every step's pictures: torch's DistributedDataParallel.

They are started by `torchrun`, on one machine or on several, and find each other through its environment. Gradients go
by nccl where the nets are on CUDA, all the rest by gloo.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch._C._distributed_c10d import TCPStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from ...text import _
from .group import WISHES, Elsewhere, Group, Lost

T = TypeVar("T")

BOARD = "cnnviz: board"
PATIENCE = timedelta(minutes=10)  # how long another process may let one wait


def job() -> str:
    """What tells this call of torchrun from others, also after it has restarted its processes."""
    given = os.environ.get("TORCHELASTIC_RUN_ID", "")
    return given if given not in ("", "none") else f"{socket.gethostname()} {os.getppid()}"


def joined() -> Together:
    """The group of this process. Waits for the others. Raises Lost."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    return Together(*(int(os.environ.get(name, "1")) for name in names))


def leave(status: int) -> None:
    """End this process at once: torch's own way out waits for the others, or aborts where one of them is gone."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class Together(Group):
    """This process and its likes, see Group."""

    def __init__(self, rank: int, size: int, local: int, beside: int):
        super().__init__()
        self.rank, self.size, self.local, self.beside = rank, size, local, beside
        self.job = job()
        self._agreed = [0.0] * len(WISHES)
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        self._said(lambda: self._meet(backend))

    def agreed(self, wish: str) -> bool:
        return self._agreed[WISHES.index(wish)] > 0

    def total(self, *own: float) -> tuple[float, ...]:
        asks = (self._wishes.get(w) for w in WISHES)
        all = torch.tensor([*own, *(float(a is not None and a()) for a in asks)], dtype=torch.float64)
        self._said(lambda: dist.all_reduce(all))
        found: list[float] = all.tolist()
        self._agreed = found[len(own) :]
        return tuple(found[: len(own)])

    def sum(self, own: Tensor) -> Tensor:
        whole = own.detach().clone(memory_format=torch.contiguous_format)
        self._said(lambda: dist.all_reduce(whole))
        return whole

    def gather(self, own: T) -> list[T]:
        found: list[Any] = [None] * self.size
        self._said(lambda: dist.all_gather_object(found, own))
        return found

    def first(self, work: Callable[[], T]) -> T:
        if not self.leads:
            self.given(lambda: None)
            return work()
        found: list[T] = []
        self.given(lambda: found.append(work()))
        return found[0]

    def given(self, work: Callable[[], T]) -> T:
        error: Exception | None = None
        box: list[Any] = [None, ""]
        if self.leads:
            try:
                box[0] = work()
            except Exception as e:
                error, box[1] = e, "failed"
        self._said(lambda: dist.broadcast_object_list(box, 0))
        if error is not None:
            raise error
        if box[1]:
            raise Elsewhere
        found: T = box[0]
        return found

    def together(self, work: Callable[[], T]) -> T:
        error: Exception | None = None
        try:
            found = work()
        except Lost:
            raise
        except Exception as e:
            error = e
        failed = self.gather(isinstance(error, Exception) and not isinstance(error, Elsewhere))
        if error is not None and failed.index(True) == self.rank:
            raise error
        if error is not None or any(failed):
            raise Elsewhere
        return found

    def same(self, tensors: Iterable[Tensor]) -> None:
        def spread() -> None:
            for tensor in tensors:
                dist.broadcast(tensor, 0)

        self._said(spread)

    def backward(self, total: Tensor, own: int, whole: int) -> None:
        # torch takes the plain mean of all processes' gradients, however many pictures each of them had
        self._said(lambda: torch.autograd.backward(total * (own * self.size / whole)))

    def mean(self, own: int, whole: int, *values: float) -> tuple[float, ...]:
        return tuple(v / whole for v in self.total(*(own * v for v in values)))

    def parallel(self, module: nn.Module) -> Callable[..., Any]:
        if not any(p.requires_grad for p in module.parameters()):
            return module
        # a part of the user's own may leave out weights of its; torch has to look for them then
        unknown = any(not type(m).__module__.startswith(("torch.nn.", "cnnviz.")) for m in module.modules())
        whole: DistributedDataParallel = self._said(
            lambda: DistributedDataParallel(module, find_unused_parameters=unknown)
        )
        return lambda *args: self._said(lambda: whole(*args))

    def close(self) -> None:
        self.total()  # nobody leaves before all have all that they wait for

    def _meet(self, backend: str) -> None:
        """Find the others.

        torchrun (2.13) keeps what its processes have told each other when it starts them again, and they would look for
        dead ones. So the first one opens a board of its own each time, and torchrun's tells only where that one is.
        """
        old, _rank, _size = next(rendezvous("env://", self.rank, self.size, timeout=PATIENCE))
        host, end = os.environ["MASTER_ADDR"], monotonic() + PATIENCE.total_seconds()
        if self.leads:
            board = TCPStore(host, 0, self.size, True, PATIENCE, wait_for_workers=False)
            old.set(BOARD, str(board.port))
        else:
            board = None
        while board is None:
            port = int(old.get(BOARD))
            try:
                socket.create_connection((host, port), timeout=3).close()
                board = TCPStore(host, port, self.size, False, timedelta(seconds=30), wait_for_workers=False)
            except (OSError, dist.DistError):  # that of a dead process: the new one is about to say where its own is
                if monotonic() > end:
                    raise
                sleep(0.1)
        board.set_timeout(PATIENCE)
        dist.init_process_group(backend, timeout=PATIENCE, world_size=self.size, rank=self.rank, store=board)

    def _said(self, work: Callable[[], T]) -> T:
        """Do it; where the others cannot be reached, Lost."""
        try:
            return work()
        except (RuntimeError, ValueError) as error:
            if not lost(error):
                raise
            text = _("Process {rank} of {size} ends: another one has ended, or is out of reach.")
            raise Lost(text.format(rank=self.rank + 1, size=self.size)) from error


def lost(error: Exception) -> bool:
    """Whether torch says with this that another process is not there any more."""
    return isinstance(error, dist.DistError) or any(w in str(error) for w in ("gloo", "Connection closed", "NCCL"))
