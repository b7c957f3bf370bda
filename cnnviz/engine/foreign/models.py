"""Models by name: .onnx files, `torchvision:resnet50`, `package.module:callable` where the user already runs code."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from ...net.layers.source import Board, Input, Source, Tokens
from ...net.presets import ONNX
from ...net.problems import Misfit
from ...text import _
from .. import vision
from ..export.python import HEAD
from ..onnx.file import OnnxError
from .allowance import Allowance
from .calls import spoken
from .download import DownloadError
from .imported import Imported, from_module
from .mapper import ModelError

VISION = "torchvision:"
ERRORS = (ModelError, OnnxError, vision.VisionError, DownloadError)
"""What `load_model` raises with a sentence for a person."""


def load_model(
    spec: str,
    shape: tuple[int, ...] | None = None,
    weights: str = "",
    progress: Callable[[int, int], None] | None = None,
    go_on: Callable[[], bool] | None = None,
) -> Imported:
    """The model of this name as a network.

    spec      an .onnx file, `torchvision:NAME`, or `package.module:callable`: a module, or what gives one when called
    shape     (channels, height, width) of the picture; torchvision's models have one of their own, and so
              have ONNX files but for sizes that they leave free
    weights   of torchvision's models: "DEFAULT" or a name there; empty for random ones
    progress, go_on  see vision.build

    Raises ModelError, OnnxError, vision.VisionError and download.DownloadError, each with a sentence, and
    download.Cancelled.
    """
    if spec.endswith(ONNX):
        from ..onnx.opening import from_onnx

        return from_onnx(spec, shape)
    if spec.startswith(VISION):
        return _vision(spec.removeprefix(VISION), shape, weights, progress, go_on)
    model, home = _made(spec)
    source = _entrance(home, shape)
    name, title = spec.rpartition(":")[2], _title(home)
    _takes_one(model, name)
    _awake(model, source.out(()))
    made = from_module(model, source.out(()), name, source)
    return replace(made, network=replace(made.network, title=title))


def _awake(model: nn.Module, shape: tuple[int, ...]) -> None:
    """Give lazy layers of a model that is ours the sizes that they take from what they first see."""
    if any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        was = model.training
        with torch.no_grad(), suppress(Exception):  # what fails is said where the model is followed
            model.eval()(torch.zeros(1, *shape))
        model.train(was)


def _vision(
    name: str,
    shape: tuple[int, ...] | None,
    wanted: str,
    progress: Callable[[int, int], None] | None,
    go_on: Callable[[], bool] | None,
) -> Imported:
    try:
        model = vision.build(name, wanted, progress, go_on)
    except ImportError as error:
        text = _("torchvision is not there ({why}). Run: pip install torchvision")
        raise ModelError(text.format(why=str(error).rstrip("."))) from error
    side, mean, std = vision.preparation(name, wanted)
    side = getattr(model, "image_size", side)  # transformers take no other
    channels, height, width = shape or (3, side, side)
    if channels != len(mean):
        mean, std = (0.0,), (1.0,)  # the model itself says what it takes
    made = from_module(model, (channels, height, width), name, Input(channels, (height, width), mean, std))
    chosen = vision.chosen(name, wanted) if wanted else vision.default(name)
    return made.named(chosen.classes if chosen else ())


def _entrance(home: ModuleType, shape: tuple[int, ...] | None) -> Source:
    """What enters the model: of this shape, or as constants of its Python module say, which exported code has.

    INPUT is the shape; then MEAN and STD are those of a picture, VOCABULARY is of words, PLANES of a board.
    """
    said: dict[str, Any] = {
        name: getattr(home, name, None) for name in ("INPUT", "MEAN", "STD", "VOCABULARY", "PLANES")
    }
    given = shape or said["INPUT"]
    if not isinstance(given, (tuple, list)) or len(given) != 3:
        raise ModelError(_("Say what the model takes, as channels, height and width, such as 3,224,224."))
    channels, height, width = given
    try:
        if said["VOCABULARY"] is not None:
            source: Source = Tokens(height, said["VOCABULARY"])
        elif said["PLANES"] is not None:
            source = Board((height, width), channels)
        else:
            more = {name.lower(): said[name] for name in ("MEAN", "STD") if said[name] is not None}
            source = Input(channels, (height, width), **more)
        source.out(())
    except Misfit as error:
        raise ModelError(f"{home.__name__}: {error}") from error
    return source


def _takes_one(model: nn.Module, name: str) -> None:
    """Raise ModelError where the model wants more than a picture."""
    try:
        given = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):  # of compiled code: it will say so itself
        return
    wanted = [p.name for p in given if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(wanted) > 1:
        text = _(
            "{name} takes {inputs}, and here it gets one picture. From Python: cnnviz.summary(module, ({inputs}))."
        )
        raise ModelError(text.format(name=name, inputs=", ".join(wanted)))


def _title(home: ModuleType) -> str:
    """What the first line of exported code calls the network; empty where it says nothing."""
    for head in {HEAD, _(HEAD)}:
        pattern = re.escape(head).replace(re.escape("{title}"), "(.+)").replace(re.escape("{count}"), "[0-9,]+")
        if found := re.match(pattern, home.__doc__ or ""):
            return found[1]
    return ""


def _made(spec: str) -> tuple[nn.Module, ModuleType]:
    """What `package.module:callable` names, and the module. This runs code: never for what a file says."""
    home, _colon, name = spec.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `python -m` has it
    try:
        found: Any = (module := importlib.import_module(home))
    except (Exception, SystemExit) as error:  # whatever the user's module raises
        raise ModelError(_("{home} cannot be imported: {why}").format(home=home, why=spoken(error))) from error
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        raise ModelError(_("{home} has no {name}.").format(home=home, name=name)) from error
    if not isinstance(found, nn.Module):
        if not callable(found):
            raise ModelError(_("{name} is neither a module nor a function that gives one.").format(name=name))
        try:
            with Allowance():
                found = found()
        except (Exception, SystemExit) as error:  # whatever the user's code raises
            if isinstance(error, MemoryError):
                raise
            raise ModelError(_("Calling {name} fails: {why}").format(name=name, why=spoken(error))) from error
    if not isinstance(found, nn.Module):
        kind = type(found).__name__
        raise ModelError(_("{name} gives a {kind}, not a torch.nn.Module.").format(name=name, kind=kind))
    return found, module
