"""Records as JSON clients send them: objects by feature name, or plain lists in the signature's order."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from scorelet.api.refuse import Located, pointer
from scorelet.api.score import Rows, refuse
from scorelet.errors import BadRequest
from scorelet.features import Problem, column_from_values, columns_from_records
from scorelet.signature import Signature

_WRAPPERS = {list, dict}


def rows_from_instances(signature: Signature, instances: Any, *place: object) -> Rows:
    """n records at `place` in the caller's document; raises BadRequest when they are no records."""
    if not isinstance(instances, list) or not instances:
        raise BadRequest(f"{pointer(*place) or 'the body'} is not a list with at least one record")
    kinds = set(map(type, instances))
    if kinds == {dict}:
        return _named(signature, instances, place)
    if kinds == {list}:
        return _positional(signature, instances, place)
    if len(signature.features) == 1 and not kinds & _WRAPPERS:
        return _positional(signature, [[cell] for cell in instances], place)
    wanted = dict if type(instances[0]) is dict else list
    index = next(row for row, record in enumerate(instances) if type(record) is not wanted)
    raise BadRequest(
        f"{pointer(*place, index)}: send every record as an object of values by feature name, "
        f"or every record as a list of {len(signature.features)} values"
    )


def _named(signature: Signature, records: list[dict[str, Any]], place: tuple[object, ...]) -> Rows:
    if any(not _WRAPPERS.isdisjoint(map(type, record.values())) for record in records):
        records = [{name: unwrapped(cell) for name, cell in record.items()} for record in records]
    return Rows(
        columns_from_records(signature, records),
        lambda problem: pointer(*place, problem.row, problem.feature),
        _unknown_fields(signature, records),
    )


def _unknown_fields(signature: Signature, records: Sequence[Mapping[str, object]]) -> list[Problem]:
    known = signature.name_set
    return [
        unknown_field(signature, row, name)
        for row, record in enumerate(records)
        if not known.issuperset(record)
        for name in record
        if name not in known
    ]


def unknown_field(signature: Signature, row: int, name: str) -> Problem:
    """The problem of a field that the model does not have."""
    expected = "only the model's features: " + ", ".join(sorted(signature.names))
    return Problem(row, name[:100], "unknown_field", expected, "the model has no such feature")


def _positional(signature: Signature, records: list[list[Any]], place: tuple[object, ...]) -> Rows:
    width = len(signature.features)
    extra = []
    for row, record in enumerate(records):
        if len(record) != width:
            extra.append(wrong_width(signature, row))
            records[row] = [None] * width
    cells = [[unwrapped(cell) for cell in column] for column in zip(*records, strict=True)]
    columns = {f.name: column_from_values(f, found) for f, found in zip(signature.features, cells, strict=True)}
    index = {name: position for position, name in enumerate(signature.names)}

    def locate(problem: Problem) -> str:
        return pointer(*place, problem.row, *([index[problem.feature]] if problem.feature else []))

    return Rows(columns, locate, extra)


def wrong_width(signature: Signature, row: int) -> Problem:
    """The problem of a record with more or fewer values than the model has features."""
    expected = f"{len(signature.features)} values: " + ", ".join(signature.names)
    return Problem(row, "", "wrong_width", expected, "the record has another number of values")


def rows_from_inputs(signature: Signature, inputs: Any) -> Rows:
    """Columns by feature name, or one list of plain lists; raises BadRequest, InvalidRecords."""
    if isinstance(inputs, list):
        return rows_from_instances(signature, inputs, "inputs")
    if not isinstance(inputs, dict) or not inputs:
        raise BadRequest('"inputs" is not an object of lists by feature name')
    for name, cells in inputs.items():
        if name not in signature.name_set:
            refuse([Located(pointer("inputs", name), unknown_field(signature, 0, name))])
        if not isinstance(cells, list) or not cells:
            raise BadRequest(f"{pointer('inputs', name)} is not a list with at least one value")
    if len({len(cells) for cells in inputs.values()}) != 1:
        raise BadRequest('the lists in "inputs" are not equally long')
    columns = {
        f.name: column_from_values(f, [unwrapped(cell) for cell in inputs[f.name]])
        for f in signature.features
        if f.name in inputs
    }
    return Rows(columns, lambda problem: pointer("inputs", problem.feature, problem.row))


def unwrapped(cell: Any) -> Any:
    """TensorFlow Serving's ways to say one value: [5.1] for shape (n, 1), and {"b64": ...} for bytes.

    >>> unwrapped([5.1]), unwrapped({"b64": "cmVk"}), unwrapped([1, 2])
    (5.1, 'red', [1, 2])
    """
    if type(cell) is list and len(cell) == 1:
        return unwrapped(cell[0]) if type(cell[0]) is dict else cell[0]
    if type(cell) is dict and cell.keys() == {"b64"} and isinstance(cell["b64"], str):
        try:
            return base64.b64decode(cell["b64"], validate=True).decode()
        except ValueError:  # neither base64 nor text: the object stays, and is of the wrong type
            return cell
    return cell
