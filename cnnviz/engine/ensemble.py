"""The networks of several run folders asked about the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ..link import runs
from ..link.ensemble import Array, Member, combined
from ..net.analysis import Analysis, analyse, trainable
from ..net.layers import Source
from ..net.plan import Plan
from ..text import _
from . import device, memory
from .build import Net, fit_state, logits_node
from .data import Data
from .learn.feed import Feed
from .learn.score import EVALUATED, probabilities
from .post import Refused
from .record.moment import last


class Left(Exception):
    """Nobody wants the answer any more."""


def ensemble(
    folders: Sequence[str],
    split: str,
    load: Callable[[Plan, Source], Data],
    go_on: Callable[[int], bool],
    data: tuple[str, str] | None = None,
) -> tuple[tuple[Member, ...], Data]:
    """What the last weights of these run folders are worth alone, and averaged up to each of them; and on what.

    load   gives the data set of a plan
    go_on  is asked after every batch, with the number of networks that are done
    data   name and folder of another data set than the first run's

    Raises Left where `go_on` says so; Refused, record.WeightsError, runs.RunError, net.files.FileError, MemoryError,
    data.DataError, all with a sentence.
    """
    if not folders:
        raise Refused(_("An ensemble needs at least one run."))
    first: Data | None = None

    def asked() -> Iterator[tuple[str, int, int, Array]]:
        nonlocal first
        for number, folder in enumerate(folders):
            moment = last(folder)
            plan = moment.plan
            name, place = data or _same_data(folders[0])
            rows = analyse(moment.network.graph)
            found = load(replace(plan, data=name, data_dir=place), _input(rows, folder))
            if first is None:
                first = found
            _check(rows, folder, found, first, split)
            net = Net(rows, plan)
            _kept, fresh = fit_state(net, moment.weights)
            if fresh:
                text = _("{folder} has no weights for {nodes}. Choose another run.")
                raise Refused(text.format(folder=folder, nodes=", ".join(fresh[:5])))
            yield folder, plan.seed, moment.step, _answers(net, rows, plan, found, split, lambda n=number: go_on(n))  # type: ignore[misc]

    # the classes are known only when the first data set is loaded
    answers = asked()
    begun = next(answers)
    assert first is not None
    true = np.asarray(_split(first, split)[1])

    def all_of_them() -> Iterator[tuple[str, int, int, Array]]:
        yield begun
        yield from answers

    return combined(all_of_them(), true), first


def _answers(net: Net, rows: Analysis, plan: Plan, data: Data, split: str, go_on: Callable[[], bool]) -> Array:
    assert rows.input is not None and isinstance(rows.input.layer, Source)
    x, y = _split(data, split)
    where = device.device(plan.device)
    if where.type == "cpu":
        memory.check_measuring(rows, min(EVALUATED, len(y)))
    torch.set_num_threads(device.threads(plan.threads))
    feed = Feed(x, y, rows.input.layer, where)
    found = probabilities(net.to(where), feed, logits_node(rows.graph), go_on)
    if found is None:
        raise Left
    return found


def _same_data(folder: str) -> tuple[str, str]:
    plan = runs.notes(folder).plan
    return plan.data, plan.data_dir


def _input(rows: Analysis, folder: str) -> Source:
    problem = trainable(rows)
    if problem is not None or rows.input is None or not isinstance(rows.input.layer, Source):
        text = _("The network in {folder} cannot be run: {why}")
        raise Refused(text.format(folder=folder, why=problem.text if problem else _("it has no Input")))
    return rows.input.layer


def _check(rows: Analysis, folder: str, data: Data, first: Data, split: str) -> None:
    """Raises Refused where this network cannot answer together with the first one."""
    problem = trainable(rows, len(data.classes))
    if problem is not None:
        raise Refused(f"{Path(folder).name}: {problem.text}")
    if not np.array_equal(_split(data, split)[1], _split(first, split)[1]):
        text = _("{folder} was trained on other pictures than the first run. An ensemble answers for the same ones.")
        raise Refused(text.format(folder=folder))


def _split(data: Data, split: str) -> tuple[Array, Array]:
    return (data.train_x, data.train_y) if split == "train" else (data.test_x, data.test_y)
