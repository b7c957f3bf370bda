"""What kind of block a group is, told from its layers: the networks name their groups as they like."""

from __future__ import annotations

from collections.abc import Collection

from ..text import N_, _
from .graph import Graph, Node
from .layers import Conv2d

RESIDUAL, BOTTLENECK, INVERTED = N_("Residual"), N_("Bottleneck"), N_("Inverted residual")
INCEPTION, FIRE, DENSE, SQUEEZE = N_("Inception"), N_("Fire"), N_("Dense block"), N_("Squeeze and excite")
SEPARABLE, VGG, PLAIN = N_("Depthwise separable"), N_("VGG block"), N_("Conv-BN-ReLU")


def kind(graph: Graph, path: str) -> str:
    """Such as `Bottleneck` or `3 blocks`, in the language in use; empty where it is none that has a name."""
    members = graph.groups.get(path, ())
    inner = {graph[m].group[len(path) + 1 :].partition("/")[0] for m in members} - {""}
    if len(inner) > 1:
        return _("{n} blocks").format(n=len(inner))
    return _(_kind([graph[m] for m in members], members))


def _kind(nodes: Collection[Node], members: Collection[str]) -> str:
    types = [n.type for n in nodes]
    convs = [n.layer for n in nodes if isinstance(n.layer, Conv2d)]
    large = [c for c in convs if c.kernel_size != (1, 1)]
    small = len(convs) - len(large)
    if any(c.groups > 1 for c in large):
        return INVERTED if "Add" in types or small > 1 else SEPARABLE
    if "Add" in types:
        return BOTTLENECK if len(large) == 1 and small > 1 else RESIDUAL if large else ""
    if "Multiply" in types and "AdaptiveAvgPool2d" in types:
        return SQUEEZE
    if merges := [n for n in nodes if n.type == "Concat"]:
        if len(merges) > 1:
            return DENSE
        branches = len(merges[0].sources)
        return INCEPTION if branches > 2 else FIRE if {*merges[0].sources} <= {*members} and small > 1 else ""
    if len(large) == len(convs) and types and types[-1].startswith(("MaxPool", "AvgPool")) and convs:
        return VGG
    return PLAIN if types[:2] == ["Conv2d", "BatchNorm2d"] and len(types) == 3 else ""
