"""`cnnviz activations NET`: what one layer gives on one picture, as an array in a file."""

from __future__ import annotations

import argparse
import io
from difflib import get_close_matches

from ..cli import CommandError
from ..net.analysis import Analysis
from ..net.files import replace_file
from ..net.layers import Source
from ..text import _, grouped
from .opening import note, opened
from .weights import pretrained, source, weighted


def run(args: argparse.Namespace) -> int:
    """Write (channels, height, width) or (features,) float32; gives 0. Raises CommandError."""
    given = opened(args.net, args.input, pretrained(args))
    rows = given.network.analyze()
    _refuse(args.net, rows, args.layer)
    import numpy as np
    import torch

    from ..engine import pictures
    from ..engine.device import threads

    torch.set_num_threads(threads())
    picture = pictures.decode(args.image)
    node = rows.input
    assert node is not None and isinstance(node.layer, Source)
    x = torch.from_numpy(pictures.fit(picture, node.layer).values)[None]
    net = weighted(given, rows, given.network.plan, args)
    with torch.no_grad():
        maps = net(x, end=args.layer)[0].numpy()
    made = io.BytesIO()
    np.save(made, np.ascontiguousarray(maps, np.float32), allow_pickle=False)
    replace_file(args.out, made.getvalue())
    note(given)
    text = _("{layer}: {shape} with the weights of {weights}, in {file}")
    print(text.format(layer=args.layer, shape=grouped(*maps.shape), weights=source(args), file=args.out))
    return 0


def _refuse(name: str, rows: Analysis, layer: str) -> None:
    row = rows.get(layer)
    if row is None:
        near = get_close_matches(layer, rows, 1)
        cure = _("Did you mean “{name}”?").format(name=near[0]) if near else ", ".join(rows)
        raise CommandError(_("{net} has no layer “{layer}”. {cure}").format(net=name, layer=layer, cure=cure))
    if row.problem is not None:
        cause = rows.cause(layer)
        raise CommandError(f"{name}: {cause.id}: {cause.problem.text if cause.problem else ''}")
