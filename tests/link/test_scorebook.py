"""The measurements of a run folder: read while they grow, cut anywhere, damaged anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.link.scorebook import FULL, SCORES, Score, Scorebook, entries, labels_record, score_record
from cnnviz.link.verdicts import Verdicts

NAMES = ("cat", "dog", "おき")
DICE = np.random.default_rng(0)
N = 7
TRUE = DICE.integers(0, 3, N)


def verdicts(step: int) -> Verdicts:
    dice = np.random.default_rng(step)
    sure, loss = dice.random(N, np.float32), dice.exponential(1, N).astype(np.float32)
    return Verdicts(TRUE, dice.integers(0, 3, N), sure, loss, dice.integers(0, 3, N))


def record(step: int) -> bytes:
    return score_record(step, step + 0.1, step / 100, None if step % 2 else 0.5, verdicts(step))


STEPS = (45, 90, 135)
PARTS = (labels_record(TRUE, NAMES), *map(record, STEPS))
WHOLE = b"".join(PARTS)


def same(score: Score | None, step: int) -> bool:
    assert score is not None and score.classes == NAMES
    assert (score.step, score.loss, score.accuracy) == (step, step + 0.1, step / 100)
    assert score.top5 == (None if step % 2 else 0.5)
    mine = verdicts(step)
    for name in ("true", "predicted", "confidence", "loss", "rank"):
        a, b = getattr(score.verdicts, name), getattr(mine, name)
        assert np.array_equal(a, b) and a.dtype == b.dtype
    return True


def test_what_was_written_is_read_again_bit_for_bit(tmp_path: Path) -> None:
    (tmp_path / SCORES).write_bytes(WHOLE)
    book = Scorebook(tmp_path)
    assert book.steps() == list(STEPS)
    assert all(same(book.at(step), step) for step in STEPS)
    assert same(book.at(), 135) and same(book.at(0), 45) and same(book.at(10**9), 135)
    assert same(book.at(67), 45) and same(book.at(68), 90)  # the nearest; of two the earlier


def test_a_folder_without_measurements_has_none(tmp_path: Path) -> None:
    book = Scorebook(tmp_path)
    assert book.steps() == [] and book.at() is None
    (tmp_path / SCORES).write_bytes(b"")
    assert book.steps() == [] and book.at(3) is None


def test_a_file_is_read_while_it_grows_is_cut_and_is_replaced(tmp_path: Path) -> None:
    path, book = tmp_path / SCORES, Scorebook(tmp_path)
    for end in range(1, len(PARTS) + 1):
        path.write_bytes(b"".join(PARTS[:end]))
        assert book.steps() == list(STEPS[: end - 1])
    path.write_bytes(b"".join(PARTS[:2]))
    assert book.steps() == [45]
    other = tmp_path / "new"
    other.write_bytes(PARTS[0] + PARTS[3] + record(180))
    other.replace(path)
    assert book.steps() == [135, 180] and same(book.at(), 180)


@given(st.integers(0, len(WHOLE)))
def test_a_file_that_was_cut_anywhere_has_all_whole_records(cut: int) -> None:
    from io import BytesIO

    ends = np.cumsum([len(p) for p in PARTS])
    found = list(entries(BytesIO(WHOLE[:cut])))
    assert len(found) == np.searchsorted(ends, cut, "right")


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_one_damaged_byte_costs_at_most_its_record(tmp_path_factory: pytest.TempPathFactory, at: int, by: int) -> None:
    folder = tmp_path_factory.mktemp("run")
    content = bytearray(WHOLE)
    content[at] ^= by
    (folder / SCORES).write_bytes(content)
    ends = np.cumsum([len(p) for p in PARTS])
    hurt = int(np.searchsorted(ends, at, "right"))
    book = Scorebook(folder)
    if hurt == 0:  # without the pictures' classes nothing can be said
        assert book.at() is None
        return
    for i, step in enumerate(STEPS, 1):
        near = book.at(step)
        assert near is not None and same(near, near.step)
        assert (near.step == step) == (i != hurt)


def test_bytes_that_look_like_a_mark_are_no_record(tmp_path: Path) -> None:
    from cnnviz.link.scorebook import MARK

    (tmp_path / SCORES).write_bytes(PARTS[0] + MARK * 9 + PARTS[1] + MARK + b"x" * 3 + PARTS[2])
    assert Scorebook(tmp_path).steps() == [45, 90]


def test_more_classes_than_two_bytes_hold_are_written_as_the_last() -> None:
    from io import BytesIO

    v = Verdicts(*(np.array([70_000]) if i in (0, 1, 4) else np.ones(1, np.float32) for i in range(5)))
    content = BytesIO(labels_record(v.true, ()) + score_record(1, 0.0, 0.0, None, v))
    assert [e.step for e in entries(content)] == [0, 1]
    content.seek(next(entries(content)).arrays)
    assert np.frombuffer(content.read(2), "<u2")[0] == FULL
