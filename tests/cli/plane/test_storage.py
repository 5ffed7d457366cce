"""Large objects pass moto by, and nobody can tell: whatever is asked, moto alone answers the same."""

import gc
import hashlib
import io
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from bench.flat import in_process
from bench.machine import peak_mib
from cli.plane import aws
from cli.plane.bodies import Body, Spool, spooled
from cli.plane.stack import LocalStack
from cli.plane.storage import LARGE_BYTES, moto_app

from .conftest import TOY

MIB = 1 << 20
BYTES = bytes(range(251)) * 30_000  # 7.5 MB, and no two MiB of it alike
CHANGING = {"ResponseMetadata", "LastModified", "VersionId", "UploadId", "Name", "Bucket", "Location"}
LARGE, PART = BYTES[: LARGE_BYTES + 333], 5 * MIB


@pytest.fixture
def asked_of_both(stack):
    """Runs a conversation with moto alone, in another bucket, and with the stack; gives what either was told."""
    moto = aws.HttpServer(moto_app())

    def ask(conversation):
        told = []
        for bucket, url in (("alone", moto.url), (stack.bucket("DataBucket"), stack.endpoint_url)):
            s3 = aws.client("s3", url, stack.template.account)
            if bucket == "alone":
                s3.create_bucket(Bucket=bucket)
                s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            told.append(conversation(_Asking(s3, bucket)))
        return told

    yield ask
    moto.close()


class _Asking:
    """One bucket; answers are reduced to what does not change from call to call."""

    def __init__(self, s3, bucket):
        self.s3, self.bucket = s3, bucket

    def __call__(self, operation, key="k", **more):
        try:
            answer = getattr(self.s3, operation)(Bucket=self.bucket, **({"Key": key} if key else {}), **more)
        except ClientError as error:
            answer = error.response
            return operation, answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
        self.last = answer
        kept = {name: value for name, value in answer.items() if name not in CHANGING}
        if "Body" in kept:
            kept["Body"] = hashlib.sha256(kept["Body"].read()).hexdigest()
        lists = [kept[name] for name in ("Versions", "Contents", "Parts") if name in kept]
        for item in [*(one for found in lists for one in found), kept.get("CopyPartResult", {})]:
            item.pop("LastModified", None)
            item.pop("VersionId", None)
        return operation, answer["ResponseMetadata"]["HTTPStatusCode"], kept


def one_put(ask):
    yield ask("put_object", Body=LARGE, Metadata={"scorelet-id": "a b"}, ContentType="text/csv")
    etag, version = ask.last["ETag"], ask.last["VersionId"]
    yield ask("head_object", ChecksumMode="ENABLED")
    yield ask("get_object", ChecksumMode="ENABLED")
    size = len(LARGE)
    for wanted in ("0-0", "5-10", f"{MIB - 1}-{MIB + 1}", f"{size - 3}-{size + 9}", "7-", "-9", f"0-{size - 1}"):
        yield ask("get_object", Range=f"bytes={wanted}")
    for wanted in ("bytes=1-2,4-5", "bytes=x", "lines=1-2", "bytes=9-3"):
        yield ask("get_object", Range=wanted)
    yield ask("get_object", Range=f"bytes={size}-")
    yield ask("get_object", IfMatch=etag, VersionId=version, Range="bytes=1-2")
    yield ask("get_object", IfMatch='"other"', Range="bytes=1-2")
    yield ask("get_object", IfNoneMatch=etag)
    yield ask("get_object", PartNumber=1)
    yield ask("get_object", VersionId="no such version")
    yield ask("get_object", key="none")
    yield ask("put_object", Body=LARGE[1:], IfNoneMatch="*")
    yield ask("put_object", Body=LARGE[2:], IfMatch=etag, ChecksumAlgorithm="SHA256")
    yield ask("get_object", ChecksumMode="ENABLED")
    yield ask("get_object", VersionId=version)
    yield ask("list_objects_v2", key=None)
    yield ask("list_object_versions", key=None)
    ask("copy_object", key="copy", CopySource={"Bucket": ask.bucket, "Key": "k", "VersionId": version})
    yield ask("get_object", key="copy")
    yield ask("delete_object", VersionId=version)
    yield ask("get_object", VersionId=version)
    yield ask("delete_object")
    yield ask("get_object")


def in_parts(ask):
    yield ask("put_object", key="source", Body=BYTES)
    yield ask("create_multipart_upload", Metadata={"a": "b"}, ContentType="text/csv")
    upload = ask.last["UploadId"]
    bodies = {3: BYTES[9:99], 1: BYTES[:PART], 2: BYTES[1000 : PART + 2000]}
    for number in (3, 2, 1, 2, 7):
        yield ask("upload_part", UploadId=upload, PartNumber=number, Body=bodies.get(number, b"not taken"))
    yield ask("upload_part", UploadId="none", PartNumber=1, Body=b"x")
    source = {"Bucket": ask.bucket, "Key": "source"}
    copied = {"CopySource": source, "CopySourceRange": f"bytes=3-{PART + 2}"}
    yield ask("upload_part_copy", UploadId=upload, PartNumber=5, **copied)
    yield ask("upload_part_copy", UploadId=upload, PartNumber=6, CopySource=source)
    yield ask("upload_part_copy", UploadId=upload, PartNumber=6, CopySource={**source, "Key": "none"})
    yield ask("upload_part_copy", UploadId="none", PartNumber=6, CopySource=source)
    yield ask("get_object", key="source")
    bodies[5] = BYTES[3 : PART + 3]
    yield ask("list_parts", UploadId=upload)
    tags = {number: f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"' for number, body in bodies.items()}

    def complete(*numbers, **other):
        parts = [{"PartNumber": n, "ETag": other.get(f"tag{n}", tags[n])} for n in numbers]
        return ask("complete_multipart_upload", UploadId=upload, MultipartUpload={"Parts": parts})

    yield complete(1, 2, tag2='"other"')
    yield complete(3, 5)  # one that is not the last is too small
    yield complete(1, 5, 3)  # not in order: moto says nothing, and it is not for us to say more
    yield ask("head_object")
    yield ask("get_object")
    yield ask("get_object", Range=f"bytes={PART - 5}-{PART + 5}")
    yield ask("get_object", Range="bytes=-95")
    yield ask("get_object", PartNumber=2)
    yield complete(1, 5, 3)  # once more, as after an answer that was lost
    yield ask("list_objects_v2", key=None)
    yield ask("create_multipart_upload", key="gone")
    upload = ask.last["UploadId"]
    yield ask("upload_part", key="gone", UploadId=upload, PartNumber=1, Body=BYTES)
    yield ask("abort_multipart_upload", key="gone", UploadId=upload)
    yield ask("list_parts", key="gone", UploadId=upload)


@pytest.mark.parametrize("conversation", [one_put, in_parts])
def test_moto_alone_answers_the_same(asked_of_both, conversation):
    alone, ours = asked_of_both(lambda ask: list(conversation(ask)))
    assert len(ours) > 20
    for one, other in zip(alone, ours, strict=True):
        assert other == one


def test_a_bucket_that_is_not_there_is_motos_to_tell(stack):
    s3 = stack.client("s3")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.get_object(Bucket="nobody", Key="k")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_object(Bucket="nobody", Key="k", Body=LARGE)


def test_what_moto_holds_of_a_large_object_is_whole_for_all_that_moto_does(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    answer = s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    key = stack.storage.stored(bucket, "k", answer["VersionId"])
    assert (key.value, key.size, key.etag) == (LARGE, len(LARGE), answer["ETag"])
    assert isinstance(key._value_buffer, Body)


def test_no_checksum_is_told_of_an_upload_in_parts_rather_than_a_wrong_one(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    begun = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **begun)["UploadId"]
    sent = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=BYTES, ChecksumAlgorithm="CRC32")
    parts = {"Parts": [{"PartNumber": 1, "ETag": sent["ETag"], "ChecksumCRC32": sent["ChecksumCRC32"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)
    answer = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert answer["Body"].read() == BYTES  # botocore would refuse a body that is not that of its checksum
    assert "ChecksumCRC32" not in answer


def test_parts_outlive_a_completion_that_cannot_be_read(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    tag = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=BYTES)["ETag"]
    url = f"{stack.endpoint_url}/{bucket}/k?uploadId={upload}"
    request = urllib.request.Request(url, data=b"<no xml", headers={"Authorization": "AWS x"}, method="POST")  # noqa: S310  # as below
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310  # the stack's own address
    refused.value.close()
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BYTES


def test_an_upload_that_breaks_off_leaves_nothing(stack):
    bucket, port = stack.bucket("DataBucket"), int(stack.endpoint_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"PUT /{bucket}/k HTTP/1.1\r\nHost: x\r\nContent-Length: {2 * MIB}\r\n\r\nonly this".encode())
        line.shutdown(socket.SHUT_WR)
        assert b"<Code>IncompleteBody</Code>" in line.makefile("rb").read()
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=bucket)
    assert stack.lose_events() == 0


def test_a_full_disk_is_told(stack, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "write", full)
    with pytest.raises(ClientError, match="No space left on device"):
        stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key="k", Body=LARGE)


def test_an_object_is_read_to_its_end_though_it_is_deleted_meanwhile(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    version = s3.put_object(Bucket=bucket, Key="k", Body=BYTES)["VersionId"]
    body = s3.get_object(Bucket=bucket, Key="k")["Body"]
    begun = body.read(1000)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    assert begun + body.read() == BYTES


def test_files_are_given_back_with_the_last_version(stack):
    s3, bucket, before = stack.client("s3"), stack.bucket("DataBucket"), nameless_files()
    version = s3.put_object(Bucket=bucket, Key="k", Body=LARGE)["VersionId"]
    s3.upload_fileobj(io.BytesIO(BYTES * 2), bucket, "l")
    assert len(nameless_files()) > len(before)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    s3.delete_object(Bucket=bucket, Key="l", VersionId=s3.head_object(Bucket=bucket, Key="l")["VersionId"])
    gc.collect()
    assert len(nameless_files()) == len(before)


def nameless_files():
    return [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink() and "(deleted)" in str(one.readlink())]


def test_memory_does_not_grow_with_an_object():
    small, large = (
        in_process(peak_of_an_upload, mib) for mib in (120, 480)
    )  # both have all threads of an upload at work
    print(small, large)
    assert large < small + 100


def peak_of_an_upload(mib):
    """MiB that a process has held which was the stack, and which uploaded an object in parts, read and copied it."""
    with LocalStack(TOY, stack_name="toy") as stack:
        s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
        s3.upload_fileobj(_Zeros(mib * MIB), bucket, "k")
        size = sum(len(piece) for piece in s3.get_object(Bucket=bucket, Key="k")["Body"].iter_chunks(MIB))
        assert size == mib * MIB
        s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy")
        for place in range(0, mib, 8):
            s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={place * MIB}-{place * MIB + 99}")["Body"].read()
        s3.put_object(Bucket=bucket, Key="l", Body=_Zeros(mib * MIB))
    return peak_mib()


class _Zeros(io.RawIOBase):
    """So many, none of them kept."""

    def __init__(self, size):
        self.size, self.place = size, 0

    def seekable(self):
        return True

    def readable(self):
        return True

    def tell(self):
        return self.place

    def seek(self, offset, whence=0):
        self.place = offset + (0, self.place, self.size)[whence]
        return self.place

    def readinto(self, buffer):
        got = min(len(buffer), self.size - self.place)
        buffer[:got] = bytes(got)
        self.place += got
        return got


def test_a_body_of_stretches_reads_as_one_file():
    spool = Spool()
    bodies = [spooled(io.BytesIO(text), len(text), spool)[0] for text in (b"three", b"", b"one", b"two!")]
    body, whole = Body.joined([bodies[2], bodies[1], bodies[3], bodies[0]]), b"onetwo!three"
    assert body.read() == whole
    assert (body.seek(-5, 2), body.read(3), body.read()) == (7, b"thr", b"ee")
    for begin in range(len(whole) + 1):
        for end in range(begin, len(whole) + 1):
            assert b"".join(body.pieces(begin, end)) == whole[begin:end]


def test_a_stream_that_ends_early_is_no_body():
    with pytest.raises(EOFError, match="4 bytes of 9 did not come"):
        spooled(io.BytesIO(b"three"), 9, Spool())
