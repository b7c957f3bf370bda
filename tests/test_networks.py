"""The networks of the course have the figures of their papers and of torchvision, computed by others."""

from __future__ import annotations

import pytest

from cnnviz.net.analysis import Analysis, analyse
from cnnviz.net.families import FAMILIES, CifarResNet, ConvClassifier, GoogLeNet, ResNet
from cnnviz.net.presets import preset
from cnnviz.net.problems import Misfit

# name -> trainable parameters, multiply-adds (None: no source gives them). Sources: LeCun 1998; the networks' own
# definitions in Caffe and torchvision (its `num_params` and exact counts of its modules); Nature 2016; Kim 2014.
FIGURES: dict[str, tuple[int, int | None]] = {
    "lenet5-1998": (60_000, None),
    "alexnet-paper": (60_965_224, 724_406_816),
    "alexnet-one-tower": (62_378_344, 1_135_256_096),
    "alexnet-table": (201_838_952, None),
    "alexnet": (61_100_840, 714_188_480),
    "zfnet": (62_357_608, 1_168_032_896),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "googlenet-paper": (6_998_552, None),
    "googlenet": (6_624_904, 1_498_376_192),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet101": (44_549_160, 7_801_405_440),
    "resnet152": (60_192_808, 11_513_626_624),
    "resnet20": (269_722, None),
    "plain20": (269_722, None),
    "squeezenet": (1_235_496, 349_151_936),
    "mobilenet-v2": (3_504_872, 300_774_272),
    "densenet121": (7_978_856, 2_834_161_664),
    "textcnn": (360_902 + 128 * 300, 5_580_000 + 7_320_000 + 9_000_000 + 600),
    "alphago-policy": (3_882_793, 1_400_726_208),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures(name: str) -> None:
    rows = preset(name).analyze()
    params, macs = FIGURES[name]
    assert rows.params == params == sum(r.params for r in rows.values())
    assert macs in (None, rows.macs)


def test_lenet5_of_1998_by_layer() -> None:
    rows = preset("lenet5-1998").analyze()
    ids = ("C1", "S2", "C3", "S4", "C5", "F6", "output")
    assert [rows[i].params for i in ids] == [156, 12, 1516, 32, 48_120, 10_164, 0]
    assert rows["output"].fixed == 840
    assert [rows[i].connections for i in ids] == [122_304, 5_880, 151_600, 2_000, 48_120, 10_164, 840]
    assert rows.connections == 340_908


def _stage(rows: Analysis, group: str) -> int:
    return sum(r.macs for r in rows.values() if r.node.group == group)


def test_googlenet_costs_what_table_1_says() -> None:
    """In millions, as printed; conv1 (34) and 5a (54) are misprints of 118.0 and 51.1."""
    rows = preset("googlenet-paper").analyze()
    assert rows["conv1"].macs == 118_013_952
    assert rows["conv2"].macs + rows["conv2_reduce"].macs == pytest.approx(360e6, rel=5e-3)
    printed = {"3a": 128, "3b": 304, "4a": 73, "4b": 88, "4c": 100, "4d": 119, "4e": 170, "5a": 51, "5b": 71}
    for name, millions in printed.items():
        assert _stage(rows, f"inception{name}") == pytest.approx(millions * 1e6, abs=1e6), (
            name
        )  # printed without decimals
    assert rows["fc"].macs == 1_024_000


def test_the_steps_of_a_bottleneck() -> None:
    """On the first 1×1, as in the paper and in Caffe: 3.858 billion; the last unit sees 483 pixels instead of 427."""
    paper = ResNet("50", stride_first=True).graph()

    rows = analyse(paper)
    assert (rows.params, rows.macs) == (25_557_032, 3_857_973_248)
    end = rows["layer4_2_relu3"].field
    assert end is not None and end.size == (483, 483)
    end = preset("resnet50").analyze()["layer4_2_relu3"].field
    assert end is not None and end.size == (427, 427) and end.stride == (32, 32)


@pytest.mark.parametrize(
    ("name", "id", "size", "stride", "padding"),
    [
        ("alexnet", "pool5", 195, 32, 66),
        ("vgg16", "block5_pool", 212, 32, 90),
        ("resnet18", "layer4_1_relu2", 435, 32, 217),
        ("resnet50", "layer4_2_relu3", 427, 32, 213),
        ("alphago-policy", "relu12", 27, 1, 13),
    ],
)
def test_receptive_fields(name: str, id: str, size: int, stride: int, padding: int) -> None:
    field = preset(name).analyze()[id].field
    assert field is not None and field.aligned
    assert (field.size, field.stride, field.padding) == ((size,) * 2, (stride,) * 2, (padding,) * 2)


def test_the_lecture_s_table_is_56() -> None:
    rows = preset("alexnet-table").analyze()
    assert rows["conv1"].out == (96, 56, 56) and "56×56" in preset("alexnet-table").about


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110])
def test_cifar_resnets_count_as_the_paper_does(depth: int) -> None:
    """0.27, 0.46, 0.66, 0.85 and 1.7 million; skips of option A cost no weights."""
    with_skips, plain = preset(f"resnet{depth}").analyze(), CifarResNet(depth, "none")

    assert with_skips.params == analyse(plain.graph()).params
    assert round(with_skips.params / 1e6, 2) == {20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85, 110: 1.73}[depth]
    weights = [r for r in with_skips.values() if r.node.type in ("Conv2d", "Linear")]
    assert len(weights) == depth


def test_a_depth_that_no_residual_network_has() -> None:
    with pytest.raises(Misfit, match="6n"):
        CifarResNet(21)


def test_auxiliary_heads_can_be_had() -> None:
    with_heads, without = GoogLeNet(heads=True).graph(), GoogLeNet().graph()
    assert len(with_heads.ends) == 3 and len(without.ends) == 1
    assert analyse(GoogLeNet("torchvision", heads=True).graph()).params == 13_004_888, (
        "as torchvision's num_params has it"
    )
    assert [n for n in with_heads if not n.group.startswith("aux")] == list(without)


def test_the_class_of_the_notes() -> None:

    made = analyse(ConvClassifier().graph())
    assert made.params == 3_363_594 == preset("boostcamp-cnn").analyze().params
    assert [r.out for r in made.values()] == [r.out for r in preset("boostcamp-cnn").analyze().values()]
    wide = ConvClassifier((3, 32, 32), 5, (16, 32, 64), (), 100, use_batchnorm=True)
    rows = analyse(wide.graph())
    assert not rows.problems and rows["output"].out == (100,)
    assert sum(r.node.type == "BatchNorm2d" for r in rows.values()) == 3


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_writes_a_network_that_fits_with_its_defaults(name: str) -> None:

    assert not analyse(FAMILIES[name]().graph()).problems
