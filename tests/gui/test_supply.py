"""The data set's download from the window: offered where it can be had, told of, cancelled, and then loaded."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz.gui.session import Session
from cnnviz.gui.session.supply import broken, said
from cnnviz.link.data import (
    DAMAGED,
    LEFT,
    MISSING,
    Contents,
    Desist,
    Download,
    Downloaded,
    Downloading,
    Leave,
    Loading,
    Stock,
)
from cnnviz.link.messages import Failed, Open, Pictures
from cnnviz.net.graph import Graph


@pytest.fixture
def heard(session: Session) -> list:
    notices: list = []
    session.noticed.connect(notices.append)
    return notices


def missing(session: Session, name: str = "mnist", code: str = MISSING) -> None:
    session.run.set_plan(data=name)
    session.engine.reply(Failed("data", f"{name} is not there.", code=code))


def buttons(notice) -> list[str]:
    return [label for label, _do in notice.actions]


def test_what_is_not_there_is_offered(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    missing(session)
    assert buttons(heard[-1]) == ["Download (12 MB)", "Train on digits"]
    missing(session, code=DAMAGED)
    assert buttons(heard[-1])[0] == "Download (12 MB)"
    missing(session, code="")
    assert buttons(heard[-1]) == ["Train on digits"], "too little memory, say"
    missing(session, "flowers.npz")
    assert buttons(heard[-1]) == ["Train on digits"]
    missing(session, "svhn")
    session.run.train()
    assert buttons(heard[-1])[:2] == ["Download (247 MB)", "Train on digits"], "also where training is refused"


def test_a_download_is_told_of_and_then_loaded(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.run.set_plan(data_dir="/data")
    missing(session)
    heard[-1].actions[0][1]()
    assert session.engine.last(Download) == Download(1, "mnist", "/data")
    assert heard[-1].text == "Downloading mnist…" and buttons(heard[-1]) == ["Cancel"]
    session.engine.reply(Downloading(1, 2, 4, 3_000_000, 10_000_000, 2e6))
    assert heard[-1].text == "Downloading mnist: file 2 of 4 · 30 % of 10.0 MB · 2.0 MB/s · 0:04 left"
    session.engine.sent.clear()
    session.engine.reply(Downloaded(1, "mnist", "/data/mnist"))
    assert "mnist is downloaded, in /data/mnist." in [n.text for n in heard]
    assert session.engine.last(Open).plan.data == "mnist"
    assert session.run.problem is None or session.run.problem.code != "plan.data"


def test_cancelling_keeps_what_has_come_and_offers_to_go_on(session, heard) -> None:
    missing(session)
    session.supply.download()
    session.supply.cancel()
    assert isinstance(session.engine.sent[-1], Desist) and buttons(heard[-1]) == ["Go on"]
    session.engine.reply(Downloaded(1, "mnist", "/data/mnist"))
    assert not any(n.level == "done" for n in heard), "an answer that came too late"
    heard[-1].actions[0][1]()
    assert session.engine.last(Download).number == 2


def test_what_failed_can_be_tried_again(session, heard) -> None:
    missing(session)
    session.supply.download()
    session.engine.reply(Failed("download", "No network.", run=1))
    assert heard[-1].text == "No network." and buttons(heard[-1])[0] == "Download (12 MB)"
    assert session.supply.wanted is None


def test_another_data_set_chosen_meanwhile_is_left_alone(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    missing(session)
    session.supply.download()
    session.run.set_plan(data="digits")
    session.engine.reply(Pictures("digits", 10, 5, tuple("0123456789")))
    session.engine.sent.clear()
    session.engine.reply(Downloaded(1, "mnist", "/x"))
    assert not any(isinstance(c, Open) for c in session.engine.sent)


def contents(session: Session, **more) -> Contents:
    none = np.zeros(0, np.int64)
    given = {
        "number": session.engine.last(Stock).number,
        "name": "pets",
        "classes": ("cat", "dog"),
        "train_y": np.array([0, 0, 1]),
        "test_y": np.array([0, 1]),
        "size": None,
        "broken": (),
        "broken_count": 0,
        "notes": (),
        "dropped": 0,
        "compared": False,
    }
    kinds = ("leaked", "source", "again_train", "again_test", "torn_train", "torn_test")
    return Contents(**{**given, **dict.fromkeys(kinds, none), **more})


def test_what_is_in_a_set_is_asked_for_when_it_is_loaded(session, heard) -> None:
    session.engine.reply(Pictures("pets", 3, 2, ("cat", "dog")))
    session.engine.reply(contents(session))
    assert session.supply.contents.name == "pets" and not heard[-1].text
    session.engine.reply(Pictures("other", 3, 2, ("cat", "dog")))
    session.engine.reply(contents(session, number=1, name="late"))
    assert session.supply.contents.name == "pets", "an answer to an older question"
    session.run.load_again()
    assert session.supply.contents is None


def test_more_classes_than_outputs_are_refused_with_the_repair(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.graph_edited()
    session.run.set_plan(data="/pets")
    session.engine.reply(Pictures("/pets", 50, 12, tuple("abcdefghijkl")))
    session.run.train()
    assert not session.run.active and heard[-1].level == "error"
    next(do for label, do in heard[-1].actions if "12" in label)()
    assert session.graph["output"].layer.out_features == 12 and session.run.problem is None


def test_broken_files_are_told_of_once(session, heard) -> None:
    session.engine.reply(Pictures("pets", 3, 2, ("cat", "dog")))
    files = tuple((f"{i}.png", "It is damaged.") for i in range(4))
    session.engine.reply(contents(session, broken=files, broken_count=6))
    told = heard[-1]
    assert told.text == "6 files of pets cannot be read and are left out: 0.png, 1.png, 2.png, …"
    assert told.details.splitlines() == [*(f"{i}.png: It is damaged." for i in range(4)), "And 2 more."]
    session.engine.reply(contents(session, broken=files, broken_count=6, compared=True))
    assert heard[-1] is told
    assert broken(contents(session, broken=files[:1], broken_count=1)) == (
        "1 file of pets cannot be read and is left out: 0.png"
    )


def test_held_out_pictures_that_are_trained_on_are_offered_to_be_left_out(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.engine.reply(Pictures("pets", 3, 2, ("cat", "dog")))
    session.engine.reply(contents(session, compared=True, leaked=np.array([1]), source=np.array([2])))
    assert heard[-1].text.startswith("1 of 2 held-out pictures of pets are trained on, too")
    assert buttons(heard[-1]) == ["Leave them out"]
    heard[-1].actions[0][1]()
    assert session.run.plan.drop_leaks and session.engine.last(Open).plan.drop_leaks


def test_loading_is_told_of_and_can_be_left_and_begun_again(session, heard, lenet: Graph) -> None:
    session.edit.document.reset(lenet)
    session.run.set_plan(data="/pets")
    session.engine.reply(Loading("/pets", 1200, 5000))
    assert heard[-1].text == "Reading /pets: 1,200 of 5,000 pictures"
    heard[-1].actions[0][1]()
    assert isinstance(session.engine.sent[-1], Leave)
    session.engine.reply(Failed("data", "Loading /pets was cancelled.", code=LEFT))
    assert buttons(heard[-1]) == ["Load again", "Train on digits"]
    session.engine.sent.clear()
    heard[-1].actions[0][1]()
    assert session.engine.last(Open).plan.data == "/pets"


def test_a_lost_engine_ends_it(session) -> None:
    missing(session)
    session.supply.download()
    session.supply.lost()
    assert session.supply.wanted is None


def test_how_far_without_a_size() -> None:
    assert said("svhn", Downloading(1, 1, 1, 5_000_000, 0)) == "Downloading svhn: 5.0 MB"
