"""What there is to compute with."""

from __future__ import annotations

import os
import platform

import numpy as np
import torch

from ..text import _


def devices() -> tuple[str, ...]:
    """Names of the devices that can be trained on, best first."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def device(name: str, local: int = 0, beside: int = 1) -> torch.device:
    """The device of this name; "auto" is the best there is. Raises ValueError with a sentence where it is not there.

    Of `beside` processes that compute together on this machine, number `local` gets the CUDA device of its number.
    """
    have = tuple(d for d in devices() if d != "mps" or beside == 1)  # by which processes cannot sum
    try:
        found = torch.device(have[0] if name == "auto" else name)
    except RuntimeError:
        found = None
    count = torch.cuda.device_count() if found is not None and found.type == "cuda" else 1
    if found is not None and found.type == "cuda" and beside > 1 and count:
        if beside > count:
            text = _("Here are {n} CUDA devices for {processes} processes. Start one process for each, or use cpu.")
            raise ValueError(text.format(n=count, processes=beside))
        found = torch.device("cuda", local)
        torch.cuda.set_device(found)
    if found is None or found.type not in have or (found.index or 0) >= count:
        text = _("There is no device {name} here. Choose one of: {have}.")
        raise ValueError(text.format(name=name, have=", ".join(("auto", *have))))
    return found


def unmixed(where: torch.device) -> str:
    """Why mixed precision cannot be had on this device, as a sentence; empty: it can."""
    if where.type == "cuda":
        return "" if torch.cuda.is_bf16_supported() else _("This CUDA device cannot compute in bfloat16.")
    if where.type == "cpu":
        able = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return "" if able else _("This processor cannot compute in bfloat16.")
    able = torch.amp.is_autocast_available(where.type)
    return "" if able else _("The device {name} has no mixed precision.").format(name=where.type)


def threads(wanted: int = 0, beside: int = 1) -> int:
    """Processor threads to compute with: as many as wanted, by default all but one of the cores we may use.

    The one core is the window's: two busy OpenMP threads on cores that others use run many times slower. Of `beside`
    processes that compute together on this machine, each gets an equal share of all cores.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return wanted or max(1, cores - 1 if beside == 1 else cores // beside)


def versions() -> tuple[tuple[str, str], ...]:
    """What computes, by name and version: recorded with a run."""
    return (("python", platform.python_version()), ("torch", str(torch.__version__)), ("numpy", np.__version__))
