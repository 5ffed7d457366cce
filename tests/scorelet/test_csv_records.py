import io
import random

import numpy as np
import pytest
from scorelet import csv_scan
from scorelet.csv_records import read_records
from scorelet.csv_scan import Fault
from scorelet.grammar import Grammar

from tests.fakes.slow_csv import SlowRecord, slow_records
from tests.laws import full_or

PIECES = ['"', '""', ",", "\n", "\r\n", "\r", "a", "5.10", '"x"', '"l\nm"', '"q,""z"""', "\n\n", "\xff", "é", "\0", " "]


def read(data: bytes, stretch: int, delimiter: str = ",") -> list[SlowRecord]:
    found = []
    for records in read_records(io.BytesIO(data), stretch, grammar=Grammar(delimiter)):
        lines = records.lines(np.arange(len(records)))
        for i in range(len(records)):
            fault = Fault(int(records.fault[i]))
            byte = records.byte + int(records.start[i])
            columns = int(records.columns[i]) if fault in (Fault.NONE, Fault.BAD_ENCODING, Fault.BAD_LINE_END) else 0
            found.append(SlowRecord(byte, int(lines[i]), records.raw(i), fault.name.lower(), columns))
    return found


def nasty(chance: random.Random, delimiter: str) -> bytes:
    text = "".join(chance.choice([*PIECES, delimiter, delimiter]) for _ in range(chance.randrange(60)))
    return text.encode("latin1") if chance.random() < 0.3 else text.replace("\xff", "y").encode()


def same(found: list[SlowRecord], wanted: list[SlowRecord]) -> bool:
    shown = [(r.byte, r.line, r.raw, r.fault, r.columns if r.fault in ("none", "bad_line_end") else 0) for r in wanted]
    return shown == [
        (r.byte, r.line, r.raw, r.fault, r.columns if r.fault in ("none", "bad_line_end") else 0) for r in found
    ]


@pytest.mark.law
def test_the_fast_reader_agrees_with_the_plain_one_wherever_stretches_end(law, monkeypatch):
    chance = law.chance()
    for _ in law.each(range(full_or(20_000, 600))):
        longest = chance.choice([5, 12, 1000])
        monkeypatch.setattr(csv_scan, "MAX_RECORD_BYTES", longest)
        delimiter = chance.choice(",;\t|")
        data = nasty(chance, delimiter)
        wanted = slow_records(data, longest, delimiter)
        for stretch in {1, chance.randrange(1, 12), chance.randrange(1, 100), 10_000}:
            found = read(data, stretch, delimiter)
            assert same(found, wanted), (longest, stretch, delimiter, data, found, wanted)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (b'1,"x,3\n4,5,6\n7,8,9\n', ["bad_quoting", "none", "none"]),
        (b'1,"x"y,3\n4,5,6\n', ["bad_quoting", "none"]),
        (b'1,x"y,3\n4,"5\n5",6\n', ["bad_quoting", "none"]),
        (b'1,"a\nb"c,3\n4,5,6\n', ["bad_quoting", "bad_quoting", "none"]),
        (b"1,\xff\n4,5\n\xfe,\xfd\n6,7", ["bad_encoding", "none", "bad_encoding", "none"]),
        (b"1,2\r3,4\n5,6\r\n", ["bad_line_end", "none"]),
        (b'1,"2\r3"\n5,6\r', ["none", "none"]),
        (b"", []),
        (b"\n\n", ["none", "none"]),
    ],
)
def test_a_fault_costs_its_own_line_and_no_other(text, faults):
    assert [r.fault for r in read(text, 4096)] == faults


def test_a_line_without_end_is_one_record_and_does_not_fill_the_memory():
    class Endless(io.RawIOBase):
        left = 64 << 20

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return b"x" * size if size else b""

    (record,) = read(b"", 10) or list(read_records(Endless(), 1 << 20))
    assert record.fault.tolist() == [Fault.TOO_LONG]
    assert len(record.data) <= csv_scan.MAX_RECORD_BYTES + 1
