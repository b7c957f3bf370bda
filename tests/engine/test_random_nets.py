"""Random networks, right and wrong ones: the analysis never raises, and what it says is what torch does."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cnnviz.engine.build import Net, module_type
from cnnviz.engine.export.python import code
from cnnviz.net import files
from cnnviz.net.analysis import Row, analyse
from cnnviz.net.explain import explain
from cnnviz.net.graph import Graph
from cnnviz.net.layers import RBF, Add, Conv2d, Dropout2d, Embedding, Input, Linear, Multiply, plane
from cnnviz.net.layers.scale import ChannelScale
from cnnviz.net.layers.whole import _Reduce
from cnnviz.net.network import Network
from cnnviz.net.region import seen

from ..net.samples import graphs
from .oracle import folds_back, picture, reached, run

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors"),
]
often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@often
@given(graphs())
def test_shapes_and_refusals_are_torchs(g: Graph) -> None:
    rows = analyse(g)
    assert list(rows) == [n.id for n in g]
    outs = run(rows, picture(rows))
    assert {id: tuple(v.shape[1:]) for id, v in outs.items()} == {r.id: r.out for r in rows.values() if r.out}
    for row in rows.values():
        assert (row.out is None) == (row.problem is not None)
        explain(row)
        if row.problem is None:
            assert sum(p.numel() for p in Net(rows).get_submodule(row.id).parameters()) == row.params
            continue
        assert row.problem.text
        assert row.problem.code != "waits" or rows.cause(row.id).problem.code != "waits"  # type: ignore[union-attr]
        if torch_can_tell(row):
            name, args = row.node.layer.torch(row.ins)
            try:
                out = module_type(name)(**args).eval()(*[torch.zeros(2, *s) for s in row.ins])
            except (RuntimeError, ValueError, TypeError, IndexError):
                continue
            assert out.numel() == 0, "torch takes an output of nothing, which is of no use to anybody"


def torch_can_tell(row: Row) -> bool:
    """Whether torch refuses what does not fit.

    It broadcasts sums and products, takes Linear along any axis, drops from anything, embeds whatever it is given,
    takes a batch of sequences for one map, and several pictures for values to normalise together, slices behind the
    end, cuts channels off where none can be added, and reads a map as often as it is told.
    """
    layer = row.node.layer
    lenient = (Add, ChannelScale, Dropout2d, Embedding, Linear, Multiply, RBF, _Reduce)
    ranks = {len(s) for s in row.ins}
    taken = ("norm.single", "shape.slice", "shape.shortcut", "table.twice")
    code = row.problem.code if row.problem else ""
    return ranks in ({1}, {3}) and code not in taken and not isinstance(layer, lenient)


@often
@given(graphs(), st.data())
def test_units_see_what_a_nan_pixel_reaches(g: Graph, data: st.DataObject) -> None:
    rows = analyse(g)
    truth = reached(rows)
    folds = any(folds_back(n.layer) for n in g)
    for row in rows.values():
        if row.field is None or row.out is None:
            assert seen(rows, row.id, 0, 0) is None
            continue
        for _ in range(6):
            y, x = (data.draw(st.integers(0, n - 1)) for n in plane(row.out))
            region = seen(rows, row.id, y, x)
            assert region is not None and region.mask() == truth[row.id][y, x].tolist()
            if row.field.aligned and not folds and region.products:
                (t, l, rh, rw), (top, left, h, w) = region.hull, row.field.window(y, x)  # noqa: E741
                assert top <= t and t + rh <= top + h and left <= l and l + rw <= left + w


@often
@given(graphs())
def test_code_and_files_hold_the_same_network(g: Graph) -> None:
    network = Network(g, name="random")
    assert files.from_json(json.loads(json.dumps(files.to_json(network)))) == network
    rows = analyse(g)
    assume(not rows.problems)
    space: dict[str, object] = {}
    made = code(rows)
    exec(made.text, space)
    ours, theirs = Net(rows).eval(), space["Net"]().eval()  # type: ignore[operator]
    theirs.load_state_dict(made.state(ours.state_dict()))
    x, seen = picture(rows), dict[str, torch.Tensor]()
    with torch.no_grad():
        ours(x, seen)
        given = theirs(x)
    first, *more = given if isinstance(given, tuple) else (given,)
    *others, end = g.ends
    torch.testing.assert_close(seen[end], first, rtol=0, atol=0, equal_nan=True)
    beside = [seen[o] for o in others if rows[o].out == rows[end].out]  # auxiliary outputs, in the code's order
    assert len(more) == len(beside)
    assert all(any(torch.equal(m.nan_to_num(7.0), b.nan_to_num(7.0)) for b in beside) for m in more)


@pytest.mark.parametrize("id", ["self", "x", "torch", "nn", "forward", "type", "Net", "print", "__init__", "합성곱"])
def test_any_name_works_in_code(id: str) -> None:
    rows = analyse(Graph().add(Input(1, 6)).add(Conv2d(2), ["input_1"], id=id).add(Conv2d(3), [id]))
    space: dict[str, object] = {}
    made = code(rows)
    exec(made.text, space)
    ours, theirs = Net(rows).eval(), space["Net"]().eval()  # type: ignore[operator]
    theirs.load_state_dict(made.state(ours.state_dict()))
    with torch.no_grad():
        assert torch.equal(ours(picture(rows)), theirs(picture(rows)))
