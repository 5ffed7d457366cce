"""What a caller may ask for beside the answer, in the field `parameters` of a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorelet.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Parameters:
    """`by_row`: refuse bad rows one by one and answer the others (`"on_error": "row"`). `explain`: say why, too.
    `entity`: whom the request is about (`entity_id`), for versions that share the traffic.
    """

    by_row: bool = False
    explain: bool = False
    entity: str | None = None


DEFAULT = Parameters()
EXPLAINED = Parameters(explain=True)


def read_parameters(found: object, *, explain: bool = False) -> Parameters:
    """Read the field; raises BadRequest. Names that are not ours are other protocols' business."""
    if found is None:
        return EXPLAINED if explain else DEFAULT
    if not isinstance(found, Mapping):
        raise BadRequest("parameters is not an object")
    on_error = found.get("on_error", "refuse")
    if on_error not in ("refuse", "row"):
        raise BadRequest('parameters.on_error is neither "refuse" nor "row"')
    if not isinstance(found.get("explain", False), bool):
        raise BadRequest("parameters.explain is neither true nor false")
    entity = found.get("entity_id")
    if entity is not None and type(entity) not in (str, int):  # a bool is an int, but names nobody
        raise BadRequest("parameters.entity_id is neither text nor a whole number")
    explained = explain or found.get("explain", False)
    return Parameters(on_error == "row", explained, None if entity is None else str(entity))
