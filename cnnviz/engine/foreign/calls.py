"""One operation of a traced model: what it is called, what it is given, and whether it writes into what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn

from ...text import _
from .carried import carried

if TYPE_CHECKING:
    from .mapper import Mapper

OURS = "cnnviz."
"""What the names of rules for our own modules begin with."""
LONGEST = 300  # characters of what somebody's code says
_TORCH = ("torch", "_operator", "math", "builtins")
_WRITERS = {"iadd", "isub", "imul", "itruediv", "ifloordiv", "ior", "iand", "ixor", "ipow", "imod", "setitem"}
_KNOWN = {"None": None, "True": True, "False": False}


@dataclass(frozen=True, eq=False)
class Call:
    """One operation with its arguments as far as they are known."""

    mapper: Mapper
    node: fx.Node
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    module: nn.Module | None = None

    def bind(self, form: str) -> dict[str, Any]:
        """The arguments by name. `form`: names in order, with their defaults, such as "input p=0.5".

        Raises TypeError where the arguments are others.
        """
        parts = [part.partition("=") for part in form.split()]
        order = [name for name, _has, _default in parts]
        if len(self.args) > len(order):
            raise TypeError(self.name)
        bound = {name: _literal(default) for name, has, default in parts if has}
        bound |= dict(zip(order, self.args, strict=False))
        bound |= {"input" if name == "self" else name: value for name, value in self.kwargs.items()}
        if set(bound) != set(order):
            raise TypeError(self.name)
        return bound

    @property
    def writes(self) -> bool:
        """Whether it writes into its first argument."""
        if self.module is not None:
            return bool(getattr(self.module, "inplace", False))
        name = self.name or bare_name(self.node)
        if name.endswith("_") and not name.startswith("_"):
            return name not in ("requires_grad_", "retain_grad")
        return name in _WRITERS or self.kwargs.get("inplace") is True

    @property
    def shown(self) -> str:
        """What a person calls it."""
        if self.module is not None:
            return str(getattr(self.module, "title", type(self.module).__name__))
        return bare_name(self.node).strip("_")


Rule = Callable[[Call], Any]
"""Gives what an operation gives, having made its node; None where there is no layer for it."""


def rule_name(node: fx.Node, module: nn.Module | None) -> str:
    """By which the rule for an operation is found: a class of torch.nn or ours, a function or method of torch's.

    Empty for what is somebody else's.
    """
    if module is not None:
        if hasattr(module, "parametrizations") or is_reweighted(module) or isinstance(module, torch.jit.ScriptModule):
            return ""
        if own := carried(module):
            return OURS + own
        cls = type(module)
        if cls.__module__.startswith("torchvision.ops."):
            return cls.__name__
        for base in cls.__mro__:
            if base.__module__.startswith("torch.nn.modules.") and cls.forward is getattr(base, "forward", None):
                return base.__name__
        return ""
    if isinstance(node.target, str):
        return node.target
    home = (getattr(node.target, "__module__", None) or "torch").partition(".")[0]
    name = bare_name(node)
    return name if home in _TORCH or (home == "torchvision" and name == "stochastic_depth") else ""


def spoken(error: BaseException) -> str:
    """What an error of somebody's code says, as a part of a sentence."""
    words = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        words = _("it called sys.exit({code})").format(code="" if error.code is None else repr(error.code))
    elif not words or isinstance(error, LookupError):  # a bare key says little
        words = f"{type(error).__name__} {words}".rstrip()
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} …"


def bare_name(node: fx.Node) -> str:
    """The last part of a function's or method's name."""
    return str(getattr(node.target, "__name__", node.target)).rpartition(".")[2]


def is_reweighted(module: nn.Module) -> bool:
    """Whether hooks of torch's own make the weights anew for each call (weight and spectral normalisation)."""
    return any(type(h).__module__.startswith("torch.nn.utils.") for h in module._forward_pre_hooks.values())


def unhook(module: nn.Module) -> None:
    """Take away the hooks that somebody has put on a module and what is in it, but not those that make its weights."""
    for part in module.modules():
        for hooks in (part._forward_hooks, part._backward_hooks, part._backward_pre_hooks):
            hooks.clear()
        if not is_reweighted(part):
            part._forward_pre_hooks.clear()


def _literal(text: str) -> Any:
    if text in _KNOWN:
        return _KNOWN[text]
    return text[1:-1] if text[0] == "'" else float(text) if "." in text or "e" in text else int(text)
