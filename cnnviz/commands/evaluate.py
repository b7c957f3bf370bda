"""`cnnviz evaluate NET`: how good a network is on all pictures of a data set."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cli import CommandError
from ..link import runs
from ..link.verdicts import BINS, TOP, Verdicts, by_class, calibration, confused, confusion
from ..net.analysis import Analysis
from ..net.layers import Source
from ..net.plan import Plan
from ..text import _, grouped
from .data import loaded
from .fit import unequal
from .opening import Opened, note, opened
from .table import aligned
from .train import refuse
from .weights import pretrained, source, weighted

if TYPE_CHECKING:
    from ..engine.data import Data

TABLE = 20
"""Classes up to which the whole confusion matrix is printed."""
PAIRS = 10
"""Pairs that are printed of those confused most."""


def run(args: argparse.Namespace) -> int:
    """Classify every picture and print what came of it; gives 0. Raises CommandError, engine.data.DataError."""
    given = opened(args.net, args.input, pretrained(args))
    rows = given.network.analyze()
    plan = planned(given.network.plan, args)
    verdicts, data = judged(given, rows, plan, args)
    note(given)
    print(
        json.dumps(_described(verdicts, data, args), ensure_ascii=False) if args.json else _told(verdicts, data, args)
    )
    return 0


def planned(plan: Plan, args: argparse.Namespace) -> Plan:
    """The network's plan, of a run as its folder has it, with what the command line says otherwise."""
    folder = Path(args.weights or "")
    if args.weights and (folder / runs.NOTES).is_file():
        plan = runs.notes(folder).plan
    said = {k: v for k in ("data", "data_dir", "device") if (v := getattr(args, k, None)) is not None}
    return replace(plan, **said)


def judged(given: Opened, rows: Analysis, plan: Plan, args: argparse.Namespace) -> tuple[Verdicts, Data]:
    """What the network with the weights that are meant makes of every picture of the split. Raises CommandError."""
    refuse(given.name, rows)
    assert rows.input is not None and isinstance(rows.input.layer, Source)
    layer = rows.input.layer
    data = loaded(plan, layer)
    if text := unequal(rows, len(data.classes), data.name):
        more = _("Choose the data set that it was trained on, or train it on this one by cnnviz train … --fit.")
        run = Path(args.weights or "")
        if (run / runs.NETWORK).is_file() and not unequal(runs.network(run).analyze(), len(data.classes), data.name):
            more = _("The weights are of another network. Give that one: {file}").format(file=run / runs.NETWORK)
        raise CommandError(f"{given.name}: {text} {more}")
    import torch

    from ..engine import device, memory
    from ..engine.build import logits_node
    from ..engine.learn.feed import Feed
    from ..engine.learn.score import EVALUATED, evaluate
    from ..engine.post import sentence

    train = args.split == "train"
    x, y = (data.train_x, data.train_y) if train else (data.test_x, data.test_y)
    if not len(y):
        raise CommandError(_("{data} has no pictures of this kind.").format(data=data.name))
    torch.set_num_threads(device.threads(plan.threads))
    net = weighted(given, rows, plan, args)
    try:
        where = device.device(plan.device)
        if where.type == "cpu":
            memory.check_measuring(rows, min(EVALUATED, len(y)))
        found = evaluate(net.to(where), Feed(x, y, layer, where), logits_node(rows.graph))
    except (ValueError, MemoryError, RuntimeError) as error:
        raise CommandError(f"{given.name}: {sentence(error)}") from error
    assert found is not None and found.verdicts is not None
    return found.verdicts, data


def _described(v: Verdicts, data: Data, args: argparse.Namespace) -> dict[str, Any]:
    n = _count(v, data)
    each, sure = by_class(v, n), calibration(v)
    return {
        "network": args.net,
        "weights": source(args),
        "data": data.name,
        "split": args.split,
        "pictures": len(v),
        "loss": _number(_loss(v)),
        "top1_error": v.error(),
        "top5_error": v.error(TOP) if n > TOP else None,
        "calibration_error": sure.error,
        "classes": [
            {
                "name": _name(data, i),
                "pictures": int(each.pictures[i]),
                "accuracy": _number(each.accuracy[i]),
                "precision": _number(each.precision[i]),
            }
            for i in range(n)
        ],
        "confusion": confusion(v, n).tolist(),
        "calibration": [
            {
                "from": b / BINS,
                "to": (b + 1) / BINS,
                "pictures": int(sure.count[b]),
                "confidence": _number(sure.confidence[b]),
                "accuracy": _number(sure.accuracy[b]),
            }
            for b in range(BINS)
        ],
    }


def _told(v: Verdicts, data: Data, args: argparse.Namespace) -> str:
    n = _count(v, data)
    split = _("pictures trained on") if args.split == "train" else _("held-out pictures")
    head = _("{net} with the weights of {weights} on {n} {split} of {data}")
    lines = [head.format(net=args.net, weights=source(args), n=grouped(len(v)), split=split, data=data.name), ""]
    figures = [(_("Top-1 error"), f"{v.error():.2%}")]
    figures += [(_("Top-5 error"), f"{v.error(TOP):.2%}")] if n > TOP else []
    sure = calibration(v)
    figures += [(_("Loss"), f"{_loss(v):.4f}"), (_("Calibration error"), f"{sure.error:.2%}")]
    lines += [aligned(figures, {1}), "", _classes(v, data, n), ""]
    lines += [_matrix(v, data, n)] if n <= TABLE else []
    lines += [_pairs(v, data, n)] if n > TABLE else []
    return "\n".join(lines).rstrip()


def _classes(v: Verdicts, data: Data, n: int) -> str:
    each = by_class(v, n)
    head = (_("class"), _("pictures"), _("accuracy"), _("precision"))
    rows = [
        (_name(data, i), grouped(int(each.pictures[i])), _share(each.accuracy[i]), _share(each.precision[i]))
        for i in range(n)
    ]
    return aligned([head, *rows], {1, 2, 3})


def _matrix(v: Verdicts, data: Data, n: int) -> str:
    names = [_name(data, i) for i in range(n)]
    rows = [
        [name, *(grouped(c) if c else "·" for c in row)]
        for name, row in zip(names, confusion(v, n).tolist(), strict=True)
    ]
    return _("true \\ predicted") + "\n" + aligned([["", *names], *rows], set(range(1, n + 1)))


def _pairs(v: Verdicts, data: Data, n: int) -> str:
    found = confused(v, n, PAIRS)
    if not found:
        return ""
    lines = [(f"{_name(data, t)} → {_name(data, p)}", grouped(c)) for t, p, c in found]
    return _("Confused most") + "\n" + aligned(lines, {1})


def _count(v: Verdicts, data: Data) -> int:
    """Classes: those of the data set, and what the network gives beyond them."""
    return max(len(data.classes), int(v.predicted.max(initial=-1)) + 1)


def _name(data: Data, index: int) -> str:
    return data.classes[index] if index < len(data.classes) else str(index)


def _loss(v: Verdicts) -> float:
    return float(np.mean(v.loss.astype(float)))


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _share(value: float) -> str:
    return f"{value:.1%}" if isfinite(value) else "–"
