"""A run told from elsewhere what to do, and seen to live, through two small files in its folder.

    control.json    what is asked of the run: written by whoever follows it, heard by the run twice a second
    alive.json      that somebody trains here: who, where, how far, and which request was heard last

Both are written beside and renamed, so that nobody meets half of one. There are no locks and no watches on files, which
shared disks do not carry; nor are the clocks of two machines compared: a request has a number of its own, and a run on
another machine is taken for dead when its beats stand still for SILENT seconds of the follower's clock.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..text import _, grouped
from . import runs
from .messages import PAUSED, STOPPING, TRAINING

CONTROL, ALIVE = "control.json", "alive.json"
PAUSE, GO, STOP = "pause", "go", "stop"
ASKS = (PAUSE, GO, STOP)
ENDED, DIED, UNKNOWN = "ended", "died", "unknown"
ROOM = 1024  # bytes of a beat, so that the next one always finds room in its place
BEAT = 2.0  # seconds between two beats
FIRST = 30.0  # seconds from what a run that begins writes first, run.json, to its first beat, at most
SILENT = 90.0  # seconds without one; a shared disk may show another machine's file as it was a minute ago
LONG = 3600.0  # seconds that no two clocks differ by


@dataclass(frozen=True)
class Alive:
    """What is known of the process that trains, or trained, into a run folder.

    phase    TRAINING, PAUSED or STOPPING (link.messages); ENDED: as it should, see `end`; DIED: without a word;
             UNKNOWN: nothing tells
    end      how it ended, as run.json says it: "done", "stopped", "diverged", "failed"
    heard    number of the request (see `ask`) that it heard last; 0: of none
    beat     counts up while it lives
    recorded the last step that the folder has whole
    lost     why nothing is recorded any more, while it trains on; empty where it is
    since    when `beat` was first seen to be this, by the follower's monotonic clock
    """

    phase: str = UNKNOWN
    step: int = 0
    steps: int = 0
    host: str = ""
    pid: int = 0
    end: str = ""
    heard: int = 0
    beat: int = 0
    machine: str = ""
    born: str = ""
    recorded: int = 0
    lost: str = ""
    since: float = 0.0

    @property
    def living(self) -> bool:
        """Whether somebody trains there now."""
        return self.phase in (TRAINING, PAUSED, STOPPING)


def unrecorded(seen: Alive, folder: str | Path) -> str:
    """That the run in this folder is no longer recorded, since when and why, as a sentence; empty where it is."""
    if not seen.lost:
        return ""
    text = _("Recording in {folder} stopped at step {step} ({why}): later steps are not kept.")
    return text.format(folder=folder, step=grouped(seen.recorded), why=seen.lost)


def left(folder: str | Path, step: int) -> str:
    """That the training in this folder was stopped after this step for another one, and what there is of it."""
    stopped = _("The training before was stopped at step {step}.").format(step=grouped(step))
    kept = _("It is kept in {folder}: Open run… goes on there.").format(folder=folder)
    return f"{stopped} {unrecorded(alive(folder), folder) or kept}"


def alive(folder: str | Path, before: Alive | None = None) -> Alive:
    """Who trains into this folder, and how far it is; never fails.

    `before`: what this gave the last time. A process of this machine is looked up; one of another machine is dead when
    its beats have stood still for SILENT seconds, which takes a `before`, or are older than any two clocks differ.
    """
    folder = Path(folder)
    found = _read(folder)
    before = before if before is not None and _same(before, found) else None
    if not found.living:
        return found
    if found.machine == machine():
        return found if _runs(found.pid, found.born) else replace(found, phase=DIED)
    now = time.monotonic()
    since = before.since if before is not None and before.beat == found.beat else now
    dead = now - since > SILENT or time.time() - _written(folder / ALIVE) > LONG
    return replace(found, since=since, phase=DIED if dead else found.phase)


def begins(folder: str | Path) -> bool:
    """Whether a run without a sign of life may be one that has only just begun; its run.json is dated by the disk."""
    folder = Path(folder)
    age = _age(folder, folder / runs.NOTES)
    return age is not None and age <= FIRST


def busy(folder: str | Path) -> Alive | None:
    """Who trains into this folder now, for somebody who is about to; None: nobody. Never fails.

    What another machine says is dated by the disk's own clock, by which a file that is written now is dated, too.
    """
    folder = Path(folder)
    found = alive(folder)
    if not found.living or found.machine == machine():
        return found if found.living else None
    age = _age(folder, folder / ALIVE)
    return found if age is None or age <= SILENT else None


def _age(folder: Path, path: Path) -> float | None:
    """Seconds since a file in the folder was written, by the clock of its disk; None where nothing can be written."""
    probe = folder / f".{ALIVE}.{os.getpid()}.new"
    try:
        probe.write_bytes(b"now")
        return _written(probe) - _written(path)
    except OSError:
        return None
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def ask(folder: str | Path, what: str) -> int:
    """Ask the run there to PAUSE, to GO on, or to STOP, in place of what was asked before and not yet heard.

    Gives the number of the request: once Alive.heard is that, it was heard. Raises runs.RunError where nobody trains
    there, or where the folder cannot be written.
    """
    assert what in ASKS, what
    folder = Path(folder)
    if not alive(folder).living:
        raise runs.RunError(_("Nobody is training in {folder} now.").format(folder=folder))
    number = secrets.randbits(52) + 1
    try:
        put(folder / CONTROL, {"ask": what, "number": number})
    except OSError as error:
        text = _("The run in {folder} cannot be reached ({why}). Stop it where it was started.")
        raise runs.RunError(text.format(folder=folder, why=error.strerror or error)) from error
    return number


def asked(folder: Path) -> tuple[str, int]:
    """(what is asked of the run, number of the request); nothing and 0 where there is none."""
    try:
        said = json.loads((folder / CONTROL).read_text("utf-8"))
        what, number = str(said["ask"]), int(said["number"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", 0
    return (what, number) if what in ASKS else ("", 0)


def put(path: Path, said: object) -> None:
    """Write a small file of JSON, atomically. Raises OSError."""
    _put(path, json.dumps(said))


def _put(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_text(text, "utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def beat(folder: Path, said: Alive) -> None:
    """Tell in the folder that this process lives, and how far it is. Raises OSError."""
    known = asdict(
        replace(said, host=socket.gethostname(), pid=os.getpid(), machine=machine(), born=_born(os.getpid()))
    )
    del known["since"]
    text = json.dumps(known).ljust(ROOM)
    try:
        _put(folder / ALIVE, text)
    except OSError:  # a full disk, on which what is there already can still be written over
        with (folder / ALIVE).open("r+b", buffering=0) as file:
            file.write(text.encode())


@cache
def machine() -> str:
    """What tells this machine, since it was started, and this container on it, from others."""
    parts = [socket.gethostname()]
    with suppress(OSError):  # only Linux has them
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _read(folder: Path) -> Alive:
    try:
        said: dict[str, Any] = json.loads((folder / ALIVE).read_text("utf-8"))
        base = Alive()
        found = Alive(**{k: type(getattr(base, k))(v) for k, v in said.items() if hasattr(base, k) and k != "living"})
        return found if found.living or found.phase == ENDED else base
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Alive()


def _written(path: Path) -> float:
    """When a file was written, by the clock of its disk; 0 where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _same(a: Alive, b: Alive) -> bool:
    """Whether both are of one process."""
    return (a.machine, a.pid, a.born) == (b.machine, b.pid, b.born)


def _runs(pid: int, born: str) -> bool:
    """Whether this process of this machine is there, and is the one that was started then."""
    if os.name == "nt":  # there the question would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return not born or _born(pid) == born


def _born(pid: int) -> str:
    """When a process was started, in the system's ticks; empty where that is not known, "dead" where it is dead."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "dead" if after_name[0] in "ZX" else after_name[19]
