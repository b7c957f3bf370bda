"""Shapes drawn from the plan's settings: the same for a seed, where the settings have them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnviz.engine.data import DataError, load
from cnnviz.engine.data.shapes import OUTLINES, read
from cnnviz.net.layers import Input
from cnnviz.net.plan import Plan

FEW = Plan(data="shapes", shapes_train=24, shapes_test=12)


def drawn(**settings):
    return read(Path(), replace(FEW, **settings))


def middles(x: np.ndarray) -> np.ndarray:
    """(n, 2): the centre of mass of each picture, from its middle, in pixels."""
    weight = x[..., 0].astype(float)
    at = np.arange(x.shape[1]) - (x.shape[1] - 1) / 2
    total = weight.sum((1, 2))
    return np.stack([(weight.sum(2) * at).sum(1) / total, (weight.sum(1) * at).sum(1) / total], 1)


def test_the_same_seed_gives_the_same_bits_and_another_one_others() -> None:
    one, other = drawn(), drawn(shapes_seed=1)
    np.testing.assert_array_equal(one.train_x, drawn().train_x)
    assert not np.array_equal(one.train_x, other.train_x)
    assert not np.array_equal(one.train_x[:12], one.test_x)
    assert hashlib.sha256(one.train_x.tobytes()).hexdigest()[:16] == "bb44318df4d68fd9"


def test_the_first_pictures_stay_when_more_are_asked_for() -> None:
    np.testing.assert_array_equal(drawn(shapes_train=300).train_x[:24], drawn().train_x)


def test_every_class_has_its_share_and_its_name() -> None:
    raw = drawn(shapes_kinds=" ring, Bar ,ring,pole")
    assert raw.classes == ("ring", "bar", "pole") and np.bincount(raw.train_y).tolist() == [8, 8, 8]


@pytest.mark.parametrize("kind", OUTLINES)
def test_a_shape_without_freedom_lies_in_the_middle_and_inside(kind: str) -> None:
    other = "circle" if kind != "circle" else "bar"
    raw = drawn(shapes_kinds=f"{kind},{other}", shapes_place=0.0, shapes_noise=0.0, shapes_small=1.0, shapes_large=1.0)
    mine = raw.train_x[raw.train_y == 0]
    assert (mine == mine[0]).all(), "nothing but the class is left to chance"
    picture = mine[0, ..., 0]
    assert picture.max() == 255 and np.array_equal(picture, picture[:, ::-1]), "upright, and the same left and right"
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert not corners.any(), "nothing of it is cut off in the corners"


def test_only_held_out_pictures_are_shifted() -> None:
    raw = drawn(shapes_kinds="circle,ring", shapes_place=0.0, shapes_place_test=1.0, shapes_noise=0.0)
    assert abs(middles(raw.train_x)).max() < 0.01
    far = abs(middles(raw.test_x)).max(1)
    assert far.max() > 5 and len(np.unique(far.round(2))) == 12


def test_half_of_the_freedom_is_half_of_the_way() -> None:
    settings = {"shapes_kinds": "circle,square", "shapes_noise": 0.0}
    whole, half = (middles(drawn(shapes_place=p, **settings).train_x) for p in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2, atol=0.05)


def test_size_range() -> None:
    raw = drawn(shapes_kinds="circle,square", shapes_small=0.25, shapes_large=0.75, shapes_noise=0.0, shapes_train=200)
    area = (raw.train_x[raw.train_y == 0, ..., 0] / 255).sum((1, 2))
    across = 2 * np.sqrt(area / np.pi) / 32
    assert 0.24 < across.min() < 0.29 and 0.71 < across.max() < 0.76


def test_noise_and_colour() -> None:
    noisy = drawn(shapes_noise=0.2, shapes_place=0.0, shapes_large=0.3).train_x[..., 0] / 255
    ground = noisy[:, :4]  # clipped at 0: half of a normal distribution
    assert abs(np.sqrt((ground**2).mean() * 2) - 0.2) < 0.01
    colour = drawn(shapes_colour=True, shapes_noise=0.0)
    assert colour.train_x.shape == (24, 32, 32, 3) and len(np.unique(colour.train_x[:, 0, 0], axis=0)) > 20
    assert colour.train_x[:, 0, 0].max() <= 77, "the ground is darker than any shape"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shapes_kinds": "circle,heart"}, "no shape heart"),
        ({"shapes_kinds": "circle, circle"}, "two shapes or more"),
        ({"shapes_small": 0.8, "shapes_large": 0.4}, "0.8, is above the largest, 0.4"),
        ({"shapes_train": 200_000, "shapes_test": 200_000, "shapes_side": 256, "shapes_colour": True}, "78.6 GB"),
    ],
)
def test_settings_that_make_no_sense_are_explained(settings: dict, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.engine.memory.available", lambda: 8_000_000_000)
    with pytest.raises(DataError, match=said):
        drawn(**settings)


def test_they_are_fitted_as_pictures_are_and_count_for_the_plan() -> None:
    data = load("shapes", "", Input(3, (16, 16)), FEW)
    assert data.train_x.shape == (24, 3, 16, 16) and data.test_x.shape == (12, 3, 16, 16) and data.size == (32, 32)
    assert FEW.source != replace(FEW, shapes_seed=3).source
    assert Plan().source == replace(Plan(), shapes_seed=3).source, "digits have nothing to do with it"
