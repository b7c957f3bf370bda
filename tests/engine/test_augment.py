"""Augmentation: every operation against a plain reference, its distribution, and that a step repeats bit for bit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cnnviz.engine.augment import ASPECT, DRAWS, Augment, seed
from cnnviz.engine.vision import torchvision
from cnnviz.net.layers import Board, Input, Tokens
from cnnviz.net.plan import AUGMENTS, Plan

STRONG = {
    "augment_crop": 0.6,
    "augment_rotation": 35.0,
    "augment_flip": 0.5,
    "augment_shift": 3,
    "augment_brightness": 0.4,
    "augment_contrast": 0.6,
    "augment_noise": 0.1,
    "augment_cutout": 5,
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def pictures(n: int, channels: int, height: int, width: int, number: int = 0) -> Tensor:
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(number))


def functional():
    torchvision()
    from torchvision.transforms.v2 import functional as v2

    return v2


class Fixed(Augment):
    """One whose dice are given."""

    def __init__(self, plan: Plan, layer: Input, drawn: Tensor):
        super().__init__(plan, layer)
        self.drawn = drawn

    def _draw(self, pictures: int, step: int) -> np.ndarray:
        return self.drawn.numpy()


def changed(x: Tensor, layer: Input | None = None, drawn: dict[int, float] | None = None, **settings: float) -> Tensor:
    """`x` with these settings, where the draws of these numbers are as given and the others 0.5."""
    table = torch.full((DRAWS, len(x)), 0.5, dtype=torch.float64)
    for number, value in (drawn or {}).items():
        table[number] = value
    return Fixed(Plan(**settings), layer or Input(x.shape[1]), table)(x.clone(), 0)


sizes = st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 12))
unit = st.floats(0, 1, exclude_max=True)


@given(sizes, unit, unit, unit, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_flip_and_shift_move_whole_pixels(size, flip, down, across, most) -> None:
    x = pictures(1, *size)
    seen = changed(x, drawn={5: flip, 6: down, 7: across}, augment_flip=0.4, augment_shift=most)
    dy, dx = (min(int(u * (2 * most + 1)), 2 * most) - most for u in (down, across))
    wide = np.pad(x.numpy()[..., ::-1] if flip < 0.4 else x.numpy(), ((0, 0), (0, 0), (most, most), (most, most)))
    height, width = size[1:]
    want = wide[:, :, most - dy : most - dy + height, most - dx : most - dx + width]
    assert np.array_equal(seen.numpy(), want)


def looked(x: np.ndarray, tall: float, wide: float, middle: tuple[float, float], angle: float) -> np.ndarray:
    """Crop and rotation of (channels, height, width), pixel by pixel: turned by `angle` (radians), bilinear.

    Not a number where a place is so near the picture's edge that rounding decides whether it is black.
    """
    height, width = x.shape[1:]
    out = np.zeros_like(x)
    for i in range(height):
        for j in range(width):
            u, v = j - (width - 1) / 2, i - (height - 1) / 2
            at_x = (u * math.cos(angle) - v * math.sin(angle)) * wide + middle[1] + (width - 1) / 2
            at_y = (u * math.sin(angle) + v * math.cos(angle)) * tall + middle[0] + (height - 1) / 2
            if any(abs(abs(at - (n - 1) / 2) - n / 2) < 1e-4 for at, n in ((at_x, width), (at_y, height))):
                out[:, i, j] = np.nan
                continue
            if not (-0.5 <= at_x <= width - 0.5 and -0.5 <= at_y <= height - 0.5):
                continue
            at_x, at_y = min(max(at_x, 0), width - 1), min(max(at_y, 0), height - 1)
            x0, y0 = int(at_x), int(at_y)
            x1, y1, fx, fy = min(x0 + 1, width - 1), min(y0 + 1, height - 1), at_x - x0, at_y - y0
            top, low = x[:, y0, x0] * (1 - fx) + x[:, y0, x1] * fx, x[:, y1, x0] * (1 - fx) + x[:, y1, x1] * fx
            out[:, i, j] = top * (1 - fy) + low * fy
    return out


@given(sizes, st.lists(unit, min_size=5, max_size=5), st.floats(0, 0.95), st.floats(0, 180))
@settings(max_examples=60, deadline=None)
def test_crop_and_rotation_are_one_look(size, drawn, crop, rotation) -> None:
    x = pictures(1, *size)
    given = dict(enumerate(drawn))
    seen = changed(x, drawn=given, augment_crop=crop, augment_rotation=rotation)[0].numpy()
    part = 1 - crop * drawn[0]
    shape = math.exp((2 * drawn[1] - 1) * min(ASPECT, -math.log(part)))
    tall, wide = math.sqrt(part * shape), math.sqrt(part / shape)
    assert tall <= 1 + 1e-12 and wide <= 1 + 1e-12
    assert abs(tall * wide - part) < 1e-12
    middle = (drawn[2] - 0.5) * (1 - tall) * size[1], (drawn[3] - 0.5) * (1 - wide) * size[2]
    want = looked(x[0].numpy(), tall, wide, middle, math.radians((2 * drawn[4] - 1) * rotation))
    sure = ~np.isnan(want)
    assert sure.all() or rotation, "a crop lies inside the picture"
    assert np.allclose(seen[sure], want[sure], atol=5e-5)


@pytest.mark.parametrize("angle", [0.0, 10.0, -25.0, 45.0, 90.0])
def test_rotation_is_torchvisions_away_from_the_edges(angle: float) -> None:
    x = pictures(2, 3, 16, 16)
    v2 = functional()
    seen = changed(x, drawn={4: (1 + angle / 90) / 2}, augment_rotation=90)
    want = v2.rotate(x, angle, v2.InterpolationMode.BILINEAR)
    whole = v2.rotate(torch.ones_like(x), angle, v2.InterpolationMode.BILINEAR) > 1 - 1e-4
    assert whole.float().mean() > 0.7
    torch.testing.assert_close(seen[whole], want[whole], atol=2e-5, rtol=0)


def test_a_crop_is_torchvisions_away_from_its_edges() -> None:
    x = pictures(1, 3, 16, 16)
    v2 = functional()
    seen = changed(x, drawn={0: 1.0, 1: 0.5, 2: 0.5, 3: 0.25}, augment_crop=0.75)  # 8×8 of 16×16, from (4, 2)
    want = v2.resized_crop(x, 4, 2, 8, 8, [16, 16], antialias=False)
    torch.testing.assert_close(seen[..., 1:-1, 1:-1], want[..., 1:-1, 1:-1], atol=1e-6, rtol=0)


@given(sizes, unit, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_brightness_and_contrast_are_torchvisions(size, drawn, brightness, contrast) -> None:
    v2, x = functional(), pictures(2, *size)
    seen = changed(x, drawn={8: drawn}, augment_brightness=brightness)
    torch.testing.assert_close(seen, (x * (1 + brightness * (2 * drawn - 1))).clamp(0, 1), atol=1e-6, rtol=0)
    factor = 1 + contrast * (2 * drawn - 1)
    seen = changed(x, drawn={9: drawn}, augment_contrast=contrast)
    if size[0] in (1, 3):
        torch.testing.assert_close(
            v2.adjust_brightness(x, factor), changed(x, drawn={8: drawn}, augment_brightness=contrast)
        )
        want = v2.adjust_contrast(x, factor)
    else:
        want = (x * factor + x.mean((1, 2, 3), keepdim=True) * (1 - factor)).clamp(0, 1)
    torch.testing.assert_close(seen, want, atol=1e-6, rtol=0)


def test_noise_is_normal_with_its_deviation_and_stays_in_range() -> None:
    x = torch.full((64, 3, 32, 32), 0.5)
    added = Augment(Plan(augment_noise=0.05), Input())(x.clone(), 7) - x
    assert abs(added.mean()) < 5e-4 and abs(added.std() - 0.05) < 5e-4
    assert abs((added.abs() < 0.05).float().mean() - 0.6827) < 0.005
    loud = Augment(Plan(augment_noise=1.0), Input())(x.clone(), 7)
    assert loud.min() == 0 and loud.max() == 1


@given(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)), unit, unit, st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_cutout_is_a_square_of_the_inputs_mean(size, down, across, side) -> None:
    x, mean = pictures(1, *size), tuple(0.1 * (c + 1) for c in range(size[0]))
    seen = changed(x, Input(size[0], mean=mean), {10: down, 11: across}, augment_cutout=side).numpy()
    want = x.numpy().copy()
    top, left = int(down * size[1]) - side // 2, int(across * size[2]) - side // 2
    want[0, :, max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = np.float32(mean)[:, None, None]
    assert np.array_equal(seen, want)


def test_what_is_drawn_is_spread_as_it_is_said() -> None:
    plan = Plan(augment_shift=2, augment_flip=0.3, seed=5)
    ramp = torch.arange(1.0, 12.0).repeat(11, 1) + 100 * torch.arange(11.0)[:, None]
    counts: dict[tuple[int, int], int] = {}
    flips = 0
    for step in range(40):
        seen = Augment(plan, Input(1))(ramp.expand(256, 1, 11, 11).clone(), step)[:, 0, 5, 4:7]
        flipped = seen[:, 0] > seen[:, 2]
        flips += int(flipped.sum())
        row, column = seen[:, 1] // 100, seen[:, 1] % 100
        for dy, dx in zip((5 - row).tolist(), torch.where(flipped, column - 6, 6 - column).tolist(), strict=True):
            counts[int(dy), int(dx)] = counts.get((int(dy), int(dx)), 0) + 1
    n = 40 * 256
    assert abs(flips / n - 0.3) < 4 * math.sqrt(0.3 * 0.7 / n)
    assert set(counts) == {(y, x) for y in range(-2, 3) for x in range(-2, 3)}
    assert sum((c - n / 25) ** 2 / (n / 25) for c in counts.values()) < 60  # chi-square, 24 degrees: 1 in 20,000


@pytest.mark.parametrize("shape", [(1, 1, 300, 300), (3, 3, 200, 210), (33, 3, 32, 32), (5, 2, 64, 1)])
def test_a_step_is_the_same_on_any_number_of_threads_and_at_any_time(shape: tuple[int, ...]) -> None:
    plan, layer, x = Plan(**STRONG), Input(shape[1]), pictures(*shape)
    first = Augment(plan, layer)(x.clone(), 12)
    other = Augment(plan, layer)
    other(x.clone(), 3)
    torch.rand(5)
    for threads in (2, 3):
        torch.set_num_threads(threads)
        assert torch.equal(other(x.clone(), 12), first)
    assert not torch.equal(other(x.clone(), 13), first)
    assert not torch.equal(Augment(replace(plan, seed=1), layer)(x.clone(), 12), first)


@pytest.mark.parametrize("name", AUGMENTS)
def test_each_setting_changes_something_and_nothing_of_what_the_others_draw(name: str) -> None:
    x, layer = pictures(16, 3, 12, 12), Input(3)
    assert not torch.equal(Augment(Plan(**{name: STRONG[name]}), layer)(x.clone(), 1), x)
    quiet = Augment(Plan(**STRONG), layer)._draw(16, 1)
    assert np.array_equal(Augment(Plan(**{name: STRONG[name]}), layer)._draw(16, 1), quiet)


def test_it_is_there_only_where_it_is_asked_for_and_for_pictures() -> None:
    assert Augment.of(Plan(), Input()) is None
    assert Augment.of(Plan(augment_flip=0.5), Input()) is not None
    assert Augment.of(Plan(augment_flip=0.5), Tokens()) is None
    assert Augment.of(Plan(augment_flip=0.5), Board()) is None


def test_seeds_of_steps_differ() -> None:
    many = {seed(s, step) for s in (0, 1, 2**31 - 1) for step in range(2000)}
    assert len(many) >= 5995  # of 32 bits: hardly any two are the same
    assert all(0 <= s < 2**32 for s in many)
