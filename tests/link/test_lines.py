"""Which lines of a run's metrics are believed, whatever happens to one digit of some of them."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.link import lines as link_lines
from cnnviz.link import runs
from cnnviz.link.lines import Lines, heaviest


def line(step: int) -> str:
    said = {"step": step, "loss": 1 / step, "accuracy": step / (step + 9), "lr": 0.01}
    if step % 5 == 0:
        said |= {"test_loss": 2 / step, "test_accuracy": 0.5, "test_top5": 0.75}
    return json.dumps(said) + "\n"


def written(folder: Path, lines: list[str], step: int = 0) -> Path:
    (folder / "metrics.jsonl").write_text("".join(lines))
    (folder / "run.json").write_text(json.dumps({"plan": {}, "step": step, "epoch_steps": 1, "end": ""}))
    return folder


def believed(folder: Path, lines: list[str], step: int = 0) -> list[float]:
    found: list[float] = runs.metrics(written(folder, lines, step), 1 << 62).points[:, 0].tolist()
    return found


def damaged(lines: list[str], at: int, *others: tuple[str, str]) -> list[str]:
    text = lines[at]
    for old, new in others:
        assert old in text
        text = text.replace(old, new, 1)
    return [*lines[:at], text, *lines[at + 1 :]]


@given(st.data())
def test_one_damaged_digit_of_a_step_costs_that_line_alone(data: st.DataObject) -> None:
    steps = data.draw(st.integers(3, 400))
    hit = data.draw(st.integers(1, steps))
    digit = data.draw(st.integers(0, len(str(hit)) - 1))
    other = data.draw(st.sampled_from([c for c in "0123456789" if c != str(hit)[digit]]))
    said = str(hit)[:digit] + other + str(hit)[digit + 1 :]
    lines = damaged([line(s) for s in range(1, steps + 1)], hit - 1, (f'"step": {hit}', f'"step": {said}'))
    good = [s for s in range(1, steps + 1) if s != hit]
    with TemporaryDirectory() as name:
        folder = Path(name)
        assert believed(folder, lines) == good
        assert [json.loads(kept)["step"] for kept in runs.lines(folder, steps)] == good
        tests = runs.metrics(folder, steps).tests
        assert tests[:, 0].tolist() == [s for s in good if s % 5 == 0]


@given(st.data())
def test_damaged_bytes_anywhere_never_fail_and_cost_no_other_line(data: st.DataObject) -> None:
    steps = data.draw(st.integers(12, 120))
    hits = data.draw(st.sets(st.integers(1, steps), min_size=1, max_size=steps // 6))
    lines = [line(s) for s in range(1, steps + 1)]
    for hit in hits:
        text = lines[hit - 1]
        at = data.draw(st.sampled_from([i for i, c in enumerate(text) if c.isdigit() and i < text.index(",")]))
        lines[hit - 1] = text[:at] + data.draw(st.sampled_from('0123456789" }e')) + text[at + 1 :]
    with TemporaryDirectory() as name:
        found = believed(Path(name), lines, steps)
        assert found == sorted(set(found))
        lost = set(range(1, steps + 1)) - set(found)
        assert len(lost - hits) <= (len(hits) if len(hits) > 1 else 0)  # several together may look like a run


@pytest.mark.parametrize("said", ["91", "71", "16", "1", "60", "62", "9e9", "61.5", "-61", "true", '"61"', "null"])
def test_the_lone_jump_is_the_damaged_line_also_at_the_end(tmp_path: Path, said: str) -> None:
    lines = damaged([line(s) for s in range(1, 101)], 60, ('"step": 61', f'"step": {said}'))
    for end in (61, 62, 63, 100):
        assert believed(tmp_path, lines[:end]) == [s for s in range(1, end + 1) if s != 61]


@pytest.mark.parametrize("name", ["loss", "accuracy", "lr", "test_loss", "test_accuracy", "test_top5"])
@pytest.mark.parametrize("value", ['"x"', "null", "{}", "[1]", "true", "NaN", "-Infinity", "1e999", "9" * 400, '"1"'])
def test_values_that_are_no_finite_numbers_are_damaged(tmp_path: Path, name: str, value: str) -> None:
    lines = [line(s) for s in range(1, 21)]
    said = json.loads(lines[9])
    lines[9] = json.dumps(said | {name: "HERE"}).replace('"HERE"', value) + "\n"
    assert believed(tmp_path, lines) == [s for s in range(1, 21) if s != 10]


@pytest.mark.parametrize(
    "changes", ['"x"', "[1]", '[["lr", 1]]', '[["wd", 1, 2]]', '[[["lr"], 1, 2]]', '[["lr", 1, "x"]]']
)
def test_changes_that_make_no_sense_are_damaged(tmp_path: Path, changes: str) -> None:
    lines = [line(s) for s in range(1, 5)]
    lines[1] = lines[1].replace("}", f', "changes": {changes}}}')
    lines[2] = lines[2].replace("}", ', "changes": [["lr", 0.1, 0.2]]}')
    assert believed(tmp_path, lines) == [1, 3, 4]
    assert [c.new for c in runs.metrics(tmp_path, 9).changes] == [0.2]


def test_lines_that_are_missing_are_no_damage_of_the_others(tmp_path: Path) -> None:
    lines = [line(s) for s in (*range(1, 30), *range(45, 60), 63, 64, 90)]
    assert believed(tmp_path, lines, 90) == [*range(1, 30), *range(45, 60), 63, 64, 90]
    assert believed(tmp_path, lines)[-1] == 64  # nobody else tells of step 90
    assert believed(tmp_path, ["\n", "[" * 100000 + "\n", "3\n", *lines[:9]]) == list(range(1, 10))


def test_a_file_that_grows_is_believed_as_a_whole(tmp_path: Path) -> None:
    lines = damaged([line(s) for s in range(1, 101)], 60, ('"step": 61', '"step": 91'))
    lines = damaged(lines, 61, ('"step": 62', '"step": 92'))
    growing, path = Lines(tmp_path / "metrics.jsonl"), tmp_path / "metrics.jsonl"
    path.touch()
    had: list[float] = []
    for text in lines:
        with path.open("a") as file:
            file.write(text[:9])
        growing.refresh()
        with path.open("a") as file:
            file.write(text[9:])
        same = growing.refresh()
        now = [row[0] for row in growing.points]
        assert now[:same] == had[:same]
        had = now
    assert had == [s for s in range(1, 101) if s not in (61, 62)]
    (tmp_path / "new").write_text("".join(lines[:3]) * 80)  # another file, and longer
    (tmp_path / "new").replace(path)
    assert growing.refresh() == 0 and [row[0] for row in growing.points] == [1, 2, 3]


def test_of_a_long_run_a_jump_costs_one_line_and_its_file_is_weighed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = damaged([line(s) for s in range(1, 100_001)], 12344, ('"step": 12345', '"step": 92345'))
    weighed: list[int] = []

    def weigh(steps: list[int], numbers: list[int]) -> list[int]:
        weighed.append(len(steps))
        return heaviest(steps, numbers)

    monkeypatch.setattr(link_lines, "heaviest", weigh)
    found = Lines(written(tmp_path, lines) / "metrics.jsonl")
    for _look in range(5):
        found.refresh(100_000)
    assert len(found.points) == 99_999 and weighed == [100_000]
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(line(100_001))
    assert found.refresh(100_000) == 99_999 and len(found.points) == 100_000 and len(weighed) == 2
