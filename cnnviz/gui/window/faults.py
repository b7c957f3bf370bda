"""Bugs: an exception nobody caught is written down and said; the program goes on and the work is kept."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType

LARGEST = 1_000_000  # bytes of the log


class Faults:
    """While installed, uncaught exceptions of every thread go to the log and to `tell(sentence, details)`."""

    def __init__(self, log: Path, tell: Callable[[str, str], None]):
        self._log, self._tell = log, tell
        self._telling = False

    def install(self) -> None:
        """From now on."""
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook, threading.excepthook = self._main, self._thread

    def remove(self) -> None:
        """As it was."""
        sys.excepthook, threading.excepthook = self._before

    def _main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        self._write(details)
        if self._telling:
            return  # the telling itself failed: the log has it
        self._telling = True
        try:
            self._tell(f"{kind.__name__}: {error}", details)
        finally:
            self._telling = False

    def _thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._main(args.exc_type, args.exc_value, args.exc_traceback)

    def _write(self, details: str) -> None:
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            if self._log.exists() and self._log.stat().st_size > LARGEST:
                self._log.replace(self._log.with_suffix(".old"))
            with self._log.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S}\n{details}\n")
        except OSError:
            sys.stderr.write(details)
