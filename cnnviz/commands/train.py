"""`cnnviz train NET`: train without a window, recorded in a run folder that the window can follow."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from threading import current_thread, main_thread
from time import perf_counter
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..cli import CommandError
from ..net.analysis import Analysis, trainable
from ..net.layers import Source
from ..net.network import Network
from ..net.plan import Plan
from ..text import _
from .opening import Opened, note, opened
from .progress import Progress
from .weights import chosen, pretrained, take

if TYPE_CHECKING:
    from ..engine.history import Last

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
    elif (folder / "run.json").exists():
        text = _("{folder} holds a run already. Go on with it by --resume, or choose another folder.")
        raise CommandError(text.format(folder=folder))
    run = _Run(given, network, rows, folder, before, args)
    note(given)
    return run.go()


def planned(plan: Plan, args: argparse.Namespace) -> Plan:
    """The plan with what the command line, which has checked it, says otherwise."""
    said = {f.name: value for f in fields(Plan) if (value := getattr(args, f.name, None)) is not None}
    return replace(plan, **said)


def refuse(name: str, rows: Analysis, classes: int | None = None) -> None:
    """Raise CommandError where this network cannot be trained (on so many classes)."""
    problem = trainable(rows, classes)
    if problem is not None:
        raise CommandError(f"{name}: {problem.text}")


def earlier(folder: Path, given: Opened) -> Last:
    """What the run folder holds. Raises CommandError where that is no run of this network."""
    from ..engine.history import last

    if not (folder / "run.json").is_file():
        raise CommandError(_("{folder} holds no run to go on with. Leave out --resume.").format(folder=folder))
    found = last(folder)
    if found.network.graph != given.network.graph:
        text = _("{folder} is a run of another network than {net}. Give that one: {file}")
        raise CommandError(text.format(folder=folder, net=given.name, file=folder / "network.cnnviz"))
    return found


class _Run:
    """One training from its data to its last recording."""

    def __init__(
        self,
        given: Opened,
        network: Network,
        rows: Analysis,
        folder: Path,
        before: Last | None,
        args: argparse.Namespace,
    ):
        import torch

        from ..engine import data, device, memory
        from ..engine.build import fit_state, logits_node
        from ..engine.foreign.gradient import check_gradient
        from ..engine.history import Recorder
        from ..engine.train import EVALUATED, epoch_steps, make_optimizer

        self._args, self._folder = args, folder
        plan, self._plan = network.plan, network.plan
        memory.tune()
        threads = device.threads(plan.threads)
        torch.set_num_threads(threads)
        node = rows.input
        assert node is not None and isinstance(node.layer, Source)
        self._layer = node.layer
        try:
            where = device.device(plan.device)
        except ValueError as e:
            raise CommandError(str(e)) from None
        self._data = data.load(plan.data, plan.data_dir, node.layer)
        refuse(args.net, rows, len(self._data.classes))
        if where.type == "cpu":
            measured = min(EVALUATED, len(self._data.test_y))
            self._try(memory.check_training, rows, plan, measured)
        self._net = given.net(rows, plan, drawn=args.init is not None)
        self._logits = logits_node(network.graph)
        self._try(check_gradient, self._net, rows, self._logits)
        if before is not None:
            fit_state(self._net, before.weights)
        else:
            take(self._net, chosen(args) if args.weights else None)
        self._net.to(where)
        self._optimizer = make_optimizer(self._net, plan)
        if before is not None and before.optimizer is not None:
            self._optimizer.load_state_dict(before.optimizer)
        self._start = before.step if before is not None else 0
        self._pictures = len(self._data.train_y)
        self._epoch = epoch_steps(self._net, self._pictures, plan)
        self._steps = self._epoch * plan.epochs
        self._unrecorded = ""
        made = not folder.exists()
        self._recorder = Recorder(folder, network, plan, self._data, threads, self._not_recorded, self._start)
        if self._unrecorded:
            if made:
                with suppress(OSError):
                    folder.rmdir()
            raise CommandError(_("{folder} cannot be written. Choose another folder.").format(folder=folder))

    def _try(self, check: Callable[..., None], *args: object) -> None:
        """Do a check whose refusal is said with the network's name. Raises CommandError."""
        from ..engine.post import Refused

        try:
            check(*args)
        except (Refused, MemoryError) as e:
            raise CommandError(f"{self._args.net}: {e}") from e

    def _not_recorded(self, text: str) -> None:
        self._unrecorded = text

    def go(self) -> int:
        """Train to the end, to Ctrl-C, or until the numbers are lost."""
        from ..engine.post import sentence
        from ..engine.train import Controls, Diverged, steps

        wish = _Wish()
        controls = Controls(self._plan.lr, wish.go_on)
        net, optimizer = self._net, self._optimizer
        bar = Progress(self._steps, self._start)
        losses: list[float] = []
        loss = accuracy = None
        step, began = self._start, perf_counter()
        try:
            with wish.heard():
                for s in steps(
                    net, self._data, self._plan, self._layer, self._logits, controls, optimizer, self._start
                ):
                    step = s.step
                    losses.append(s.loss)
                    self._recorder.add(s)
                    bar.show(step, s.loss)
                    if s.test is not None:
                        loss, accuracy = sum(losses) / len(losses), s.test.accuracy
                        losses.clear()
                        bar.line(self._said(step, loss, accuracy))
                    if wish.stop:
                        break
                    if self._recorder.due:
                        self._recorder.record(net, optimizer)
        except Diverged as e:
            bar.end()
            self._recorder.record(net, optimizer, "diverged")
            raise CommandError(f"{self._args.net}: {e.text}") from None
        except (RuntimeError, MemoryError) as e:
            raise CommandError(f"{self._args.net}: {sentence(e)}") from e
        finally:
            bar.end()
        seconds = perf_counter() - began
        self._recorder.record(net, optimizer, "stopped" if wish.stop else "done")
        if self._args.json:
            self._print_json(step, loss, accuracy, (step - self._start) * self._pictures / self._epoch / seconds)
        if self._unrecorded:
            raise CommandError(self._unrecorded)
        if wish.stop:
            text = _("Stopped after step {step}; --resume goes on from there.").format(step=step)
            print(f"cnnviz: {text}", file=sys.stderr)
            return STOPPED
        if not self._args.json:
            print(_("Recorded in {folder}.").format(folder=self._folder))
        return 0

    def _said(self, step: int, loss: float, accuracy: float) -> str:
        text = _("epoch {epoch}/{epochs}  loss {loss:.4f}  held-out accuracy {accuracy:.2%}")
        return text.format(epoch=step // self._epoch, epochs=self._plan.epochs, loss=loss, accuracy=accuracy)

    def _print_json(self, step: int, loss: float | None, accuracy: float | None, speed: float) -> None:
        last: dict[str, Any] = {"steps": step, "train_loss": loss, "test_accuracy": accuracy}
        print(json.dumps(last | {"samples_per_second": round(speed, 1)}))


class _Wish:
    """Ctrl-C, or the system's request to end, heard between two steps, so that no step is left half done."""

    def __init__(self) -> None:
        self.stop = False

    def go_on(self) -> bool:
        """Whether nobody wants to stop."""
        return not self.stop

    @contextmanager
    def heard(self) -> Iterator[None]:
        """While it lasts, the first Ctrl-C asks and the second one breaks off."""
        if current_thread() is not main_thread():  # only there can signals be heard
            yield
            return
        before = {s: signal.signal(s, self._ask) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for s, handler in before.items():
                signal.signal(s, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True
