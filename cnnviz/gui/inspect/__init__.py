"""Looking inside: feature maps, weights, the picture and the receptive field of what is selected."""

from .field import Field
from .filters import Filters
from .maps import Maps
from .picture import Picture

__all__ = ["Field", "Filters", "Maps", "Picture"]
