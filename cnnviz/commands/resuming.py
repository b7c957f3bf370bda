"""What a run folder holds for `cnnviz train`, and whether a training may go on with it, or begin there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cli import OPTIONS, CommandError
from ..engine.learn.group import Group
from ..link import control, runs
from ..net.network import Network
from ..net.plan import Plan
from ..text import _, grouped
from .opening import Opened

if TYPE_CHECKING:
    from ..engine.record.moment import Moment


def begun(folder: Path, given: Opened, args: argparse.Namespace, group: Group) -> Moment | None:
    """What there is to go on from; None: a run begins, perhaps anew (`unbegun`). Raises CommandError."""
    again = runs.job(folder, unfinished=True) == group.job != ""  # torchrun has started us anew
    if again and not _recorded(folder):
        return None
    if args.resume and not again and not _recorded(folder) and (folder / runs.NOTES).is_file():
        _refuse_busy(folder)
        return None
    if again or args.resume:
        return _earlier(folder, given, again=again)
    must_be_free(folder)
    return None  # a run that ended before its first weights were recorded is begun anew


def must_be_free(folder: Path) -> None:
    """Raise CommandError where a run is there, or somebody begins one."""
    if _recorded(folder) or ((folder / runs.NOTES).exists() and control.busy(folder) is not None):
        text = _("{folder} holds a run already. Go on with it by --resume, or choose another folder.")
        raise CommandError(text.format(folder=folder))


def unbegun(folder: Path, given: Opened, args: argparse.Namespace) -> Plan | None:
    """The plan of a run that shall go on, and ended before anything was recorded: it begins anew, which is said.

    None where there is no such run. Raises CommandError where it is one of another network.
    """
    if not args.resume or _recorded(folder):
        return None
    try:
        plan = runs.notes(folder).plan
    except runs.RunError:  # of which nothing is left
        return None
    if (folder / runs.NETWORK).is_file():
        _same_network(folder, runs.network(folder), given)
    text = _("The run in {folder} ended before its first weights were recorded: it begins anew.")
    print(f"cnnviz: {text.format(folder=folder)}", file=sys.stderr)
    return plan


def _recorded(folder: Path) -> bool:
    """Whether there is anything of a run that is worth keeping, damaged or not."""
    metrics = folder / runs.METRICS
    return (folder / runs.LAST).exists() or bool(runs.keys(folder)) or (metrics.exists() and metrics.stat().st_size > 0)


def same_steps(was: Plan, now: Plan, folder: Path) -> None:
    """Raise CommandError where an epoch would have other steps than those that the run has counted."""
    parts = {OPTIONS["batch_size"]: (was.step_size, now.step_size)}
    parts |= {n.replace("_", "-"): (getattr(was, n), getattr(now, n)) for n in ("data", "held_out", "drop_leaks")}
    for option, (old, new) in parts.items():
        if old != new:
            text = _("The run in {folder} counts its steps by --{option} {old}, and cannot go on with {new}.")
            text += " " + _("Leave it out, or begin a new run from its weights: --weights {folder} and another --out.")
            raise CommandError(text.format(folder=folder, option=option, old=old, new=new))


def _earlier(folder: Path, given: Opened, again: bool = False) -> Moment:
    """What the run folder holds. Raises CommandError where that is no run of this network, or somebody is training
    there, who is not our own former self (`again`)."""
    from ..engine.record.moment import last

    if not (folder / runs.NOTES).is_file() and not _recorded(folder):
        raise CommandError(_("{folder} holds no run to go on with. Leave out --resume.").format(folder=folder))
    if not again:
        _refuse_busy(folder)
    found = last(folder)
    if found.lost:
        print(f"cnnviz: {found.lost}", file=sys.stderr)
    missing = found.step - len(np.unique(found.metrics.points[:, 0]))
    if missing > 0:
        text = _("{n} of {steps} steps in {file} are missing or damaged. Only curves have a gap there.")
        said = text.format(n=grouped(missing), steps=grouped(found.step), file=folder / runs.METRICS)
        print(f"cnnviz: {said}", file=sys.stderr)
    _same_network(folder, found.network, given)
    return found


def _refuse_busy(folder: Path) -> None:
    who = control.busy(folder)
    if who is not None:
        text = _("The run in {folder} is being trained now, by process {pid} on {host}. Stop it there before --resume.")
        raise CommandError(text.format(folder=folder, pid=who.pid, host=who.host))


def _same_network(folder: Path, network: Network, given: Opened) -> None:
    if network.graph != given.network.graph:
        text = _("{folder} is a run of another network than {net}. Give that one: {file}")
        raise CommandError(text.format(folder=folder, net=given.name, file=folder / runs.NETWORK))
