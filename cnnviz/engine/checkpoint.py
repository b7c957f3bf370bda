"""The checkpoint that somebody wants to load: what it holds for the net, until that is taken."""

from __future__ import annotations

from collections.abc import Callable

from ..link.messages import Match, Matched
from ..text import _
from .build import Net, State
from .foreign import checkpoint
from .post import Refused


class Checkpoint:
    """The one that was matched last. Raises post.Refused, foreign.checkpoint.CheckpointError."""

    def __init__(self) -> None:
        self._number = 0
        self._state: State = {}

    def match(self, command: Match, net: Net | None, refill: Callable[[Net], None]) -> Matched:
        """What the file holds for the net; `refill`: puts the newest weights into it."""
        if net is None:
            raise Refused(_("There is no network that weights could be matched to."))
        refill(net)
        found = checkpoint.match(checkpoint.read(command.path), net.state_dict(), net.homes)
        self._number, self._state = command.number, found.state
        matches = tuple((m.theirs, m.ours, m.how, m.shape) for m in found.matches)
        left, missing = (tuple((o.name, o.why) for o in odd) for odd in (found.left, found.missing))
        return Matched(command.number, command.path, matches, left, missing)

    def adopted(self, number: int, net: Net | None) -> State:
        """The weights of the match of this number, once."""
        if self._number != number or net is None:
            raise Refused(_("The network has changed meanwhile. Choose the file again."))
        state, self._number, self._state = self._state, 0, {}
        return state
