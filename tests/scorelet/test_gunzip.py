"""A gzip is read to its end, all members of it, or refused: nothing of a damaged one is committed."""

import gzip
import io
import random
import zlib
from pathlib import Path

import pytest
from scorelet.batch import score_object
from scorelet.batch_score import BatchOptions
from scorelet.errors import UnreadableFile
from scorelet.events.s3 import S3Object
from scorelet.gunzip import Gunzip, unpacked_head
from scorelet.package import load_package

from tests.fakes.package import tiny_package
from tests.fakes.peak import scored_apart
from tests.fakes.store import MemoryStore
from tests.laws import full_or

ROOT = Path(__file__).parents[2]
HEADER, GOOD, BAD = b"amount,age,member,colour\n", b"5.10,33,true,red\n", b'5,33,true,"mau\nve"\n'
MOST_MB = 250  # numpy, the model runtime and DuckDB take some 80


def packed(data):
    """The same bytes in every process: names of tests are made of them."""
    return gzip.compress(data, mtime=0)


class OneModel:
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)

    def current(self, name, now):
        return self.package

    def version(self, name, version, digest=None):
        return self.package


def manifest_of(data):
    """The manifest and the store's outputs."""
    store, key = MemoryStore(), "incoming/tiny/a.csv.gz"
    store.put("data", key, data)
    blob = store.get("data", key)
    obj = S3Object("data", key, blob.version_id, blob.etag, len(data), "2024-05-01T12:00:00Z")
    found = score_object(obj, store, OneModel(), BatchOptions(threads=1)).manifest
    return found, {key: states[-1].body for (_, key), states in store.versions.items()}


def read_all(data, size):
    file = Gunzip(io.BytesIO(data))
    return b"".join(iter(lambda: file.read(size), b""))


@pytest.mark.law
def test_members_and_padding_of_any_size_are_one_text(law):
    for seed in law.seeds(300, 30):
        chance = random.Random(seed)
        pieces = [chance.randbytes(chance.choice([0, 1, 9, 70_000])) for _ in range(chance.randrange(1, 5))]
        body = b"".join(packed(p) + bytes(chance.choice([0, 0, 1, 512, 70_000])) for p in pieces)
        assert gzip.decompress(body) == b"".join(pieces), "the library sees the same"
        assert read_all(body, chance.choice([1 << 10, 1 << 16, 1 << 20])) == b"".join(pieces), seed
        assert unpacked_head(body, 1000) == b"".join(pieces)[:1000], seed


@pytest.mark.law
def test_a_gzip_that_is_cut_anywhere_or_damaged_is_refused_whole(law):
    body = packed(HEADER + GOOD) + packed(GOOD * 9)
    whole = len(packed(HEADER + GOOD))
    for end in law.each(range(2, len(body), full_or(1, 7))):
        if end == whole:
            continue
        with pytest.raises(UnreadableFile, match="ends in the middle"):
            read_all(body[:end], 1 << 16)
    for place in range(len(body)):
        damaged = bytearray(body)
        damaged[place] ^= 0xFF
        try:
            text = read_all(bytes(damaged), 1 << 16)
        except UnreadableFile:
            continue
        assert text == HEADER + GOOD * 10, "only what says nothing of the text, such as the time, may be damaged"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (packed(HEADER + GOOD * 999)[:-9], "ends in the middle"),
        (packed(HEADER + GOOD * 999)[:-5] + b"\0" * 5, "damaged gzip"),
        (packed(HEADER + GOOD) + b"x", "ends in the middle"),
        (packed(HEADER + GOOD) + b"something else", "damaged gzip"),
        (b"\x1f\x8b", "ends in the middle|the file is empty"),
        (b"\x1f\x8bnothing of the kind", "damaged gzip"),
        (packed(b""), "the file is empty"),
        (packed(packed(HEADER + GOOD)), "gzip in gzip; pack it once"),
        (packed(b"PAR1\x15\x04"), "Parquet in gzip"),
    ],
)
def test_a_file_that_cannot_be_unpacked_is_committed_with_a_reason_and_no_row(data, words):
    manifest, outputs = manifest_of(data)
    assert manifest["status"] == "unreadable"
    assert any(word in manifest["error"]["reason"] for word in words.split("|")), manifest["error"]
    assert [manifest[name] for name in ("rows_in", "parts")] == [0, []]
    assert not [key for key in outputs if key.startswith("scored/") and not key.endswith("manifest.json")]


def test_places_of_rejected_rows_are_those_of_the_unpacked_text():
    manifest, outputs = manifest_of(packed(b"\xef\xbb\xbf" + HEADER) + packed(GOOD + BAD + GOOD + BAD))
    assert (manifest["rows_in"], manifest["rows_scored"]) == (4, 2)
    (part,) = manifest["parts"]
    assert part["key"].endswith("/part-00000.csv.gz")
    assert gzip.decompress(outputs[part["key"]]).count(b"\n") == 3
    rejected = outputs[manifest["rejects"][0]["key"]].decode().split("\n")
    places = [line.split(",")[:2] for line in rejected if ",unknown_category," in line]
    text = b"\xef\xbb\xbf" + HEADER + GOOD
    assert places == [["3", str(len(text))], ["6", str(len(text + BAD + GOOD))]]


@pytest.mark.law
@pytest.mark.parametrize("bomb", ["zeros", "rows", "members"])
def test_a_bomb_is_refused_in_little_memory(tmp_path, bomb):
    """1 GiB of zeros after a good header; rows that are all the same; ever more members."""
    packer, mib = zlib.compressobj(9, wbits=31), bytes(1 << 20)
    with (tmp_path / "big").open("wb") as file:
        file.write(packed(HEADER + GOOD))
        if bomb == "members":
            file.writelines([packed(mib)] * 200)
        else:
            piece = mib if bomb == "zeros" else GOOD * 60_000
            file.writelines(packer.compress(piece) for _ in range(full_or(1000, 200)))
            file.write(packer.flush())
    assert (tmp_path / "big").stat().st_size < 8 << 20
    found = scored_apart(tmp_path / "big", tmp_path)
    assert found["peak_mb"] < MOST_MB
    assert "unpacks to more than 200 times its size" in found["unreadable"]
