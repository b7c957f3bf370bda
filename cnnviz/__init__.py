"""cnnviz: build, train and look inside convolutional networks.

import cnnviz
net = cnnviz.load("lenet5")
print(net.analyze().params)  # 61706
module = net.to_torch()
cnnviz.explore(module, "cat.jpg")  # the window on any module
print(cnnviz.summary(torch.nn.Conv2d(3, 8, 3), (3, 32, 32)))  # any module
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import Network, explore, load, summary

__version__ = "0.1.0"
__all__ = ["Network", "explore", "load", "summary"]


def __getattr__(name: str) -> Any:
    """The Python interface, imported when it is asked for: the window and the engine have no use for it."""
    if name in __all__:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
