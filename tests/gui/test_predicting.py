"""Predictions as the panels meet them: asked for, told of, answered, out of date."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnviz.gui.session import Session
from cnnviz.link.messages import Failed, Pictures
from cnnviz.link.predictions import Abandon, Fetch, Fetched, Predict, Predicting, Predictions
from cnnviz.link.verdicts import Verdicts

NONE = Verdicts(*(np.zeros(0, np.int64) for _i in range(5)))


def answer(session: Session, number: int, split: str = "test", **more: object) -> Predictions:
    base = Predictions(number, session.version, 0, 0, split, "digits", ("0",), NONE)
    reply = replace(base, **more)
    session.predict.take(reply)
    return reply


def test_what_is_asked_is_told_of_and_kept_by_split(session: Session) -> None:
    heard: list[object] = []
    session.predictions_changed.connect(lambda: heard.append(session.predict.progress))
    session.predict.ask()
    assert session.engine.last(Predict) == Predict(1, "test")
    session.predict.take(Predicting(1, 256, 360))
    assert session.predict.progress == (256, 360) and session.predict.asked == "test"
    mine = answer(session, 1)
    assert heard == [(0, 0), (256, 360), None]
    session.predict.ask("train")
    answer(session, 1)  # an old one
    assert session.predict.found == {"test": mine}
    other = answer(session, 2, "train")
    assert session.predict.found == {"test": mine, "train": other}


def test_one_that_is_cancelled_or_fails_is_over(session: Session) -> None:
    session.predict.ask()
    session.predict.cancel()
    assert session.engine.last(Abandon) == Abandon(1) and session.predict.progress is None
    answer(session, 1)
    assert not session.predict.found
    session.predict.ask()
    session._answer(Failed("predict", "Mend it.", run=2))
    assert session.predict.progress is None and session.predict.trouble == "Mend it."
    session.predict.ask()
    session.predict.lost()
    assert session.predict.progress is None


def test_predictions_are_of_now_until_the_network_changes(session: Session) -> None:
    assert not session.predict.current("test")
    session.edit.add("Input", (0.0, 0.0))
    session.predict.ask()
    answer(session, 1)
    assert session.predict.current("test") and not session.predict.current("train")
    session.edit.add("Conv2d", (0.0, 0.0))
    assert not session.predict.current("test")
    session.edit.undo()
    assert session.predict.current("test")
    session._answer(Pictures("digits", 10, 5, ("0",)))
    assert session.predict.found
    session._answer(Pictures("mnist", 10, 5, ("0",)))
    assert not session.predict.found


def test_pictures_are_handed_to_who_asked_by_number(session: Session) -> None:
    heard: list[object] = []
    session.pictures_fetched.connect(heard.append)
    number = session.predict.fetch("test", np.array([3, 1]))
    assert session.engine.last(Fetch) == Fetch(number, "test", (3, 1))
    reply = Fetched(number, "test", (3, 1), (0, 1), np.zeros((2, 8, 8, 3), np.uint8))
    session._answer(reply)
    session._answer(Failed("fetch", "Gone.", run=number))
    assert heard == [reply, Failed("fetch", "Gone.", run=number)]
