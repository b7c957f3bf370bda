"""The hallway (hallway.py) and its parts: what the window is about, without a widget. All that panels know."""

from .hallway import LOST as LOST
from .hallway import NAMED as NAMED
from .hallway import READY as READY
from .hallway import STARTING as STARTING
from .hallway import Connect as Connect
from .hallway import Engine as Engine
from .hallway import Notice as Notice
from .hallway import Session as Session
