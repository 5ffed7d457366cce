"""Cuts are exact: whatever the ranges, the shards' records are the file's records."""

import io
import itertools

import numpy as np
import pytest
from scorelet import csv_measure, csv_scan
from scorelet.csv_cut import Range, cut, ranges_of
from scorelet.csv_measure import Measure, measure, reach
from scorelet.csv_records import read_records
from scorelet.grammar import COMMAS, Grammar

from tests.laws import full_or

PIECES = ['"', '""', ",", "\n", "\r\n", "\r", "a", '"\n', '"x"', '"l\nm"', '"q,""z"""', "\n\n", "é", '"\n"', "aaaaaaaa"]
CORPUS = [
    b'a,b\n1,"2\n3"\n4,"5 ""6""\r\n7"\r\n8,9\n',
    b'\xef\xbb\xbfa,"b\nc"\r\n1,2\r\n"3\r\n",4',
    b'a,b\n"open,1\n2,3\n4,5\n',
    b'a\n"\n"\n"\n"\n"\n"\nx\n"\n"\n',
    b'a,b\n1,x"y\n2,"3"4\n"5",6\n\n\n7,8',
    b"a,b\n" + b"l" * 40 + b"\n1,2\n" + b"m" * 50,
    b'a,b\n"' + b"quoted\n" * 6 + b'",1\n2,3\n',
    b"a\n" + b"\n" * 12 + b'"\n\n\n",x\n',
    b"a\n",
    b'a\r\n"\r\n"\r\n',
]


def records_of(
    data: bytes, byte: int, line: int = 1, grammar: Grammar = COMMAS
) -> list[tuple[int, int, bytes, int, int]]:
    """Byte, line, raw text, fault and columns of every record."""
    found = []
    for records in read_records(io.BytesIO(data), 7, byte=byte, line=line, grammar=grammar):
        lines = records.lines(np.arange(len(records)))
        for i in range(len(records)):
            fault = int(records.fault[i])
            columns = int(records.columns[i]) if not fault else 0
            found.append((records.byte + int(records.start[i]), int(lines[i]), records.raw(i), fault, columns))
    return found


def shards_of(
    data: bytes, ranges: list[Range], grammar: Grammar = COMMAS
) -> tuple[list[tuple[int, int, int, int]], int]:
    """Number, begin, end and line of the shards, and how often a range was measured twice."""
    origin, asked = 3 if data.startswith(b"\xef\xbb\xbf") else 0, []

    def look(range_: Range, entry: int | None) -> Measure:
        base = max(range_.begin - 1, 0)
        body = data[base : range_.end + reach()]
        return Measure.from_json(measure(body, base, range_.begin, range_.end, entry, grammar).to_json())

    def ask(range_: Range, entry: int) -> Measure:
        asked.append(entry)
        return look(range_, entry)

    measures = [look(r, origin if r.begin <= origin < r.end else None) for r in ranges]
    return [(s.number, s.begin, s.end, s.line) for s in cut(origin, ranges, measures, ask)], len(asked)


def assert_exact(data: bytes, ranges: list[Range], note: object, grammar: Grammar = COMMAS) -> int:
    origin = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    shards, asked = shards_of(data, ranges, grammar)
    assert [number for number, *_ in shards] == list(range(1, len(shards) + 1)), note
    assert [begin for _, begin, *_ in shards] == [origin, *(end for _, _, end, _ in shards)][:-1], note
    assert shards[-1][2] == len(data), note
    found = [one for _, begin, end, line in shards for one in records_of(data[begin:end], begin, line, grammar)]
    assert found == records_of(data[origin:], origin, 1, grammar), note
    return asked


@pytest.mark.law
@pytest.mark.parametrize("longest", [5, 12, 1 << 20])
@pytest.mark.parametrize("data", CORPUS, ids=range(len(CORPUS)))
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_cut_at_every_byte_changes_no_record(law, monkeypatch, data, delimiter, longest):
    monkeypatch.setattr(csv_scan, "MAX_RECORD_BYTES", longest)
    data, grammar = data.replace(b",", delimiter.encode()), Grammar(delimiter)
    for place in law.each(range(1, len(data))):
        assert_exact(data, [Range(0, 0, place), Range(1, place, len(data))], place, grammar)
    for width in law.each(range(1, len(data) + 1)):
        assert_exact(data, ranges_of(len(data), width), width, grammar)


@pytest.mark.law
def test_any_file_can_be_cut_anywhere(law, monkeypatch):
    chance = law.chance()
    for _ in law.each(range(full_or(4000, 250))):
        monkeypatch.setattr(csv_scan, "MAX_RECORD_BYTES", chance.choice([3, 5, 12, 40, 1000]))
        monkeypatch.setattr(csv_measure, "MOST_STARTS", chance.choice([1, 2, 64]))
        monkeypatch.setattr(csv_measure, "STRETCH_BYTES", chance.choice([1, 5, 4096]))
        delimiter = chance.choice(",;\t|")
        data = "".join(chance.choices([*PIECES, delimiter], k=chance.randrange(1, 80))).encode()
        places = sorted({0, len(data), *(chance.randrange(len(data)) for _ in range(chance.randrange(8)))})
        ranges = [Range(n, *pair) for n, pair in enumerate(itertools.pairwise(places))]
        assert_exact(data, ranges, (csv_scan.MAX_RECORD_BYTES, data, places), Grammar(delimiter))


def test_newlines_in_quotes_need_no_second_look():
    rows = [f'{i},"first line\nsecond ""line"", of {i}\n\nfourth",{i}\n' for i in range(400)]
    data = ("id,text,n\n" + "".join(rows)).encode()
    for width in (97, 500, 1111, 5000):
        assert assert_exact(data, ranges_of(len(data), width), width) == 0


def test_a_file_that_reads_two_ways_is_asked_again():
    """Quotes alone on their lines: from either line on, every two lines are a record, and the two never meet."""
    data = b"a\n" + b'"\n' * 60
    assert assert_exact(data, ranges_of(len(data), 10), "") > 0


def test_a_line_longer_than_many_ranges_is_one_record_of_one_shard(monkeypatch):
    monkeypatch.setattr(csv_scan, "MAX_RECORD_BYTES", 10)
    data = b"a,b\n1,2\n" + b"x" * 200 + b"\n3,4\n5,6\n"
    shards, asked = shards_of(data, ranges_of(len(data), 20))
    assert [end - begin for _, begin, end, _ in shards] == [209, 8]
    assert (shards[1][3], asked) == (4, 0)
