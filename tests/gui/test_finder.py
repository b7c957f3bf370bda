"""The learning-rate finder in the plan: its curve grows, can be left, and one click takes what it suggests."""

from __future__ import annotations

from PySide6.QtGui import QFontMetricsF

from cnnviz.gui.paint import theme
from cnnviz.gui.training.finder import GAP, HEIGHT, Losses, _numbers, _range
from cnnviz.gui.training.planform import PlanForm
from cnnviz.link.measuring import Cease, Find, Found
from cnnviz.link.messages import Failed
from cnnviz.net.finding import COUNT, rate, suggested

from .test_session import answer

RATES = tuple(rate(i) for i in range(COUNT))
LOSSES = tuple([2.3] * 50 + [2.3 - 0.1 * i for i in range(15)] + [0.8 + i for i in range(35)])


def test_one_click_takes_what_it_suggests(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    form = PlanForm(session)
    qtbot.addWidget(form)
    form.resize(300, 700)
    with qtbot.waitExposed(form):
        form.show()
    assert form.finder.isHidden()
    form.search.click()
    find = session.engine.last(Find)
    assert find.plan == session.run.plan and form.finder.isVisible() and form.finder.close_.text() == "Cancel"
    answer(session, qtbot, Found(find.number, RATES[:20], LOSSES[:20]))
    assert "step 20 of" in form.finder.words.text() and form.finder.use.isHidden()
    answer(session, qtbot, Found(find.number, RATES, LOSSES, True))
    best = suggested(RATES, LOSSES)
    assert form.finder.use.text() == f"Use {best:g}" and form.finder.close_.text() == "Close"
    assert not form.finder.curve.grab().isNull()
    form.finder.use.click()
    assert session.run.plan.lr == best and form.finder.isHidden()
    session.edit.undo()
    assert session.run.plan.lr == 0.001


def test_it_can_be_left_and_old_answers_are_dropped(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    form = PlanForm(session)
    qtbot.addWidget(form)
    form.search.click()
    first = session.engine.last(Find).number
    form.finder.close_.click()
    assert isinstance(session.engine.sent[-1], Cease) and not session.finder.shown
    form.search.click()
    answer(session, qtbot, Found(first, RATES, LOSSES, True))
    assert session.finder.busy and session.finder.found is None
    answer(session, qtbot, Found(first + 1, RATES, tuple([2.3] * COUNT), True))
    assert "falls at no rate. Choose another" in form.finder.words.text() and form.finder.use.isHidden()
    session.run.learned = True
    form.finder.refresh()
    assert "falls at no rate: these weights have learned already" in form.finder.words.text()
    form.search.click()
    answer(session, qtbot, Failed("find", "It does not work."))
    assert not session.finder.shown and form.finder.isHidden()


def test_the_numbers_beside_the_curve_are_whole(session, qtbot):
    curve = Losses()
    qtbot.addWidget(curve)
    curve.resize(300, HEIGHT)
    wide = QFontMetricsF(theme.caption()).horizontalAdvance
    for losses in (LOSSES, tuple(0.0004 * v for v in LOSSES), tuple(0.00123 + 5e-6 * v for v in LOSSES)):
        curve.show_losses(Found(1, RATES, losses, True), None)
        low, high = _numbers(*_range(list(losses))[1:])
        assert curve.plot().left() >= max(wide(low), wide(high)) + GAP
        assert not curve.grab().isNull()
