"""Starts the engine process: the standard library alone, because this comes before everything else.

The process loads torch while the window's process loads Qt. A Client takes it over when there is time for one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOG = "engine.log"


@dataclass(frozen=True)
class Launched:
    """A running engine: its process, with pipes, and the folder of its mailbox and log."""

    process: subprocess.Popen[bytes]
    folder: Path


def launch(command: Sequence[str] = ()) -> Launched:
    """Start the engine, or another program by its `command`; the folder is added to it. Raises OSError."""
    folder = new_folder()
    try:
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                [*(command or engine_command()), str(folder)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Launched(process, folder)


def engine_command() -> list[str]:
    """What starts the engine, up to the mailbox folder. A frozen build is its own engine."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "cnnviz"]
    return [*start, "--engine"]


def environment() -> dict[str, str]:
    """The engine's environment: it finds the modules that we find, nothing else, and its log has every last word."""
    own = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "PYTHONIOENCODING": "utf-8:replace"}
    if not getattr(sys, "frozen", False):
        own["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
        own["PYTHONSAFEPATH"] = "1"  # a learner's torch.py in the current folder stays out
    return own


# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_FOLDER = re.compile(r"cnnviz-(\d+)-\w+")


def new_folder() -> Path:
    """A folder for one run's mailbox, which only this user can read; its name carries this process's id."""
    return Path(tempfile.mkdtemp(prefix=f"cnnviz-{os.getpid()}-"))


def sweep() -> None:
    """Remove the folders of processes that died without doing so themselves."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).iterdir():
            match = _FOLDER.fullmatch(folder.name)
            if match and not _lives(int(match[1])):
                shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    if sys.platform == "win32":  # os.kill would end it there
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(kernel.OpenProcess(0x0010_0000, False, pid))  # SYNCHRONIZE
        if not handle:
            return ctypes.get_last_error() == 5  # ERROR_ACCESS_DENIED: somebody else's
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == 0x102)  # WAIT_TIMEOUT: not ended
        finally:
            kernel.CloseHandle(handle)
    else:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:  # somebody else's
            pass
        return True
