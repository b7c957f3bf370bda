"""CSV files of paths and labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnviz.engine.data import DataError, load
from cnnviz.net.layers import Input

from .pictures import put_classes

LAYER = Input(3, (8, 8))
NAMES = [f"{c}/{i}.png" for c in ("cat", "dog") for i in range(5)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put_classes(tmp_path, 5)
    return tmp_path


def write(folder: Path, head: str, *lines: str, name: str = "list.csv", encoding: str = "utf-8") -> str:
    (folder / name).write_text("\n".join(([head] if head else []) + list(lines)) + "\n", encoding)
    return str(folder / name)


def pair(name: str, sign: str = ",") -> str:
    return f"{name}{sign}{name.split('/')[0]}"


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("path,label", "{0},{1}"),
        ("", "{0},{1}"),
        ("a,b,c", "{0},{1},x"),
        ("Label;nr;Filename", "{1};3;{0}"),
        ("image\tclass", "{0}\t{1}"),
        ('"path","label"', '"{0}"," {1} "'),
    ],
)
def test_columns_are_found(folder: Path, head: str, line: str) -> None:
    path = write(folder, head, *(line.format(n, n.split("/")[0]) for n in NAMES), "", encoding="utf-8-sig")
    data = load(path, "", LAYER)
    assert data.classes == ("cat", "dog") and not data.broken
    assert (len(data.train_y), len(data.test_y)) == (8, 2)
    for split in ("train", "test"):
        for i, y in enumerate(data.split(split)[1]):
            assert data.origin(split, i)[0].startswith(data.classes[y])


def test_a_column_says_what_is_held_out(folder: Path) -> None:
    lines = [f"{pair(n)},{'val' if n.endswith('4.png') else 'train'}" for n in NAMES]
    data = load(write(folder, "path,label,split", *lines), "", LAYER)
    assert data.test_files and data.test_files.names == ("cat/4.png", "dog/4.png")


def test_numbers_stand_in_their_order(folder: Path) -> None:
    data = load(write(folder, "path,label", *(f"{n},{10 if n < 'd' else 9}" for n in NAMES)), "", LAYER)
    assert data.classes == ("9", "10")


def test_lines_that_name_nothing_are_listed(folder: Path) -> None:
    path = write(folder, "path,label", *map(pair, NAMES), "cat/none.png,cat", "cat/1.png", ",dog", "dog/1.png,")
    data = load(path, "", LAYER)
    assert [name for name, _why in data.broken] == ["line 13", "line 14", "line 15", "cat/none.png"]
    assert data.broken[0][1] == "Line 13 of list.csv does not name a picture and its class."
    assert "There is no file" in data.broken[-1][1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs two columns, path and label"),
        ("only one column\n", "needs two columns"),
        ("path,label\n", "names no pictures"),
        ("path,label\ncat/1.png,cat\ncat/2.png,cat\n", "one class only, cat"),
        ("path,label,split\ncat/1.png,cat,test\ndog/1.png,dog,val\n", "no pictures to train on"),
        ('path,label\n"cat/1.png,cat\n', "is no CSV file"),
    ],
)
def test_wrong_tables_are_explained(folder: Path, text: str, said: str) -> None:
    (folder / "list.csv").write_text(text)
    with pytest.raises(DataError, match=said) as caught:
        load("list.csv", str(folder), LAYER)
    assert "list.csv" in str(caught.value)


def test_text_that_is_not_utf8(folder: Path) -> None:
    (folder / "list.csv").write_bytes("path,label\ncat/1.png,caté\n".encode("latin1"))
    with pytest.raises(DataError, match="is not UTF-8 text"):
        load("list.csv", str(folder), LAYER)
    (folder / "list.csv").write_bytes("path,label\ncat/1.png,cat\n".encode("utf-16-le"))
    with pytest.raises(DataError, match="is not UTF-8 text"):
        load("list.csv", str(folder), LAYER)
    with pytest.raises(DataError, match=r"There is no file .*none\.csv"):
        load("none.csv", str(folder), LAYER)


def test_columns_of_other_names_are_told(folder: Path) -> None:
    path = write(folder, "id;Filename;Species", *(f"{i};{n};{n.split('/')[0]}" for i, n in enumerate(NAMES)))
    with pytest.raises(DataError, match=r"has the columns id, Filename, Species\. Call that of the files path"):
        load(path, "", LAYER)
