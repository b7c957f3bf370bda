"""Training: a plain generator that makes one step at a time, for the window, the command line and the tests alike."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch.nn.utils import clip_grad_norm_

from ...link.adjusting import Change
from ...net.health.reading import Reading
from ...net.layers import Source
from ...net.plan import Plan
from ..augment import Augment
from ..build import Net
from ..data import Data
from .controls import Controls, changed
from .course import Course
from .feed import Feed, epoch_steps, order
from .group import ALONE, Group
from .health import Health
from .lost import LARGEST, Good
from .noise import Noise
from .objective import Objective
from .optimizer import adjust, make_optimizer, mover
from .score import Test, evaluate

KEPT = 8  # steps from one copy of the weights known to be good to the next


@dataclass(frozen=True)
class Step:
    """What one step gave. `loss` and `accuracy` are the batch's, before the weights moved."""

    step: int  # counts from 1
    loss: float
    accuracy: float
    lr: float  # as the step was made with; the one that is set, times the schedule's factor
    test: Test | None = None  # at the end of every epoch
    # of the training's health, at some steps, which the clock chooses
    reading: Reading | None = field(default=None, compare=False)
    changes: tuple[Change, ...] = ()  # of settings, that this step was the first to be made with


def steps(
    net: Net,
    data: Data,
    plan: Plan,
    layer: Source,
    end: str = "",
    controls: Controls | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    start: int = 0,
    noise: Noise | None = None,
    group: Group = ALONE,
    health: Health | None = None,
    course: Course | None = None,
) -> Generator[Step, None, None]:
    """Train `net` by `plan`, one step for each `next`, from step `start` + 1 on; close the generator to stop.

    The loss is the plan's, of node `end`'s output (see build.logits_node). Auxiliary outputs (Net.beside) add theirs
    with the plan's weight, as in GoogLeNet's paper; they are in no figure that is told. Every epoch goes through the
    training pictures in a new order, drawn from a generator of its own that is seeded by the plan; the last batch may
    be smaller. Dropout draws from a stream of its own, too, and augmentation from one that each step begins anew, so on
    the CPU the same plan and number of threads give the same numbers bit for bit, whatever else the process does with
    torch's global random state between steps. With the weights, the optimizer's state, `noise`'s and `course`'s of
    a step, what comes after it is the same again. `health` reads some of the steps, which changes nothing in them.

    group  the processes that make the steps together, each on its share of a step's pictures; all of them give the same
           steps, with the figures of all pictures

    Raises Diverged where a loss is not finite, or absurdly large.
    """
    controls = controls or Controls(plan.lr)
    optimizer = optimizer or make_optimizer(net, plan)
    device = next(net.parameters()).device
    train = Feed(data.train_x, data.train_y, layer, device, Augment.of(plan, layer))
    test = Feed(data.test_x, data.test_y, layer, device)
    good = Good(net, start)
    noise = noise or Noise(net, plan.seed)
    course = course or Course(plan, epoch_steps(net, len(train), plan))
    objective = Objective(net, plan, end, group)
    net.train()
    weights, move = list(net.parameters()), mover(optimizer)
    step, now = start, None
    controls.made = start
    for indices, last in train.ahead(order(net, len(train), plan, start), start):
        whole, rows = len(indices), group.rows(len(indices))
        own = rows.stop - rows.start
        changes: tuple[Change, ...] = ()
        if controls.now is not now:
            now = controls.now
            plan, changes = changed(plan, now, step + 1)
            objective.follow(plan)
            if changes:
                adjust(optimizer, plan)
                train.change(Augment.of(plan, layer))
        x, y = train.batch(indices, step, rows if own else slice(0, 1))  # who has none takes one that counts nothing
        lr = plan.lr * course.factor(step)
        for settings in optimizer.param_groups:
            settings["lr"] = lr
        for w in weights:
            w.grad = None
        beat = health.beat(step + 1, lr) if health is not None and health.due(step + 1) else None
        outcome = objective(x, y, noise) if beat is None else beat.forward(partial(objective, x, y, noise))
        right = (outcome.logits.detach().argmax(1) == y).sum()  # while the logits are at hand; read after the backward
        group.backward(outcome.total, own, whole)
        if beat is not None:
            beat.backward()
        if plan.clip:
            clip_grad_norm_(weights, plan.clip)
        value, accuracy = group.mean(own, whole, outcome.loss.item(), int(right) / len(y))
        step += 1
        if not value < LARGEST:
            raise good.diverged(net, step, x, lr)
        if step % KEPT == 1 or step == start + 1:
            good.keep(step - 1)  # they have just given a finite loss
        move()
        controls.made = step
        reading = beat.end(outcome.logits, y) if beat is not None else None
        found = None
        if last:
            found = evaluate(net, test, end, controls.pulse, group, plan)
            if found is not None and not found.loss < LARGEST:
                raise good.diverged(net, step, x, lr)
            if found is not None:
                course.measured(step, found)
        del x, y, outcome, beat  # the next step finds their memory free, and warm
        yield Step(step, value, accuracy, lr, found, reading, changes)
        if last and (found is None or course.ended):
            return
