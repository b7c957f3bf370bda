"""The table of what differs between two runs, and its copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication

from cnnviz.gui.session.course import Course
from cnnviz.gui.time.contrast import as_markdown, as_text, contrast, differing
from cnnviz.gui.time.runs import Runs
from cnnviz.link.account import account
from cnnviz.net.layers import Conv2d, ReLU
from cnnviz.net.learning import Learning

from . import test_beside
from .test_beside import MINE, OTHER, made, recalled

run, other = test_beside.run, test_beside.other


def course(best: float = 0.9, loss: float = 0.25) -> Course:
    found = Course()
    found.add(0, np.array([[1.0, 2.0, 0.1, 0.01], [2.0, loss, 0.9, 0.01]]))
    found.tests = np.array([[1.0, 0.5, best], [2.0, 0.4, best - 0.1]])
    return found


@pytest.fixture
def two(tmp_path: Path, lenet):
    """Accounts of two runs of one network, as folders say them."""

    def make(graph=None, plan=OTHER, **more):
        first, second = tmp_path / "a", tmp_path / "b"
        return account(made(first, lenet, MINE)), account(made(second, graph or lenet, plan, **more))

    return make


def told(lines) -> dict[str, tuple[str, str]]:
    return {line.name: (line.this, line.other) for line in lines}


def test_of_two_runs_with_one_change_that_change_is_told_and_what_came_of_it(two):
    lines = differing(contrast(*two(), course(0.9), course(0.95, 0.125)))
    assert [line.name for line in lines if line.section == "Plan"] == ["Learning rate"]
    found = told(lines)
    assert found["Learning rate"] == ("0.001", "0.01")
    assert found["Best held-out accuracy"] == ("90.00 %", "95.00 %") and found["… at step"] == ("1", "1")
    assert found["Last training loss"] == ("0.25", "0.125")
    assert {line.section for line in lines} == {"Results", "Plan"}


def test_settings_of_another_choice_are_not_there(two):
    found = told(contrast(*two(plan=replace(MINE, optimizer="sgd", nesterov=True)), course(), course()))
    assert found["Optimizer"] == ("Adam", "SGD")
    assert found["Nesterov"] == ("–", "yes") and found["Beta 1"] == ("0.9", "–")
    assert not {"Rho", "Side of pictures"} & {*found}, "neither has it"


def test_layers_that_differ_are_told_by_their_settings(two, lenet):
    graph = lenet.change("C1", layer=Conv2d(8, (5, 5)))
    found = told(differing(contrast(*two(graph), course(), course())))
    assert found["C1"] == ("out_channels 6", "out_channels 8")
    assert found["Parameters"][0] != found["Parameters"][1]
    assert "S2" not in found, "it is the same layer behind another"


def test_data_and_versions_are_told(two):
    more = {"data": {"name": "digits", "train": 1438, "test": 359, "hash": "beef"}, "versions": {"torch": "2.14.0"}}
    lines = differing(contrast(*two(device="cuda", **more), course(), course()))
    found = told(lines)
    assert found["Content"] == ("4246", "beef") and "Pictures" not in found
    assert found["Device"] == ("cpu", "cuda")
    assert found["torch"] == ("2.13.0", "2.14.0") and found["numpy"] == ("2.4.6", "–")


def test_a_run_without_measurements_has_none(two):
    found = told(contrast(*two(), Course(), course()))
    assert found["Best held-out accuracy"] == ("–", "90.00 %")
    assert found["Last training loss"][0] == "–"


def test_copies_hold_every_line(two):
    lines = differing(contrast(*two(), course(), course()))
    text, markdown = as_text(lines, "This run", "a|b"), as_markdown(lines, "This run", "a|b")
    rows = [row.split("\t") for row in text.splitlines()]
    assert rows[0] == ["", "", "This run", "a|b"] and ["Plan", "Learning rate", "0.001", "0.01"] in rows
    assert len(rows) == len(lines) + 1 and all(len(row) == 4 for row in rows)
    assert markdown.startswith("| | This run | a\\|b |\n|---|---|---|\n| **Plan** | | |\n")
    assert "| Learning rate | 0.001 | 0.01 |\n" in markdown


# ── the dock ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def panel(run, qtbot) -> Runs:
    found = Runs(run)
    qtbot.addWidget(found)
    found.resize(600, 260)
    found.show()
    return found


def cells(panel: Runs) -> list[list[str]]:
    table = panel.table
    return [[item.text() if (item := table.item(i, j)) else "" for j in range(3)] for i in range(table.rowCount())]


def test_the_table_comes_and_goes_with_the_other_run(run, other, panel, qtbot):
    assert panel.empty.isVisible() and not panel.table.isVisible()
    run.beside.choose(other)
    recalled(run, qtbot, other, 100)
    assert ["Plan", "", ""] in cells(panel) and ["Learning rate", "0.001", "0.01"] in cells(panel)
    assert panel.table.horizontalHeaderItem(2).text() == "quick"
    few = panel.table.rowCount()
    panel.everything.setChecked(True)
    assert panel.table.rowCount() > few and ["Batch size", "32", "32"] in cells(panel)
    run.beside.end()
    assert panel.empty.isVisible() and not panel.lines


def test_a_run_that_has_just_begun_says_so(run, other, panel, qtbot):
    run.time.next_other = other
    run.run.train_afresh()
    assert panel.empty.text() == "This run has not recorded anything yet." and panel.empty.isVisible()
    made(Path(run.time.folder), run.graph, MINE)
    recalled(run, qtbot, run.time.folder)
    assert panel.table.isVisible() and ["Learning rate", "0.001", "0.01"] in cells(panel)


def test_both_runs_have_the_same_room(run, other, panel, qtbot):
    run.beside.choose(other)
    for width in (2000, 420, 900):
        panel.resize(width, 260)
        assert sum(map(panel.table.columnWidth, range(3))) <= panel.table.viewport().width()
        first, second = panel.table.columnWidth(1), panel.table.columnWidth(2)
        assert first == second and 80 <= first <= 320
    panel.resize(1400, 260)
    assert panel.table.columnWidth(1) == 320


def test_what_is_seen_is_copied(run, other, panel):
    run.beside.choose(other)
    panel.copy_markdown.trigger()
    assert "| Learning rate | 0.001 | 0.01 |" in QGuiApplication.clipboard().text()
    panel.copy_text.trigger()
    assert "Plan\tLearning rate\t0.001\t0.01\n" in QGuiApplication.clipboard().text()


def test_two_runs_of_one_plan_are_said_to_be_alike(run, lenet, tmp_path, panel):
    run.beside.choose(made(tmp_path / "again", lenet, MINE))
    assert panel.said.text() == "Plan, network, data and machine are the same."


def test_a_layer_of_one_network_alone_and_a_frozen_one(two, lenet):
    graph = lenet.add(ReLU(), ["output"], id="more").change("C1", learning=Learning(frozen=True))
    found = told(differing(contrast(*two(graph), course(), course())))
    assert found["more"] == ("–", "ReLU")
    assert found["C1"] == ("frozen no", "frozen yes")
