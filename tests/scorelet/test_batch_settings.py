"""The settings of a dropped file: where they come from, what a mistake in them does, and that they are settled once."""

import csv
import io
from dataclasses import replace

import pytest
from scorelet.batch import score_object
from scorelet.batch_keys import is_no_table
from scorelet.batch_score import BatchOptions
from scorelet.events.s3 import S3Object
from scorelet.package import load_package

from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore

BUCKET, FOLDER = "data-bucket", "incoming/tiny/day 1"
ROWS = b"who;amount;age;member;colour\nann;5.10;33;true;red\nbob;wide;1;1;red\n"


class OneModel:
    def __init__(self, **files):
        package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
        self.package = replace(package, manifest=replace(package.manifest, file_settings=files))

    def current(self, name, now):
        return self.package

    def version(self, name, version, digest=None):
        return self.package


def drop(store, data=ROWS, beside=None, key=f"{FOLDER}/a.csv", **metadata):
    if beside is not None:
        store.put(BUCKET, f"{FOLDER}/_scorelet.toml", beside)
    store.notes[BUCKET, key] = {f"scorelet-{name.replace('_', '-')}": value for name, value in metadata.items()}
    store.put(BUCKET, key, data)
    blob = store.get(BUCKET, key)
    return S3Object(BUCKET, key, blob.version_id, blob.etag, len(data), "2024-05-01T12:00:00Z")


def scored(store, obj, models):
    manifest = score_object(obj, store, models, BatchOptions(threads=1)).manifest
    bodies = [store.get(BUCKET, manifest[kind][0]["key"]).body.decode() for kind in ("parts", "rejects")]
    return manifest, *(
        list(csv.DictReader(io.StringIO(body), delimiter=d)) for body, d in zip(bodies, ";,", strict=True)
    )


def test_what_is_kept_and_dropped_and_who_a_row_is():
    store = MemoryStore()
    manifest, rows, rejects = scored(store, drop(store, keep="age", id="who"), OneModel())
    assert list(rows[0])[:3] == ["who", "age", "prediction"]
    assert [(r["id"], r["column"], r["raw"]) for r in rejects] == [("bob", "amount", "bob;wide;1;1;red")]
    assert manifest["settings"] == {"max_reject_rate": 1.0, "keep": ["age"], "id": "who"}


def test_metadata_overrides_the_settings_file_which_overrides_the_package():
    store, models = MemoryStore(), OneModel(id="age", keep=["age"], delimiter=",")
    obj = drop(store, beside=b'id = "amount"\ndelimiter = ";"\n', drop='["age", "member"]', id="who")
    manifest, rows, _ = scored(store, obj, models)
    assert manifest["settings"] == {"max_reject_rate": 1.0, "delimiter": ";", "drop": ["age", "member"], "id": "who"}
    assert list(rows[0])[:4] == ["who", "amount", "colour", "prediction"]


def test_a_file_takes_back_what_its_package_and_its_folder_say():
    store, models = MemoryStore(), OneModel(id="customer", drop=["member"], delimiter=",", output="parquet")
    obj = drop(store, beside=b'id = ""\noutput = ""\n', drop="none", delimiter="none")
    manifest, rows, _ = scored(store, obj, models)
    assert manifest["settings"] == {"max_reject_rate": 1.0}
    assert list(rows[0])[:5] == ["who", "amount", "age", "member", "colour"]


def test_a_settings_file_counts_for_its_own_folder_only():
    store = MemoryStore()
    drop(store, beside=b'keep = ["age"]')
    obj = drop(store, key=f"{FOLDER}/below/a.csv")
    assert scored(store, obj, OneModel())[0]["settings"] == {"max_reject_rate": 1.0}


def test_other_settings_are_another_run_and_the_same_ones_the_same():
    runs = []
    for metadata in ({}, {"delimiter": "semicolon"}, {"delimiter": ";"}, {"keep": "age"}, {"header": "true"}):
        store = MemoryStore()
        runs.append(score_object(drop(store, **metadata), store, OneModel(), BatchOptions()).run)
    assert runs[1] == runs[2] != runs[3]
    assert runs[0] == runs[4] not in runs[1:4]


def test_settings_that_change_after_the_first_delivery_change_nothing():
    store = MemoryStore()
    obj = drop(store, beside=b'keep = ["age"]')
    first = score_object(obj, store, OneModel(), BatchOptions())
    store.put(BUCKET, f"{FOLDER}/_scorelet.toml", b"no toml at all")
    again = score_object(obj, store, OneModel(id="who"), BatchOptions())
    assert (again.run, again.committed) == (first.run, False)


@pytest.mark.parametrize(
    ("beside", "metadata", "words"),
    [
        (b"delimeter = ','", {}, "there is no setting 'delimeter'; there are format, .* (in _scorelet.toml)"),
        (b"keep = [", {}, "_scorelet.toml cannot be read: "),
        (b"#" * 70_000, {}, "_scorelet.toml is larger than 64 KiB"),
        (None, {"header": "no"}, "header is 'no', not true or false (in the object's metadata)"),
        (None, {"header": "false"}, "columns are for files without a header (header = false), and needed there"),
        (b"keep = ['nobody']", {}, "keep names what is no column of the file, or more than one: nobody"),
        (None, {"id": "amount2"}, "id names what is no column of the file, or more than one: amount2"),
        (b"header = false\ncolumns = ['amount', 'age']", {}, "the setting columns lacks the model's columns: member"),
    ],
)
def test_a_mistake_in_the_settings_is_committed_with_its_name(beside, metadata, words):
    store = MemoryStore()
    obj = drop(store, beside=beside, **metadata)
    manifest = score_object(obj, store, OneModel(), BatchOptions()).manifest
    assert manifest["status"] == "unreadable"
    reason = manifest["error"]["reason"]
    start, _, end = words.partition(".*")
    assert reason.startswith(start)
    assert end in reason
    assert manifest["error"]["code"] == "bad_settings"
    assert not score_object(obj, store, OneModel(), BatchOptions()).committed


def test_a_corrected_file_is_scored_when_it_is_dropped_again():
    store = MemoryStore()
    assert score_object(drop(store, keep="x"), store, OneModel(), BatchOptions()).manifest["status"] == "unreadable"
    assert score_object(drop(store, keep="age"), store, OneModel(), BatchOptions()).manifest["status"] == "scored"


def test_a_settings_file_is_no_table():
    assert is_no_table(S3Object(BUCKET, f"{FOLDER}/_scorelet.toml", "v", "e", 10, "2024-05-01T12:00:00Z"))
    assert not is_no_table(S3Object(BUCKET, f"{FOLDER}/my_scorelet.toml", "v", "e", 10, "2024-05-01T12:00:00Z"))
