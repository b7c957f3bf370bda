"""Which part of the session takes which answer of the engine's."""

from __future__ import annotations

from ...link.augmenting import Previewed, Surveyed
from ...link.data import Contents, Downloaded, Downloading, Loading
from ...link.ensemble import Combined, Combining
from ...link.exporting import Exported, Exporting
from ...link.measuring import Costs, Found, Measuring
from ...link.messages import Advance, Imported, Matched, Models, Reply
from ...link.past import Recalled
from ...link.predictions import Fetched, Predicting, Predictions, Reviewed
from ...link.pulses import Pulses

_TAKEN: tuple[tuple[tuple[type, ...], tuple[str, ...]], ...] = (
    ((Pulses,), ("health",)),
    ((Advance, Imported, Models, Matched), ("models",)),
    ((Found,), ("finder",)),
    ((Measuring, Costs), ("cost",)),
    ((Exporting, Exported), ("exporting",)),
    ((Predicting, Predictions, Fetched), ("predict",)),
    ((Previewed, Surveyed), ("preview",)),
    ((Downloading, Downloaded, Loading, Contents), ("supply",)),
    ((Recalled,), ("time", "beside")),
    ((Reviewed,), ("review",)),
    ((Combining, Combined), ("ensemble",)),
)
TAKERS = {kind: parts for kinds, parts in _TAKEN for kind in kinds}
"""Of a type of answer, the parts of the session whose `take` gets it."""

SAID = {
    "predict": "predict",
    "fetch": "predict",
    "review": "review",
    "preview": "preview",
    "survey": "preview",
    "export": "exporting",
    "combine": "ensemble",
}
"""Of what failed, the part whose `failed` gets it and whose panel says it: no message is needed beside it."""


def takers(reply: Reply) -> tuple[str, ...]:
    """The parts that take this answer; none where the session does."""
    return TAKERS.get(type(reply), ())
