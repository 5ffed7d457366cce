"""Where every row of a file came out: read from the parts themselves, and compared with what was written.

Nothing of the product is used. Parts are read as they lie in the bucket, a line at a time.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.drop_data import Truth

PIECE_BYTES = 1 << 20


@dataclass(slots=True)
class Found:
    """How many times each row came out, and what else was wrong; nothing is, if `faults` is empty."""

    seen: bytearray
    scored: int = 0
    rejected: int = 0
    parts: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        """Rows that came out nowhere."""
        return self.seen.count(0)

    @property
    def twice(self) -> int:
        """Rows that came out more than once."""
        return len(self.seen) - self.seen.count(0) - self.seen.count(1)


def check(s3: Any, bucket: str, manifest: Mapping[str, Any], truth: Truth) -> Found:
    """Read every part that the manifest lists, once."""
    csv.field_size_limit(sys.maxsize)
    found = Found(bytearray(truth.rows))
    _check_scored(s3, bucket, manifest["parts"], truth, found)
    _check_rejected(s3, bucket, manifest["rejects"], truth, found)
    told = {name: manifest[name] for name in ("rows_in", "rows_scored", "rows_rejected", "rejects_by_code", "status")}
    true = {
        "rows_in": truth.rows,
        "rows_scored": truth.rows - len(truth.bad),
        "rows_rejected": len(truth.bad),
        "rejects_by_code": truth.by_code(),
        "status": "scored",
    }
    found.faults.update(f"the manifest's {name}" for name in true if told[name] != true[name])
    found.faults.update({"lost": found.lost, "twice": found.twice})
    found.faults += Counter()  # only what happened
    return found


def _check_scored(s3: Any, bucket: str, parts: list[dict[str, Any]], truth: Truth, found: Found) -> None:
    """The scored file has the row's number and our answers, so no line break stands in quotes."""
    bad, last = {number for number, _ in truth.bad.values()}, -1
    for part in parts:
        before = found.scored
        lines = _lines(s3, bucket, part, found)
        if not next(lines, b"").startswith(b"row,prediction,score,"):
            found.faults["header"] += 1
        for line in lines:
            number = int(line[: line.index(b",")])
            _count(found, number, last)
            found.faults["scored, but bad"] += number in bad
            last = number
            found.scored += 1
        found.faults["rows of a part"] += part["rows"] != found.scored - before


def _check_rejected(s3: Any, bucket: str, parts: list[dict[str, Any]], truth: Truth, found: Found) -> None:
    """A rejected row is known by its place in the file; where it has a number, that is told too."""
    last = -1
    for part in parts:
        before = found.rejected
        text = (line.decode() for line in _lines(s3, bucket, part, found))
        for row in csv.DictReader(text):
            found.rejected += 1
            found.by_code[row["code"]] += 1
            if int(row["byte"]) not in truth.bad:
                found.faults["rejected, but no bad row"] += 1
                continue
            number, code = truth.bad[int(row["byte"])]
            _count(found, number, last)
            last = number
            found.faults["code"] += row["code"] != code
            found.faults["line"] += int(row["line"]) != truth.line_of[int(row["byte"])]
            found.faults["id"] += row["id"] not in ("", str(number))
        found.faults["rows of a part"] += part["rows"] != found.rejected - before


def _count(found: Found, number: int, last: int) -> None:
    found.faults["order"] += number <= last
    if number < len(found.seen):
        found.seen[number] = min(found.seen[number] + 1, 255)
    else:
        found.faults["from nowhere"] += 1


def _lines(s3: Any, bucket: str, part: Mapping[str, Any], found: Found) -> Iterator[bytes]:
    """The lines of a part, with their ends; its size and digest are compared at its end."""
    digest, size, rest = hashlib.sha256(), 0, b""
    for piece in s3.get_object(Bucket=bucket, Key=part["key"])["Body"].iter_chunks(PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest
    found.parts += 1
    found.faults["size of a part"] += size != part["size"]
    found.faults["digest of a part"] += f"sha256:{digest.hexdigest()}" != part["digest"]
