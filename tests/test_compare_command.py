"""`cnnviz summary NET --compare OTHER`: what it prints for people and for programs, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

from cnnviz.net import edit, files
from cnnviz.net.network import Network
from cnnviz.net.presets import preset

from .saying import Said, asked, refused


def test_for_people(capsys: Said) -> None:
    text = asked(capsys, "summary", "vgg16", "--compare", "vgg19").splitlines()
    assert text[0].split()[0] == "vgg16" and "vgg19" in text[0]
    only = next(line for line in text if "block3_conv4" in line)
    macs = "1,849,688,064"
    assert only.split() == ["−", "block3_conv4", "3×3", "256×56×56", "590,080", macs, "−590,080", f"−{macs}"]
    assert "  ≈  " in next(line for line in text if "block3_pool" in line), "behind another one"
    assert next(line for line in text if "block1_conv1" in line).count("1,792") == 2
    assert text[-2].split()[:4] == ["total", "138,357,544", "15,470,264,320", "≠"]
    assert text[-2].split()[-2:] == ["−5,309,696", "−4,161,798,144"]
    assert text[-1].split() == ["−3.7", "%", "−21", "%"]
    ends = {len(line) for line in text if line.rstrip().endswith(("−1,849,688,064", "−4,161,798,144", "−21 %"))}
    assert len(ends) == 1, "figures stand under each other"


def test_for_programs(capsys: Said) -> None:
    made = json.loads(asked(capsys, "summary", "plain20", "--compare", "resnet20", "--json"))
    assert set(made) == {"left", "right", "lines", "totals"}
    assert (made["left"]["network"], made["right"]["network"]) == ("plain20", "resnet20")
    assert [x["left"] for x in made["lines"] if x["left"]] == [n["id"] for n in made["left"]["layers"]]
    assert [x["right"] for x in made["lines"] if x["right"]] == [n["id"] for n in made["right"]["layers"]]
    assert made["totals"]["params"] == {"left": 269_722, "right": 269_722, "difference": 0, "change": 0.0}
    bytes_ = made["totals"]["activation_bytes"]
    assert bytes_["difference"] == sum(x["difference"]["activation_bytes"] for x in made["lines"]) < 0
    add = next(x for x in made["lines"] if x["right"] == "layer1_0_add")
    assert add["left"] is None and not add["same"] and add["changed"] == []
    assert made["lines"][0] == {
        "left": "input",
        "right": "input",
        "same": True,
        "changed": [],
        "difference": {"params": 0, "macs": 0, "activation_bytes": 0},
    }


def test_with_another_input(capsys: Said) -> None:
    made = json.loads(asked(capsys, "summary", "plain20", "--compare", "resnet20", "--input", "3,64,64", "--json"))
    assert made["left"]["input"] == made["right"]["input"] == [3, 64, 64]


def test_a_broken_or_missing_other_is_named(capsys: Said, tmp_path: Path) -> None:
    broken = tmp_path / "broken.cnnviz"
    files.write(broken, Network(edit.remove(preset("lenet5").graph, ["flatten"])))
    said = refused(capsys, "summary", "lenet5", "--compare", str(broken))
    assert "broken.cnnviz" in said and "F6" in said
    assert "vgg91" in refused(capsys, "summary", "lenet5", "--compare", "vgg91")
