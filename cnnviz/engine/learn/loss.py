"""The losses: what the outputs of a net are compared with the classes by."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from ...net.plan import Plan

Criterion = Callable[[Tensor, Tensor, str, str], Tensor]
"""`(outputs, y, node, reduction)`: outputs (n, classes) of a node, classes (n,), "mean" or "sum" over pictures."""


def criterion(plan: Plan, soft: frozenset[str] = frozenset(), near: frozenset[str] = frozenset()) -> Criterion:
    """The plan's loss.

    cross_entropy   of the outputs as logits; of an RBF layer's distances, of minus them: the nearest class is likeliest
    mse             mean of the squares of output minus target over pictures and classes: 1 for the class, 0 for others.
                    A net that ends in Softmax gives its probabilities, another one its outputs as they are, as
                    ConvNetJS's regression layer and a plain mse_loss do
    rbf             equation 9 of LeNet-5's paper, of the distances y_i from the classes' prototypes:
                    y_class + log(e^−j + Σ e^−y_i). The right distance falls, and others below about j rise

    With label smoothing ε a target is 1 − ε + ε / classes for the class and ε / classes for the others.

    soft   nodes behind which a Softmax ends the net: they give its logits
    near   nodes that give distances
    """
    smooth = plan.label_smoothing

    def entropy(outputs: Tensor, y: Tensor, node: str, reduction: str) -> Tensor:
        scores = -outputs if node in near else outputs
        return cross_entropy(scores, y, reduction=reduction, label_smoothing=smooth)

    def squares(outputs: Tensor, y: Tensor, node: str, reduction: str) -> Tensor:
        classes = outputs.shape[1]
        target = one_hot(y, classes).to(outputs.dtype)
        if smooth:
            target = target * (1 - smooth) + smooth / classes
        found = mse_loss(outputs.softmax(1) if node in soft else outputs, target, reduction=reduction)
        return found / classes if reduction == "sum" else found

    def distances(outputs: Tensor, y: Tensor, node: str, reduction: str) -> Tensor:
        own = outputs.gather(1, y[:, None])[:, 0]
        most = outputs.new_full((len(outputs), 1), -plan.rbf_j)
        found = own + torch.cat((most, -outputs), 1).logsumexp(1)
        return found.sum() if reduction == "sum" else found.mean()

    return {"cross_entropy": entropy, "mse": squares, "rbf": distances}[plan.loss]
