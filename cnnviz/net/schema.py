"""The form of a network file, checked by pydantic. Only files from outside pass here: it takes 0.1 s to import."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from ..text import N_, _

Coordinate = Annotated[FiniteFloat, Field(ge=-1e7, le=1e7)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class NodeForm(_Strict):
    """One node; `settings` are checked later by the layer itself."""

    id: str
    type: str
    settings: dict[str, Any] = {}
    sources: list[str] = []
    group: str = ""
    pos: Annotated[list[Coordinate], Field(min_length=2, max_length=2)] = [0.0, 0.0]
    weights: str = ""
    learning: dict[str, Any] = {}


class NetworkForm(_Strict):
    """A whole file; `plan` is checked later by Plan."""

    format: int
    name: str = ""
    title: str = ""
    about: str = ""
    plan: dict[str, Any] = {}
    nodes: list[NodeForm]


EXPECTED = {
    "format": N_("a whole number"),
    "nodes": N_("a list of nodes"),
    "settings": N_('an object such as {"stride": 2}'),
    "plan": N_('an object such as {"epochs": 10}'),
    "learning": N_('an object such as {"frozen": true}'),
    "sources": N_("a list of node ids"),
    "pos": N_("two numbers [x, y] within ±10,000,000"),
}


def misformed(data: Any) -> tuple[str, str] | None:
    """What is wrong with the form of `data`, as (place, sentence), or None where nothing is."""
    try:
        NetworkForm.model_validate(data)
    except ValidationError as e:
        first = e.errors(include_url=False, include_context=False, include_input=False)[0]
        return _say(data, first["loc"], first["type"])
    return None


def _say(data: Any, loc: tuple[int | str, ...], kind: str) -> tuple[str, str]:
    place, path = "", loc
    if len(loc) > 1 and loc[0] == "nodes" and isinstance(loc[1], int):
        node = data["nodes"][loc[1]]
        named = isinstance(node, dict) and isinstance(node.get("id"), str) and node["id"]
        place = str(named) if named else _("node {number}").format(number=loc[1] + 1)
        path = loc[2:]
    if not path:
        return place, _("It must be an object { … }.")
    field = str(path[0])
    if kind == "missing":
        return place, _("The field “{field}” is missing. Add it.").format(field=field)
    if kind == "extra_forbidden":
        return place, _("The field “{field}” is unknown. Remove it.").format(field=field)
    wanted = _(EXPECTED.get(field, N_("a text")))
    return place, _("The field “{field}” must be {wanted}.").format(field=field, wanted=wanted)
