"""What window and engine say to each other when the network is written in another form."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE, VERIFY, WRITE = "source", "verify", "write"
"""How far an export goes: it is made, then run beside the network, and then written."""


# ── to the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Export:
    """Bring the open network, with its present weights, into another form; a newer one replaces it.

    Answered by Exported, or by Failed("export") whose `run` is this number; told of by Exporting.

    form     "python", "onnx" or "keras"
    path     the file that it goes to, or would go to
    title    of the network, for people
    weights  source gets a file with its weights beside it
    goal     SOURCE, VERIFY or WRITE; what gives other numbers than the network is never written
    """

    number: int
    form: str
    path: str
    title: str
    weights: bool = False
    goal: str = SOURCE


@dataclass(frozen=True)
class Withdraw:
    """The export is not wanted any more."""


# ── from the engine ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Exporting:
    """This part of it has begun: SOURCE, VERIFY or WRITE."""

    number: int
    stage: str


@dataclass(frozen=True)
class Exported:
    """The export has got where it was to go, or does not agree with the network.

    text        the source; empty for ONNX
    size        bytes of its file
    difference  the largest between its outputs and the network's, over so many random `inputs`; None: not verified
    agrees      whether that is rounding alone
    files       what was written: its file, and that of its weights
    telling     whether the comparison says something: the network gives other outputs for other inputs
    """

    number: int
    text: str
    size: int
    difference: float | None = None
    inputs: int = 0
    agrees: bool = True
    files: tuple[str, ...] = ()
    telling: bool = True


Asked = Export | Withdraw
Answered = Exporting | Exported
