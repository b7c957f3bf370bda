"""What a run knows of itself as its steps come."""

from __future__ import annotations

from cnnviz.engine.learn import score
from cnnviz.engine.learn.steps import Step
from cnnviz.engine.runner import Run
from cnnviz.link.messages import Train
from cnnviz.net.plan import Plan

from .nets import small


def test_a_measurement_that_was_owed_is_no_step_of_those_that_are_asked_for() -> None:
    run = Run(Train(1, Plan(), start=45, steps=1), 1, small())
    run.add(Step(45, 1.0, 0.5, 0.1, score.Test(1.0, 0.5)), 0.0)
    assert not run.hold and len(run.tests) == 4
    run.add(Step(46, 1.0, 0.5, 0.1), 1.0)
    assert run.hold
