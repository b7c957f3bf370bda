"""The data set's download from the window: offered where it can be had, told of, cancelled, and then loaded."""

from __future__ import annotations

import pytest

from cnnviz.gui.session import Session
from cnnviz.gui.supply import said
from cnnviz.link.data import DAMAGED, LEFT, MISSING, Desist, Download, Downloaded, Downloading
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


def test_a_lost_engine_ends_it(session) -> None:
    missing(session)
    session.supply.download()
    session.supply.lost()
    assert session.supply.wanted is None


def test_how_far_without_a_size() -> None:
    assert said("svhn", Downloading(1, 1, 1, 5_000_000, 0)) == "Downloading svhn: 5.0 MB"
    assert LEFT not in (MISSING, DAMAGED)
