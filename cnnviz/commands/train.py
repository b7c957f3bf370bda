"""`cnnviz train NET`: train without a window, recorded in a run folder that the window can follow."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing, suppress
from dataclasses import fields, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..cli import CommandError
from ..link import control, runs
from ..net.acting import idle
from ..net.analysis import Analysis, trainable
from ..net.layers import Source
from ..net.network import Network
from ..net.plan import Plan
from ..net.problems import Misfit
from ..text import _
from .data import offer, unread
from .opening import Opened, note, opened
from .progress import Pictures, Progress
from .weights import at_step, chosen, pretrained, take
from .wish import Wish

if TYPE_CHECKING:
    from ..engine.record.moment import Moment

STOPPED = 130  # exit status after Ctrl-C


def run(args: argparse.Namespace) -> int:
    """Train and record; gives 0, or 130 where Ctrl-C stopped it. Raises CommandError."""
    given = opened(args.net, args.input, pretrained(args), args.seed or 0)
    network = replace(given.network, plan=planned(given.network.plan, args))
    rows = network.analyze()
    refuse(args.net, rows)
    folder = Path(args.out)
    before = earlier(folder, given) if args.resume else None
    if before is not None:
        network = replace(network, plan=planned(before.plan, args))
    elif (folder / runs.NOTES).exists():
        text = _("{folder} holds a run already. Go on with it by --resume, or choose another folder.")
        raise CommandError(text.format(folder=folder))
    run = _Run(given, network, rows, folder, before, args)
    note(given)
    for f in fields(Plan):
        if getattr(args, f.name, None) is not None and (why := idle(network.plan, f.name)):
            print(f"cnnviz: {why}", file=sys.stderr)
    return run.go()


def planned(plan: Plan, args: argparse.Namespace) -> Plan:
    """The plan with what the command line, which has checked each, says otherwise. Raises CommandError."""
    said = {f.name: value for f in fields(Plan) if (value := getattr(args, f.name, None)) is not None}
    try:
        return replace(plan, **said)
    except Misfit as e:  # settings that do not go together
        raise CommandError(str(e)) from None


def refuse(name: str, rows: Analysis, classes: int | None = None) -> None:
    """Raise CommandError where this network cannot be trained (on so many classes)."""
    problem = trainable(rows, classes)
    if problem is not None:
        raise CommandError(f"{name}: {problem.text}")


def earlier(folder: Path, given: Opened) -> Moment:
    """What the run folder holds. Raises CommandError where that is no run of this network."""
    from ..engine.record.moment import last

    if not (folder / runs.NOTES).is_file():
        raise CommandError(_("{folder} holds no run to go on with. Leave out --resume.").format(folder=folder))
    who = control.busy(folder)
    if who is not None:
        text = _("The run in {folder} is being trained now, by process {pid} on {host}. Stop it there before --resume.")
        raise CommandError(text.format(folder=folder, pid=who.pid, host=who.host))
    found = last(folder)
    if found.network.graph != given.network.graph:
        text = _("{folder} is a run of another network than {net}. Give that one: {file}")
        raise CommandError(text.format(folder=folder, net=given.name, file=folder / runs.NETWORK))
    return found


class _Run:
    """One training from its data to its last recording."""

    def __init__(
        self,
        given: Opened,
        network: Network,
        rows: Analysis,
        folder: Path,
        before: Moment | None,
        args: argparse.Namespace,
    ):
        from ..engine import data, memory
        from ..engine.build import Net
        from ..engine.learn.training import Training
        from ..engine.post import Refused

        self._args, self._folder, self._before = args, folder, before
        memory.tune()

        def load(plan: Plan, layer: Source) -> data.Data:
            bar = Pictures(plan.data)
            try:
                found = data.load(plan.data, plan.data_dir, layer, plan, bar.show)
            except data.Missing as error:
                raise CommandError(f"{error} {offer(plan.data, plan.data_dir)}".rstrip()) from error
            finally:
                bar.end()
            for text in (unread(found), *found.notes):
                if text:
                    print(f"cnnviz: {text}", file=sys.stderr)
            return found

        def made() -> Net:
            net = given.net(rows, network.plan, drawn=args.init is not None)
            if before is None:
                take(net, chosen(args) if args.weights else None, at_step(args))
            return net

        try:
            self._training = Training(rows, network.plan, load, made, before)
        except (Refused, MemoryError) as e:
            raise CommandError(f"{args.net}: {e}") from e
        self._unrecorded = ""
        self._wish = Wish()
        self._felt, self._warned = 0, set[str]()
        new = not folder.exists()
        self._training.record(folder, self._not_recorded, self._wish.asked)
        if self._unrecorded:
            if new:
                with suppress(OSError):
                    folder.rmdir()
            raise CommandError(_("{folder} cannot be written. Choose another folder.").format(folder=folder))

    def _not_recorded(self, text: str) -> None:
        self._unrecorded = text

    def go(self) -> int:
        """Train to the end, to Ctrl-C, or until the numbers are lost."""
        from ..engine.learn.controls import Controls
        from ..engine.learn.lost import Diverged
        from ..engine.post import sentence

        training, wish = self._training, self._wish
        bar = Progress(training.steps, training.start)
        losses = self._of_this_epoch()
        loss = accuracy = None
        began = perf_counter()
        making = training.go(Controls(training.plan.lr, wish.go_on))
        try:
            with wish.heard(), closing(making):
                for s in making:
                    losses.append(s.loss)
                    bar.show(s.step, s.loss)
                    if s.test is not None:
                        loss, accuracy = sum(losses) / len(losses), s.test.accuracy
                        losses.clear()
                        bar.line(self._said(s.step, loss, accuracy))
                    self._warn(bar)
                    if wish.hold and not wish.stop:
                        self._hold(bar)
                    if wish.stop:
                        break
        except Diverged as e:
            bar.end()
            raise CommandError(f"{self._args.net}: {e.text}") from None
        except (RuntimeError, MemoryError) as e:
            raise CommandError(f"{self._args.net}: {sentence(e)}") from e
        finally:
            bar.end()
        step, pictures = training.step, (training.step - training.start) * training.pictures / training.epoch_steps
        if self._args.json:
            self._print_json(step, loss, accuracy, pictures / (perf_counter() - began))
        if self._unrecorded:
            raise CommandError(self._unrecorded)
        if wish.stop:
            text = _("Stopped after step {step}; --resume goes on from there.").format(step=step)
            print(f"cnnviz: {text}", file=sys.stderr)
            return STOPPED
        if not self._args.json:
            print(_("Recorded in {folder}.").format(folder=self._folder))
        return 0

    def _warn(self, bar: Progress) -> None:
        """A line for each sign of trouble, the first time that it is seen."""
        vitals = self._training.vitals
        if vitals is None or vitals.count == self._felt:
            return
        self._felt = vitals.count
        for sign in vitals.signs:
            if sign.code not in self._warned:
                self._warned.add(sign.code)
                bar.line(f"{sign.title}: {sign.text}")

    def _hold(self, bar: Progress) -> None:
        """Somebody has asked for a pause through the run folder: wait until the run goes on, or shall end."""
        training, wish = self._training, self._wish
        training.save()
        training.paused = True
        bar.line(_("Paused after step {step}, through the run folder.").format(step=training.step))
        while wish.hold and not wish.stop:
            wish.wait(1.0)
        training.paused = False

    def _of_this_epoch(self) -> list[float]:
        """The losses of the steps that the run before has made in the epoch with which this one begins."""
        if self._before is None:
            return []
        kept = self._training.kept
        points = self._before.metrics.points[:kept]
        return [float(p[1]) for p in points if p[0] > kept - kept % self._training.epoch_steps]

    def _said(self, step: int, loss: float, accuracy: float) -> str:
        text = _("epoch {epoch}/{epochs}  loss {loss:.4f}  held-out accuracy {accuracy:.2%}")
        return text.format(
            epoch=step // self._training.epoch_steps, epochs=self._training.plan.epochs, loss=loss, accuracy=accuracy
        )

    def _print_json(self, step: int, loss: float | None, accuracy: float | None, speed: float) -> None:
        last: dict[str, Any] = {"steps": step, "train_loss": loss, "test_accuracy": accuracy}
        print(json.dumps(last | {"samples_per_second": round(speed, 1)}))
