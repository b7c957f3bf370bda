"""The Python interface: `cnnviz.load("lenet5").to_torch()`."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING

from .net import files, network, presets

if TYPE_CHECKING:
    from torch.nn import Module


class Network(network.Network):
    """A network as a value, with the ways out of it: a table, a module, source text, a file."""

    def to_torch(self) -> Module:
        """A torch module with first weights by the network's plan; its state's keys read `C1.weight`.

        It takes (batch, channels, height, width), normalised as the Input says. Raises ValueError naming the layer
        where the network does not fit together.
        """
        from .engine.build import Net

        rows = self.analyze()
        for row in rows.problems:
            if row.problem is not None:
                raise ValueError(f"{row.id}: {row.problem.text}")
        return Net(rows, self.plan)

    def to_python(self) -> str:
        """The text of a Python file with the network as class `Net`, needing torch alone. Raises ValueError, too."""
        from .engine.export.python import source

        return source(self.analyze())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a network file, all at once. Raises FileError, keeping what was there."""
        files.write(path, self)


def load(net: str | os.PathLike[str]) -> Network:
    """The network of this preset name or network file. Raises FileError."""
    found = presets.load(net)
    return Network(**{f.name: getattr(found, f.name) for f in fields(found)})
