"""Data sets: one file for each kind of source, and one way in."""

from __future__ import annotations

from . import leaks as leaks
from .base import Cancelled as Cancelled
from .base import Data as Data
from .base import DataError as DataError
from .base import Missing as Missing
from .base import Tell as Tell
from .loading import as_it_is as as_it_is
from .loading import load as load
from .loading import sample as sample
from .sets import KNOWN as KNOWN
from .sets import SENTENCES as SENTENCES
