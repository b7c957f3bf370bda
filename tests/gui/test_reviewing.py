"""Which measurement of the run is looked at, and when the engine is asked for it."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz.gui.session import Session
from cnnviz.link.messages import Failed, Train
from cnnviz.link.predictions import Review, Reviewed
from cnnviz.link.scorebook import Score
from cnnviz.link.verdicts import Verdicts
from cnnviz.net.graph import Graph

NONE = Verdicts(*(np.zeros(0, np.int64) for _i in range(5)))


def score(step: int) -> Score:
    return Score(step, 1.0, 0.5, None, ("0",), NONE)


def measured(session: Session, *steps: int) -> None:
    session.run.course.tests = np.array([(s, 1.0, 0.5) for s in steps], float).reshape(-1, 3)
    session.review.refresh()


def asked(session: Session) -> list[int | None]:
    return [c.step for c in session.engine.sent if isinstance(c, Review)]


def reply(session: Session, run: int | None = None) -> None:
    last = session.engine.last(Review)
    session._answer(Reviewed(last.number, session.run.number if run is None else run, score(last.step)))


def test_the_newest_is_asked_for_once_and_the_next_when_it_has_come(session: Session) -> None:
    measured(session)
    assert asked(session) == []
    measured(session, 45)
    measured(session, 45, 90)
    measured(session, 45, 90, 135)
    assert asked(session) == [45]
    reply(session)
    assert session.review.score.step == 45 and asked(session) == [45, 135]
    reply(session)
    session.review.refresh()
    assert session.review.score.step == 135 and asked(session) == [45, 135]


def test_a_step_that_is_looked_at_stays_while_the_run_goes_on(session: Session) -> None:
    changes: list[int | None] = []
    session.review_changed.connect(lambda: changes.append(session.review.step))
    measured(session, 45, 90)
    reply(session)
    session.review.look(50)
    assert asked(session) == [90, 45]
    reply(session)
    measured(session, 45, 90, 135)
    assert asked(session) == [90, 45] and session.review.score.step == 45
    session.review.look(None)
    assert asked(session) == [90, 45, 135]
    assert changes == [None, 50, 50, None]


def test_one_that_is_not_recorded_yet_is_asked_for_again_as_the_run_goes_on(session: Session) -> None:
    measured(session, 45, 90, 135)
    reply(session)
    session.review.look(90)
    last = session.engine.last(Review)
    session._answer(Reviewed(last.number, session.run.number, score(135)))  # the record has only the newest
    session.review.refresh()
    assert asked(session) == [135, 90], "nothing has changed"
    measured(session, 45, 90, 135, 180)
    assert asked(session) == [135, 90, 90]
    reply(session)
    measured(session, 45, 90, 135, 180, 225)
    assert session.review.score.step == 90 and asked(session) == [135, 90, 90]


def test_answers_of_another_run_and_late_ones_are_dropped(session: Session) -> None:
    measured(session, 45)
    reply(session, run=99)
    assert session.review.score is None
    session.review.forget()
    measured(session, 45)
    old = session.engine.last(Review)
    session.review.forget()
    session._answer(Reviewed(old.number, session.run.number, score(45)))
    assert session.review.score is None


def test_one_that_fails_is_told_and_not_asked_again_and_a_new_engine_is(session: Session) -> None:
    measured(session, 45)
    session._answer(Failed("review", "Gone.", run=session.engine.last(Review).number))
    session.review.refresh()
    assert session.review.trouble == "Gone." and asked(session) == [45]
    session.review.lost()
    session.review.refresh()
    assert asked(session) == [45, 45]


def test_a_new_run_begins_without_the_old_ones_measurements(session: Session, lenet: Graph) -> None:
    measured(session, 45)
    reply(session)
    session.review.look(45)
    session.edit.document.reset(lenet)
    session.run.train()
    assert session.engine.last(Train).start == 0
    assert session.review.score is None and session.review.step is None


def test_a_run_that_goes_on_keeps_what_is_looked_at_and_asks_for_its_own(
    session: Session, lenet: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.edit.document.reset(lenet)
    monkeypatch.setattr(session.run, "_unfinished", lambda: ("there", 90))
    measured(session, 45, 90)
    reply(session)
    session.run.train_on()
    assert session.review.score.step == 90
    session.run.progress = None
    measured(session, 45, 90)
    last = session.engine.last(Review)
    assert (last.run, last.folder, last.step) == (session.run.number, "there", 90)


def test_the_time_cursor_and_the_measurement_go_together(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(session, 45, 90)
    reply(session)
    monkeypatch.setattr(type(session.time), "steps", np.array([0, 40, 90]))
    session.time.folder = "there"
    session.time.found = None
    monkeypatch.setattr(type(session.time), "end", 90)
    session.time.go(50)
    assert session.review.step == 50 and asked(session) == [90, 45]
    reply(session)
    session.review.go(90)
    assert session.time.at == 90 and session.review.step == 90
    session.review.go(None)
    assert session.time.at is None and session.review.step is None
