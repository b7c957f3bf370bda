"""Presets with trained weights give, layer by layer, what other engines gave on the same pictures.

The weights and the numbers lie outside the project: CNNVIZ_SHARED, or `shared` beside the checkout, says where.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz.engine.build import Net
from cnnviz.engine.pictures import normalised
from cnnviz.net.layers import Input
from cnnviz.net.presets import preset

Array = np.ndarray[Any, np.dtype[Any]]
SHARED = Path(os.environ.get("CNNVIZ_SHARED") or Path(__file__).resolve().parents[2] / "shared")
DATA = SHARED / "data"
torch.set_num_threads(1)


def have(path: str) -> Path:
    """A file of the shared data; without it the test is skipped."""
    if not (DATA / path).is_file():
        pytest.skip(f"{DATA / path} is not there")
    return DATA / path


def trained(name: str, weights: str) -> tuple[Net, Input]:
    """The preset with these weights, in their precision, and its Input."""
    network = preset(name)
    rows = network.analyze()
    state = torch.load(have(weights), weights_only=True)
    net = Net(rows).to(next(iter(state.values())).dtype)
    ours = net.state_dict()
    assert [v.shape for v in ours.values()] == [v.shape for v in state.values()]
    net.load_state_dict(dict(zip(ours, state.values(), strict=True)))
    assert rows.input is not None and isinstance(rows.input.layer, Input)
    return net.eval(), rows.input.layer


def outputs(net: Net, pictures: torch.Tensor) -> dict[str, Array]:
    """Every node's output; maps as (pictures, height, width, channels), the other engines' order."""
    seen: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        net(pictures, seen)
    return {k: (v.permute(0, 2, 3, 1) if v.ndim == 4 else v).numpy() for k, v in seen.items()}


def softmax(logits: Array) -> Array:
    return torch.from_numpy(logits).softmax(1).numpy()


def test_tinyvgg_equals_tensorflow_js() -> None:
    net, layer = trained("tinyvgg", "models/cnn_explainer_tinyvgg/tinyvgg_torch.pt")
    golden = np.load(have("golden/tinyvgg_tfjs.npz"))
    names = [str(golden["files"][i]) for i in golden["picked_index"]]
    photos = np.stack([np.asarray(Image.open(have(f"images/tiny_imagenet/{n}")).convert("RGB")) for n in names])
    x = torch.from_numpy(normalised(photos.transpose(0, 3, 1, 2), layer))
    ours = outputs(net, x)
    for block in (1, 2):
        for kind, theirs in (("conv{}_1", "conv_{}_1"), ("conv{}_2", "conv_{}_2"), ("pool{}", "max_pool_{}")):
            name = kind.format(block)
            expected = golden["NHWC_" + theirs.format(block)]
            assert ours[name].shape == expected.shape
            np.testing.assert_allclose(ours[name], expected, rtol=0, atol=1e-5, err_msg=name)
    # TensorFlow lays a map out by pixel, torch by channel: the same numbers in another order
    np.testing.assert_allclose(ours["pool2"].reshape(len(x), -1), golden["NHWC_flatten"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(softmax(ours["output"]), golden["NHWC_output"], rtol=0, atol=1e-5)


CONVNETJS = ["input", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "conv3", "relu3", "pool3", "fc"]
THEIRS = [
    "L0_input",
    "L1_conv",
    "L2_relu",
    "L3_pool",
    "L4_conv",
    "L5_relu",
    "L6_pool",
    "L7_conv",
    "L8_relu",
    "L9_pool",
    "L10_fc",
]


def test_convnetjs_layers_equal_its_own() -> None:
    net, _ = trained("convnetjs-cifar10", "models/convnetjs_cifar10/convnetjs_cifar10_torch_float64.pt")
    golden = np.load(have("golden/convnetjs_cifar10_forward.npz"))
    ours = outputs(net, torch.from_numpy(golden["HWC_L0_input"]).permute(0, 3, 1, 2))
    for name, theirs in zip(CONVNETJS, THEIRS, strict=True):
        expected = golden[f"HWC_{theirs}"]
        np.testing.assert_allclose(ours[name].reshape(expected.shape), expected, rtol=0, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(softmax(ours["fc"]), golden["HWC_L11_softmax"][:, 0, 0], rtol=0, atol=1e-12)


def test_convnetjs_on_a_thousand_pictures() -> None:
    net, layer = trained("convnetjs-cifar10", "models/convnetjs_cifar10/convnetjs_cifar10_torch_float64.pt")
    golden = np.load(have("golden/convnetjs_cifar10_forward.npz"))
    data = np.load(have("cifar10/cifar10_lossless_4000_1000.npz"))
    raw = data["x_test"].transpose(0, 3, 1, 2)
    exact = torch.from_numpy(raw / 255 - 0.5)
    np.testing.assert_allclose(normalised(raw, layer), exact, rtol=0, atol=1e-7)  # the preset's Input says the same
    probabilities = softmax(outputs(net, exact)["fc"])
    np.testing.assert_allclose(probabilities, golden["probs_test1000"], rtol=0, atol=1e-12)
    assert (probabilities.argmax(1) == data["y_test"]).mean() == pytest.approx(0.756)


def test_a_checkpoint_of_resnet20_classifies_as_its_makers_say() -> None:
    """akamaster's weights, whose keys start with `module.`: 91.5 % of the first 1,000 test pictures of CIFAR-10."""
    from cnnviz.engine.foreign import checkpoint

    rows = preset("resnet20").analyze()
    net = Net(rows).eval()
    found = checkpoint.match(checkpoint.read(have("models/akamaster_resnet20/resnet20-12fca82f.th")), net.state_dict())
    assert found.whole
    net.load_state_dict(found.state)
    pictures = np.load(have("cifar10/cifar10_lossless_4000_1000.npz"))
    assert rows.input is not None and isinstance(rows.input.layer, Input)
    x = torch.from_numpy(normalised(pictures["x_test"].transpose(0, 3, 1, 2), rows.input.layer))
    with torch.no_grad():
        right = sum(
            int((net(a).argmax(1) == b).sum())
            for a, b in zip(x.split(250), torch.from_numpy(pictures["y_test"]).split(250), strict=True)
        )
    assert right == 915
