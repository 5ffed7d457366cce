"""SQL for the text of a cell as a JSON value: numbers as their text says, truths, and values that hold values.

JSON knows no NaN and no infinity, so they become null wherever they stand.
"""

from __future__ import annotations

from typing import Any

from scorelet.csv_cells import sql_text
from scorelet.duck import sql_name

_NUMBERS = ("float", "double")
HOLDERS = ("list", "struct", "map")  # of values


def json_value(cell: str, type_: Any) -> str:
    """SQL for a cell of text that stands for a value of a type of DuckDB's."""
    if type_.id in _NUMBERS:  # a FLOAT that JSON made a double of would grow digits
        return f"CASE WHEN isfinite(CAST({cell} AS DOUBLE)) THEN CAST({cell} AS JSON) END"
    if type_.id in HOLDERS:
        return _finite(f"CAST({cell} AS {type_})", type_)
    exact = type_.id in ("boolean", "decimal") or type_.id.endswith(("int", "integer"))
    return f"CAST({cell} AS {type_})" if exact else cell


def _finite(value: str, type_: Any, depth: int = 0) -> str:
    """SQL for a value without the numbers that JSON does not know. Keys of maps are text in JSON, and stay."""
    if type_.id in _NUMBERS:
        return f"CASE WHEN isfinite({value}) THEN CAST(CAST({value} AS VARCHAR) AS DOUBLE) END"
    if type_.id not in HOLDERS or not _holds_numbers(type_):
        return value
    children, one = dict(type_.children), f"x{depth}"
    if type_.id == "struct":
        fields = {name: _finite(f"{value}.{sql_name(name)}", child, depth) for name, child in children.items()}
        made = "{" + ", ".join(f"{sql_text(name)}: {field}" for name, field in fields.items()) + "}"
    elif type_.id == "list":
        made = f"list_transform({value}, lambda {one}: {_finite(one, children['child'], depth + 1)})"
    else:
        entry = f"{{'key': {one}.key, 'value': {_finite(f'{one}.value', children['value'], depth + 1)}}}"
        made = f"map_from_entries(list_transform(map_entries({value}), lambda {one}: {entry}))"
    return f"CASE WHEN {value} IS NOT NULL THEN {made} END"


def _holds_numbers(type_: Any) -> bool:
    return type_.id in _NUMBERS or (type_.id in HOLDERS and any(_holds_numbers(child) for _, child in type_.children))
