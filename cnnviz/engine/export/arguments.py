"""A layer's module as exported code writes it: its class and its arguments as a person would write them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from torch import nn

from ...net.analysis import Row
from ..build import module_type

BARE = ("in_channels", "out_channels", "channels", "in_features", "out_features", "num_features")
"""Arguments that are written without their names where they come first."""


PAIRS = ("kernel_size", "stride", "padding", "dilation", "output_padding", "output_size", "scale_factor")
"""Arguments that torch takes one number for where all are equal."""


def made(row: Row) -> tuple[str, dict[str, str]]:
    """The class that a layer's module has, with `nn.` where it is torch's, and its arguments as text."""
    kind, args = row.node.layer.torch(row.ins)
    return f"nn.{kind}" if hasattr(nn, kind) else kind, {k: text(k, v) for k, v in args.items()}


def text(key: str, value: Any) -> str:
    """A value as a person writes it: one number for an equal pair."""
    if key in PAIRS and isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    return repr(value)


@cache
def usual(kind: str) -> Mapping[str, str]:
    """Arguments of a class in their order, as the text of their defaults; empty where there is none."""
    found = inspect.signature(module_type(kind.removeprefix("nn."))).parameters
    return {k: "" if p.default is p.empty else text(k, p.default) for k, p in found.items()}


def completed(kind: str, args: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Arguments of several modules of one class: each has every argument that one of them has, in the class's order."""
    given = {k for a in args for k in a}
    known = usual(kind)
    keys = [*(k for k in known if k in given), *sorted(given - known.keys())]
    return [{k: a.get(k, known.get(k, "")) for k in keys} for a in args]


def listed(kind: str, args: Mapping[str, str]) -> list[str]:
    """Arguments as they stand in the call of a class of torch's or ours."""
    order = list(usual(kind))
    parts: list[str] = []
    for i, (key, value) in enumerate(args.items()):
        bare = key in BARE and i < 2 and order[i] == key
        parts.append(value if bare else f"{key}={value}")
    return parts
