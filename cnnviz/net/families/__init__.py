"""Every family of networks: one class that writes a network for its settings."""

# isort: off
from .base import FAMILIES, Family
from .classifier import ConvClassifier
from .vgg import VGG
from .googlenet import GoogLeNet
from .resnet import CifarResNet, ResNet
from .dense import DenseNet
from .mobile import MobileNetV2, SqueezeNet
# isort: on

__all__ = [
    "FAMILIES",
    "VGG",
    "CifarResNet",
    "ConvClassifier",
    "DenseNet",
    "Family",
    "GoogLeNet",
    "MobileNetV2",
    "ResNet",
    "SqueezeNet",
]
