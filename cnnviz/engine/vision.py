"""torchvision, through one guard: its classification models, their weights, preprocessing and class names.

Nothing else imports torchvision. Its wheel from the package index is built beside CUDA torch; beside a CPU torch the
import fails over two operators whose compiled code cannot be loaded. They are of no use to classification, so that
declaring them is enough. Worker processes, too, must come through here before they unpickle anything of torchvision's.
"""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import nn

from ..text import _
from .foreign.download import DownloadError, download

_MISSING = "operator torchvision::nms does not exist"
_SCHEMA = "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[torch.library.Library] = []  # a library's operators live as long as it does
_HALF = (0.5, 0.5, 0.5)
_FIXED = {"transform_input": False}  # the Input's mean and deviation do it instead


class VisionError(ValueError):
    """torchvision has no such model or weights, or they cannot be had; the message is a sentence."""


@dataclass(frozen=True)
class Weights:
    """Weights that torchvision offers for a model, and how a picture is prepared for them.

    name        as in `IMAGENET1K_V1`
    url         where they are downloaded from
    classes     names of the classes in the order of the outputs
    resize, crop  pixels: the picture's shorter side is scaled to `resize`, then the middle `crop`×`crop` is taken
    mean, std   of each channel, for values 0…1
    params      scalars of the model; gmacs: its multiply-adds in 10⁹, as torchvision gives them
    """

    name: str
    url: str
    classes: tuple[str, ...]
    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    params: int
    gmacs: float


@cache
def torchvision() -> ModuleType:
    """The package, imported; the guard of this module's text. Raises ImportError where it is not installed."""
    try:
        import torchvision as found
    except RuntimeError as error:
        if _MISSING not in str(error):
            raise
        for name in [m for m in sys.modules if m.partition(".")[0] == "torchvision"]:
            del sys.modules[name]  # half imported
        # not before the first try: where the compiled operators do load, a second definition clashes with theirs
        library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        library.define(_SCHEMA)  # type: ignore[no-untyped-call]
        library.define(f"q{_SCHEMA}")  # type: ignore[no-untyped-call]
        _kept.append(library)
        import torchvision as found
    package: ModuleType = found
    return package


def _models() -> Any:
    return torchvision().models


def models() -> tuple[str, ...]:
    """Names of the classification models of the installed torchvision."""
    return tuple(_models().list_models(module=_models()))


def weights(name: str) -> tuple[Weights, ...]:
    """The weights that there are for a model, oldest first. Raises VisionError."""
    return tuple(_described(entry) for entry in _entries(name))


def default(name: str) -> Weights | None:
    """The weights that torchvision calls DEFAULT for this model; None where it has none. Raises VisionError."""
    found = _entries(name)
    return _described(type(found[0])["DEFAULT"]) if found else None


def chosen(name: str, wanted: str) -> Weights:
    """The weights of this name, such as "DEFAULT" or "IMAGENET1K_V1". Raises VisionError."""
    return _described(_entry(name, wanted))


def build(
    name: str,
    wanted: str = "",
    progress: Callable[[int, int], None] | None = None,
    go_on: Callable[[], bool] | None = None,
) -> nn.Module:
    """The model `name` in evaluation mode, with random weights drawn from torch's generator, or pretrained ones.

    wanted    name of the weights, such as "DEFAULT" or "IMAGENET1K_V1"; empty for random ones
    progress  is told how many bytes of how many are there while they are downloaded
    go_on     asked meanwhile whether to go on

    Heads that are there for training alone (GoogLeNet, Inception) are left out, and what torchvision does to the input
    of those two is left to the Input. Raises VisionError, download.DownloadError and download.Cancelled.
    """
    _known(name)
    builder = _models().get_model_builder(name)
    extra = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}  # silences its warning
    if not wanted:
        heads = {"aux_logits": False} if extra else {}
        module: nn.Module = builder(weights=None, **extra, **heads)
    else:
        entry = _entry(name, wanted)
        download(entry.url, progress, go_on)  # into the cache in which torchvision then finds it
        try:
            with _tensors_only(), _nothing_drawn():
                module = builder(weights=entry, progress=False)
        except pickle.UnpicklingError as error:
            text = _("The weights of {name} would run code and are refused.")
            raise DownloadError(text.format(name=name)) from error
        if name == "inception_v3":
            vars(module)["aux_logits"], module._modules["AuxLogits"] = False, None
    for key, value in _FIXED.items():
        if hasattr(module, key):
            setattr(module, key, value)
    return module.eval()


def preparation(name: str, wanted: str = "") -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """(height and width, mean, std) of the pictures for this model with these weights. Raises VisionError."""
    offered = (chosen(name, wanted),) if wanted else weights(name)
    if not offered:
        return 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    inside = name in ("googlenet", "inception_v3")  # the model itself went from ImageNet's mean to these
    first = offered[0]
    return first.crop, *((_HALF, _HALF) if inside else (first.mean, first.std))


def _known(name: str) -> None:
    known = models()
    if name in known:
        return
    near = get_close_matches(name.lower(), known, 1)
    text = _("torchvision has no classification model “{name}”.").format(name=name)
    cure = _("Did you mean “{name}”?").format(name=near[0]) if near else _("Known are {known}, …")
    raise VisionError(f"{text} {cure.format(known=', '.join(known[:4]))}")


def _entries(name: str) -> list[Any]:
    _known(name)
    return list(_models().get_model_weights(name))


def _entry(name: str, wanted: str) -> Any:
    found = _entries(name)
    bare = wanted.rpartition(".")[2]
    for entry in found:
        if bare in (entry.name, "DEFAULT"):
            return type(entry)[bare]
    text = _("There are no weights “{wanted}” for {name}. Choose one of: {known}.")
    known = ", ".join(("DEFAULT", *(e.name for e in found)))
    raise VisionError(text.format(wanted=wanted, name=name, known=known))


def _described(entry: Any) -> Weights:
    prepare, meta = entry.transforms(), entry.meta
    return Weights(
        entry.name,
        entry.url,
        tuple(meta["categories"] or ()),  # one of VGG-16's is for its features alone
        prepare.resize_size[0],
        prepare.crop_size[0],
        tuple(prepare.mean),
        tuple(prepare.std),
        meta["num_params"],
        meta["_ops"],
    )


@contextmanager
def _tensors_only() -> Iterator[None]:
    """While it lasts, torch.load runs no code from a file, whoever calls it."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _nothing_drawn() -> Iterator[None]:
    """While it lasts, what is drawn leaves no trace in torch's generator: the weights are replaced anyway."""
    state = torch.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_rng_state(state)


# ── data sets ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class DataFile:
    """A file of a data set, as torchvision knows it: its addresses, the first to be tried first, and its MD5."""

    name: str
    urls: tuple[str, ...]
    md5: str


def data_files(name: str) -> tuple[DataFile, ...]:
    """The files of the data set that torchvision.datasets has under this name, such as "KMNIST".

    Raises VisionError where this torchvision has it not, or describes it in another way.
    """
    try:
        found = getattr(torchvision().datasets, name)
        if hasattr(found, "resources"):
            return tuple(DataFile(f, tuple(m + f for m in found.mirrors), md5) for f, md5 in found.resources)
        if hasattr(found, "tgz_md5"):
            return (DataFile(found.filename, (found.url,), found.tgz_md5),)
        return tuple(DataFile(f, (url,), md5) for url, f, md5 in (found.split_list[s] for s in ("train", "test")))
    except (ImportError, AttributeError, KeyError, ValueError) as error:
        text = _("This torchvision does not say where {name} can be downloaded ({why}).")
        raise VisionError(text.format(name=name, why=error)) from error
