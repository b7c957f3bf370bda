"""The sentences: always the same, of two classes that no single word decides, as numbers that a network takes in."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from cnnviz.engine import data
from cnnviz.engine.build import Net
from cnnviz.engine.data import DataError
from cnnviz.engine.learn.steps import steps
from cnnviz.engine.look import Stamp, frame
from cnnviz.engine.pictures import PictureError
from cnnviz.engine.sentences import FIRST, UNKNOWN, encoded, sentences, tokens, words
from cnnviz.engine.shelf import Shelf
from cnnviz.link.messages import Interest, Pixels, Sample, Sentence, Unit
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import AdaptiveMaxPool2d, Conv2d, Embedding, Flatten, Input, Linear, ReLU, Tokens
from cnnviz.net.plan import Plan
from cnnviz.net.presets import preset

WHOLE = sentences()


def small(length: int = 24, layout: str = "map") -> Graph:
    g = Graph().add(Tokens(length, 128), id="tokens").add(Embedding(128, 24), ["tokens"], id="embedding")
    g = g.add(Conv2d(32, (5, 24)), ["embedding"], id="conv").add(ReLU(), ["conv"], id="relu")
    g = g.add(AdaptiveMaxPool2d(), ["relu"], id="max").add(Flatten(), ["max"], id="flatten")
    return g.add(Linear(2), ["flatten"], id="output")


def test_the_parts_share_no_sentence_and_have_both_classes() -> None:
    assert len(WHOLE.train) == 1600 and len(WHOLE.test) == 400
    assert len({*WHOLE.train, *WHOLE.test}) == 2000
    assert 0.45 < np.mean(WHOLE.test_classes) < 0.55
    assert WHOLE.train[:2] == sentences.__wrapped__().train[:2]  # made anew it is the same


def test_no_word_decides() -> None:
    """The best single word, and counting praise and blame by a linear rule, leave much to be learned."""
    bag = np.zeros((2000, len(WHOLE.words)))
    for row, text in zip(bag, WHOLE.train + WHOLE.test, strict=True):
        for word in tokens(text):
            if word in WHOLE.numbers:
                row[WHOLE.numbers[word] - FIRST] = 1
    label = np.array(WHOLE.train_classes + WHOLE.test_classes)
    alone = [max(np.mean(row == label), np.mean(row != label)) for row in bag.T]
    assert max(alone) < 0.6
    weights = np.linalg.lstsq(np.c_[bag[:1600], np.ones(1600)], label[:1600] * 2.0 - 1, rcond=None)[0]
    right = np.mean((np.c_[bag[1600:], np.ones(400)] @ weights > 0) == label[1600:])
    assert right < 0.75


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plot isn't GOOD, but…", ["the", "plot", "isn't", "good", ",", "but", "…"]),
        ("well-made 3D_film", ["well-made", "3d", "_", "film"]),
        ("영화가 좋다!", ["영화가", "좋다", "!"]),
        (" \n", []),
    ],
)
def test_one_rule_makes_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_a_text_becomes_numbers_of_the_vocabulary() -> None:
    counts = Counter(t for text in WHOLE.train for t in tokens(text))
    assert WHOLE.numbers[counts.most_common(1)[0][0]] == FIRST
    got = encoded(["The dreadful plot"], 5, 128)
    assert got.shape == (1, 1, 5, 1) and got.dtype == np.float32
    assert got[0, 0, :, 0].tolist() == [WHOLE.numbers["the"], UNKNOWN, WHOLE.numbers["plot"], 0, 0]
    assert words("The dreadful plot", 2, 128) == words("The dreadful plot", 2, 128)
    assert words("The dreadful plot", 2, 128).known == (True, False) and words("a b c", 2, 128).count == 3
    assert encoded(["the plot,"], 3, 3).max() == FIRST  # of a smaller vocabulary the most frequent
    assert encoded(["the plot,"], 3, 1).max() == 0


def test_the_preset_takes_exactly_these_words() -> None:
    layer = preset("textcnn").analyze().input.layer
    assert isinstance(layer, Tokens) and layer.vocabulary == FIRST + len(WHOLE.words)


def test_a_small_net_learns_them() -> None:
    rows, plan = analyse(small()), Plan(data="sentences", epochs=8, lr=0.01, threads=1)
    layer = rows.input.layer
    loaded = data.load("sentences", "", layer)
    assert loaded.train_x.shape == (1600, 1, 24, 1) and loaded.classes == ("negative", "positive")
    torch.set_num_threads(1)
    last = [s for s in steps(Net(rows, plan), loaded, plan, layer) if s.test][-1]
    assert last.test.accuracy >= 0.9


def test_data_of_another_kind_is_refused_with_the_cure() -> None:
    with pytest.raises(DataError, match=r"digits holds no sentences.*Train on sentences\."):
        data.load("digits", "", Tokens())
    with pytest.raises(DataError, match=r"sentences holds no pictures.*digits"):
        data.load("sentences", "", Input())
    with pytest.raises(PictureError, match="sentences, not pictures"):
        Shelf().shot(Pixels(np.zeros((4, 4, 1), np.uint8)), Plan(), Tokens())
    with pytest.raises(PictureError, match="pictures, not sentences"):
        Shelf().shot(Sentence("so good"), Plan(), Input())


def test_a_typed_sentence_is_looked_at() -> None:
    shelf, plan, layer = Shelf(), Plan(data="sentences"), Tokens(24, 128)
    typed = shelf.shot(Sentence("the plot is dreadful"), plan, layer)
    assert typed.info.words.tokens == ("the", "plot", "is", "dreadful")
    assert typed.info.words.known == (True, True, True, False)
    sample = shelf.shot(Sample(3, "train"), plan, layer)
    assert sample.info.words.text == WHOLE.train[3] and sample.info.label == WHOLE.train_classes[3]
    got = frame(Net(analyse(small())), typed, Interest(unit=Unit("conv", 0, 1, 0)), Stamp(1), "output")
    assert got.picture.words == typed.info.words and got.probabilities.shape == (2,)
    assert got.field.shape == (24, 1)
    assert (got.field[:, 0] > 0).tolist() == [1 <= i < 6 for i in range(24)]  # the five words of its window


def test_the_field_of_a_sequence_is_words_too() -> None:
    g = Graph().add(Tokens(8, 9), id="tokens").add(Embedding(9, 4, "channels"), ["tokens"], id="embedding")
    shot = Shelf().shot(Sentence("the plot"), Plan(), Tokens(8, 9))
    for unit, at in ((Unit("embedding", 2, 5, 0), 5), (Unit("tokens", 0, 5, 0), None)):
        got = frame(Net(analyse(g)), shot, Interest(unit=unit), Stamp(1))
        assert got.field is not None and got.field.shape == (8, 1)
        assert np.flatnonzero(got.field).tolist() == ([] if at is None else [at])
