"""The engine with a network of words and one of boards: typed, set, trained, refused."""

from __future__ import annotations

from cnnviz.link.messages import IDLE, Failed, Interest, Look, Open, Pictures, Position, Sentence, Train, Unit, Watch
from cnnviz.net.go import point_of
from cnnviz.net.graph import Graph
from cnnviz.net.layers import (
    AdaptiveMaxPool2d,
    Board,
    Conv2d,
    Embedding,
    Flatten,
    Linear,
    PositionBias,
    Softmax,
    Tokens,
)
from cnnviz.net.plan import Plan

from .desk import Desk

PLAN = Plan(data="sentences", epochs=1, threads=1)


def words_net() -> Graph:
    g = Graph().add(Tokens(24, 128), id="tokens").add(Embedding(128, 8), ["tokens"], id="embedding")
    g = g.add(Conv2d(4, (3, 8)), ["embedding"], id="conv").add(AdaptiveMaxPool2d(), ["conv"], id="max")
    return g.add(Flatten(), ["max"], id="flatten").add(Linear(2), ["flatten"], id="output")


def board_net() -> Graph:
    g = Graph().add(Board(), id="board").add(Conv2d(1, (3, 3), padding=(1, 1)), ["board"], id="conv")
    g = g.add(PositionBias(), ["conv"], id="bias").add(Flatten(), ["bias"], id="flatten")
    return g.add(Softmax(), ["flatten"], id="softmax")


def test_a_typed_sentence_is_seen_before_and_while_training() -> None:
    with Desk() as desk:
        desk.send(Open(1, words_net(), PLAN), Watch(Interest(1, maps=("conv",), unit=Unit("conv", 0, 2, 0))))
        assert desk.until(Pictures) == Pictures("sentences", 1600, 400, ("negative", "positive"))
        first = desk.frame(lambda f: f.picture.words is not None)
        assert first.picture.label in (0, 1) and first.picture.name == "sentences"
        desk.send(Look(Sentence("a dreadful plot")))
        typed = desk.frame(lambda f: f.picture.name == "typed")
        assert typed.picture.words.tokens == ("a", "dreadful", "plot") and not typed.picture.words.known[1]
        assert typed.field.shape == (24, 1) and typed.probabilities.shape == (2,)
        desk.send(Train(1, PLAN))
        assert desk.frame(lambda f: f.run == 1 and f.step and not f.partial).picture.words.text == "a dreadful plot"
        assert desk.progress(lambda p: p.run == 1 and p.phase == IDLE).accuracy is not None


def test_pictures_do_not_fit_words_and_it_says_what_does() -> None:
    with Desk() as desk:
        desk.send(Open(1, words_net(), Plan(threads=1)))
        assert desk.failure("data").text == (
            "digits holds no sentences, but this network takes sentences. Train on sentences."
        )


def test_a_board_is_looked_at_and_not_trained() -> None:
    with Desk() as desk:
        desk.send(Open(1, board_net(), Plan(threads=1)))
        assert desk.until(Pictures) == Pictures("positions", 0, 5, ())
        assert desk.frame(lambda f: f.picture.position is not None).picture.name == "Opening"
        asked = Position().play(point_of("D4"))
        desk.send(Look(asked))
        seen = desk.frame(lambda f: f.picture.position == asked)
        assert (
            seen.probabilities.shape == (361,) and seen.input.shape == (48, 19, 19) and len(seen.picture.planes) == 11
        )
        assert not desk.all(Failed)
        desk.send(Train(1, Plan(threads=1)))
        assert desk.until(Failed).text.startswith("There is no data set of board positions.")


def test_a_typed_sentence_is_left_with_its_network() -> None:
    with Desk() as desk:
        desk.send(Open(1, words_net(), PLAN), Look(Sentence("a dull plot")))
        desk.frame(lambda f: f.picture.name == "typed")
        desk.send(Open(2, board_net(), PLAN))
        assert desk.frame(lambda f: f.version == 2 and f.picture.name).picture.name == "Opening"
        assert not desk.all(Failed)
