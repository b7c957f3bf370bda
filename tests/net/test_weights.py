"""Layers that use the weights of another: counted once, and one family after every edit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.net import catalogue, edit, regroup
from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.explain import explain
from cnnviz.net.files import FileError, dump, from_json, parse, to_json
from cnnviz.net.fold import fold
from cnnviz.net.graph import Graph
from cnnviz.net.layers import RBF, Add, BatchNorm2d, Conv2d, Flatten, Input, MaxPool2d, ReLU
from cnnviz.net.network import Network
from cnnviz.net.repair import repairs


def siamese() -> Graph:
    """Two branches of one convolution and one norm, and the sum of both."""
    g = Graph().add(Input(4, (8, 8)), id="image")
    g = g.add(Conv2d(4, (3, 3), padding=(1, 1)), ["image"], id="a").add(BatchNorm2d(), ["a"], id="na")
    g = g.add(ReLU(), ["image"], id="relu").add(g["a"].layer, ["relu"], id="b").change("b", weights="a")
    g = g.add(BatchNorm2d(), ["b"], id="nb").change("nb", weights="na")
    return g.add(Add(), ["na", "nb"], id="sum")


def sound(g: Graph) -> None:
    """Every node that uses weights names an earlier one that has its own and the same settings."""
    met = set()
    for n in g:
        if n.weights:
            owner = g[n.weights]
            assert owner.id in met and not owner.weights and owner.layer == n.layer, (n, owner)
        met.add(n.id)


def test_weights_are_counted_once_and_work_every_time() -> None:
    rows = analyse(siamese())
    assert (rows.params, rows.fixed) == (148 + 8, 0)
    assert (rows["b"].params, rows["nb"].params, rows["nb"].buffers) == (0, 0, 0) and rows["na"].buffers
    assert rows["b"].macs == rows["a"].macs > 0 and rows["b"].field == rows["a"].field
    assert rows["b"].activation_bytes == rows["a"].activation_bytes
    (said,) = [f for f in explain(rows["b"]) if f.what == "params"]
    assert str(said) == "weights of a = 0"
    assert [str(f) for f in explain(rows["nb"]) if f.what in ("params", "fixed")] == ["weights of na = 0"]


def test_fixed_numbers_are_counted_once_too() -> None:
    g = Graph().add(Input(4, (1, 1)), id="image").add(Flatten(), ["image"], id="flat")
    g = g.add(RBF(4, "random"), ["flat"], id="a").add(RBF(4, "random"), ["a"], id="b").change("b", weights="a")
    rows = analyse(g)
    assert (rows["a"].fixed, rows["b"].fixed, rows.fixed) == (16, 0, 16)
    assert [str(f) for f in explain(rows["b"]) if f.what in ("params", "fixed")] == ["weights of a = 0"]


def test_what_does_not_fit_the_weights_is_said_and_mended() -> None:
    g = siamese()
    g = g.add(Conv2d(8, (1, 1)), ["image"], id="wide").change("b", sources=("wide",))
    rows = analyse(g)
    problem = rows["b"].problem
    assert problem is not None and problem.code == "weights.input"
    assert problem.text == (
        "b uses the weights of a, which gets 4×8×8, but gets 8×8×8. Give it weights of its own, or such an input."
    )
    assert rows.reason("nb") == "Waits for b."
    assert repairs(rows, "b")[0].text == "Give b weights of its own"
    mended = repairs(rows, "b")[0].graph
    assert not mended["b"].weights and not analyse(mended).problems
    assert analyse(g.change("b", sources=("image",)), rows).params == analyse(g).params + 0


def test_who_waits_for_weights_says_for_whose() -> None:
    g = siamese().change("a", sources=())
    rows = analyse(g)
    assert rows["a"].problem is not None and rows["a"].problem.code == "inputs.none"
    assert rows.reason("b") == "Waits for a." and rows.cause("nb").id == "a"
    with_group, _path = regroup.make_group(g, ("a", "na"), "first")
    for path in ((), ("first",)):
        view = fold(analyse(with_group), path)
        assert view.reason("b").startswith("Waits for ") and view.reasons().keys() == {"a", "na", "b", "nb", "sum"} - (
            {"a", "na"} if path else set()
        ) | ({"first/"} if path else set())


def test_other_settings_from_a_file_are_a_problem() -> None:
    data = to_json(Network(siamese()))
    next(n for n in data["nodes"] if n["id"] == "b")["settings"]["kernel_size"] = [1, 1]
    rows = analyse(from_json(data).graph)
    assert rows["b"].problem is not None and rows["b"].problem.code == "weights.layer"
    assert rows["b"].problem.text.startswith("b uses the weights of a but has other settings.")
    assert {r.text for r in repairs(rows, "b")} >= {"Give b weights of its own", "Give b the settings of a"}


@pytest.mark.parametrize("before", [True, False])
def test_rows_are_taken_over_only_where_nothing_changed(before: bool) -> None:
    """What a table made from the one before says is what one made anew says."""
    g = siamese()
    rows = analyse(g)
    for now in (
        edit.own_weights(g, "b"),
        edit.set_setting(g, "a", "out_channels", 4),
        edit.set_setting(g, "b", "bias", False),
        edit.rename(g, "a", "first"),
        edit.remove(g, ["a"]),
        g.change("a", sources=()),
    ):
        known = analyse(now, rows if before else None)
        fresh = analyse(now)
        assert [(r.id, r.params, r.out, r.problem) for r in known.values()] == [
            (r.id, r.params, r.out, r.problem) for r in fresh.values()
        ]


def test_one_changes_all_and_others_inherit() -> None:
    g = siamese()
    assert edit.set_setting(g, "b", "bias", False)["a"].layer.bias is False  # type: ignore[attr-defined]
    assert edit.rename(g, "a", "first")["b"].weights == "first"
    assert edit.remove(g, ["a"])["b"].weights == "" and edit.remove(g, ["a"])["nb"].weights == "na"
    third = g.add(g["a"].layer, ["sum"], id="c").change("c", weights="b")
    assert third["c"].weights == "a"  # not another's user
    assert {n.id: n.weights for n in edit.remove(third, ["a"]) if n.weights} == {"c": "b", "nb": "na"}
    assert edit.own_weights(third, "b").family("a") == ("a", "c")
    late = edit.connect(third, "b", "a")
    assert late["a"].weights == "b" and late["c"].weights == "b"  # it comes later now
    sound(late)


def test_copies_share_among_themselves() -> None:
    g = siamese()
    both, ids = edit.paste(g, edit.copy(g, ["a", "relu", "b"]))
    assert [both[i].weights for i in ids] == ["", "", ids[0]]
    alone, (id,) = edit.paste(g, edit.copy(g, ["b"]))
    assert alone[id].weights == ""
    sound(both)
    grouped, path = regroup.make_group(g, ("a", "na", "relu", "b", "nb", "sum"), "twins")
    sound(grouped)
    assert regroup.dissolve(grouped, path)["b"].weights == "a"
    own = catalogue.fragment(grouped, ("b", "nb", "a", "sum", "na"), "mine")
    read = parse(dump(own), "mine").graph
    assert [n.weights for n in catalogue.fragment(g, ("b", "nb"), "mine").graph] == ["", ""]
    item = catalogue.Item("mine", "", "mine", None, read.nodes)
    put, where = catalogue.put(analyse(g), item, after="sum")
    made = [n for n in put if n.group == where or n.group.startswith(f"{where}/")]
    assert sum(bool(n.weights) for n in made) == 2 and all(n.weights not in g for n in made if n.weights)
    sound(put)


def test_files_keep_it_and_name_what_is_wrong() -> None:
    g = siamese()
    text = dump(Network(g))
    assert parse(text, "x").graph == g and text.count('"weights"') == 2
    for wrong in ("nobody", "b"):
        data = json.loads(text)
        next(n for n in data["nodes"] if n["id"] == "b")["weights"] = wrong
        with pytest.raises(FileError, match=r"^f: b: It uses the weights of “\w+”, which is not another node\. "):
            from_json(data, "f")
    next(n for n in data["nodes"] if n["id"] == "b")["weights"] = 3
    with pytest.raises(FileError, match="b: The field “weights” must be a text"):
        from_json(data, "f")


EDITS = ("remove", "rename", "own", "set", "copy", "group", "insert", "connect", "share")


@given(st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 99), st.integers(0, 99)), max_size=12))
def test_every_edit_keeps_families_sound(edits: list[tuple[str, int, int]]) -> None:
    g, rows = siamese(), None
    for number, (what, i, j) in enumerate(edits):
        ids = [n.id for n in g]
        if not ids:
            break
        one, two = ids[i % len(ids)], ids[j % len(ids)]
        try:
            g = _edited(g, what, one, two, number)
        except ValueError:
            continue
        sound(g)
        rows = analyse(g, rows)
        _same(rows, analyse(g))
        assert parse(dump(Network(g)), "x").graph.nodes == g.nodes


def _edited(g: Graph, what: str, one: str, two: str, number: int) -> Graph:
    if what == "remove":
        return edit.remove(g, [one])
    if what == "rename":
        return edit.rename(g, one, f"n{number}")
    if what == "own":
        return edit.own_weights(g, one)
    if what == "set":
        return edit.set_setting(g, one, "bias", number % 2 == 0) if isinstance(g[one].layer, Conv2d) else g
    if what == "copy":
        return edit.paste(g, edit.copy(g, [one, two]))[0]
    if what == "group":
        return regroup.make_group(g, {one, two}, f"g{number}")[0]
    if what == "insert":
        return edit.append(g, MaxPool2d() if number % 3 else ReLU(), one)[0]
    if what == "connect":
        return edit.connect(g, one, two)
    return g.change(two, weights=one) if g[one].layer == g[two].layer and one != two else g


def _same(a: Analysis, b: Analysis) -> None:
    assert [(r.id, r.params, r.out, r.problem) for r in a.values()] == [
        (r.id, r.params, r.out, r.problem) for r in b.values()
    ]
