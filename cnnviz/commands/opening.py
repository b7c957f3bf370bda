"""What NET is, for every command that takes one: a preset, a network file, an ONNX file, or a torch module."""

from __future__ import annotations

import sys
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import CommandError
from ..net.analysis import Analysis
from ..net.graph import Graph
from ..net.layers import Input
from ..net.network import Network
from ..net.plan import Plan
from ..net.presets import is_model, load
from ..text import _, grouped
from .progress import Bytes

if TYPE_CHECKING:
    from ..engine.build import Net
    from ..engine.foreign.imported import Imported


@dataclass(frozen=True, eq=False)
class Opened:
    """A network, with what the engine made of it where it is a torch module or an ONNX file."""

    name: str  # as it was asked for
    network: Network
    model: Imported | None = None

    def net(self, rows: Analysis, plan: Plan, drawn: bool = False) -> Net:
        """It running, in training mode: a model with its own weights, all else, or where `drawn`, with the plan's."""
        from ..engine.build import Net, fit_state

        if self.model is None:
            return Net(rows, plan)
        if rows.graph != self.model.network.graph:  # fitted to other classes
            made = Net(rows, plan, deepcopy(dict(self.model.foreign)))
            if not drawn:
                fit_state(made, self.model.state)
            return made
        return Net(rows, plan, deepcopy(dict(self.model.foreign))) if drawn else self.model.net(plan)


def opened(name: str, shape: tuple[int, int, int] | None = None, weights: str = "", seed: int = 0) -> Opened:
    """The network of this name.

    shape    another input, as (channels, height, width)
    weights  of torchvision's models: "DEFAULT" or a name there, downloaded with progress on a terminal
    seed     from which a model draws its first weights

    What there is to say of a model is in its notes. Raises FileError, CommandError.
    """
    if Path(name).is_dir():
        from ..link import runs  # with numpy, which takes its time

        if (Path(name) / runs.NOTES).is_file():
            text = _("{run} is a run folder. Give its network, {net}, and with --weights {run} what was learned.")
            raise CommandError(text.format(run=name, net=Path(name) / runs.NETWORK))
    if not is_model(name):
        network = load(name)
        return Opened(name, replace(network, graph=_with_input(network.graph, shape, name)) if shape else network)
    import torch

    from ..engine.foreign.models import ERRORS, load_model

    torch.manual_seed(seed)
    try:
        made = load_model(name, shape, weights, Bytes().show)
    except (*ERRORS, MemoryError) as error:
        raise CommandError(placed(name, error)) from error
    if shape and (own := made.network.graph.nodes[0].layer.out(())) != shape:
        text = _("{net}: The file says that it takes {shape}. Export it anew for another size.")
        raise CommandError(text.format(net=name, shape=grouped(*own)))
    return Opened(name, made.network, made)


def note(given: Opened) -> None:
    """Tell on stderr what a person should know of a model whose table is not shown."""
    for text in given.model.notes if given.model is not None else ():
        print(f"cnnviz: {given.name}: {text}", file=sys.stderr)


def placed(name: str, error: Exception) -> str:
    """What is wrong, with what was asked for in front, unless it says so itself."""
    text = str(error)
    return text if text.startswith(Path(name).name) else f"{name}: {text}"


def _with_input(graph: Graph, shape: tuple[int, int, int], name: str) -> Graph:
    """The graph with its Input set to (channels, height, width)."""
    node = next((n for n in graph if isinstance(n.layer, Input)), None)
    if node is None or not isinstance(node.layer, Input):
        raise CommandError(_("{net}: It has no Input whose shape could be replaced.").format(net=name))
    old = node.layer
    new = replace(
        old, channels=shape[0], size=shape[1:], mean=_spread(old.mean, shape[0]), std=_spread(old.std, shape[0])
    )
    return graph.change(node.id, layer=new)


def _spread(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """One number for each channel, or their mean where the numbers are for other channels."""
    return values if len(values) in (1, channels) else (sum(values) / len(values),)
