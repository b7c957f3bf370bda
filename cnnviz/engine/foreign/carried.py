"""Our own modules that travel with exported code, known again where that code is imported.

They are known by their code: a class that is merely called `Shortcut` is somebody else's.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from torch import nn

from .. import modules

_LABELS = {"__module__", "__qualname__", "__doc__", "__firstlineno__", "__static_attributes__"}
"""What a class knows of itself that does nothing."""
_FUTURE = 0x1000000  # the flag of `from __future__ import annotations`, which exported code does without


def carried(module: nn.Module) -> str:
    """The name of our module that this is an instance of, its code being ours word for word; else empty."""
    cls: type = type(module)
    return cls.__name__ if _is_ours(cls) else ""


@lru_cache(maxsize=256)
def _is_ours(cls: type) -> bool:
    ours = vars(modules).get(cls.__name__)
    if not isinstance(ours, type) or ours.__module__ != modules.__name__:
        return False
    return cls is ours or (cls.__bases__ == ours.__bases__ and _contents(cls) == _contents(ours))


def _contents(cls: type) -> dict[str, Any]:
    return {
        name: _function(value) if isinstance(value, FunctionType) else value
        for name, value in vars(cls).items()
        if name not in _LABELS and not name.startswith("__annot")
    }


def _function(function: FunctionType) -> tuple[Any, ...]:
    """All that decides what a function does: its code, its defaults, and what its global names stand for."""
    code = function.__code__
    known = vars(builtins) | function.__globals__
    stand = {name: id(known[name]) for name in _names(code) if name in known}
    return _code(code), function.__defaults__, function.__kwdefaults__, stand


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _code(code: CodeType) -> tuple[Any, ...]:
    """A function's code without the file and the lines where it stands."""
    constants = tuple(_code(c) if isinstance(c, CodeType) else (type(c), c) for c in code.co_consts)
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_FUTURE
    variables = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_name, counts, code.co_code, constants, variables
