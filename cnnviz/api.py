"""The Python interface: `cnnviz.load("lenet5").to_torch()`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from .net import files, network, presets

if TYPE_CHECKING:
    from torch.nn import Module

    from .engine.foreign.imported import Imported
    from .link.host import Host


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


@dataclass(frozen=True)
class Model(Network):
    """A network that was made from a torch module, with its weights and the parts that only torch can run."""

    imported: Imported | None = field(default=None, compare=False, repr=False)

    def to_torch(self) -> Module:
        """A torch module with the model's own weights. Raises ForeignError where the graph needs what is not here."""
        if self.imported is None:
            return super().to_torch()
        return self.imported.net(self.plan)

    def __str__(self) -> str:
        """The table, with what there is to say of it."""
        from .commands.summary import as_text

        return as_text(self.name, self.analyze(), self.imported.notes if self.imported else ())


def load(
    net: str | os.PathLike[str], input_size: tuple[int, ...] | None = None, weights: str = "", progress: bool = True
) -> Network:
    """The network of this preset name, network file, `torchvision:NAME` or `package.module:callable`.

    input_size  (channels, height, width) for a module that has no size of its own
    weights     of torchvision's networks: "DEFAULT" or a name such as "IMAGENET1K_V1"; random ones where it is empty
    progress    shows how much is downloaded, on a terminal

    Raises FileError, and for modules ModelError, VisionError or DownloadError: ValueErrors with a sentence.
    """
    if presets.is_model(net):
        from .commands.progress import Bytes
        from .engine.foreign.models import load_model

        return _model(load_model(os.fspath(net), input_size, weights, Bytes().show if progress else None))
    found = presets.load(net)
    return Network(**{f.name: getattr(found, f.name) for f in fields(found)})


def summary(module: Module, input_size: Any) -> Model:
    """A module as a network, whose table `print` shows; the module is left as it was.

    input_size  (channels, height, width), with a batch in front or without; or example arguments, as a tuple or
                dictionary with a tensor in it

    Raises ModelError with the module's own words and the place where its code fails.
    """
    from .engine.foreign.imported import from_module

    sizes = tuple(input_size) if isinstance(input_size, (tuple, list)) else input_size
    if isinstance(sizes, tuple) and len(sizes) == 4 and all(type(n) is int for n in sizes):
        sizes = sizes[1:]
    return _model(from_module(module, sizes))


def explore(module: Module, image: Any = None, input_size: tuple[int, int, int] | None = None) -> Host:
    """Open the window on a module: its layers, maps, filters and receptive fields. Returns at once.

    image       to look at it with: a path, a Pillow image, or an array (height, width, channels) of 0…255
    input_size  (channels, height, width) that the module takes; without it 224×224 and its first layer's channels

    The module is left as it was; what is trained in the window is a copy. The program goes on beside the window and
    ends after it; `.wait()` waits until it is closed, `.close()` closes it. Raises ModelError, with the module's own
    words and the place, where it cannot be run.
    """
    from .engine.explore import guest
    from .engine.server import serve
    from .link.host import Host

    shown = guest(module, image, input_size)
    return Host(lambda receive, send, mailbox: serve(receive, send, mailbox, shown))


def _model(made: Imported) -> Model:
    return Model(**{f.name: getattr(made.network, f.name) for f in fields(made.network)}, imported=made)
