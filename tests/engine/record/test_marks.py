"""A step that cannot be marked is said with the step, the folder and what to do, and what was marked stays."""

from __future__ import annotations

from errno import ENOSPC
from pathlib import Path

import pytest
import torch

from cnnviz.engine.record import marks
from cnnviz.engine.record.reader import Reader, TrackError
from cnnviz.engine.record.writer import Writer
from cnnviz.link import runs


def test_a_disk_that_takes_no_mark_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"w": torch.ones(3)}
    (tmp_path / runs.TRACKS).mkdir()
    writer = Writer(tmp_path / runs.TRACKS, state, 0, 10**6)
    for step in (0, 1):
        writer.add(step, state)
    reader = Reader(tmp_path / runs.TRACKS)
    reader.refresh()
    marks.keep(tmp_path, reader, 0, "begin")

    def full(*given: object) -> None:
        raise OSError(ENOSPC, "No room")

    with monkeypatch.context() as m, pytest.raises(TrackError, match="No room") as e:
        m.setattr(marks, "append", full)
        marks.keep(tmp_path, reader, 1, "here")
    assert "Step 1 " in str(e.value) and str(tmp_path) in str(e.value)
    assert runs.marks(tmp_path) == (runs.Mark(0, "begin"),)
    marks.keep(tmp_path, reader, 1, "here")
    assert [m.name for m in runs.marks(tmp_path)] == ["begin", "here"]
