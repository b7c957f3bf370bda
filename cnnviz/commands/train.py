"""`cnnviz train NET`: train without a window, recorded in a run folder that the window can follow."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing, suppress
from dataclasses import asdict, fields, replace
from io import StringIO
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..cli import OPTIONS, CommandError
from ..engine.learn.group import ALONE, HOLD, STOP, Elsewhere, Group, Lost, started
from ..link import runs
from ..net.acting import hint, idle
from ..net.analysis import Analysis, trainable
from ..net.layers import Source
from ..net.network import Network
from ..net.plan import Plan
from ..net.problems import Misfit
from ..net.schedule import warms
from ..text import _, grouped
from .data import loaded
from .fit import Fitted, fitted, unequal, way_out
from .opening import Opened, note, opened
from .progress import Progress
from .resuming import begun, must_be_free, same_steps, unbegun
from .weights import at_step, chosen, pretrained, take
from .wish import Wish

if TYPE_CHECKING:
    from ..engine.data import Data
    from ..engine.record.moment import Moment

STOPPED = 130  # exit status after Ctrl-C


def run(args: argparse.Namespace) -> int:
    """Train and record; gives 0, or 130 where Ctrl-C stopped it. Raises CommandError.

    Under torchrun each process comes here; the first one records and talks, and a stop is no failure: 0, too.
    """
    if not started():
        return _train(args, ALONE)
    from ..engine.learn.together import joined

    try:
        group = joined()
        status = _train(args, group)
        group.close()
    except Elsewhere:
        return 1
    return status


def _train(args: argparse.Namespace, group: Group) -> int:
    given = group.first(lambda: opened(args.net, args.input, pretrained(args), args.seed or 0))
    plan, load = planned(_for(group, given.network.plan), args), _Loader(args.net, group, args.fit)
    group.together(lambda: refuse(args.net, given.network.analyze()))
    folder = Path(args.out)
    if args.fit:
        fit = group.together(lambda: load.fitted(given, plan, folder if args.resume else None))
    else:
        fit = Fitted(given)
    before = group.given(lambda: begun(folder, fit.given, args, group))
    earlier = before.plan if before is not None else group.given(lambda: unbegun(folder, fit.given, args))
    network = replace(fit.given.network, plan=planned(earlier, args) if earlier is not None else plan)
    if before is not None:
        was = before.plan
        group.together(lambda: same_steps(was, network.plan, folder))
    rows = network.analyze()
    run = group.together(lambda: _Run(fit, network, rows, folder, before, args, load))
    if group.leads:
        note(given)
        if fit.said and before is None:
            print(f"cnnviz: {args.net}: {fit.said}.", file=sys.stderr)
        for f in fields(Plan):
            if getattr(args, f.name, None) is not None and (why := idle(network.plan, f.name)):
                print(f"cnnviz: {why}", file=sys.stderr)
        run.say_what_changes()
    return run.go()


def _for(group: Group, plan: Plan) -> Plan:
    """The plan of a new run: each process of torchrun has a batch in a step."""
    return replace(plan, batches=group.size) if group.job else plan


def planned(plan: Plan, args: argparse.Namespace) -> Plan:
    """The plan with what the command line, which has checked each, says otherwise. Raises CommandError."""
    said = {f.name: value for f in fields(Plan) if (value := getattr(args, f.name, None)) is not None}
    try:
        return replace(plan, **said)
    except Misfit as e:  # settings that do not go together
        raise CommandError(str(e)) from None


def _processes(n: int) -> str:
    return _("one process") if n == 1 else _("{n} processes").format(n=n)


def refuse(name: str, rows: Analysis, classes: int | None = None) -> None:
    """Raise CommandError where this network cannot be trained (on so many classes)."""
    problem = trainable(rows, classes)
    if problem is not None:
        raise CommandError(f"{name}: {problem.text}")


class _Loader:
    """Loads the data set, once, and looks whether the network has its classes."""

    def __init__(self, net: str, group: Group, fit: bool):
        self.group = group
        self._net, self._fit = net, fit
        self._kept: tuple[object, Data] | None = None

    def __call__(self, plan: Plan, layer: Source) -> Data:
        """The data set of the plan. Raises what loading it raises."""
        key = plan.source, layer
        if self._kept is None or self._kept[0] != key:
            out = None if self.group.leads else StringIO()
            self._kept = key, self.group.first(lambda: loaded(plan, layer, out))
        return self._kept[1]

    def checked(self, rows: Analysis, plan: Plan, layer: Source) -> Data:
        """The same; raises CommandError with the way out where the network gives something else than its classes."""
        found = self(plan, layer)
        classes = len(found.classes)
        if text := unequal(rows, classes, found.name):
            raise CommandError(f"{self._net}: {text} {'' if self._fit else way_out(rows, classes)}".rstrip())
        return found

    def fitted(self, given: Opened, plan: Plan, run: Path | None) -> Fitted:
        """The network with an output for each class of the data set; of a `run` that goes on, as it has been fitted."""
        if run is not None and (run / runs.NETWORK).is_file():
            rows = runs.network(run).analyze()
            out = rows[rows.graph.ends[-1]].out if len(rows) else None
            return fitted(given, out[0]) if out is not None and len(out) == 1 else Fitted(given)
        source = given.network.analyze().input
        assert source is not None and isinstance(source.layer, Source)
        return fitted(given, len(self(plan, source.layer).classes))


class _Run:
    """One training from its data to its last recording."""

    def __init__(
        self,
        fit: Fitted,
        network: Network,
        rows: Analysis,
        folder: Path,
        before: Moment | None,
        args: argparse.Namespace,
        load: _Loader,
    ):
        from ..engine import memory
        from ..engine.build import Net
        from ..engine.learn.training import Training
        from ..engine.post import Refused

        group = load.group
        self._args, self._folder, self._before, self._group = args, folder, before, group
        memory.tune()

        def data(plan: Plan, layer: Source) -> Data:
            return load.checked(rows, plan, layer)

        def made() -> Net:
            net = fit.given.net(rows, network.plan, drawn=args.init is not None)
            if before is None and group.leads:  # the others get them from this one
                take(net, chosen(args) if args.weights else None, at_step(args), fit.new)
            return net

        try:
            self._training = Training(rows, network.plan, data, made, before, group)
        except (Refused, MemoryError) as e:
            raise CommandError(f"{args.net}: {e}") from e
        self._unrecorded = ""
        self._bar: Progress | None = None  # while it trains
        self._wish = Wish(patient=bool(group.job))
        group.wants(STOP, lambda: self._wish.stop)
        group.wants(HOLD, lambda: self._wish.hold)
        self._felt, self._warned = 0, set[str]()
        if not self._training.over:  # else the folder stays as it is
            self._record()

    def _record(self) -> None:
        folder, args = self._folder, self._args
        if self._before is None and self._group.leads and not (args.resume or self._group.job):
            must_be_free(folder)  # it was; but data may have taken its time, and somebody else may have begun there
        new = not folder.exists()
        self._training.record(folder, self._not_recorded, self._wish.asked)
        if self._unrecorded:
            if new:
                with suppress(OSError):
                    folder.rmdir()
            text = _("{folder} cannot be written ({why}). Choose another folder, or mend that.")
            raise CommandError(text.format(folder=folder, why=self._training.lost))

    def _not_recorded(self, text: str) -> None:
        self._unrecorded = text
        if self._bar is not None:
            self._bar.line(f"cnnviz: {text}")

    def go(self) -> int:
        """Train to the end, to Ctrl-C, or until the numbers are lost."""
        from ..engine.learn.controls import Controls
        from ..engine.learn.lost import Diverged
        from ..engine.post import sentence

        training, wish, group = self._training, self._wish, self._group
        if training.over:
            return self._had_ended()
        bar = self._bar = Progress(training.steps, training.start, None if group.leads else StringIO())
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
                    if group.agreed(HOLD) and not group.agreed(STOP):
                        self._hold(bar)
                    if group.agreed(STOP):
                        break
        except Diverged as e:
            bar.end()
            if not group.leads:
                raise Elsewhere from None
            raise CommandError(f"{self._args.net}: {e.text}") from None
        except Lost as e:
            text = _("{lost} What {folder} has recorded stays; --resume goes on from there.")
            raise Lost(text.format(lost=e, folder=self._folder)) from e
        except (RuntimeError, MemoryError) as e:
            raise CommandError(f"{self._args.net}: {sentence(e)}") from e
        finally:
            bar.end()
        if not group.leads:
            return 0
        step, pictures = training.step, (training.step - training.start) * training.pictures / training.epoch_steps
        if self._args.json:
            self._print_json(step, loss, accuracy, pictures / (perf_counter() - began))
        if self._unrecorded:
            way = " " + _("--resume goes on from there.") if training.holds else ""
            raise CommandError(training.unrecorded + way)
        if group.agreed(STOP):
            text = _("Stopped after step {step}; --resume goes on from there.").format(step=step)
            print(f"cnnviz: {text}", file=sys.stderr)
            return 0 if group.job else STOPPED  # torchrun would take it for a failure, and start again
        if training.course.ended:
            print(f"cnnviz: {training.course.ended}", file=sys.stderr)
        if not self._args.json:
            print(_("Recorded in {folder}.").format(folder=self._folder))
        return 0

    def _had_ended(self) -> int:
        """Say that there is nothing left to do, and how to train longer; gives 0."""
        training, plan = self._training, self._training.plan
        if not self._group.leads or self._before is None:
            return 0
        step, steps, ended = grouped(training.step), grouped(training.steps), training.course.ended
        if training.step > training.steps:
            text = _("The run in {folder} has made {step} steps already; --epochs {epochs} are {steps}.")
            text += " " + _("To train on, raise --epochs above {made}.")
        elif ended:
            text = _("The run in {folder} had ended already, at step {step} of {steps}. {why}")
            text += " " + _("To train on, raise --stop-patience above {patience}, or turn it off by 0.")
        else:
            text = _("The run in {folder} had ended already, at step {step} of {steps}.")
            text += " " + _("To train on, raise --epochs above {epochs}.")
        made = training.step // training.epoch_steps
        words = {"epochs": plan.epochs, "made": made, "patience": plan.stop_patience, "why": ended}
        print("cnnviz: " + text.format(folder=self._folder, step=step, steps=steps, **words), file=sys.stderr)
        if self._args.json:
            losses, tests = self._before.metrics.points[-training.epoch_steps :, 1], self._before.metrics.tests
            accuracy = float(tests[-1, 2]) if len(tests) else None
            self._print_json(training.step, float(losses.mean()) if len(losses) else None, accuracy, 0.0)
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

    def say_what_changes(self) -> None:
        """Tell on stderr what may surprise: a warm-up without an end, targets that are all alike; what is not as it was
        in a run that goes on: pictures, settings, a schedule that is stretched, other processes that make it."""
        plan = self._training.plan
        if warms(plan) and plan.warmup >= self._training.steps and not self._training.over:
            text = _("All {steps} steps are warm-up, which takes {warmup}: the learning rate never comes to {lr:g}.")
            said = text.format(steps=grouped(self._training.steps), warmup=grouped(plan.warmup), lr=plan.lr)
            print(f"cnnviz: {said}", file=sys.stderr)
        if doubt := hint(plan, "label_smoothing"):
            print(f"cnnviz: {doubt}", file=sys.stderr)
        if self._before is None:
            return
        if self._training.other_data:
            print(f"cnnviz: {self._training.other_data}", file=sys.stderr)
        before = len(self._before.beside.get("noises", [0]))
        training, now = self._training, self._group.size
        was, goes = asdict(self._before.plan), asdict(training.plan)
        old, new = was["epochs"], goes["epochs"]
        if old != new and not training.over and training.plan.schedule in ("cosine", "one_cycle"):
            text = _("From here on the learning rate goes by its schedule over {new} epochs, in place of {old}.")
            print("cnnviz: " + text.format(new=new, old=old), file=sys.stderr)
        others = [name for name in was if name != "epochs" and was[name] != goes[name]]
        if others:
            part = _("{setting} {new} in place of {old}")
            parts = (part.format(setting=OPTIONS.get(n, n).replace("_", " "), new=goes[n], old=was[n]) for n in others)
            text = (
                _("Of no use in a run that has ended: {changes}.") if training.over else _("From here on: {changes}.")
            )
            print("cnnviz: " + text.format(changes=", ".join(parts)), file=sys.stderr)
        if before in (0, now):
            return
        text = _("The run was made by {before}, and goes on with {now}. A step takes the same {n} pictures.")
        changes = [text.format(before=_processes(before), now=_processes(now), n=training.plan.step_size)]
        if training.noise.needed:
            changes.append(_("Dropout draws other numbers."))
        if training.normalises and not (training.plan.sync_bn and min(before, now) > 1):
            changes.append(_("Batch normalisation takes other parts of a step together."))
        print("cnnviz: " + " ".join(changes), file=sys.stderr)

    def _hold(self, bar: Progress) -> None:
        """Somebody has asked for a pause through the run folder: wait until the run goes on, or shall end."""
        training, group = self._training, self._group
        training.save()
        training.paused = True
        bar.line(_("Paused after step {step}, through the run folder.").format(step=training.step))
        while group.agreed(HOLD) and not group.agreed(STOP):
            self._wish.wait(0.5)
            group.total()
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
