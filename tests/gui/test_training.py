"""The training's bar and plan: the words for how a run ended, and the names of what can be chosen."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from cnnviz.engine.data import KNOWN, SENTENCES
from cnnviz.gui import naming
from cnnviz.gui.planwords import LABELS
from cnnviz.gui.training.planform import DATA, PlanForm
from cnnviz.gui.training.runbar import RunBar
from cnnviz.link.adjusting import Adjust, Change
from cnnviz.link.messages import IDLE, PAUSED, Pictures, Ready
from cnnviz.net.acting import HAS, OWNED, RATES
from cnnviz.net.plan import LIVE, Plan, sections

from .test_session import answer, news


@pytest.mark.parametrize(
    ("phase", "step", "word"),
    [(IDLE, 400, "done"), (IDLE, 399, "stopped"), (PAUSED, 399, "paused"), (PAUSED, 400, "done")],
)
def test_the_bar_says_how_a_run_ended(session, qtbot, phase, step, word):
    bar = RunBar(session)
    qtbot.addWidget(bar)
    answer(session, qtbot, Ready(("cpu",), 1, ()))
    session.run.train()
    answer(session, qtbot, news(session, 0, 3, step=step, steps=400, phase=phase))
    assert bar.status.text().endswith(f" · {word}")


def test_the_bar_says_what_trains_where_another_optimizer_is_chosen(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    bar = RunBar(session)
    qtbot.addWidget(bar)
    answer(session, qtbot, Ready(("cpu",), 1, ()))
    session.run.set_plan(optimizer="sgd")
    session.run.train()
    answer(session, qtbot, news(session, 0, 3, step=3, steps=400))
    assert bar.status.text().startswith("step 3")
    session.run.set_plan(optimizer="adam")
    assert bar.optimizer.currentText() == "Adam" and bar.status.text().startswith("SGD · step 3")
    session.run.set_plan(optimizer="sgd")
    assert bar.status.text().startswith("step 3")


def test_a_learning_rate_of_any_size_can_be_read(session, qtbot):
    bar = RunBar(session)
    qtbot.addWidget(bar)
    session.run.set_plan(lr=1e9)
    assert bar.lr.text() == "1e+09"


def test_bar_and_plan_call_an_optimizer_the_same(session, qtbot):
    form, bar = PlanForm(session), RunBar(session)
    qtbot.addWidget(form)
    qtbot.addWidget(bar)
    box = form.editors["optimizer"].box
    names = [bar.optimizer.itemText(i) for i in range(bar.optimizer.count())]
    assert [box.itemText(i) for i in range(box.count())] == names
    box.setCurrentText("RMSprop")
    assert session.run.plan.optimizer == "rmsprop" and bar.optimizer.currentText() == "RMSprop"
    box.setCurrentText("Adam")
    assert "Adam has no momentum" in form.editors["momentum"].toolTip()


def test_the_plan_offers_every_data_set_there_is():
    assert set(DATA) == {*KNOWN, SENTENCES}


def test_the_weight_of_auxiliary_outputs_is_there_beside_some(session, lenet, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    session.edit.document.reset(lenet)
    session.graph_edited()
    form.headings["Loss"].setChecked(True)
    row = form.editors["aux_weight"]
    assert row.isHidden()
    session.edit.add("Linear", (0.0, 300.0))
    assert not row.isHidden()
    session.edit.undo()
    assert row.isHidden()


def test_fields_stay_where_they_are_when_a_training_starts(session, lenet, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    session.edit.document.reset(lenet)
    form.resize(300, 600)
    with qtbot.waitExposed(form):
        form.show()
    before = form.editors["epochs"].pos()
    session.run.train()
    assert session.run.active
    form.widget().layout().activate()
    assert form.editors["epochs"].pos() == before


def test_the_data_folder_can_be_chosen(session, qtbot, monkeypatch, tmp_path):
    form = PlanForm(session)
    qtbot.addWidget(form)
    answers = [str(tmp_path), ""]
    folder = form.editors["data_dir"]
    monkeypatch.setattr(naming, "ask_folder", lambda parent, title, start: answers.pop(0))
    for _time in range(2):
        folder.browse.click()
        assert session.run.plan.data_dir == str(tmp_path), "and cancelling changes nothing"
    assert not answers and folder.box.text() == str(tmp_path)


def test_every_setting_of_the_plan_has_an_editor_in_one_section(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    named = [name for _title, names in sections() for name in names]
    assert sorted(named) == sorted(form.editors) == sorted(f.name for f in fields(Plan))


def test_sections_fold_and_are_remembered(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    seed, threads = form.editors["seed"], form.editors["threads"]
    assert not seed.isHidden() and threads.isHidden(), "what is seldom used is folded"
    form.headings["Data"].click()
    form.headings["Machine"].click()
    assert seed.isHidden() and not threads.isHidden()
    again = PlanForm(session)
    qtbot.addWidget(again)
    assert again.editors["seed"].isHidden() and not again.editors["threads"].isHidden()
    for heading in again.headings.values():
        heading.setChecked(False)
    none = PlanForm(session)
    qtbot.addWidget(none)
    assert not any(heading.isChecked() for heading in none.headings.values())
    none.unfold("threads")
    assert not none.editors["threads"].isHidden()


def test_a_folded_section_says_what_is_unusual_in_it(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    machine = form.headings["Machine"]
    assert machine.told == ""
    session.run.set_plan(threads=2, device="cpu")
    assert machine.told == "threads 2 · cpu" and machine.told in machine.toolTip()
    machine.setChecked(True)
    assert machine.told == "" and "Fold" in machine.toolTip()


def test_texts_are_entered_once_they_are_finished(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    line = form.editors["data_dir"].box
    line.setText(" /somewhere ")
    assert session.run.plan.data_dir == ""
    line.editingFinished.emit()
    assert session.run.plan.data_dir == "/somewhere"
    session.run.set_plan(data_dir="")
    assert line.text() == ""


def test_the_plan_shows_the_settings_that_the_optimizer_has(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    for optimizer, own in HAS.items():
        session.run.set_plan(optimizer=optimizer)
        owned = {name for name, (chooser, _choices) in OWNED.items() if chooser == "optimizer"}
        there = {name for name in owned if not form.editors[name].isHidden()}
        assert there == {*own, "momentum"}
        assert form.editors["momentum"].isEnabled() == ("momentum" in own)
        assert f"{RATES[optimizer]:g}" in form.editors["lr"].toolTip()
    session.run.set_plan(optimizer="sgd")
    assert "nothing to dampen" not in form.editors["dampening"].toolTip()
    session.run.set_plan(momentum=0.0)
    assert not form.editors["dampening"].isEnabled() and "nothing to dampen" in form.editors["dampening"].toolTip()


def test_nesterov_without_momentum_is_refused_with_a_sentence(session, qtbot):
    form, heard = PlanForm(session), []
    qtbot.addWidget(form)
    session.noticed.connect(heard.append)
    session.run.set_plan(optimizer="sgd", momentum=0.0)
    form.editors["nesterov"].box.click()
    assert not session.run.plan.nesterov and not form.editors["nesterov"].box.isChecked()
    assert "nesterov needs a momentum above 0" in heard[-1].text
    session.run.set_plan(momentum=0.9)
    form.editors["nesterov"].box.click()
    assert session.run.plan.nesterov


def test_the_plan_draws_its_learning_rate(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    form = PlanForm(session)
    qtbot.addWidget(form)
    form.resize(300, 900)
    with qtbot.waitExposed(form):
        form.show()
    form.unfold("schedule")
    answer(session, qtbot, Pictures("digits", 1438, 359, tuple("0123456789")))
    assert form.rates.isHidden(), "a constant rate is no picture"
    session.run.set_plan(schedule="cosine", warmup=50, epochs=3, lr=0.01)
    qtbot.waitUntil(form.rates.isVisible)
    x, y = form.rates.data("plan")
    assert (x[0], x[-1]) == (1, 135) and y.max() == 0.01 == y[x.tolist().index(51)] and y[-1] < 1e-5
    assert "one cycle" not in form.headings["Schedule"].told
    session.run.train()
    answer(session, qtbot, news(session, 0, 3, step=3, steps=135))
    assert form.rates.data("now")[0].tolist() == session.run.points[-1:, 0].tolist() != []
    before = session.run.plan.schedule
    session.run.set_plan(schedule="plateau")
    assert form.rates.accessibleName() == "Learning rate until a plateau"
    session.run.set_plan(schedule=before)
    assert form.rates.accessibleName() == "Learning rate"
    session.run.set_plan(warmup=500)
    assert form.rates.accessibleName() == "Learning rate, all warm-up"
    assert form.rates.toolTip() == "The warm-up takes 500 steps and the training 135: the rate never comes to 0.01."
    session.run.set_plan(warmup=50)
    assert form.rates.accessibleName() == "Learning rate" and not form.rates.toolTip()
    session.run.set_plan(schedule="one_cycle")
    assert not form.editors["warmup"].isEnabled() and "by itself" in form.editors["warmup"].toolTip()
    assert not form.editors["cycle_rise"].isHidden() and form.editors["step_epochs"].isHidden()
    form.headings["Schedule"].setChecked(False)
    assert form.rates.isHidden() and form.headings["Schedule"].told == "one cycle · warm-up 50"


def test_what_cannot_be_changed_while_it_runs_says_why(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    form = PlanForm(session)
    qtbot.addWidget(form)
    answer(session, qtbot, Ready(("cpu",), 1, ()))
    assert not any("next training" in e.toolTip() for e in form.editors.values())
    session.run.train()
    for name, made in form.editors.items():
        if made.isEnabled():
            assert ("next training" in made.toolTip()) == (name not in LIVE), name
    assert "pictures are loaded" in form.editors["data"].toolTip()
    answer(session, qtbot, news(session, 0, 3, step=3, steps=400, phase=IDLE))
    assert not any("next training" in e.toolTip() for e in form.editors.values())


def test_a_change_while_it_runs_is_sent_at_once(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    session.run.train()
    session.run.set_plan(optimizer="sgd", momentum=0.5, clip=1.0)
    assert session.engine.last(Adjust) == Adjust(momentum=0.5, clip=1.0)
    answer(session, qtbot, replace(news(session, 0, 3), changes=(Change(2, "clip", 0.0, 1.0),)))
    assert session.run.changes == (Change(2, "clip", 0.0, 1.0),)


def test_a_loss_that_does_not_fit_the_network_is_said_before_it_is_trained(session, lenet, qtbot):
    session.edit.document.reset(lenet)
    session.graph_edited()
    session.run.set_plan(loss="rbf")
    assert session.run.problem.code == "plan.rbf"
    session.run.set_plan(loss="mse")
    assert session.run.problem is None


def test_pictures_of_ones_own_can_be_chosen_as_data(session, qtbot, monkeypatch, tmp_path):
    form = PlanForm(session)
    qtbot.addWidget(form)
    editor = form.editors["data"]
    answers = [str(tmp_path), "", "/pets/list.csv"]
    monkeypatch.setattr(naming, "ask_folder", lambda parent, title, start: answers.pop(0))
    monkeypatch.setattr(naming, "ask_file", lambda parent, title, start, kinds: answers.pop(0))
    for choose, path in (
        (editor.choose_folder, str(tmp_path)),
        (editor.choose_file, str(tmp_path)),
        (editor.choose_file, "/pets/list.csv"),
    ):
        choose()
        assert session.run.plan.data == path
    assert [a.text() for a in editor.browse.menu().actions()] == ["Folder of class folders…", "CSV or .npz file…"]
    assert not form.editors["held_out"].isHidden() and form.editors["shapes_kinds"].isHidden()


def test_the_shapes_settings_are_there_for_shapes(session, qtbot):
    form = PlanForm(session)
    qtbot.addWidget(form)
    assert form.headings["Shapes"].isHidden() and form.editors["shapes_place"].isHidden()
    session.run.set_plan(data="shapes")
    assert not form.headings["Shapes"].isHidden() and not form.editors["shapes_place"].isHidden()
    assert form.editors["held_out"].isHidden()


def test_every_setting_has_a_name_that_can_be_translated():
    assert set(LABELS) == {f.name for f in fields(Plan)}
