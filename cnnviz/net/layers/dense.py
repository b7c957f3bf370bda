"""Layers in which every output sees every input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...text import N_
from ..problems import Misfit
from ..window import POINT, Axis, Whole
from .base import POINTS, Layer, Shape, Shapes, setting, vector_size

DRAWN = (10, 7 * 12)  # digits in RBF's drawings, and values of each


@dataclass(frozen=True)
class Linear(Layer):
    __doc__ = N_("Fully connected: every output is a weighted sum of all inputs, plus one bias.")

    family = "Dense"

    out_features: int = setting(10, N_("number of outputs"), 1, 16_777_216)
    bias: bool = setting(True, N_("add one learned number to every output"))

    def out(self, ins: Shapes) -> Shape:
        vector_size(self, ins)
        return (self.out_features,)

    def window(self, ins: Shapes) -> None:
        return None

    def params(self, ins: Shapes) -> int:
        return self.out_features * (ins[0][0] + self.bias)

    def macs(self, ins: Shapes, out: Shape) -> int:
        return self.out_features * ins[0][0]

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"in_features": ins[0][0], "out_features": self.out_features}
        return "Linear", args | ({} if self.bias else {"bias": False})

    def params_text(self, ins: Shapes) -> str:
        return f"({ins[0][0]} + 1)·{self.out_features}" if self.bias else f"{ins[0][0]}·{self.out_features}"

    def macs_text(self, ins: Shapes) -> str:
        return f"{ins[0][0]}·{self.out_features}"

    def params_symbols(self, ins: Shapes) -> str:
        return "(n + 1)·f" if self.bias else "n·f"

    def macs_symbols(self, ins: Shapes) -> str:
        return "n·f"


@dataclass(frozen=True)
class RBF(Layer):
    __doc__ = N_(
        "How far the vector is from a fixed prototype of each class, as the sum of squared differences: the smallest "
        "output wins (the output of LeNet-5 in 1998)."
    )

    family = "Dense"
    signed = False

    out_features: int = setting(10, N_("number of classes"), 1, 65_536)
    prototypes: str = setting(
        "random",
        N_("random: −1 and 1 at random, always the same; digits: the digits drawn on 7×12 pixels, as in the paper"),
        choices=("random", "digits"),
    )

    def out(self, ins: Shapes) -> Shape:
        n = vector_size(self, ins)
        if self.prototypes == "digits" and (n != DRAWN[1] or self.out_features > DRAWN[0]):
            raise Misfit("rbf.digits", values=DRAWN[1], digits=DRAWN[0], have=n, classes=self.out_features)
        return (self.out_features,)

    def window(self, ins: Shapes) -> None:
        return None

    def fixed(self, ins: Shapes) -> int:
        return self.out_features * ins[0][0]

    def connections(self, ins: Shapes) -> int:
        return self.fixed(ins)

    def connections_text(self, ins: Shapes) -> str:
        return self.fixed_text(ins)

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"in_features": ins[0][0], "out_features": self.out_features}
        return "RBF", args | ({"digits": True} if self.prototypes == "digits" else {})

    def fixed_text(self, ins: Shapes) -> str:
        return f"{ins[0][0]}·{self.out_features}"

    def fixed_symbols(self, ins: Shapes) -> str:
        return "n·f"


@dataclass(frozen=True)
class Embedding(Layer):
    __doc__ = N_("Looks up a learned vector for each word of a sentence, by the word's number in the vocabulary.")

    family = "Dense"

    num_embeddings: int = setting(10_000, N_("words in the vocabulary"), 1, 16_777_216)
    embedding_dim: int = setting(64, N_("numbers that stand for a word"), 1, 65_536)
    layout: str = setting(
        "map",
        N_("map: 1×words×numbers, for Conv2d; channels: a sequence numbers×words, for Conv1d"),
        choices=("map", "channels"),
    )

    def out(self, ins: Shapes) -> Shape:
        if len(ins[0]) != 3 or ins[0][::2] != (1, 1):
            raise Misfit("shape.tokens", layer="Embedding", shape=ins[0])
        length = ins[0][1]
        return (1, length, self.embedding_dim) if self.layout == "map" else (self.embedding_dim, length)

    def window(self, ins: Shapes) -> tuple[Axis, Axis]:
        return (POINT, Whole(1)) if self.layout == "map" else POINTS

    def params(self, ins: Shapes) -> int:
        return self.num_embeddings * self.embedding_dim

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        args: dict[str, Any] = {"num_embeddings": self.num_embeddings, "embedding_dim": self.embedding_dim}
        return "TokenEmbedding", args | ({"channels": True} if self.layout == "channels" else {})

    def params_text(self, ins: Shapes) -> str:
        return f"{self.num_embeddings}·{self.embedding_dim}"

    def params_symbols(self, ins: Shapes) -> str:
        return "v·f"

    @property
    def brief(self) -> str:
        return str(self.embedding_dim)
