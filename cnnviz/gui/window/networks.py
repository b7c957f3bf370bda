"""The menu of the networks that come with the program, by their titles, a submenu a family."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from ...net.presets import presets, words
from ...text import N_, _

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (  # …, how the names of its networks begin
    (N_("LeNet-5"), ("lenet",)),
    (N_("Small networks"), ("convnetjs", "tinyvgg", "boostcamp", "minivgg")),
    (N_("AlexNet and ZFNet"), ("alexnet", "zfnet")),
    (N_("VGG and network in network"), ("nin", "vgg")),
    (N_("GoogLeNet"), ("googlenet",)),
    (N_("ResNet"), ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")),
    (N_("ResNet for CIFAR-10"), ("resnet", "plain")),
    (N_("Pairs to compare"), ("one-", "two-", "inception-")),
    (N_("Others"), ("",)),
)


def family(name: str) -> str:
    """The first family that a network's name begins like."""
    return next(title for title, starts in FAMILIES if name.startswith(starts))


class NetworkMenu(QMenu):
    """Choosing a network calls `act` with its preset name, which the tip says, too."""

    def __init__(self, title: str, act: Callable[[str], Any], parent: QMenu):
        super().__init__(title, parent)
        self._act = act
        parent.addMenu(self)
        for heading, _starts in FAMILIES:
            menu = self.addMenu(_(heading))
            menu.setToolTipsVisible(True)
            for name in (n for n in presets() if family(n) == heading):
                called, about = words(name)
                action = menu.addAction(_(called) or name)
                action.setData(name)
                action.setToolTip(f"<p><b>{escape(name)}</b></p><p>{escape(_(about))}</p>")
            menu.menuAction().setVisible(not menu.isEmpty())
        self.triggered.connect(self._choose)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self._act(action.data())
