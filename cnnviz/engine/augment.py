"""Augmentation: a batch of training pictures changed at random, as the plan says, before it is normalised.

In this order, each only where its setting is above 0:

1. **Random resized crop** (`augment_crop`): a part of 1 − crop to 1 of the area, its height to width between 3 : 4 and
   4 : 3 of the picture's own, anywhere inside the picture, scaled to the picture's size.
2. **Rotation** about the middle, by up to ± `augment_rotation` degrees.
3. **Horizontal flip** of `augment_flip` of the pictures.
4. **Shift** by whole pixels, up to ± `augment_shift` down and across: the "pad and crop" of CIFAR's recipes.
5. **Brightness**: values times a factor of 1 ± `augment_brightness`.
6. **Contrast**: distances from the picture's mean grey times a factor of 1 ± `augment_contrast`.
7. **Noise**: a normal number of deviation `augment_noise` added to every value.
8. **Cutout**: a square of `augment_cutout` pixels, its middle on any pixel, set to the Input's mean, which is 0 for the
   net, as in the paper; what of it lies outside the picture is lost.

1 to 4 are one look into the picture: its pixels are moved (flip and shift alone), or interpolated once, bilinearly.
What lies outside the picture is black. 5 to 7 leave values in 0…1, as torchvision does. All draws but noise's are
uniform.

The random numbers of a step follow from (plan.seed, step) alone: nothing is to be kept for a resume, and another
setting changes nothing of what the rest draws. They are drawn on the CPU by one thread; noise is drawn where the
pictures are. So on the CPU a step is the same bit for bit on any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from ..net.layers import Input, Source
from ..net.plan import Plan
from .pictures import Array

DRAWS = 12
"""Random numbers of a picture: area, shape and place (y, x) of the crop, angle, flip, shift (y, x), brightness,
contrast, Cutout (y, x)."""
GREY = (0.2989, 0.587, 0.114)  # torchvision's weights of red, green and blue
ASPECT = math.log(4 / 3)


class Augment:
    """Changes batches as a plan says. One thread at a time."""

    def __init__(self, plan: Plan, layer: Source):
        self._plan, self._dice = plan, torch.Generator()
        self._sampled = bool(plan.augment_crop or plan.augment_rotation)
        self._moved = bool(plan.augment_flip or plan.augment_shift)
        self._hole = torch.tensor(layer.mean, dtype=torch.float32).reshape(-1, 1, 1)

    @staticmethod
    def of(plan: Plan, layer: Source) -> Augment | None:
        """What the plan does to the pictures of this Input; None where it does nothing, or they are no pictures."""
        return Augment(plan, layer) if plan.augments and isinstance(layer, Input) else None

    def __call__(self, x: Tensor, step: int, first: int = 0, whole: int = 0) -> Tensor:
        """The pictures of a step, (n, channels, height, width) float32 in 0…1, changed; `x` may be overwritten.

        They are those from `first` on of `whole` that the step has (0: all): as they would be among all of them.
        """
        whole = whole or len(x)
        drawn = self._draw(whole, step)[:, first : first + len(x)]
        return self._change(x, drawn, self._noise(x, step, first, whole))

    def several(self, x: Tensor, step: int, sizes: Sequence[int]) -> Tensor:
        """The same of as many steps as there are sizes, from `step` on, at once: bit for bit what each would give."""
        drawn, noise = [], []
        for i, part in enumerate(torch.split(x, list(sizes))):
            drawn.append(self._draw(len(part), step + i))
            noise.append(self._noise(part, step + i, 0, len(part)))
        whole = [n for n in noise if n is not None]
        return self._change(x, np.concatenate(drawn, 1), torch.cat(whole) if whole else None)

    def _change(self, x: Tensor, drawn: Array, noise: Tensor | None) -> Tensor:
        plan = self._plan
        if self._sampled:
            x = self._sample(x, drawn)
        elif self._moved:
            x = self._move(x, drawn)
        if plan.augment_brightness:
            x = x.mul_(_factor(drawn[8], plan.augment_brightness, x)).clamp_(0, 1)
        if plan.augment_contrast:
            factor = _factor(drawn[9], plan.augment_contrast, x)
            grey = (1 - factor) * _grey(x)
            x = x.mul_(factor).add_(grey).clamp_(0, 1)
        if noise is not None:
            x = x.add_(noise.mul_(plan.augment_noise)).clamp_(0, 1)
        if plan.augment_cutout:
            x = x.lerp_(self._hole.to(x.device), self._cut(x, drawn))  # exact where the weight is 0 or 1
        return x

    def _draw(self, pictures: int, step: int) -> Array:
        """(DRAWS, pictures) float64 in [0, 1). What follows from them is reckoned in numpy: it begins sooner."""
        self._dice.manual_seed(seed(self._plan.seed, step))
        drawn: Array = torch.rand(DRAWS, pictures, generator=self._dice, dtype=torch.float64).numpy()
        return drawn

    def _noise(self, x: Tensor, step: int, first: int, whole: int) -> Tensor | None:
        """What the step draws after all the rest."""
        if not self._plan.augment_noise:
            return None
        dice = self._dice
        if x.device.type != "cpu":
            dice = torch.Generator(x.device).manual_seed(seed(self._plan.seed, step))
        drawn = torch.randn((whole, *x.shape[1:]), generator=dice, device=x.device)
        return drawn[first : first + len(x)]

    def _shift(self, drawn: Array) -> Array:
        """Pixels down and across, (2, n)."""
        most = self._plan.augment_shift
        return np.minimum((drawn[6:8] * (2 * most + 1)).astype(np.int64), 2 * most) - most

    def _move(self, x: Tensor, drawn: Array) -> Tensor:
        """Flip and shift: no value changes."""
        n, channels, height, width = x.shape
        down, across = self._shift(drawn)[:, :, None]
        ys, xs = np.arange(height) - down, np.arange(width) - across
        flipped = (drawn[5] < self._plan.augment_flip)[:, None]
        from_x = np.where(flipped, width - 1 - xs, xs).clip(0, width - 1)
        where = ys.clip(0, height - 1)[:, :, None] * width + from_x[:, None, :]
        index = torch.from_numpy(where).to(x.device).view(n, 1, -1).expand(n, channels, -1)
        moved = x.reshape(n, channels, -1).gather(2, index).view(x.shape)
        if self._plan.augment_shift:
            moved.mul_(_block((ys >= 0) & (ys < height), (xs >= 0) & (xs < width), x))
        return moved

    def _sample(self, x: Tensor, drawn: Array) -> Tensor:
        """Crop, rotation, flip and shift, interpolated once."""
        plan, (height, width) = self._plan, x.shape[2:]
        # the other way round, from a pixel of the new picture to a place in the old one; (0, 0) is the middle
        part = 1 - plan.augment_crop * drawn[0]
        shape = np.exp((2 * drawn[1] - 1) * np.minimum(-np.log(part), ASPECT))
        tall, wide = np.sqrt(part * shape), np.sqrt(part / shape)
        top, left = (drawn[2] - 0.5) * (1 - tall) * height, (drawn[3] - 0.5) * (1 - wide) * width
        angle = (2 * drawn[4] - 1) * math.radians(plan.augment_rotation)
        sine, cosine = np.sin(angle), np.cos(angle)
        mirror = np.where(drawn[5] < plan.augment_flip, -1.0, 1.0)
        down, across = self._shift(drawn)[:, :, None]
        ys, xs = np.arange(height) - (height - 1) / 2 - down, np.arange(width) - (width - 1) / 2 - across
        # how far each column and each row of the new picture lies across and down in the old one, whose edges are ±1
        columns = (xs * (mirror * cosine * wide)[:, None] + left[:, None]) * (2 / width)
        rows = ys * (-sine * wide)[:, None] * (2 / width)
        columns_down = (xs * (mirror * sine * tall)[:, None] + top[:, None]) * (2 / height)
        rows_down = ys * (cosine * tall)[:, None] * (2 / height)
        from_x, from_y = _sum(rows, columns, x), _sum(rows_down, columns_down, x)
        grid = torch.stack((from_x, from_y), 3)
        seen = grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
        if plan.augment_rotation or plan.augment_shift:
            inside = (from_x.abs_() <= 1) & (from_y.abs_() <= 1)
            seen.mul_(inside.unsqueeze(1))
        return seen

    def _cut(self, x: Tensor, drawn: Array) -> Tensor:
        """(n, 1, height, width): 1 where the square is, else 0."""
        size, covered = self._plan.augment_cutout, []
        for at, room in ((drawn[10], x.shape[2]), (drawn[11], x.shape[3])):
            first = np.minimum((at * room).astype(np.int64), room - 1)[:, None] - size // 2
            places = np.arange(room)
            covered.append((places >= first) & (places < first + size))
        return _block(covered[0], covered[1], x)


def _factor(drawn: Array, most: float, x: Tensor) -> Tensor:
    """(n, 1, 1, 1): factors of 1 ± most."""
    return torch.from_numpy((1 + most * (2 * drawn - 1)).astype(np.float32)).to(x.device).view(-1, 1, 1, 1)


def _sum(rows: Array, columns: Array, x: Tensor) -> Tensor:
    """(n, height, width): a number of each row, (n, height), and one of each column, (n, width), added."""
    down, across = (torch.from_numpy(v.astype(np.float32)).to(x.device) for v in (rows, columns))
    return across[:, None, :] + down[:, :, None]


def _block(rows: Array, columns: Array, x: Tensor) -> Tensor:
    """(n, 1, height, width): 1 where both the row, (n, height), and the column, (n, width), are marked, else 0."""
    down, across = (torch.from_numpy(v.astype(np.float32)).to(x.device) for v in (rows, columns))
    return down[:, None, :, None] * across[:, None, None, :]


def seed(plan_seed: int, step: int) -> int:
    """32 well mixed bits (as many as torch's generator takes) of a plan's seed and a step: splitmix64's last steps."""
    whole = (1 << 64) - 1
    z = ((plan_seed << 32 | step & 0xFFFFFFFF) + 0x9E3779B97F4A7C15) & whole
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & whole
    z = (z ^ z >> 27) * 0x94D049BB133111EB & whole
    return (z ^ z >> 31) >> 32


def _grey(x: Tensor) -> Tensor:
    """(n, 1, 1, 1): the mean of each picture's grey values; of other than 3 channels the mean of all values."""
    rows = x.mean(3, keepdim=True).mean(2, keepdim=True)  # in two steps: one sum of all would depend on the threads
    if x.shape[1] == 3:
        return rows[:, :1] * GREY[0] + rows[:, 1:2] * GREY[1] + rows[:, 2:] * GREY[2]
    return rows.mean(1, keepdim=True)
