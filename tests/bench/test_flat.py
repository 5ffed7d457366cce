"""The bench of flat memory: streamed files are whole, and a process that holds too much is stopped."""

from itertools import pairwise

import numpy as np
import pytest
from scorelet.batch_score import BatchOptions
from scorelet.big_job import RANGES, Job, read_json
from scorelet.big_start import MOST_SHARDS, begin_run, shard_bytes_of
from scorelet.events.s3 import S3Object

from bench.deployed import read_deployed
from bench.flat import Done, OneModel, TooMuchMemory, best_of, in_process, of_rows, print_table, score_rows, tiny
from bench.stream_store import ETAG, StreamedCsv, StreamStore
from tests.test_docs import ROOT

FILE = StreamedCsv.of_rows(b"a,b\n", b"1,2\n33,4\n", 5)
WHOLE = b"a,b\n1,2\n33,4\n1,2\n33,4\n1,2\n"


def test_a_streamed_file_has_its_rows_and_is_the_same_wherever_it_is_read():
    assert FILE.size == len(WHOLE)
    for begin in range(len(WHOLE) + 1):
        for end in range(begin, len(WHOLE) + 3):
            assert FILE.read(begin, end) == WHOLE[begin:end]


def test_a_store_gives_the_file_by_range_and_as_a_whole(tmp_path):
    store = StreamStore("", FILE)
    with store.open_range("data", "x", 2, 11) as body:
        assert (body.size, body.read(4), body.read(100), body.read(1)) == (len(WHOLE), WHOLE[2:6], WHOLE[6:11], b"")
    store.download("data", "x", tmp_path / "whole.csv")
    assert (tmp_path / "whole.csv").read_bytes() == WHOLE


def test_outputs_are_counted_and_let_go(tmp_path):
    (tmp_path / "part.csv").write_bytes(b"12345")
    store = StreamStore("", FILE)
    store.put("data", "scored/part.csv", tmp_path / "part.csv")
    assert (store.written_bytes, store.exists("data", "scored/part.csv")) == (5, False)
    assert [store.put_if_absent("data", "runs/x.json", body) for body in (b"{}", b"[]")] == [True, False]
    assert store.get("data", "runs/x.json").body == b"{}"


def test_every_way_of_scoring_does_every_row(monkeypatch):
    monkeypatch.chdir(ROOT)
    deployed = read_deployed()
    monkeypatch.setattr("bench.flat.REPEAT_ROWS", 1)
    done = score_rows(3000, deployed)
    assert (done.rows, done.way) == (3000, "one piece")
    small = type(deployed)(20_000, 30_000, 30_000, 1, 2048, 300, "x86_64")
    assert score_rows(3000, small).way == "3 shards"


def test_the_table_compares_with_a_million_rows(capsys):
    print_table([Done(10**5, 3.0, "one piece", 0.15, 0.05, 100), Done(10**6, 30.5, "one piece", 0.9, 0.1, 101)])
    assert [line.split()[-2] for line in capsys.readouterr().out.splitlines()[-2:]] == ["0.50", "1.00"]


def test_of_all_rounds_the_best_time_counts_and_the_most_memory():
    first, second = Done(10, 1.0, "one piece", 0.9, 0.1, 100), Done(10, 1.0, "one piece", 0.5, 0.1, 90)
    other = Done(5, 0.5, "one piece", 0.4, 0.1, 80)
    assert best_of([first, other, second]) == [other, Done(10, 1.0, "one piece", 0.5, 0.1, 100)]


def _hog(mib):
    return int(np.ones(mib << 20, dtype=np.uint8).sum())


def test_a_process_that_holds_more_than_it_may_is_stopped():
    with pytest.raises(TooMuchMemory):
        in_process(_hog, 300, limit_mib=250)
    assert in_process(_hog, 10, limit_mib=250) == 10 << 20


def test_a_process_that_dies_is_not_taken_for_done():
    with pytest.raises(RuntimeError, match="without an answer"):
        in_process(_die)


def _die():
    raise SystemExit(3)


@pytest.mark.parametrize("size", [1, 10**9, 2_684_354_560_000, 2_684_354_560_001, 10**13, 5 * 10**13])
def test_there_are_never_more_shards_than_a_map_can_answer_for(size):
    longest = shard_bytes_of(size, 32 << 20)
    assert longest >= 32 << 20
    assert -(-size // longest) <= MOST_SHARDS


def test_ten_terabytes_are_listed_whole_in_as_many_ranges_as_a_map_can_answer_for():
    source = of_rows(1000)
    huge = StreamedCsv(source.header, source.block, 10**13)
    store, obj = (
        StreamStore("", huge),
        S3Object("data", "incoming/tiny/x.csv", None, ETAG, 10**13, "2026-01-01T00:00:00Z"),
    )
    job = begin_run(obj, store, OneModel(tiny()), BatchOptions(), 32 << 20)
    assert isinstance(job, Job)
    ranges = read_json(store, job, RANGES)
    assert len(ranges) == MOST_SHARDS
    assert [ranges[0]["begin"], ranges[-1]["end"]] == [0, 10**13]
    assert all(a["end"] == b["begin"] for a, b in pairwise(ranges))
