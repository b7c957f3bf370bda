"""Which weights a command takes, and a net that has them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import CommandError
from ..link.runs import LAST, NOTES, TRACKS
from ..net.analysis import Analysis
from ..net.files import WEIGHTS, weights_beside
from ..net.plan import Plan
from ..net.presets import is_model, presets
from ..text import _, grouped
from .opening import Opened, placed

if TYPE_CHECKING:
    from ..engine.build import Net, State

VISION = "torchvision:"


def pretrained(args: argparse.Namespace) -> str:
    """The name of torchvision's weights that --weights means, such as DEFAULT; empty where it means a file or none."""
    given = args.weights or ""
    is_file = given.endswith(WEIGHTS) or Path(given).exists()
    return given if args.net.startswith(VISION) and not is_file else ""


def chosen(args: argparse.Namespace) -> Path | None:
    """The file that is meant by --weights, or that lies beside the network file; None: none."""
    if pretrained(args):
        return None
    if args.weights is None:
        if args.net in presets() or is_model(args.net):
            return None
        beside = weights_beside(args.net)
        return beside if beside.is_file() else None
    path = Path(args.weights)
    return path / LAST if path.is_dir() else path


def at_step(args: argparse.Namespace) -> State | None:
    """The weights of the run's step that is meant by --step; None where none is.

    Says which step it is, where that one was not recorded. Raises CommandError.
    """
    if args.step is None:
        return None
    from ..engine.record.reader import Reader, TrackError

    run = Path(args.weights or "")
    if not args.weights or not (run / NOTES).is_file():
        raise CommandError(_("--step is of a run: give its folder by --weights."))
    reader = Reader(run / TRACKS)
    reader.refresh()
    wanted = args.step
    while (step := reader.nearest(wanted)) is not None:
        try:
            state = reader.read(step)
        except TrackError as error:
            print(f"cnnviz: {error}", file=sys.stderr)
            continue
        if step != wanted:
            text = _("Step {wanted} was not recorded; the nearest one that was is {step}.")
            print("cnnviz: " + text.format(wanted=grouped(wanted), step=grouped(step)), file=sys.stderr)
        args.step = step  # what is said of it later
        return state
    raise CommandError(
        _("{run} has recorded the weights of no step. Leave out --step for its last ones.").format(run=run)
    )


def source(args: argparse.Namespace) -> str:
    """Where the weights come from, for a person; after they have been taken."""
    if args.step is not None:
        return _("{run} at step {step}").format(run=args.weights, step=grouped(args.step))
    if args.net.startswith(VISION):
        return pretrained(args) or str(chosen(args) or _("an untrained network"))
    return str(chosen(args) or (args.net if is_model(args.net) else _("an untrained network")))


def weighted(given: Opened, rows: Analysis, plan: Plan, args: argparse.Namespace) -> Net:
    """The net in evaluation mode, with the weights that are meant by --weights and --step, else those that it has.

    Raises CommandError where they do not fit, and where the net does not fit into memory.
    """
    from ..engine import memory

    try:
        memory.check(rows, 2)  # itself, and the file's weights or what runs beside it
    except MemoryError as error:
        raise CommandError(placed(given.name, error)) from error
    net = given.net(rows, plan).eval()
    take(net, chosen(args), at_step(args))
    return net


def take(net: Net, weights: Path | None, state: State | None = None, new: frozenset[str] = frozenset()) -> None:
    """Copy the weights of this file, or this `state`, into the net, each by its name.

    `new`: nodes that keep their own, as these are of other classes. Raises CommandError where they do not fit.
    """
    from ..engine.foreign.checkpoint import CheckpointError, match, read

    if weights is None:
        return
    ours = net.state_dict()
    try:
        found = match(read(weights) if state is None else state, ours)
    except CheckpointError as error:
        raise CommandError(str(error)) from error
    named = {m.ours for m in found.matches if m.how == "name"}
    named -= {name for name in named if name.partition(".")[0] in new}
    lost = [*(m.ours for m in found.matches if m.how != "name"), *(o.name for o in found.missing)]
    lost = [name for name in lost if name.partition(".")[0] not in new]
    if lost:
        nodes = tuple(dict.fromkeys(name.partition(".")[0] for name in ours if name in lost))
        text = _("{file} has no weights that fit {nodes}. {why} Give the weights of this network.")
        wrong = next((o.why for o in found.left if o.why.startswith(f"{nodes[0]}.")), "")
        wrong = wrong or next((f"{o.name}: {o.why}" for o in found.left if o.name in lost), "")
        if not wrong and any(m.ours == lost[0] for m in found.matches):
            wrong = _("Its tensors bear other names: in the window, File → Load weights matches them by shape.")
        said = text.format(file=weights, nodes=_few(nodes), why=wrong)
        raise CommandError(" ".join(said.split()))
    net.load_state_dict({k: v for k, v in found.state.items() if k in named}, strict=False)


def _few(ids: tuple[str, ...]) -> str:
    return ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
