"""Weights from other programs' files: read without running code, and matched to a network's tensors."""

from __future__ import annotations

import errno
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...text import N_, _
from ..build import State

WRAPPINGS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params", "ema", "model_ema")
"""Keys under which training scripts keep the weights beside other things, in the order of trust."""

PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.")
"""What wrappers put in front of every name: DataParallel, torch.compile, training frameworks."""

_DAMAGED = N_("{name} is no checkpoint of torch's, or it is damaged ({why}). Save the model's state_dict() again.")
_COUNTERS = "num_batches_tracked"  # of batch normalisation; files of before 2018 lack it
_NUMBERS = [np.dtype, *{type(np.dtype(t)) for t in (np.float16, np.float32, np.float64, np.int32, np.int64, np.bool_)}]
_GLOBAL = re.compile(r"(?:GLOBAL|global:?)\s+(?:GLOBAL\s+)?`?([\w.]+)")


class CheckpointError(ValueError):
    """The file cannot be used; the message is a sentence that names it and the place."""


@dataclass(frozen=True)
class Match:
    """One tensor of the file and where it goes. `how`: by "name", or by "order" and shape."""

    theirs: str
    ours: str
    how: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Odd:
    """A tensor that goes nowhere, or one of ours that nothing comes to; `why` is a sentence."""

    name: str
    shape: tuple[int, ...]
    why: str


@dataclass(frozen=True, eq=False)
class Matched:
    """What a file holds for a network, to be shown before it is taken.

    state    the network's tensors, those that matched in place of its own
    left     tensors of the file that do not fit;  missing  the network's that keep their values
    """

    state: State
    matches: tuple[Match, ...]
    left: tuple[Odd, ...]
    missing: tuple[Odd, ...]

    @property
    def whole(self) -> bool:
        """Whether everything found its place by name."""
        return not self.left and not self.missing and all(m.how == "name" for m in self.matches)


def read(path: str | Path) -> State:
    """The tensors of a checkpoint by name: .safetensors, or what torch.save wrote. Raises CheckpointError."""
    path = Path(path)
    name = path.name or str(path)
    try:
        held = load_file(path) if path.suffix == ".safetensors" else _unpickled(path)
    except FileNotFoundError as error:
        raise CheckpointError(_("There is no file {path}.").format(path=path)) from error
    except SafetensorError as error:
        text = _("{name} is no safetensors file, or it is damaged. Get it again.")
        raise CheckpointError(text.format(name=name)) from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(_refusal(name, error)) from error
    except OSError as error:
        text = _("{name} cannot be read ({why}).")
        if error.errno == errno.EINVAL:  # an archive that ends too early
            text = _(
                "{name} is no checkpoint of torch's, or it is damaged ({why}). Save the model's state_dict() again."
            )
        raise CheckpointError(text.format(name=name, why=(error.strerror or str(error)).rstrip("."))) from error
    except (RuntimeError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, AttributeError) as error:
        text = _(_DAMAGED)
        raise CheckpointError(text.format(name=name, why=_why(error))) from error
    return _named(_unwrapped(held, name), name)


def _unpickled(path: Path) -> Any:
    with path.open("rb") as file:
        if not file.read(2).startswith((b"PK", b"\x80")):  # an archive, or a pickle of any protocol that torch wrote
            raise ValueError(_("it does not begin as one"))
    scalar = getattr(np, "_core", None) or np.core
    # numbers that scripts keep beside the weights
    known = [*_NUMBERS, scalar.multiarray.scalar, (scalar.multiarray.scalar, "numpy.core.multiarray.scalar")]
    with torch.serialization.safe_globals(known), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pickle protocols: what cannot be read is an error
        return torch.load(path, map_location="cpu", weights_only=True)


def _refusal(name: str, error: Exception) -> str:
    words = str(error)
    if "TorchScript" in words:
        text = _("{name} is a TorchScript program, not weights. Save the model's state_dict() instead.")
        return text.format(name=name)
    found = _GLOBAL.search(words)
    if found:
        text = _("{name} would run code ({what}) and is refused. Save the model's state_dict() instead.")
        return text.format(name=name, what=found[1])
    if "Unsupported operand" in words:
        text = _("{name} is a pickle that may run code and is refused. Save the model's state_dict() with torch.save.")
        return text.format(name=name)
    text = _(_DAMAGED)
    return text.format(name=name, why=" ".join(words.rpartition("error: ")[2].split("\n")[0].split()).rstrip("."))


def _unwrapped(held: Any, name: str) -> Mapping[Any, Any]:
    """The dictionary of tensors inside what was saved."""
    for _depth in range(3):
        if not isinstance(held, Mapping):
            text = _("{name} holds a {kind}, not tensors by name. Save the model's state_dict() instead.")
            raise CheckpointError(text.format(name=name, kind=type(held).__name__))
        if any(isinstance(v, Tensor) for v in held.values()):
            return held
        inner = next((held[k] for k in WRAPPINGS if isinstance(held.get(k), Mapping)), None)
        if inner is None:
            keys = ", ".join(str(k) for k in list(held)[:5])
            text = _("{name} holds no tensors by name; what it has is: {keys}.")
            text = text if keys else _("{name} is empty: it holds no tensors. Save the model's state_dict() again.")
            raise CheckpointError(text.format(name=name, keys=keys))
        held = inner
    raise CheckpointError(_("{name} holds no tensors by name.").format(name=name))


def _named(held: Mapping[Any, Any], file: str) -> State:
    found = {}
    for key, value in held.items():
        if isinstance(value, Tensor):
            if not isinstance(key, str):
                text = _("{file}: the tensor {key} has no name. Save the model's state_dict() instead.")
                raise CheckpointError(text.format(file=file, key=repr(key)))
            if value.layout != torch.strided or value.is_quantized or value.is_meta:
                text = _("{file}: {key}: only plain tensors can be taken, and this one is {kind}.")
                kind = str(value.layout).removeprefix("torch.")
                kind = "quantized" if value.is_quantized else _("without numbers (meta)") if value.is_meta else kind
                raise CheckpointError(text.format(file=file, key=key, kind=kind))
            found[key] = value
    while found and (prefix := next((p for p in PREFIXES if all(k.startswith(p) for k in found)), "")):
        found = {k.removeprefix(prefix): v for k, v in found.items()}
    return found


# ── matching ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def match(theirs: State, ours: State, homes: Mapping[str, str] = MappingProxyType({})) -> Matched:
    """Finds for every tensor of a file its place in a network: by name, and what is left by order and shape.

    `ours`: the network's tensors, such as Net(rows).state_dict(). Names agree where they are the same with points for
    underlines: `layer1.0.conv1.weight` is our `layer1_0_conv1.weight`. Nothing is changed.
    `homes`: ids of nodes that use the weights of another, with that one's; a file may have these under either name.
    """
    theirs = _once(theirs, homes)
    wrong = _useless(theirs, ours)
    matches, misshapen = _by_name({k: v for k, v in theirs.items() if k not in wrong}, ours)
    wrong |= misshapen
    taken = {m.theirs for m in matches} | wrong.keys()
    filled = {m.ours for m in matches}
    matches += _by_order(
        {k: v for k, v in theirs.items() if k not in taken}, {k: v for k, v in ours.items() if k not in filled}
    )
    goes = {m.ours: m.theirs for m in matches}
    come = {m.theirs for m in matches}
    state = {k: _like(theirs[goes[k]], v) if k in goes else v for k, v in ours.items()}
    left = [
        Odd(k, tuple(v.shape), wrong.get(k, _("The network has no place for it.")))
        for k, v in theirs.items()
        if k not in come
    ]
    missing = [
        Odd(k, tuple(v.shape), _("The file has nothing for it."))
        for k, v in ours.items()
        if k not in goes and not k.endswith(_COUNTERS)
    ]
    order = {k: i for i, k in enumerate(ours)}
    return Matched(state, tuple(sorted(matches, key=lambda m: order[m.ours])), tuple(left), tuple(missing))


def _once(theirs: State, homes: Mapping[str, str]) -> State:
    """The same, where weights that a file has under two names stand under the first, as the network has them."""
    known = {_plain(k): v for k, v in theirs.items()}
    found = {}
    for key, value in theirs.items():
        id, _point, name = _plain(key).rpartition(".")
        home = f"{homes[id]}.{name}" if id in homes else ""
        if not home:
            found[key] = value
        elif home not in known:
            found[home] = value
        elif not torch.equal(known[home], value):
            found[key] = value  # other numbers, for which there is no place here
    return found


def _useless(theirs: State, ours: State) -> dict[str, str]:
    """Sentences for tensors whose numbers no network can use, whatever their names."""
    real = not any(v.is_complex() for v in ours.values())
    found = {k: _("Its numbers are complex.") for k, v in theirs.items() if real and v.is_complex()}
    lost = _("It holds numbers that are not finite: the training that wrote it had gone wrong.")
    return found | {k: lost for k, v in theirs.items() if v.is_floating_point() and not bool(v.isfinite().all())}


def _by_name(theirs: State, ours: State) -> tuple[list[Match], dict[str, str]]:
    """What has the same name and shape, and sentences for what has the same name and another shape."""
    places = {_plain(k): k for k in ours}
    found: list[Match] = []
    wrong: dict[str, str] = {}
    for key, value in theirs.items():
        ours_key = key if key in ours else places.get(_plain(key))
        if ours_key is None:
            continue
        if value.shape == ours[ours_key].shape:
            found.append(Match(key, ours_key, "name", tuple(value.shape)))
        else:
            have, need = (_sizes(v.shape) for v in (value, ours[ours_key]))
            wrong[key] = _("{ours} is {need} here, not {have}.").format(ours=ours_key, need=need, have=have)
    return found, wrong


def _by_order(theirs: State, ours: State) -> list[Match]:
    """Layer for layer: the longest runs, in order, of layers with tensors of the same names and shapes."""
    a, b = _layers(theirs), _layers(ours)
    pieces = SequenceMatcher(None, [s for _p, s in a], [s for _p, s in b], autojunk=False).get_matching_blocks()
    found = []
    for i, j, size in pieces:
        for (their_path, form), (our_path, _form) in zip(a[i : i + size], b[j : j + size], strict=True):
            for name, shape in form:
                found.append(Match(f"{their_path}{name}", f"{our_path}{name}", "order", shape))
    return found


def _layers(state: State) -> Sequence[tuple[str, tuple[tuple[str, tuple[int, ...]], ...]]]:
    """(path with its point, names and shapes of its tensors) of each layer in its order."""
    found: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for key, value in state.items():
        path, point, name = key.rpartition(".")
        if name != _COUNTERS:
            found.setdefault(path + point, []).append((name, tuple(value.shape)))
    return [(path, tuple(sorted(form))) for path, form in found.items()]


def _plain(key: str) -> str:
    path, point, name = key.rpartition(".")
    return re.sub(r"\W", "_", path) + point + name


def _like(value: Tensor, ours: Tensor) -> Tensor:
    return value.detach().to(ours.dtype)


def _sizes(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "1"


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
