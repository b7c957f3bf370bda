"""A full disk, in words that a person understands."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cnnviz.engine.record.weights import cause


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_the_words_of_torch_for_it_reach_nobody() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.save({"w": torch.zeros(100_000)}, "/dev/full")
    assert cause(caught.value) == "the disk is full, or takes no more"
