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

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from ..net.layers import Input, Source
from ..net.plan import Plan

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

    def __call__(self, x: Tensor, step: int) -> Tensor:
        """The pictures of a step, (n, channels, height, width) float32 in 0…1, changed; `x` may be overwritten."""
        plan, drawn = self._plan, self._draw(len(x), step)
        if self._sampled:
            x = self._sample(x, drawn)
        elif self._moved:
            x = self._move(x, drawn)
        if plan.augment_brightness:
            x = x.mul_(self._factor(drawn[8], plan.augment_brightness, x)).clamp_(0, 1)
        if plan.augment_contrast:
            factor = self._factor(drawn[9], plan.augment_contrast, x)
            grey = (1 - factor) * _grey(x)
            x = x.mul_(factor).add_(grey).clamp_(0, 1)
        if plan.augment_noise:
            x = x.add_(self._noise(x, step).mul_(plan.augment_noise)).clamp_(0, 1)
        if plan.augment_cutout:
            x = torch.where(self._cut(x, drawn), self._hole.to(x.device), x)
        return x

    def _draw(self, pictures: int, step: int) -> Tensor:
        """(DRAWS, pictures) float64 in [0, 1)."""
        self._dice.manual_seed(seed(self._plan.seed, step))
        return torch.rand(DRAWS, pictures, generator=self._dice, dtype=torch.float64)

    def _noise(self, x: Tensor, step: int) -> Tensor:
        dice = self._dice
        if x.device.type != "cpu":
            dice = torch.Generator(x.device).manual_seed(seed(self._plan.seed, step))
        return torch.randn(x.shape, generator=dice, device=x.device)

    @staticmethod
    def _factor(drawn: Tensor, most: float, x: Tensor) -> Tensor:
        return (1 + most * (2 * drawn - 1)).float().to(x.device).reshape(-1, 1, 1, 1)

    def _shift(self, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels down and across, (n,) each."""
        most = self._plan.augment_shift
        down, across = ((d * (2 * most + 1)).long().clamp_(max=2 * most) - most for d in (drawn[6], drawn[7]))
        return down, across

    def _flip(self, drawn: Tensor) -> Tensor:
        return drawn[5] < self._plan.augment_flip

    def _move(self, x: Tensor, drawn: Tensor) -> Tensor:
        """Flip and shift: no value changes."""
        n, channels, height, width = x.shape
        down, across = self._shift(drawn)
        ys = torch.arange(height) - down[:, None]
        xs = torch.arange(width) - across[:, None]
        inside = ((ys >= 0) & (ys < height))[:, :, None] & ((xs >= 0) & (xs < width))[:, None, :]
        xs = torch.where(self._flip(drawn)[:, None], width - 1 - xs, xs)
        where = ys.clamp_(0, height - 1)[:, :, None] * width + xs.clamp_(0, width - 1)[:, None, :]
        where = where.to(x.device).view(n, 1, -1).expand(n, channels, -1)
        moved = x.reshape(n, channels, -1).gather(2, where).view(x.shape)
        return moved.mul_(inside.to(x.device).unsqueeze(1)) if self._plan.augment_shift else moved

    def _sample(self, x: Tensor, drawn: Tensor) -> Tensor:
        """Crop, rotation, flip and shift, interpolated once."""
        height, width = x.shape[2:]
        # the other way round, from a pixel of the new picture to a place in the old one; (0, 0) is the middle
        part = 1 - self._plan.augment_crop * drawn[0]
        most = torch.clamp(-part.log(), max=ASPECT)
        shape = torch.exp((2 * drawn[1] - 1) * most)
        tall, wide = (part * shape).sqrt(), (part / shape).sqrt()
        top, left = ((d - 0.5) * (1 - p) * s for d, p, s in ((drawn[2], tall, height), (drawn[3], wide, width)))
        angle = (2 * drawn[4] - 1) * math.radians(self._plan.augment_rotation)
        sine, cosine = angle.sin(), angle.cos()
        down, across = self._shift(drawn)
        mirror = 1 - 2 * self._flip(drawn).double()
        factors = torch.stack(
            (mirror * cosine * wide, -sine * wide, left, mirror * sine * tall, cosine * tall, top, down, across)
        )
        a, b, left, c, d, top, down, across = factors.float().to(x.device).reshape(8, -1, 1, 1)
        ys = (torch.arange(height, device=x.device) - (height - 1) / 2)[:, None] - down
        xs = (torch.arange(width, device=x.device) - (width - 1) / 2) - across
        # multiplied and added one by one: what does both at once may round in another way on other threads
        from_x = (xs * a + ys * b + left) * (2 / width)
        from_y = (xs * c + ys * d + top) * (2 / height)
        inside = (from_x.abs() <= 1) & (from_y.abs() <= 1)
        grid = torch.stack((from_x, from_y), 3)
        seen = grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
        return seen.mul_(inside.unsqueeze(1))

    def _cut(self, x: Tensor, drawn: Tensor) -> Tensor:
        """(n, 1, height, width): what the square covers."""
        size = self._plan.augment_cutout
        covered = []
        for at, room in ((drawn[10], x.shape[2]), (drawn[11], x.shape[3])):
            first = (at * room).long().clamp_(max=room - 1)[:, None] - size // 2
            places = torch.arange(room)
            covered.append((places >= first) & (places < first + size))
        return (covered[0][:, None, :, None] & covered[1][:, None, None, :]).to(x.device)


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
