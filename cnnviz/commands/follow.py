"""`cnnviz follow RUN`: see how far a run is, wherever it is trained, and pause, go on with or stop it there."""

from __future__ import annotations

import argparse
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic

from ..cli import CommandError
from ..link import control, runs
from ..link.control import Alive
from ..link.lines import Lines
from ..link.messages import PAUSED
from ..net.files import FileError
from ..text import _, grouped
from .progress import Progress

LOOK = 0.5  # seconds between two looks into the folder
DEAD = 1  # exit status where the run has died, or was recorded only in part


def run(args: argparse.Namespace) -> int:
    """Ask for what is wanted, or follow to the end; gives 0, or 1 where the run has died or was recorded only in part.

    Raises CommandError.
    """
    folder = Path(args.run)
    try:
        runs.notes(folder)
        return _ask(folder, args.ask) if args.ask else _follow(folder)
    except runs.RunError as error:
        raise CommandError(str(error)) from error


def _ask(folder: Path, what: str) -> int:
    """Ask, and wait until it is heard."""
    number, seen = control.ask(folder, what), _look(folder)
    while seen.living and seen.heard != number:
        Event().wait(LOOK / 5)
        seen = _look(folder, seen)
    if seen.heard != number:
        raise CommandError(
            _("The run in {folder} ended before it heard: {state}").format(folder=folder, state=_said(seen, folder))
        )
    text = {
        control.PAUSE: _("The run in {folder} pauses at step {step}."),
        control.GO: _("The run in {folder} goes on at step {step}."),
        control.STOP: _("The run in {folder} stops at step {step}."),
    }[what]
    print(text.format(folder=folder, step=grouped(seen.step)))
    return 0


def _follow(folder: Path) -> int:
    seen, lines = _look(folder), _Lines(folder)
    bar, phase, lost = Progress(max(1, seen.steps), seen.step), "", ""
    try:
        while seen.living:
            lines.read()
            for step, loss, accuracy in lines.tests:
                text = _("step {step}  held-out loss {loss:.4f}  accuracy {accuracy:.2%}")
                bar.line(text.format(step=grouped(int(step)), loss=loss, accuracy=accuracy))
            if seen.phase != phase and PAUSED in (phase, seen.phase):
                bar.line(_said(seen, folder))
            if seen.lost and not lost:
                bar.line(control.unrecorded(seen, folder))
            phase, lost = seen.phase, seen.lost
            bar.show(seen.step, lines.loss)
            Event().wait(LOOK)
            seen = _look(folder, seen)
    finally:
        bar.end()
    print(_said(seen, folder))
    return DEAD if seen.phase == control.DIED or seen.lost else 0


def _look(folder: Path, before: Alive | None = None) -> Alive:
    """How the run stands; `before`: as it stood at the last look.

    Where nothing tells, a sign of life is waited for: of a run that has only just begun the first one, of one whose
    sign was lost the next. One that does not come, and that has not ended either, has died.
    """
    seen, until = control.alive(folder, before), monotonic() + 2 * control.BEAT
    while seen.phase == control.UNKNOWN:
        notes = runs.notes(folder)
        if notes.end:
            return replace(seen, phase=control.ENDED, step=notes.step, end=notes.end)
        if monotonic() > until and not control.begins(folder):
            return replace(seen, phase=control.DIED, step=notes.step)
        Event().wait(LOOK)
        seen = control.alive(folder, before)
    return seen


def _said(seen: Alive, folder: Path) -> str:
    """How it stands, as sentences, and how to go on where it has not come to its end."""
    if seen.end == "done" and seen.lost:
        seen = replace(seen, end="unrecorded")
    said = [_state(seen), control.unrecorded(seen, folder)]
    if not seen.living and (seen.end != "done" or seen.lost) and (folder / runs.LAST).is_file():
        text = _("Go on with it: {command}")
        lower = _lower(folder) if seen.end == runs.DIVERGED else ""
        if lower:
            text = _("Go on with it at a lower learning rate: {command}")
        said.append(text.format(command=resume(folder) + lower))
    return " ".join(filter(None, said))


def _lower(folder: Path) -> str:
    """The option for a tenth of the run's learning rate: at the same one it would end in the same way."""
    with suppress(runs.RunError):
        return f" --lr {runs.notes(folder).plan.lr / 10:.3g}"
    return ""


def resume(folder: Path) -> str:
    """The command that goes on with the run in this folder."""
    net = str(folder / runs.NETWORK)
    with suppress(FileError):
        if any(n.type == "Foreign" for n in runs.network(folder).graph):
            net = "NET"  # the model that it was begun with: its file alone does not run
    return shlex.join(("cnnviz", "train", net, "--out", str(folder), "--resume"))


def _state(seen: Alive) -> str:
    ends = {
        "done": _("The run is done: {step} steps."),
        "unrecorded": _("The run made all of its {step} steps, but they are not all recorded."),
        "stopped": _("The run was stopped after step {step}."),
        runs.DIVERGED: _("The run ended after step {step}: its numbers were no longer finite."),
    }
    if seen.phase == control.DIED:
        text = _("The run no longer trains: it died on {host}, without a word, after step {step} or later.")
        if not seen.host:
            text = _("The run no longer trains: it died without a word, after step {step} or later.")
    elif seen.phase == control.ENDED:
        text = ends.get(seen.end, _("The run failed after step {step}."))
    elif seen.phase == PAUSED:
        text = _("The run is paused after step {step}, on {host}.")
    else:
        text = _("The run goes on at step {step}, on {host}.")
    return text.format(step=grouped(seen.step), host=seen.host)


class _Lines:
    """What is new in the metrics since the last look."""

    def __init__(self, folder: Path):
        self._lines, self._told = Lines(folder / runs.METRICS), 0.0
        self.loss = 0.0
        self.tests: list[tuple[float, float, float]] = []
        self.read()  # of before we came

    def read(self) -> None:
        """Look again: `tests` are the measurements that have come, `loss` is the last step's."""
        self._lines.refresh()
        self.tests = [test[:3] for test in self._lines.tests if test[0] > self._told]
        if self._lines.points:
            self._told, self.loss = self._lines.points[-1][:2]
