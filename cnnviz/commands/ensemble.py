"""`cnnviz ensemble RUN RUN …`: the average of several trained networks, and what each adds."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..cli import CommandError
from ..link import runs
from ..link.ensemble import Figures, Member
from ..text import _, grouped
from .data import loaded
from .table import aligned

if TYPE_CHECKING:
    from ..engine.data import Data


def run(args: argparse.Namespace) -> int:
    """Average the runs' answers and print what came of it; gives 0.

    Raises CommandError, runs.RunError, engine.data.DataError, record.WeightsError, net.files.FileError.
    """
    from ..engine.build import ForeignError
    from ..engine.ensemble import ensemble
    from ..engine.post import sentence

    for folder in args.runs:
        runs.notes(folder)

    def go_on(done: int) -> bool:
        return True

    data = (args.data, args.data_dir or "") if args.data else None
    try:
        members, found = ensemble(args.runs, args.split, loaded, go_on, data)
    except (ForeignError, MemoryError, RuntimeError, runs.RunError) as error:
        raise CommandError(sentence(error)) from error
    print(
        json.dumps(_described(members, found, args), ensure_ascii=False) if args.json else _told(members, found, args)
    )
    sys.stdout.flush()
    return 0


def _described(members: tuple[Member, ...], data: Data, args: argparse.Namespace) -> dict[str, Any]:
    return {
        "data": data.name,
        "split": args.split,
        "pictures": len(data.train_y if args.split == "train" else data.test_y),
        "members": [
            {
                "run": m.name,
                "seed": m.seed,
                "step": m.step,
                "alone": _named(m.alone),
                "together": _named(m.first),
                "without": None if m.without is None else _named(m.without),
            }
            for m in members
        ],
    }


def _named(figures: Figures) -> dict[str, Any]:
    said = asdict(figures)
    return {"top1_error": said["top1"], "top5_error": said["top5"], "loss": said["loss"]}


def _told(members: tuple[Member, ...], data: Data, args: argparse.Namespace) -> str:
    n = len(data.train_y if args.split == "train" else data.test_y)
    split = _("pictures trained on") if args.split == "train" else _("held-out pictures")
    one, many = (
        _("{k} network on {n} {split} of {data}"),
        _("{k} networks, their probabilities averaged, on {n} {split} of {data}"),
    )
    head = one if len(members) == 1 else many
    lines = [head.format(k=len(members), n=grouped(n), split=split, data=data.name), ""]
    table = [("", _("run"), _("seed"), _("error alone"), _("together"), _("changes it by"), _("loss together"))]
    before: Figures | None = None
    for k, m in enumerate(members, 1):
        adds = "–" if before is None else f"{m.first.top1 - before.top1:+.2%}".replace("-", "−")
        table.append(
            (
                str(k),
                m.name,
                str(m.seed),
                f"{m.alone.top1:.2%}",
                f"{m.first.top1:.2%}",
                adds,
                f"{m.first.loss:.4f}",
            )
        )
        before = m.first
    return "\n".join([*lines, aligned(table, {0, 2, 3, 4, 5, 6})])
