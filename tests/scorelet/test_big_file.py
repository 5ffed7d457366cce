"""The steps of a big file's run, called in their order as the state machine does, on a store in memory."""

import errno
import gzip
import json
import os
import random
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from scorelet import csv_scan
from scorelet.batch import Outcome, score_object
from scorelet.batch_score import BatchOptions
from scorelet.big_failure import RunFailed, explain_failure
from scorelet.big_job import Job, read_json
from scorelet.big_measure import cut_file, measure_range
from scorelet.big_score import finish, score_shard
from scorelet.big_start import begin_run
from scorelet.csv_cut import Range, Shard
from scorelet.errors import EventError
from scorelet.events.s3 import S3Object
from scorelet.file_settings import FileSettings, to_metadata
from scorelet.package import load_package

from tests.fakes.dying import DyingStore, Killed
from tests.fakes.forms import INPUTS, random_records, read_output, write_csv, write_jsonl
from tests.fakes.nasty import nasty_table
from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore
from tests.laws import full_or

BUCKET, KEY = "data-bucket", "incoming/tiny/day 1/a+b.csv"
HEADER = b"amount,age,member,colour,note\n"
ROWS = (
    b'5.10,33,true,red,"two\nlines"\n7,,0,light green,\n\n1,2\n3,4,1,red,"say ""hi"""\r\nnan,1,1,red,"open\n9,1,1,red,x'
)
OPTIONS = BatchOptions(threads=1)
NO_SETTINGS = FileSettings()


def packed(data):
    """The same bytes in every process: names of tests are made of them."""
    return gzip.compress(data, mtime=0)


class OneModel:
    def __init__(self):
        self.package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)

    def current(self, name, now):
        return self.package

    def version(self, name, version, digest=None):
        assert (version, digest) == (self.package.manifest.version, self.package.digest)
        return self.package


MODELS = OneModel()


def drop(data, settings=NO_SETTINGS):
    store = MemoryStore()
    store.notes[BUCKET, KEY] = to_metadata(settings.changed())
    store.put(BUCKET, KEY, data)
    blob = store.get(BUCKET, KEY)
    return store, S3Object(BUCKET, KEY, blob.version_id, blob.etag, len(data), "2024-05-01T12:00:00Z")


def run(store, obj, shard_bytes, shuffle=None, models=MODELS):
    """What the state machine does, on whatever a run before this one has left."""
    job = begin_run(obj, store, models, OPTIONS, shard_bytes)
    if isinstance(job, Outcome):
        return job
    job = Job.from_json(json.loads(json.dumps(job.to_json())))
    ranges = [Range.from_json(one) for one in read_json(store, job, "ranges.json")]
    for range_ in mixed(ranges, shuffle):
        measure_range(job, range_, store)
    while not cut_file(job, store):
        pass
    for shard in mixed([Shard.from_json(one) for one in read_json(store, job, "shards.json")], shuffle):
        score_shard(job, shard, store, MODELS.package, OPTIONS)
    return finish(job, store, MODELS.package)


def mixed(items, shuffle):
    return items if shuffle is None else shuffle.sample(items + items, 2 * len(items))


def outputs(store):
    found = {key: states for (_, key), states in store.versions.items() if key.startswith(("scored/", "rejected/"))}
    assert all(len({state.body for state in states}) == 1 for states in found.values()), "an output changed"
    assert all(len(states) == 1 for key, states in found.items() if key.endswith("manifest.json"))
    return {key: states[-1].body for key, states in found.items()}


def in_one_piece(data, settings=NO_SETTINGS):
    store, obj = drop(data, settings)
    manifest = score_object(obj, store, MODELS, OPTIONS).manifest
    return manifest, *(joined(store, manifest[kind]) for kind in ("parts", "rejects"))


def joined(store, parts):
    """The header, and the rows of all parts; every part of CSV has the same header. Of Parquet, the rows."""
    bodies = [store.get(BUCKET, part["key"]).body for part in parts]
    kinds = {part["key"].rpartition("/")[2].partition(".")[2] for part in parts}
    if kinds == {"parquet"}:
        return [row for body in bodies for row in parquet_rows(body)]
    bodies = [gzip.decompress(body) if kinds in ({"csv.gz"}, {"jsonl.gz"}) else body for body in bodies]
    if not bodies or kinds in ({"jsonl"}, {"jsonl.gz"}):
        return b"".join(bodies)
    header = first_record(bodies[0])
    assert all(body.startswith(header) for body in bodies)
    return header + b"".join(body.removeprefix(header) for body in bodies)


def parquet_rows(body):
    with NamedTemporaryFile(suffix=".parquet") as file:
        file.write(body)
        file.flush()
        return read_output(Path(file.name))


def first_record(body):
    end = next(n for n in range(1, len(body) + 1) if body[n - 1 : n] == b"\n" and body[:n].count(b'"') % 2 == 0)
    return body[:end]


def assert_same(data, shard_bytes, wanted, shuffle=None, settings=NO_SETTINGS):
    store, obj = drop(data, settings)
    outcome = run(store, obj, shard_bytes, shuffle)
    assert outcome.committed
    manifest = outcome.manifest
    assert {k: v for k, v in manifest.items() if k not in ("parts", "rejects", "source")} == {
        k: v for k, v in wanted[0].items() if k not in ("parts", "rejects", "source")
    }
    assert joined(store, manifest["parts"]) == wanted[1]
    assert joined(store, manifest["rejects"]) == wanted[2]
    assert [sum(part["rows"] for part in manifest[kind]) for kind in ("parts", "rejects")] == [
        manifest["rows_scored"],
        manifest["rows_rejected"],
    ]
    return outputs(store)


@pytest.mark.law
@pytest.mark.parametrize("longest", [40, 1 << 20])
def test_shards_of_any_size_give_the_rows_of_the_file_in_one_piece(law, monkeypatch, longest):
    monkeypatch.setattr(csv_scan, "MAX_RECORD_BYTES", longest)
    for data in (HEADER + ROWS, b"\xef\xbb\xbf" + HEADER.replace(b"\n", b"\r\n") + ROWS + b"\n"):
        wanted = in_one_piece(data)
        for shard_bytes in law.each(range(full_or(1, 3), len(data) + 1, full_or(1, 17))):
            assert_same(data, shard_bytes, wanted)


@pytest.mark.law
def test_nasty_files_come_out_the_same_in_any_order_of_their_shards(law):
    """With any delimiter, header or none, and any settings."""
    for seed in law.seeds(150, 10):
        chance = random.Random(seed)
        table = nasty_table(seed, MODELS.package.signature, chance.randrange(1, 60), chance.choice([0.02, 0.2, 0.5]))
        wanted = in_one_piece(table.data, table.settings)
        assert wanted[0]["status"] == "scored", seed
        assert wanted[0]["settings"] == {"max_reject_rate": 1.0, **table.settings.changed()}, seed
        assert assert_same(table.data, chance.randrange(50, 900), wanted, chance, table.settings), seed


@pytest.mark.law
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_of_any_delimiter_with_or_without_a_header_can_be_cut_anywhere(law, delimiter, mark):
    names = tuple(HEADER.decode().strip().split(","))
    body = ROWS.replace(b",", delimiter.encode())
    settings = FileSettings(delimiter=delimiter, header=False, columns=names, drop=("colour",), id="note")
    for data, chosen in (
        (mark + HEADER.replace(b",", delimiter.encode()) + body, NO_SETTINGS),
        (mark + body, settings),
    ):
        wanted = in_one_piece(data, chosen)
        assert wanted[0]["rows_in"] == 7
        for shard_bytes in law.each(range(full_or(1, 3), len(data) + 1, full_or(1, 17))):
            assert_same(data, shard_bytes, wanted, settings=chosen)


JSON_LINES = (
    b'{"amount":5.10,"age":33,"member":true,"colour":"red","note":"\\" {"}\n\n{}\r\n[1]\n{"a":"\xff"}\n'
    b' {"colour":"light green","member":false,"age":null,"amount":-7e0} \r\n{"amount":1,"note":"open\n'
    b'{"amount":"x","age":1,"member":true,"colour":"red"}\n{"amount":9,"age":1,"member":true,"colour":"red","note":"\xc3\xa9"}'
)


@pytest.mark.law
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("longest", [40, 1 << 20])
def test_json_lines_can_be_cut_anywhere(law, monkeypatch, longest, mark):
    monkeypatch.setattr(csv_scan, "MAX_RECORD_BYTES", longest)
    data, settings = mark + JSON_LINES, FileSettings(format="jsonl", id="note")
    wanted = in_one_piece(data, settings)
    assert wanted[0]["rows_in"] == 9
    for shard_bytes in law.each(range(full_or(1, 3), len(data) + 1, full_or(1, 17))):
        assert_same(data, shard_bytes, wanted, settings=settings)


@pytest.mark.law
@pytest.mark.parametrize("output", INPUTS)
@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_every_output_of_shards_holds_the_rows_of_the_file_in_one_piece(law, write, output):
    for seed in law.seeds(30, 2):
        chance = random.Random(seed)
        data = write(random_records(seed, chance.randrange(1, 40)))
        settings = FileSettings(output=output, id="row")
        wanted = in_one_piece(data, settings)
        assert wanted[0]["status"] == "scored", seed
        assert assert_same(data, chance.randrange(50, 900), wanted, chance, settings), seed


def test_a_file_that_cannot_be_cut_is_scored_in_one_piece_up_to_a_size():
    data = packed(HEADER + ROWS)
    store, obj = drop(data)
    assert begin_run(obj, store, MODELS, OPTIONS, 10).manifest["rows_in"] == 7
    for options in (replace(OPTIONS, most_packed_bytes=len(data) - 1), replace(OPTIONS, most_bytes=99)):
        store, obj = drop(data)
        manifest = begin_run(obj, store, MODELS, options, 10).manifest
        assert (manifest["status"], manifest["error"]["code"], manifest["parts"]) == (
            "unreadable",
            "file_too_large",
            [],
        )
        assert manifest["error"]["reason"].endswith("drop it unpacked, as CSV or JSON lines, or in several files")


def test_a_full_disk_is_not_the_files_fault_and_the_delivery_comes_again(monkeypatch):
    store, obj = drop(HEADER + ROWS)

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(store, "download", fail)
        with pytest.raises(OSError, match="No space left"):
            score_object(obj, store, MODELS, OPTIONS)
    assert score_object(obj, store, MODELS, OPTIONS).manifest["status"] == "scored"


@pytest.mark.law
def test_a_kill_at_any_call_costs_nothing_but_time(law):
    """Killed before or after every call, the next delivery and redrive end with the same bytes and one manifest."""
    data = HEADER + ROWS
    store, obj = drop(data)
    counting = DyingStore(store)
    wanted = run(counting, obj, 60).manifest
    for number in range(0, len(counting.calls), full_or(1, 4)):
        for when in law.each(("die_before", "die_after")):
            store, obj = drop(data)
            obj = S3Object(**{name: getattr(obj, name) for name in obj.__slots__})
            with pytest.raises(Killed):
                run(DyingStore(store, **{when: number}), obj, 60)
            outcome = run(store, obj, 60)
            found = outcome.manifest or json.loads(outputs(store)[manifest_key(store)])
            assert found == wanted
            outputs(store)


def manifest_key(store):
    (key,) = [key for _, key in store.versions if key.endswith("/manifest.json")]
    return key


def test_finished_parts_are_never_done_again():
    store, obj = drop(HEADER + ROWS)
    run(store, obj, 60)
    del store.versions[BUCKET, manifest_key(store)]
    before = {key: len(states) for key, states in store.versions.items()}
    assert run(store, obj, 60).committed
    changed = {key for (_, key), states in store.versions.items() if len(states) != before.get((BUCKET, key), 0)}
    assert {key.rpartition("/")[2] for key in changed} == {
        *("job.json", "ranges.json", "shards.json", "status.json", "manifest.json")
    }


def test_a_file_that_reads_two_ways_is_cut_in_several_calls(monkeypatch):
    monkeypatch.setattr("scorelet.big_measure.ASKED_PER_CALL", 1)
    data = HEADER + b'"\n' * 60
    wanted = in_one_piece(data)
    assert_same(data, 30, wanted)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 90, NO_SETTINGS),
        (b"amount,age\n" + b"1,2\n" * 30, NO_SETTINGS),
        (b"\n" * 90, NO_SETTINGS),
        (HEADER + ROWS, FileSettings(keep=("nobody",))),
        (HEADER + ROWS, FileSettings(delimiter=";", id="age")),
        (ROWS, FileSettings(header=False, columns=("amount", "age"))),
        (JSON_LINES, FileSettings(keep=("note",))),
        (b"Amount," + HEADER + ROWS, FileSettings(output="parquet")),
        (b"," + HEADER + ROWS, FileSettings(output="jsonl")),
        (packed(HEADER + ROWS)[:-9], NO_SETTINGS),
        (b"PAR1\x15 and no more", NO_SETTINGS),
    ],
)
def test_a_big_file_without_a_usable_header_is_committed_as_a_small_one_is(data, settings):
    wanted = in_one_piece(data, settings)
    assert wanted[0]["status"] == "unreadable"
    store, obj = drop(data, settings)
    manifest = run(store, obj, 10).manifest
    assert {**manifest, "source": None} == {**wanted[0], "source": None}
    assert joined(store, manifest["rejects"]) == wanted[2]


def test_a_big_file_that_asks_for_a_version_is_a_comparison_as_a_small_one_is():
    class Versions(OneModel):
        def version(self, name, version, digest=None):
            return super().version(name, version, digest or self.package.digest)

    store, obj = drop(HEADER + ROWS, FileSettings(id="note"))
    store.notes[BUCKET, KEY] = {**store.notes[BUCKET, KEY], "scorelet-version": "1"}
    job, manifest = begin_run(obj, store, Versions(), OPTIONS, 60), run(store, obj, 60, models=Versions()).manifest
    assert job.run == manifest["run"]
    assert dict(job.settings) == manifest["settings"] == {"max_reject_rate": 1.0, "id": "note", "purpose": "comparison"}
    assert manifest["purpose"] == "comparison"
    assert len(manifest["parts"]) > 1
    missing, obj = drop(HEADER + ROWS)
    missing.notes[BUCKET, KEY] = {"scorelet-version": "x"}
    assert begin_run(obj, missing, MODELS, OPTIONS, 60).manifest["error"]["code"] == "bad_settings"


@pytest.mark.law
def test_a_large_file_adds_up(law):
    rows = [f'{i % 900}.5,{i % 130},true,red,"no. {i}\nof many"' if i % 50 else "1,2" for i in range(10_000)]
    times = full_or(550, 4)
    data = HEADER + ("\n".join(rows) + "\n").encode() * times
    store, obj = drop(data)
    manifest = run(store, obj, len(data) // 5).manifest
    found = (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"], len(manifest["parts"]))
    assert found == (10_000 * times, 9_800 * times, 200 * times, 6 if len(data) % 5 else 5)
    last = store.get(BUCKET, manifest["rejects"][-1]["key"]).body.decode().splitlines()[-1].split(",")
    where = data.rindex(b"\n1,2\n") + 1
    law.tried = manifest["rows_in"]
    assert last[:2] == [str(data.count(b"\n", 0, where) + 1), str(where)]


def test_a_run_that_is_done_is_not_begun_again():
    store, obj = drop(HEADER + ROWS)
    run(store, obj, 60)
    assert not begin_run(obj, store, MODELS, OPTIONS, 60).committed


def test_another_state_of_the_object_is_never_scored():
    store, obj = drop(HEADER + ROWS)
    store.versions[BUCKET, KEY].clear()
    store.put(BUCKET, KEY, HEADER)
    unversioned = S3Object(BUCKET, KEY, None, obj.etag, obj.size, obj.time)
    assert begin_run(unversioned, store, MODELS, OPTIONS, 60).manifest["error"]["code"] == "object_changed"
    lying = S3Object(BUCKET, KEY, None, store.get(BUCKET, KEY).etag, obj.size, obj.time)
    with pytest.raises(EventError, match="another size"):
        begin_run(lying, store, MODELS, OPTIONS, 60)


def test_a_failure_is_told_once_and_a_redrive_goes_on():
    store, obj = drop(HEADER + ROWS)
    job = begin_run(obj, store, MODELS, OPTIONS, 60)
    cause = json.dumps({"errorMessage": "the object is gone", "errorType": "ObjectMissing"})
    for _ in range(2):
        with pytest.raises(RunFailed, match="ObjectMissing: the object is gone"):
            explain_failure(job, {"Error": "ObjectMissing", "Cause": cause}, store)
        assert read_json(store, job, "failure.json")["open"]
        explain_failure(job, {"Error": "ObjectMissing", "Cause": cause}, store)
        assert not read_json(store, job, "failure.json")["open"]
