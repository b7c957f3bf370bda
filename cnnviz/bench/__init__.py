"""The measured ratios of the README's performance section: `cnnviz bench [NAME…] [--json]`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module

from .toggle import Result

CASES = {
    "analysis": "table:analysis",
    "linear": "table:linear",
    "activation": "screen:activation",
    "edit": "screen:edit",
    "import": "model:imported",
    "paint": "paint:first_paint",
    "click": "training:click",
    "lateness": "training:lateness",
    "watched": "training:watched",
    "busy": "training:busy",
    "script": "training:script",
    "recording": "training:recording",
    "deep": "training:deep",
    "scrubbing": "past:scrubbing",
    "long": "past:long_run",
    "loader": "training:loader",
}


class BenchError(ValueError):
    """There is no case of this name; the message lists them."""


def main(names: Sequence[str] = (), as_json: bool = False) -> int:
    """Run the cases of these names, or all; one line each. Gives 0 where every goal holds, else 1."""
    unknown = [n for n in names if n not in CASES]
    if unknown:
        raise BenchError(f"there is no bench {unknown[0]!r}; there are: {', '.join(CASES)}")
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    held = True
    for name in names or CASES:
        module, _, function = CASES[name].partition(":")
        case: Callable[[], Iterator[Result]] = getattr(import_module(f".{module}", __name__), function)
        for result in case():
            held = held and result.holds
            print(json.dumps(asdict(result)) if as_json else result.line(), flush=True)
    return 0 if held else 1
