"""Weights in .safetensors files."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ...net import files
from ...text import _
from ..build import State

CHECKSUM = "crc32"
"""What it is called in the notes of a file."""


class WeightsError(ValueError):
    """The weights file cannot be used; the message is a sentence that names it."""


def read_weights(path: str | Path) -> State:
    """The tensors of a .safetensors file by name; those of a run are checked by their checksum. Raises WeightsError."""
    try:
        state = load_file(path)
        with safe_open(path, "pt") as file:
            said = (file.metadata() or {}).get(CHECKSUM)
        if said is not None and said != checksum(state):
            raise ValueError
        return state
    except FileNotFoundError as error:
        raise WeightsError(_("There is no file {path}.").format(path=path)) from error
    except (SafetensorError, OSError, ValueError) as error:
        system = _system_error(error)
        if system is not None:
            raise WeightsError(str(files.error(Path(path).name, files.reason(system, reading=True)))) from error
        text = _("{path} is damaged, or holds no weights at all. Choose another .safetensors file.")
        raise WeightsError(text.format(path=path)) from error


def write_weights(path: str | Path, state: State, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors to a .safetensors file, atomically. Raises WeightsError."""
    path = Path(path)

    def write(beside: Path) -> None:
        save_file({k: v.contiguous() for k, v in state.items()}, beside, dict(metadata or {"format": "pt"}))

    try:
        files.spare_read_only(path)
        atomically(path, write)
    except files.FileError as error:
        raise WeightsError(str(error)) from error
    except (OSError, SafetensorError) as error:
        why = files.reason(_system_error(error) or OSError(str(error)), reading=False)
        raise WeightsError(str(files.error(path.name, why))) from error


def checksum(state: Mapping[str, torch.Tensor]) -> str:
    """That of all names and numbers, as 8 hexadecimal digits: safetensors itself has none."""
    value = 0
    for name in sorted(state):
        numbers = state[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        value = zlib.crc32(numbers.data, zlib.crc32(name.encode(), value))
    return f"{value:08x}"


def atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside, and put it in the place of the old one when it is whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def cause(error: Exception) -> str:
    """The reason as part of a sentence, without the system's number for it."""
    if isinstance(error, files.FileError):  # its cure is that of a file which one chooses
        name, _colon, said = str(error).partition(": ")
        return f"{name}: {said[:1].lower()}{said[1:].partition('. ')[0]}".rstrip(".")
    if "inline_container" in str(error):  # torch.save's own words for a write that fell short
        return _("the disk is full, or takes no more")
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return why.rstrip(".")


def _system_error(error: Exception) -> OSError | None:
    """What the system said, where it did: safetensors has it in its own text, as `… (os error 28)`."""
    if isinstance(error, OSError):
        return error
    number = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1]))) if number else None
