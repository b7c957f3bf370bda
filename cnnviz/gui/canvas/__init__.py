"""The network as cards joined by wires.

canvas     the widget: what the session says and what a person does
view       pans and zooms
scene      one item for each card and wire, kept in step with the graph
card, strip, wire, ghost    what is painted
turns      when: a few cards at a time
places, route               where ports and wires lie
gestures, drop              one small object for each mouse gesture
"""

from .canvas import Canvas

__all__ = ["Canvas"]
