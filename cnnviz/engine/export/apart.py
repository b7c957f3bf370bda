"""Work in a process of its own: what Keras and torch's exporter do to a process must not be done to this one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ...text import _
from .verify import Cancelled

PATIENCE = 600  # seconds that it may take
LOOK = 0.1  # seconds after which it is asked again whether to go on


class Failure(RuntimeError):
    """The process has failed; the message is what it said."""


def run(argv: Sequence[str], go_on: Callable[[], bool], space: Mapping[str, str] = MappingProxyType({})) -> None:
    """Run Python with these arguments, and with `space` in its environment, to its end.

    Raises Failure, and Cancelled where `go_on`, which is asked meanwhile, says no; the process is ended then.
    """
    until = time.monotonic() + PATIENCE
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, *argv], env={**os.environ, **space}, text=True, **pipes) as process:
        while True:
            try:
                _nothing, said = process.communicate(timeout=LOOK)
                break
            except subprocess.TimeoutExpired:
                if go_on() and time.monotonic() < until:
                    continue
                process.kill()
                raise Failure(_("It took too long.")) if go_on() else Cancelled from None
    if process.returncode:
        raise Failure(said)


def last_line(said: str) -> str:
    """The end of a traceback: what went wrong."""
    return next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")[:300]
