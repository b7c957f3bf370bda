"""From the readings of a training to signs of trouble: the rules, with what they count as too much, and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isnan, nan
from statistics import median

from .reading import Layers, Reading
from .sign import Sign, short, worst

# ── what counts as trouble ───────────────────────────────────────────────────────────────────────────────────────────
DEAD = 0.6
"""Share of a layer's channels. Up to 0.4 is met in nets that learn well (Karpathy, CS231n notes), half of them at the
start of LeNet-5 with ReLU on digits."""
SATURATED = 0.8
"""Share of a layer's values. Tanh layers of a LeNet-5 that has learned digits reach 0.5, of one at a fast rate 0.78."""
VANISHED = 1000.0
"""Gradient of the last layer over this one's: a sigmoid's slope is at most 1/4, so five of them leave 1/1024."""
EXPLODED = 10.0
"""Gradient over weights: plain56 begins with 270, resnet56 with 7, LeNet-5 with 0.2. A step of 0.1 would replace the
weights."""
SMALLEST = 0.01
"""Weights of a smaller root mean square count as so large there: at zero any gradient is infinitely larger."""
FAST, SLOW, BURST = 0.1, 1e-5, 1.0
"""Update over weights, of the middle layer and of the one that moves most: 0.001 is usual (Karpathy, CS231n notes), a
hundred times that or a hundredth of it is trouble. Adam at 0.001 begins LeNet-5 with 0.02. From BURST on, nothing is
left of what the weights were, by a single step."""
GROWN = 10.0
"""Weights over what they were first, in the middle layer: a training that goes well doubles or trebles them."""
RISEN = 1.5
"""Loss over what it was first. At first it is about that of guessing, which no loss that falls comes back to."""
STUCK = 0.98
"""Loss over what it was first: batches of 32 among 10 classes scatter by less than 0.02 over a hundred steps."""
COLLAPSED, EXCESS = 0.95, 0.2
"""Share of the predictions that go to one class, and how far above its share of the pictures."""
OVERFIT, SPLIT = 0.1, 0.5
"""Held-out loss above its best, three times in a row (Prechelt 1998, "Early stopping — but when?", stops at 0.05; a
few hundred held-out pictures scatter by as much); training loss below this part of it, else both are rising."""
BEHIND = 0.1
"""Accuracy on held-out pictures below that on training pictures, while the held-out loss has had its best: LeNet-5
learns 1,437 digits with 0.01, 50 of them with 0.25."""
GAP = 0.5
"""Standard deviations: what the mean of four pictures alone scatters by (1/√4). Batches of 32 give about 0.2."""

# ── how long it must be so ───────────────────────────────────────────────────────────────────────────────────────────
SEEN, NEEDED = 5, 3  # readings of which the middle one counts, and how many there must be
BACK = 0.7  # part of a threshold below which a sign goes again: between the two it stays as it was
SOON, LATER = 20, 100  # steps that it must last: what shows in single layers, and what batches scatter in
FLAT_FOR = 200  # steps after which a loss may be called stuck
SETTLED = 60  # steps until running statistics have forgotten that they began with 0 and 1 (0.9^60 = 0.002)
WELL = 0.9  # accuracy on the training batches from which on a loss that stays, or a slow rate, is no trouble
FEW = 8  # pictures in a batch below which nothing is said of a collapse

EXPLAINED = {
    "dead": {"high"},
    "saturated": {"high"},
    "gap": {"high"},
    "still": {"high", "dead", "saturated"},
    "vanishing": {"high", "dead", "saturated", "still"},
    "low": {"exploding", "dead", "saturated", "still", "vanishing"},
    "collapse": {"high", "exploding", "dead", "saturated", "still", "vanishing", "low"},
    "stuck": {"high", "exploding", "dead", "saturated", "still", "vanishing", "low", "collapse"},
}
"""Signs that are left out while one of these others is there, from which they follow."""


class Gauge:
    """Says of a number since when it is too large, without flickering: the middle of the last few values counts."""

    def __init__(self, limit: float, lasting: int, back: float = BACK, needed: int = NEEDED, seen: int = SEEN):
        self.limit, self._lasting, self._back, self._needed = limit, lasting, back * limit, needed
        self._values: deque[tuple[int, float]] = deque(maxlen=seen)
        self._first: int | None = None
        self.since: int | None = None
        self.value = nan

    def add(self, step: int, value: float) -> None:
        """The number at this step; NaN: there is none."""
        if isnan(value):
            return
        self._values.append((step, value))
        if self._first is None and value < self.limit and 2 * self._above() < len(self._values):
            return  # most numbers of most trainings: no need to sort
        self.value = self._middle()
        if self.value >= self.limit and len(self._values) >= self._needed:
            if self._first is None:
                self._first = next(s for s, v in self._values if v >= self.limit)
            if step - self._first >= self._lasting:
                self.since = self._first
        elif self.value < self._back:
            self._first = self.since = None

    def _above(self) -> int:
        """How many values are too large."""
        return sum(v >= self.limit for _step, v in self._values)

    def _middle(self) -> float:
        return median(v for _step, v in self._values)

    def stop(self) -> None:
        """It cannot be said now."""
        self._first = self.since = None
        self._values.clear()


class _Least(Gauge):
    """All of the last few values must be too large."""

    def _middle(self) -> float:
        return min(v for _step, v in self._values)


@dataclass(frozen=True)
class Held:
    """A measurement on held-out pictures, with means of the training batches since the one before."""

    step: int
    loss: float
    accuracy: float
    train: float
    right: float


class Watch:
    """Reads a training's readings one after the other; `signs` are those that stand now, the worst first.

    It begins anew with every run. The same readings give the same signs.
    """

    def __init__(self, layers: Layers, classes: Sequence[str] = (), batch: int = 32):
        """`classes`: names by number; `batch`: pictures in a step."""
        self.signs: tuple[Sign, ...] = ()
        self._layers, self._classes, self._batch = layers, classes, batch
        self._gauges: dict[str, list[Gauge]] = {
            "dead": [Gauge(DEAD, SOON) for _id in layers.units],
            "saturated": [Gauge(SATURATED, SOON) for _id in layers.units],
            "still": [Gauge(1.0, 2 * SOON) for _id in layers.weights],
            "vanishing": [Gauge(VANISHED, SOON, back=0.3) for _id in layers.weights],
            "exploding": [Gauge(EXPLODED, 0, needed=2, back=0.5) for _id in layers.weights],
            "gap": [Gauge(GAP, SOON) for _id in layers.norms],
        }
        self._fast, self._grown = Gauge(FAST, SOON, back=0.5), Gauge(GROWN, SOON)
        self._risen = Gauge(RISEN, SOON // 2)
        self._slow = Gauge(1 / SLOW, SOON)
        self._burst: tuple[int, str, float] | None = None  # step, layer, ratio
        self._collapsed = Gauge(EXCESS, LATER)
        self._overfit, self._behind = _Least(OVERFIT, 0, back=0.4, seen=3), _Least(BEHIND, 0, seen=3)
        self._begin: _Mean = _First(SOON)
        self._recent = _Mean(LATER)
        self._right = _Mean(LATER)
        self._stuck = False
        self._first: Reading | None = None
        self._last: Reading | None = None
        self._best: Held | None = None
        self._held: Held | None = None
        self._largest_lr = 0.0
        self._lost: Sign | None = None

    # ── what comes in ───────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, r: Reading) -> None:
        """The newest reading."""
        first = self._first = self._first or r
        steps = r.step - self._last.step if self._last else 1
        self._last = r
        self._begin.add(r.step - first.step, steps, r.loss)
        self._recent.add(r.step, steps, r.loss)
        self._right.add(r.step, steps, r.right)
        self._largest_lr = max(self._largest_lr, r.lr)
        self._layers_read(r)
        self._rate_read(r, first)
        sure = r.predicted >= COLLAPSED and self._batch >= FEW
        self._collapsed.add(r.step, r.predicted - r.true if sure else 0.0)
        ratio = self._recent.value / self._begin.value if self._begin.value else nan
        bar = STUCK if not self._stuck else STUCK - 0.03
        self._stuck = r.step - first.step >= FLAT_FOR and ratio >= bar and not self._well
        self._tell()

    def test(self, held: Held) -> None:
        """A measurement on held-out pictures."""
        self._held = held
        if self._best is None or held.loss < self._best.loss:
            self._best = held
        split = held.train < SPLIT * held.loss
        above = held.loss / self._best.loss - 1 if self._best.loss > 0 else 0.0
        self._overfit.add(held.step, above if split else 0.0)
        stays = above > 0 or self._behind.since is not None  # a new best now and then does not end it
        self._behind.add(held.step, held.right - held.accuracy if split and stays else 0.0)
        self._tell()

    def lost(self, step: int, node: str, lr: float) -> None:
        """The numbers have left every useful range, and the training has ended."""
        self._lost = Sign("lost", node, step, step, inf, inf, (("lr", short(lr)),))
        self._tell()

    # ── parts of a reading ──────────────────────────────────────────────────────────────────────────────────────────
    def _layers_read(self, r: Reading) -> None:
        last = max((i for i, g in enumerate(r.gradients) if g > 0), default=-1)
        top = r.gradients[last] if last >= 0 else nan
        settled = self._first is not None and r.step - self._first.step >= SETTLED
        for name, values in (
            ("dead", r.dead),
            ("saturated", r.saturated if not self._well else (0.0,) * len(r.saturated)),
            ("still", self._stillness(r)),
            ("vanishing", (top / g if g > 0 else nan if g != g else 0.0 for g in r.gradients)),
            ("exploding", self._explosion(r, last)),
            ("gap", r.gaps if settled else ()),
        ):
            for gauge, value in zip(self._gauges[name], values, strict=False):
                gauge.add(r.step, value)

    @staticmethod
    def _explosion(r: Reading, last: int) -> Iterator[float]:
        """Nothing passes backwards through the last layer before it gets there: its gradient is as large as its input,
        that of a network for text, say, 9 times its weights while it learns well."""
        for i, (g, w) in enumerate(zip(r.gradients, r.weights, strict=True)):
            yield nan if i == last else g / max(w, SMALLEST)

    @staticmethod
    def _stillness(r: Reading) -> Iterator[float]:
        for g, u in zip(r.gradients, r.updates, strict=True):
            yield nan if isnan(g) else float(u == 0 and (g == 0 or r.lr == 0))

    def _rate_read(self, r: Reading, first: Reading) -> None:
        moved = [u for u in r.updates if u < inf]  # without NaN
        grown = [w / v for w, v in zip(r.weights, first.weights, strict=True) if v > 0]
        if moved:
            self._fast.add(r.step, middle := median(moved))
            if middle >= BURST and self._burst is None:
                pairs = zip(self._layers.weights, r.updates, strict=True)
                self._burst = (r.step, *max((p for p in pairs if p[1] < inf), key=lambda p: p[1]))
        if grown:
            self._grown.add(r.step, median(grown))
        self._risen.add(r.step, r.loss / self._begin.value if self._begin.value else nan)
        most = max(moved, default=0.0)
        falling = self._recent.value < self._begin.value / 2
        if falling:
            self._burst = None  # it has recovered
        if most > 0 and r.lr >= self._largest_lr / 2 and not falling and not self._well:
            self._slow.add(r.step, 1 / most)
        else:
            self._slow.stop()

    @property
    def _well(self) -> bool:
        """The training pictures are known already."""
        return self._right.value >= WELL

    # ── what comes out ──────────────────────────────────────────────────────────────────────────────────────────────
    def _tell(self) -> None:
        found = {s.code: s for s in self._found()}
        told = {code: s for code, s in found.items() if not EXPLAINED.get(code, set()) & found.keys()}
        self.signs = worst(told)

    def _found(self) -> Iterator[Sign]:
        if self._lost is not None:
            yield self._lost
        r = self._last
        if r is not None:
            nodes = {"dead": self._layers.units, "saturated": self._layers.units, "gap": self._layers.norms}
            for code, gauges in self._gauges.items():
                sign = self._layered(code, nodes.get(code, self._layers.weights), gauges, r)
                if sign is not None:
                    yield sign
            yield from self._rates(r)
            if self._stuck and self._first is not None:
                args = (("first", short(self._begin.value)),)
                yield Sign("stuck", "", r.step, self._first.step, self._recent.value, STUCK, args)
            if self._collapsed.since is not None:
                name = self._classes[r.favourite] if r.favourite < len(self._classes) else str(r.favourite)
                words = ("favourite", name), ("predicted", _percent(r.predicted)), ("true", _percent(r.true))
                yield Sign("collapse", "", r.step, self._collapsed.since, self._collapsed.value, EXCESS, words)
        held = self._held
        if held is not None and self._overfit.since is not None:
            said = ("train", short(held.train)), ("by", "loss")
            yield Sign("overfit", "", held.step, self._overfit.since, self._overfit.value, OVERFIT, said)
        elif held is not None and self._behind.since is not None:
            words = (("right", _percent(held.right)), ("accuracy", _percent(held.accuracy)), ("by", "right"))
            yield Sign("overfit", "", held.step, self._behind.since, self._behind.value, BEHIND, words)

    def _layered(self, code: str, nodes: Sequence[str], gauges: Iterable[Gauge], r: Reading) -> Sign | None:
        there = [(g, id) for g, id in zip(gauges, nodes, strict=True) if g.since is not None]
        if not there:
            return None
        gauge, node = max(there, key=lambda pair: pair[0].value)
        args: tuple[tuple[str, str], ...] = ()
        if code == "vanishing":
            pairs = zip(self._layers.weights, r.gradients, strict=True)
            args = (("last", [id for id, g in pairs if g > 0][-1:][0] if any(g > 0 for g in r.gradients) else node),)
        if code == "still":
            i = self._layers.weights.index(node)
            args = (("by", "rate" if r.lr == 0 else "zeros" if r.weights[i] == 0 else "gradient"),)
            if r.lr == 0:
                return Sign(code, "", r.step, gauge.since or 0, gauge.value, gauge.limit, args)
        also = tuple(id for _g, id in there if id != node)
        return Sign(code, node, r.step, gauge.since or 0, gauge.value, gauge.limit, args, also)

    def _rates(self, r: Reading) -> Iterator[Sign]:
        pairs = list(zip(self._layers.weights, r.updates, strict=True))
        node, most = max((p for p in pairs if p[1] < inf), key=lambda p: p[1], default=("", 0.0))
        lr = ("lr", short(r.lr))
        if self._fast.since is not None:
            args = (lr, ("by", "updates"))
            yield Sign("high", node, r.step, self._fast.since, most, FAST, args)
        elif self._burst is not None:
            since, where, by = self._burst
            yield Sign("high", where, r.step, since, by, BURST, (lr, ("by", "burst")))
        elif self._grown.since is not None and self._first is not None:
            grown = zip(self._layers.weights, r.weights, self._first.weights, strict=True)
            where, by = max(((id, w / v) for id, w, v in grown if v > 0), key=lambda p: p[1])
            yield Sign("high", where, r.step, self._grown.since, by, GROWN, (lr, ("by", "weights")))
        elif self._risen.since is not None:
            yield Sign("high", node, r.step, self._risen.since, self._risen.value, RISEN, (lr, ("by", "loss")))
        if self._slow.since is not None:
            yield Sign("low", node, r.step, self._slow.since, most, SLOW, (lr,))


class _Mean:
    """Mean over the latest steps, so many."""

    def __init__(self, over: int):
        self._over = over
        self._parts: deque[tuple[int, int, float]] = deque()
        self.value = nan

    def add(self, step: int, steps: int, value: float) -> None:
        """Mean `value` of the `steps` up to this one; NaN: unknown."""
        if isnan(value):
            return
        self._parts.append((step, steps, value))
        while len(self._parts) > 1 and step - self._parts[0][0] >= self._over:
            self._parts.popleft()
        self.value = sum(n * v for _step, n, v in self._parts) / sum(n for _step, n, _v in self._parts)


class _First(_Mean):
    """Mean over the first steps."""

    def add(self, step: int, steps: int, value: float) -> None:
        """Left out once there are enough."""
        if not self._parts or step < self._over:
            super().add(step, steps, value)


def _percent(share: float) -> str:
    return f"{short(100 * share)}\N{NO-BREAK SPACE}%"
