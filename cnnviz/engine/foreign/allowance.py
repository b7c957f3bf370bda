"""Somebody's model is built only as far as memory reaches."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from ...text import _
from ..memory import available, size_text

LARGE = 64_000_000  # bytes: before so many are used it is looked at what others have left meanwhile
_MAKERS = ("empty", "zeros", "ones", "full", "rand", "randn", "randint", "tensor", "empty_strided")


class Allowance(TorchFunctionMode):
    """While it lasts, tensors that this thread makes must together fit into what memory is free now.

    The system would hand out more than there is, and end the program once it is used. What has been let go of still
    counts. Raises MemoryError with a sentence.
    """

    def __init__(self) -> None:
        super().__init__()
        self._have, self._made = available(), 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a function of torch, and count what it makes."""
        if getattr(func, "__name__", "") not in _MAKERS:
            return func(*args, **(kwargs or {}))
        try:
            made = func(*args, **(kwargs or {}))
        except RuntimeError as error:
            asked = re.search(r"tried to allocate (\d+) bytes", str(error))
            if asked is None:
                raise
            raise self._refusal(self._made + int(asked[1])) from error
        if isinstance(made, Tensor) and made.device.type == "cpu":
            size = made.numel() * made.element_size()
            self._made += size
            if self._have is not None and (self._made > self._have or (size > LARGE and size > (available() or 0))):
                raise self._refusal(self._made)
        return made

    def _refusal(self, need: int) -> MemoryError:
        text = _("The network needs at least {need} of memory, but only {have} are free.")
        return MemoryError(text.format(need=size_text(need), have=size_text(self._have or 0)))
