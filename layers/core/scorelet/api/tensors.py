"""Tensors of the Open Inference Protocol: read from JSON or from its binary extension, checked, flat."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.errors import BadRequest

_NUMPY = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
DATATYPES = frozenset({*_NUMPY, "BYTES"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """`cells` are the values in row-major order: an array from binary data, else what stood in the JSON."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    cells: NDArray[Any] | Sequence[object]


def read_tensors(inputs: object, tail: bytes) -> list[Tensor]:
    """The tensors of `inputs`; `tail` is the binary data behind the JSON, which they use up. Raises BadRequest."""
    if not isinstance(inputs, list) or not inputs:
        raise BadRequest('the body has no list "inputs" with at least one tensor', remedy=_REMEDY)
    tensors, start = [], 0
    for index, entry in enumerate(inputs):
        if not isinstance(entry, dict):
            raise _bad(index, "is not an object")
        size = _binary_size(index, entry)
        tensors.append(_tensor(index, entry, None if size is None else tail[start : start + size], size))
        start += size or 0
    if start != len(tail):
        raise BadRequest(f"{len(tail)} bytes of binary data came, the inputs name {start}", remedy=_REMEDY)
    return tensors


_REMEDY = 'Send inputs such as {"name": "x", "shape": [1], "datatype": "FP32", "data": [1.0]}.'


def _bad(index: int, words: str) -> BadRequest:
    return BadRequest(f"/inputs/{index} {words}", remedy=_REMEDY)


def _binary_size(index: int, entry: dict[str, Any]) -> int | None:
    size = (entry.get("parameters") or {}).get("binary_data_size") if _has_parameters(index, entry) else None
    if size is not None and (type(size) is not int or size < 0):
        raise _bad(index, "has a binary_data_size that is no size")
    return size


def _has_parameters(index: int, entry: dict[str, Any]) -> bool:
    if not isinstance(entry.get("parameters"), dict | None):
        raise _bad(index, "has parameters that are no object")
    return bool(entry.get("parameters"))


def _tensor(index: int, entry: dict[str, Any], raw: bytes | None, size: int | None) -> Tensor:
    name, datatype, shape = entry.get("name"), entry.get("datatype"), entry.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str) or datatype not in DATATYPES:
        raise _bad(index, "needs a name and a datatype of " + ", ".join(sorted(DATATYPES)))
    if not isinstance(shape, list) or not 1 <= len(shape) <= 2 or not all(type(n) is int and n >= 0 for n in shape):
        raise _bad(index, "needs a shape of one or two sizes")
    count = prod(shape)
    if raw is None:
        cells: NDArray[Any] | list[object] = _from_json(index, datatype, entry.get("data"), shape)
    else:
        cells = _decoded(index, datatype, raw, count)
        if len(raw) != size:
            raise _bad(index, "names more binary data than came")
    if len(cells) != count:
        raise _bad(index, f"has {len(cells)} values, its shape {count}")
    return Tensor(name, datatype, tuple(shape), cells)


def _flat(index: int, data: object, shape: list[int]) -> list[object]:
    """Nested or flat data as one list."""
    if not isinstance(data, list):
        raise _bad(index, "has neither data nor a binary_data_size")
    if len(shape) == 1 or list not in set(map(type, data)):
        return data
    if len(data) != shape[0] or not all(type(row) is list and len(row) == shape[1] for row in data):
        raise _bad(index, "has data that do not have its shape")
    return [cell for row in data for cell in row]


def _from_json(index: int, datatype: str, data: object, shape: list[int]) -> list[object]:
    """An integer tensor with fractions is a mistake; null stands for no value in any tensor."""
    cells = _flat(index, data, shape)
    if "INT" in datatype and any(type(cell) is float for cell in cells):
        raise _bad(index, f"has values that are no {datatype}")
    return cells


def _decoded(index: int, datatype: str, raw: bytes, count: int) -> NDArray[Any] | list[object]:
    if datatype == "BYTES":
        return _strings(index, raw)
    kind = np.dtype(_NUMPY[datatype])
    if len(raw) != count * kind.itemsize:
        raise _bad(index, f"has {len(raw)} bytes of binary data, its shape {count * kind.itemsize}")
    if datatype == "BOOL":  # any other byte than 0 and 1 would be an odd bool
        return np.frombuffer(raw, dtype=np.uint8).astype(np.bool_)
    return np.frombuffer(raw, dtype=kind)


def _strings(index: int, raw: bytes) -> list[object]:
    """Each item has its length before it, as four bytes. Text that is not UTF-8 stays bytes, and is judged as such."""
    found: list[object] = []
    start = 0
    while start < len(raw):
        if start + 4 > len(raw):
            raise _bad(index, "has binary data that end within a length")
        (size,) = struct.unpack_from("<I", raw, start)
        item = raw[start + 4 : start + 4 + size]
        if len(item) != size:
            raise _bad(index, "has binary data that end within an item")
        try:
            found.append(item.decode())
        except UnicodeDecodeError:
            found.append(item)
        start += 4 + size
    return found


def to_bytes(datatype: str, values: Sequence[Any] | NDArray[Any]) -> bytes:
    """The binary form of an output tensor's values, in row-major order."""
    if datatype == "BYTES":
        items = [str(value).encode() for value in values]
        return b"".join(struct.pack("<I", len(item)) + item for item in items)
    return np.array(values, dtype=_NUMPY[datatype]).tobytes()
