"""The engine as the window meets it: commands in, replies and frames out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cnnviz.engine import memory
from cnnviz.engine.build import Net
from cnnviz.engine.record.moment import last
from cnnviz.link.adjusting import Adjust
from cnnviz.link.messages import (
    IDLE,
    PAUSED,
    TRAINING,
    Bell,
    Failed,
    Interest,
    Look,
    News,
    Open,
    Opened,
    Pause,
    PictureFile,
    Pictures,
    Pixels,
    Progress,
    Ready,
    Sample,
    Save,
    Saved,
    Stop,
    Take,
    Train,
    Unit,
    Watch,
)
from cnnviz.net.analysis import analyse
from cnnviz.net.graph import Graph
from cnnviz.net.layers import Conv2d, Input, Linear, Softmax
from cnnviz.net.plan import Plan

from .desk import Desk
from .nets import lenet, noisy, small

ONE = {"threads": 1}
LONG = Plan(epochs=1000, **ONE)


def ended(progress: Progress) -> bool:
    return progress.phase == IDLE and progress.run > 0


def test_open_gives_a_frame_of_everything_that_is_of_interest() -> None:
    graph = lenet(softmax=True)
    with Desk() as desk:
        ready = desk.until(Ready)
        assert ready.devices[-1] == "cpu" and ready.threads >= 1
        everything = Interest(7, tuple(graph.index), ("C1", "F6", "gone"), ("C1", "S2"), Unit("C3", 2, 4, 4))
        desk.send(Open(1, graph, Plan()), Watch(everything))
        frame = desk.frame(lambda f: f.interest == 7 and f.input is not None)
        assert desk.until(Opened) == Opened(1, (), ("C1", "C3", "C5", "F6", "output"))
        assert desk.until(Pictures) == Pictures("digits", 1438, 359, tuple("0123456789"))
    assert (frame.version, frame.run, frame.step) == (1, 0, 0)
    assert frame.picture.name == "digits" and frame.picture.size == (8, 8) and frame.picture.label is not None
    assert set(frame.thumbs) == set(graph.index)
    assert frame.maps["C1"].shape == (6, 28, 28) and frame.maps["F6"].shape == (84,) and set(frame.maps) == {"C1", "F6"}
    assert frame.filters["C1"].shape == (6, 1, 5, 5) and set(frame.filters) == {"C1"}
    net = Net(analyse(graph), Plan())
    assert frame.input is not None and frame.output is not None and frame.probabilities is not None
    expected = net(torch.from_numpy(frame.input)[None], end="output")[0].detach().numpy()
    np.testing.assert_allclose(frame.output, expected, atol=1e-6)
    assert frame.probabilities.sum() == pytest.approx(1)
    assert frame.unit == everything.unit and frame.field is not None
    rows, columns = np.nonzero(frame.field)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 21, 8, 21)  # 14×14 from (2·4, 2·4) on


def test_training_rings_tells_every_point_once_and_leaves_its_weights() -> None:
    graph = small()
    with Desk() as desk:
        desk.send(Open(3, graph, Plan()), Watch(Interest(1, thumbs=("conv",), filters=("conv",))))
        desk.frame(lambda f: f.input is not None)
        desk.send(Train(5, Plan(epochs=4, lr=0.01, **ONE)))
        seen = desk.frame(lambda f: f.run == 5 and 0 < f.step < 180)
        assert seen.version == 3
        done = desk.progress(lambda p: ended(p) and p.run == 5)
        final = desk.frame(lambda f: f.step == 180)
        tests = desk.all(News)[-1].tests
    assert (done.step, done.steps, done.epoch, done.version, done.device) == (180, 180, 4.0, 3, "cpu")
    points = np.array(desk.points[5])
    assert points[:, 0].tolist() == list(range(1, 181))
    assert np.isfinite(points).all() and set(points[:, 3]) == {0.01}
    assert tests[:, 0].tolist() == [45, 90, 135, 180]
    assert done.accuracy == tests[-1, 2] and done.loss == points[-1, 1]
    assert final.run == 5 and not np.array_equal(final.filters["conv"], seen.filters["conv"])


def test_the_window_and_the_plain_generator_give_the_same_numbers() -> None:
    from .learn.test_steps import training

    graph, plan = noisy(), Plan(epochs=2, lr=0.01, **ONE)
    with Desk() as desk:
        desk.send(Open(1, graph, plan), Watch(Interest(1, thumbs=tuple(graph.index))), Train(1, plan))
        for i in range(40):  # edits and interests meanwhile
            desk.send(Watch(Interest(i + 2, maps=("conv",), unit=Unit("conv", 1, 2, 2))), Look(Sample(i)))
            desk.send(Open(i + 2, graph.change("out", layer=Linear(10 + i % 2)), plan))
        desk.progress(ended)
    assert [p[1] for p in desk.points[1]] == [s.loss for s in training(graph, plan)]


def test_frames_come_no_more_often_than_asked_for() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1, rate=0.01)), Train(1, Plan(epochs=4, **ONE)))
        desk.frame(lambda f: f.step == 180)
    assert len([f for f in desk.frames if 0 < f.step < 180]) <= 1


def test_pause_single_step_go_on_rate_and_stop() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1, filters=("conv",))), Train(1, LONG, steps=3))
        held = desk.progress(lambda p: p.phase == PAUSED)
        assert held.step == 3
        first = desk.frame(lambda f: f.step == 3)
        desk.send(Pause(False, 1))
        desk.progress(lambda p: p.phase == PAUSED and p.step == 4)
        assert not np.array_equal(desk.frame(lambda f: f.step == 4).filters["conv"], first.filters["conv"])
        desk.send(Adjust(0.0), Pause(False, 2))
        desk.progress(lambda p: p.phase == PAUSED and p.step == 6)
        assert [p[3] for p in desk.points[1]] == [0.001] * 4 + [0.0] * 2
        desk.send(Pause(False))
        desk.progress(lambda p: p.phase == TRAINING and p.step > 20 and p.steps_per_second > 0)
        desk.send(Pause(True))
        again = desk.progress(lambda p: p.phase == PAUSED and p.step > 20)
        desk.send(Stop())
        assert desk.progress(ended).step == again.step
        assert not desk.all(Failed)


def test_an_edit_while_training_does_not_disturb_it_and_keeps_what_fits() -> None:
    graph = small()
    with Desk() as desk:
        desk.send(Open(1, graph, Plan()), Watch(Interest(1, filters=("conv", "out"))), Train(1, LONG))
        desk.frame(lambda f: f.step > 10)
        edited = graph.change("out", layer=Linear(12))
        desk.send(Open(2, edited, Plan()))
        assert desk.until(Opened, lambda o: o.version == 2) == Opened(2, ("conv",), ("out",))
        step = desk.frame(lambda f: f.run == 1).step
        assert desk.frame(lambda f: f.step > step).version == 1
        desk.send(Stop())
        desk.progress(ended)
        end = desk.frame(lambda f: f.version == 2)
    assert end.step == len(desk.points[1])
    assert end.filters["out"].shape == (12, 36)
    trained = next(f for f in reversed(desk.frames) if f.version == 1)
    fresh = Net(analyse(graph)).state_dict()["conv.weight"].numpy()
    assert np.abs(end.filters["conv"] - trained.filters["conv"]).max() < np.abs(end.filters["conv"] - fresh).max()


def test_what_was_learned_comes_back_with_an_undo_and_goes_with_fresh() -> None:
    graph = small()
    other = graph.change("conv", layer=Conv2d(4, (1, 1)))
    with Desk() as desk:
        desk.send(Open(1, graph, Plan()), Watch(Interest(1, filters=("conv",))), Train(1, Plan(epochs=1, **ONE)))
        desk.progress(ended)
        learned = desk.frame(lambda f: f.step == 45).filters["conv"]
        desk.send(Open(2, other, Plan()))
        desk.frame(lambda f: f.version == 2)
        desk.send(Open(3, graph, Plan()))
        assert np.array_equal(desk.frame(lambda f: f.version == 3).filters["conv"], learned)
        assert desk.until(Opened, lambda o: o.version == 3).kept == ("conv", "out")
        desk.send(Open(4, graph, Plan(), fresh=True))
        anew = desk.frame(lambda f: f.version == 4)
        assert (anew.run, anew.step) == (0, 0)
        assert np.array_equal(anew.filters["conv"], Net(analyse(graph)).state_dict()["conv.weight"].numpy())


def test_keep_goes_on_from_the_present_weights() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1)), Train(1, Plan(epochs=3, lr=0.01, **ONE)))
        desk.progress(lambda p: ended(p) and p.run == 1)
        desk.send(Train(2, Plan(epochs=1, **ONE), keep=True))
        desk.progress(lambda p: ended(p) and p.run == 2)
        desk.send(Train(3, Plan(epochs=1, **ONE)))
        desk.progress(lambda p: ended(p) and p.run == 3)
    assert desk.points[2][0][1] < 1.0 < 2.0 < desk.points[3][0][1]


def test_a_second_train_ends_the_first() -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Train(1, LONG))
        desk.progress(lambda p: p.step > 5)
        desk.send(Open(2, small(), Plan()), Train(2, Plan(epochs=1, **ONE)))
        assert desk.progress(lambda p: p.run == 2 and ended(p)).step == 45
        assert not desk.all(Failed)


def test_weights_are_saved_and_opened(tmp_path: Path) -> None:
    path, graph = tmp_path / "net.safetensors", small()
    with Desk() as desk:
        desk.send(Open(1, graph, Plan()), Watch(Interest(1, filters=("conv",))), Train(1, LONG))
        desk.progress(lambda p: p.step > 5)
        desk.send(Save(str(path)))
        assert desk.until(Saved).path == str(path)
        state = load_file(path)
        assert set(state) == set(Net(analyse(graph)).state_dict())
        desk.send(Stop(), Open(2, graph, Plan(), fresh=True))
        desk.progress(ended)
        desk.send(Open(3, graph, Plan(), weights=str(path)))
        frame = desk.frame(lambda f: f.version == 3)
        assert np.array_equal(frame.filters["conv"], state["conv.weight"].numpy())
        save_file({"other.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
        desk.send(Open(4, graph, Plan(), weights=str(tmp_path / "other.safetensors")))
        assert "other.safetensors" in desk.failure("open").text
        assert desk.until(Opened, lambda o: o.version == 4)
        desk.send(Save(str(tmp_path / "no" / "such" / "folder.safetensors")))
        assert "folder.safetensors" in desk.failure("save").text
        desk.send(Open(5, graph, Plan(), weights=str(tmp_path / "none.safetensors")))
        assert desk.until(Failed, lambda f: "none.safetensors" in f.text)


def test_only_one_bell_rings_until_it_is_answered() -> None:
    with Desk(answers=False) as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1)), Train(1, Plan(epochs=2, **ONE)))
        assert desk.until(Bell, lambda b: b.frame)
        desk.frame(lambda f: f.step == 90)
        assert desk.all(Bell).count(Bell()) == 1
        desk.send(Take(1, 0))
        assert len(desk.until(News).points) == 90
        desk.send(Take(1, 85), Adjust(0.5), Take(1, 85), Adjust(0.25), Take(99, 85))
        late = desk.until(News, lambda n: n.first == 85 and n.progress.lr == 0.5)
        assert late.points[:, 0].tolist() == [86, 87, 88, 89, 90]
        assert desk.until(News, lambda n: n.first == 0 and n.progress.lr == 0.25).progress.run == 1


def test_frames_between_whole_ones_have_maps_and_filters_alone() -> None:
    unit = Unit("conv", 1, 2, 2)
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Watch(Interest(1, ("conv", "pool"), ("conv",), ("out",), unit)))
        desk.send(Train(1, LONG))
        partial = desk.frame(lambda f: f.partial)
        assert set(partial.maps) == {"conv"} and set(partial.filters) == {"out"}
        assert not partial.thumbs and partial.shown is None and partial.output is None and partial.field is None
        whole = desk.frame(lambda f: not f.partial and f.step > partial.step)
        assert set(whole.thumbs) == {"conv", "pool"} and whole.field is not None and whole.output is not None
        desk.send(Watch(Interest(2, maps=("out",))))
        assert not desk.frame(lambda f: f.interest == 2).partial, "what is asked for anew comes whole"
        desk.send(Stop())
        desk.progress(ended)
        assert not desk.frame(lambda f: not f.partial and f.interest == 2).thumbs


def test_a_picture_is_shown_and_a_bad_one_leaves_the_old(tmp_path: Path) -> None:
    (tmp_path / "fake.png").write_text("no picture")
    dots = np.zeros((16, 16, 3), np.uint8)
    dots[4:12, 4:12] = 255
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Look(Pixels(dots, "clipboard")))
        frame = desk.frame(lambda f: f.picture.name == "clipboard")
        assert frame.shown is not None and frame.shown.shape == (8, 8, 3) and frame.shown[4, 4].tolist() == [255] * 3
        desk.send(Look(PictureFile(str(tmp_path / "fake.png")), number=7))
        failed = desk.failure("look")
        assert "fake.png" in failed.text and failed.look == 7
        desk.send(Watch(Interest(9)))
        assert desk.frame(lambda f: f.interest == 9).picture.name == "clipboard"
        desk.send(Look(Sample(3, "train")), Open(2, small(size=12), Plan()))
        frame = desk.frame(lambda f: f.version == 2 and f.picture.label is not None)
        assert frame.shown is not None and frame.shown.shape == (12, 12, 3)


def test_another_document_hears_of_its_data_set_though_it_is_the_same() -> None:
    gone = Plan(data="mnist", data_dir="/nowhere")
    with Desk() as desk:
        for version, plan in ((1, gone), (2, gone), (3, Plan()), (4, Plan())):
            desk.send(Open(version, small(), plan, fresh=True))
            desk.frame(lambda f, v=version: f.version == v)
        desk.send(Open(5, small(), gone))
        desk.frame(lambda f: f.version == 5)
        desk.send(Open(6, small(), Plan()))
        desk.frame(lambda f: f.version == 6)
    assert [f.what for f in desk.all(Failed)] == ["data"] * 3
    assert [p.data for p in desk.all(Pictures)] == ["digits"] * 3


def test_a_broken_net_shows_what_still_works_and_cannot_be_trained() -> None:
    graph = small().remove(["pool"])
    broken = graph.change("out", sources=("relu",))
    with Desk() as desk:
        desk.send(Open(1, broken, Plan()), Watch(Interest(1, thumbs=tuple(broken.index))))
        assert set(desk.frame(lambda f: f.input is not None).thumbs) == {"image", "conv", "relu"}
        desk.send(Train(1, Plan()))
        failed = desk.failure("train")
        assert failed.run == 1 and failed.node in {"flat", "out"}
        assert desk.progress(ended).step == 0
        desk.send(Open(2, Graph(), Plan()))
        assert desk.frame(lambda f: f.version == 2).input is None
        desk.send(Open(3, small(classes=7), Plan()), Train(2, Plan()))
        assert desk.until(Failed, lambda f: f.run == 2).node == "out"


@pytest.mark.parametrize(
    ("plan", "what", "words"),
    [
        (Plan(data="mnist", data_dir="/nowhere"), "data", "/nowhere/mnist"),
        (Plan(data="nothing"), "data", "nothing"),
        (Plan(data="/nowhere/my.npz"), "data", "my.npz"),
        (Plan(device="tpu"), "train", "tpu"),
        (Plan(optimizer="sgd", lr=1e9, threads=1), "train", "conv"),
    ],
)
def test_failures_are_sentences_and_the_engine_lives_on(plan: Plan, what: str, words: str) -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), plan), Watch(Interest(1, filters=("conv",))), Train(1, plan))
        assert words in desk.failure(what).text
        assert desk.until(Failed, lambda f: f.what == "train").run == 1
        desk.progress(ended)
        desk.send(Open(2, small(), Plan()), Train(2, Plan(epochs=1, **ONE), keep=True))
        assert desk.progress(lambda p: ended(p) and p.run == 2).step == 45
        assert np.isfinite(desk.frame(lambda f: f.run == 2).filters["conv"]).all()


def test_a_net_too_large_for_this_machine_is_refused() -> None:
    huge = small().change("out", layer=Linear(16_000_000_000 // 36 // 1000))
    wide = huge.add(Linear(16_000_000), ["out"])
    with Desk() as desk:
        desk.send(Open(1, wide, Plan()))
        assert "memory" in desk.failure("open").text
        desk.send(Open(2, small(), Plan()))
        assert desk.frame(lambda f: f.version == 2)


def test_a_training_too_large_for_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()))
        desk.until(Opened, lambda o: o.version == 1)
        monkeypatch.setattr(memory, "available", lambda: 100_000_000)
        desk.send(Train(1, Plan(batch_size=65_536)))
        said = desk.failure("train").text
        assert said.startswith("Training needs about ") and "100 MB are free. Use a smaller batch, " in said
        assert desk.progress(ended).step == 0


def test_a_run_is_recorded_and_its_folder_may_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with Desk() as desk:
        plan = Plan(epochs=1, **ONE)
        desk.send(Open(1, small(), plan), Watch(Interest(1, filters=("conv",))))
        desk.send(Train(1, plan, folder=str(tmp_path / "run")))
        desk.progress(lambda p: ended(p) and p.run == 1)
        frame = desk.frame(lambda f: f.step == 45)
        recorded = last(tmp_path / "run")
        assert recorded.step == 45 and recorded.plan == plan
        assert np.array_equal(recorded.weights["conv.weight"].numpy(), frame.filters["conv"])
        desk.send(Train(2, plan, folder=str(tmp_path / "file" / "run")))
        assert desk.progress(lambda p: ended(p) and p.run == 2).step == 45
        assert len([f for f in desk.all(Failed) if f.what == "record"]) == 1


def test_the_end_of_commands_records_the_run_and_ends_in_time(tmp_path: Path) -> None:
    with Desk() as desk:
        desk.send(Open(1, small(), Plan()), Train(1, LONG, folder=str(tmp_path)))
        desk.progress(lambda p: p.step > 20)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert last(tmp_path).step > 20


def test_softmax_at_the_end_is_not_trained_through() -> None:
    graph = small()
    ended_by_softmax = graph.add(Softmax(), ["out"], id="prob")
    plan = Plan(epochs=1, **ONE)
    with Desk() as desk:
        desk.send(Open(1, graph, plan), Train(1, plan))
        desk.progress(lambda p: ended(p) and p.run == 1)
        desk.send(Open(2, ended_by_softmax, plan), Train(2, plan))
        desk.progress(lambda p: ended(p) and p.run == 2)
    assert desk.points[1] == desk.points[2]


def test_an_input_that_pictures_do_not_fit_is_explained() -> None:
    graph = small().change("image", layer=Input(6, (8, 8)))
    with Desk() as desk:
        desk.send(Open(1, graph, Plan()))
        assert "6 channels" in desk.failure("data").text
