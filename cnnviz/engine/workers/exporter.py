"""Exports for the window: made, run beside the network and written in a thread of their own, since they take long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...link.exporting import SOURCE, VERIFY, WRITE, Export, Exported, Exporting
from ...net.analysis import analyse, unsound
from ...net.graph import Graph
from .. import device, memory
from ..build import State, fit_state
from ..held import Weights
from ..looker import Looker
from ..post import Post, Refused
from .worker import Worker

if TYPE_CHECKING:  # loaded with the first export
    from ..export import job
    from ..export.verify import Verified


@dataclass(frozen=True)
class _Asked:
    """A command, and the net that it is about."""

    command: Export
    version: int
    graph: Graph


@dataclass(eq=False)
class _Made:
    """What was made last, kept while the person goes on from seeing it to verifying and writing it."""

    asked: _Asked  # without what makes no difference to its contents
    weights: Weights
    export: job.Export
    found: Verified | None = None


class Exporter(Worker):
    """Makes one export at a time, of the editor's net. Public methods return at once, unless they say otherwise."""

    def __init__(self, post: Post, looker: Looker, present: Callable[[], State | None]):
        """`present`: waits for the weights of the training in progress, None where there is none."""
        super().__init__("export")
        self._post, self._looker, self._present = post, looker, present
        self._wanted: _Asked | None = None  # not begun yet
        self._doing = 0  # number of the Export that is being made
        self._made: _Made | None = None
        self._begin()

    # ── from other threads ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self, command: Export, version: int, graph: Graph) -> None:
        """Make this export of this net instead of any that is being made."""
        with self._change:
            self._wanted, self._newest = _Asked(command, version, graph), command.number
            self._change.notify_all()

    def withdraw(self) -> None:
        """What is being made is not wanted any more, nor what was made."""
        with self._change:
            self._wanted, self._newest, self._made = None, 0, None

    def close(self) -> None:
        """Have the thread end."""
        self.withdraw()
        super().close()

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _waits(self) -> object:
        return self._wanted

    def _turn(self) -> None:
        from ..export.verify import Cancelled

        with self._change:
            asked, self._wanted = self._wanted, None
            if asked is None:
                return
            self._doing = asked.command.number
        try:
            self._export(asked)
        except Cancelled:
            pass
        except (Exception, SystemExit) as error:
            if self._goes_on():
                self._post.failed("export", error, asked.command.number)

    def _goes_on(self) -> bool:
        return self._newest == self._doing

    def _export(self, asked: _Asked) -> None:
        command, path = asked.command, Path(asked.command.path)
        made = self._prepared(asked)
        if command.goal == WRITE:
            made.export.files(path)  # what is in the way is said before it takes long
        if command.goal != SOURCE and made.found is None:
            self._tell(VERIFY)
            made.found = made.export.verify()
        found = made.found
        text, contents = made.export.text, made.export.contents
        if command.goal == SOURCE or found is None:
            self._send(Exported(command.number, text, len(contents)))
            return
        agrees = made.export.agrees(found)
        files: tuple[str, ...] = ()
        if command.goal == WRITE and agrees:
            self._tell(WRITE)
            files = tuple(map(str, made.export.write(path)))
        seen = found.difference, found.inputs, agrees, files, found.telling
        reply = Exported(command.number, text, len(contents), *seen)
        self._send(reply)

    def _prepared(self, asked: _Asked) -> _Made:
        """What was made before where it is the same, else made now."""
        self._looker.wait_for(asked.version)
        if why := unsound(rows := analyse(asked.graph)):
            raise Refused(why)
        state = self._present()
        weights = self._looker.weights
        name = Path(asked.command.path).name
        # without weights beside it the name does not stand in it
        same = replace(asked, command=replace(asked.command, number=0, goal="", path=name * asked.command.weights))
        made = self._made
        if made is not None and state is None and made.weights is weights and made.asked == same:
            return made
        from ..export.job import FORMS, Job

        self._tell(SOURCE)
        self._made = None
        torch.set_num_threads(device.threads())
        memory.check(rows, copies=3)
        net = self._looker.make_net(rows, weights.plan).eval()
        fit_state(net, weights.state if state is None else {**weights.state, **state})
        command = asked.command
        job = Job(command.title, rows, net, name, command.weights, go_on=self._goes_on, apart=True)
        made = _Made(same, weights, FORMS[command.form](job))
        with self._change:
            if self._goes_on():
                self._made = made
        return made

    def _tell(self, stage: str) -> None:
        """Say what comes now. Raises Cancelled where nobody waits for it."""
        from ..export.verify import Cancelled

        if not self._goes_on():
            raise Cancelled
        self._post.send(Exporting(self._doing, stage))

    def _send(self, reply: Exported) -> None:
        if self._goes_on():
            self._post.send(reply)
