"""The networks that come with the program: files in `resources/networks`, in the order in which to meet them.

A small one is written there node by node, as any network file; one of a family names the family and its settings.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from ..resources import folder
from ..text import _
from .files import FileError, error, nearest, network, placed, plan, read
from .network import Network


def load(net: str | os.PathLike[str]) -> Network:
    """The network of this preset name or file. Raises FileError."""
    name = os.fspath(net)
    if name in presets():
        return preset(name)
    if not os.path.lexists(name) and Path(name).suffix == "" and os.path.basename(name) == name:
        raise _unknown(name)
    return read(name)


ONNX = ".onnx"
"""Ending of the files of other programs that can be opened."""


def is_model(net: str | os.PathLike[str]) -> bool:
    """Whether the engine must make it: an .onnx file, `torchvision:resnet50` or `package.module:callable`."""
    name = os.fspath(net)
    if name.endswith(ONNX):
        return True
    home, colon, made = name.partition(":")
    named = all(part.isidentifier() for part in (*home.split("."), *made.split(".")))
    return bool(colon) and named and not os.path.lexists(name)


@cache
def presets() -> tuple[str, ...]:
    """Names of the shipped networks."""
    return tuple((folder("networks") / "order.txt").read_text("utf-8").split())


@cache
def preset(name: str) -> Network:
    """A shipped network by name, such as `lenet5`. Raises FileError."""
    data = _data(name)
    # ours, and checked by the tests: no need for pydantic before the first window is painted
    if "family" not in data:
        return network(data, f"{name}.json")
    from .families import FAMILIES

    made = FAMILIES[data["family"]](**data["settings"]).graph()
    return Network(placed(made), name, data["title"], data["about"], plan(data.get("plan", {}), name))


def words(name: str) -> tuple[str, str]:
    """(title, what there is to say of it) of a shipped network, without building it."""
    data = _data(name)
    return data["title"], data["about"]


@cache
def _data(name: str) -> dict[str, Any]:
    if name not in presets():
        raise _unknown(name)
    data: dict[str, Any] = json.loads((folder("networks") / f"{name}.json").read_text("utf-8"))
    return data


def _unknown(name: str) -> FileError:
    what = _("There is neither such a file nor such a preset.")
    return error(name, what + nearest(name, presets(), _("See “cnnviz networks”.")))
