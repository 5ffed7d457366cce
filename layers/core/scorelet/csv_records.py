"""Every record of a file, as its grammar defines it, in bounded memory and whatever the size of a read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from scorelet import csv_scan
from scorelet.csv_scan import Fault, Records
from scorelet.grammar import COMMAS, Grammar


class Readable(Protocol):
    """Anything that gives bytes in order; an empty answer is the end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""


def read_records(
    file: Readable, stretch_bytes: int, byte: int = 0, line: int = 1, grammar: Grammar = COMMAS
) -> Iterator[Records]:
    """Every record from the file's position on, which is `byte`, in stretches of about `stretch_bytes`, in order.

    `line` is the number of the line that starts there.

    The records, and what is wrong with them, do not depend on where stretches end. Memory is bounded by the size of
    the stretch plus `MAX_RECORD_BYTES`, however long a line is.
    """
    kept = b""
    while True:
        fresh = file.read(stretch_bytes)
        body = kept + fresh
        if not fresh and body and not body.endswith(b"\n"):
            body += b"\n"
        records = grammar.scan(body, final=not fresh)
        if not len(records) and len(body) > csv_scan.MAX_RECORD_BYTES + 2 and b"\n" not in body:
            records, length, rest = _overlong(file, body, stretch_bytes)
            yield replace(records, byte=byte, line=line)
            kept, byte, line = rest, byte + length, line + 1
            continue
        if len(records):
            yield replace(records, byte=byte, line=line)
        if not fresh:
            return
        used = int(records.lf[-1]) + 1 if len(records) else 0
        byte, line = byte + used, line + records.line_ends
        kept = body[used:]


def _overlong(file: Readable, head: bytes, step: int) -> tuple[Records, int, bytes]:
    """Read past a line that is too long to be a record: what is kept of it, its length in bytes, what follows it."""
    length = len(head)
    while fresh := file.read(step):
        cut = fresh.find(b"\n") + 1
        if cut:
            return _truncated(head), length + cut, fresh[cut:]
        length += len(fresh)
    return _truncated(head), length, b""


def _truncated(head: bytes) -> Records:
    body = head[: csv_scan.MAX_RECORD_BYTES] + b"\n"
    one = np.array([csv_scan.MAX_RECORD_BYTES], dtype=np.int64)
    fault = np.array([Fault.TOO_LONG], dtype=np.uint8)
    return Records(np.frombuffer(body, np.uint8), np.zeros(1, np.int64), one, one, fault, np.ones(1, np.int64), one, 1)
