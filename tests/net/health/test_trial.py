"""Experiments: there is one for every sign, it fits the network, and it is what its button says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.graph import Graph
from cnnviz.net.health.sign import SENTENCES, Sign
from cnnviz.net.health.trial import DECAY, MOST, OFFERED, USUAL, trials
from cnnviz.net.layers import Conv2d, Flatten, Input, Layer, Linear, ReLU, Sigmoid
from cnnviz.net.plan import Plan


def chain(**layers: Layer) -> Analysis:
    graph = Graph()
    for before, id in pairwise(["", *layers]):
        graph = graph.add(layers[id], [before] if before else [], id=id)
    return analyse(graph)


PLAN = Plan()
ROWS = chain(
    image=Input(1, (16, 16)),
    C1=Conv2d(4, (3, 3)),
    relu_1=ReLU(),
    C2=Conv2d(4, (3, 3)),
    squash=Sigmoid(),
    flat=Flatten(),
    F3=Linear(20),
    sigmoid_1=Sigmoid(),
    F4=Linear(10),
)


def sign(key: str, node: str = "", also: tuple[str, ...] = ()) -> Sign:
    code, _dot, by = key.partition(".")
    return Sign(code, node, 10, 1, 1.0, 1.0, (("by", by),) if by else (), also)


@pytest.mark.parametrize("key", SENTENCES)
@pytest.mark.parametrize("node", ["", "C1", "relu_1", "squash", "F3", "F4", "gone"])
def test_what_is_offered_fits(key: str, node: str) -> None:
    for trial in (offered := trials(sign(key, node), ROWS, Plan())):
        assert trial.text and (trial.graph is None) != (not trial.settings)
        if trial.graph is not None:
            assert trial.graph != ROWS.graph and trial.node in trial.graph and not analyse(trial.graph).problems
        else:
            replace(Plan(), **dict(trial.settings))
    assert len(offered) <= MOST and len({t.text for t in offered}) == len(offered)
    assert offered or key == "high"


def test_every_sign_has_an_offer() -> None:
    codes = {key.partition(".")[0] for key in SENTENCES}
    assert {key.partition(".")[0] for key in OFFERED} == codes


def test_the_words_are_what_is_done() -> None:
    def first(key: str, node: str = "", plan: Plan = PLAN, also: tuple[str, ...] = ()) -> tuple[str, object]:
        trial = trials(sign(key, node, also), ROWS, plan)[0]
        return trial.text, trial.graph if trial.graph is not None else dict(trial.settings)

    assert first("high.loss", plan=Plan(lr=0.5)) == ("Try a learning rate of 0.05", {"lr": 0.05})
    assert first("low", plan=Plan(lr=1e-6)) == ("Try a learning rate of 1e−5", {"lr": 1e-5})
    assert first("still.rate", plan=Plan(lr=0.0)) == ("Try a learning rate of 0.001", {"lr": USUAL})
    assert first("gap", "C1", Plan(batch_size=2)) == ("Try batches of 32 pictures", {"batch_size": 32})
    text, graph = first("dead", "relu_1")
    assert text == "Use LeakyReLU for relu_1" and isinstance(graph, Graph) and graph["leakyrelu_1"].type == "LeakyReLU"
    assert graph["C2"].sources == ("leakyrelu_1",)
    text, graph = first("saturated", "squash")
    assert text == "Put BatchNorm after C2" and isinstance(graph, Graph)
    assert graph["squash"].sources == ("batchnorm2d_1",) and graph["batchnorm2d_1"].sources == ("C2",)
    text, graph = first("vanishing", "C1")
    assert text == "Use ReLU for squash and 1 more" and isinstance(graph, Graph)
    assert [n.type for n in graph].count("ReLU") == 3 and "relu_2" in graph
    text, graph = first("overfit.loss")
    assert text == "Put Dropout before F4" and isinstance(graph, Graph) and graph["F4"].sources == ("dropout_1",)


def test_what_is_there_already_is_not_offered() -> None:
    plan = Plan(weight_decay=DECAY, augment_shift=2, init="kaiming_normal")
    texts = [t.text for key in ("overfit.loss", "dead") for t in trials(sign(key, "relu_1"), ROWS, plan)]
    assert not any("decay" in t or "Kaiming" in t or "Shift" in t for t in texts)


def test_what_can_be_changed_while_it_runs_acts_at_once() -> None:
    at_once = {t.text: t.at_once for key in ("exploding", "gap") for t in trials(sign(key, "C1"), ROWS, Plan())}
    assert at_once == {
        "Put BatchNorm after C1": False,
        "Clip gradients to a norm of 1": True,
        "Try a learning rate of 0.0001": True,
        "Try batches of 64 pictures": False,
    }
