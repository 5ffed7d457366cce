"""What S3 calls set off, for every way of writing an object and for keys that are hard to carry."""

import io
import subprocess
import sys
import urllib.request
from datetime import timedelta

import pytest
from boto3.s3.transfer import TransferConfig

HOSTILE = [
    "plain.csv",
    "with space.csv",
    "plus+plus.csv",
    "per%2Bcent.csv",
    "per%cent.csv",
    "quest?ion&amp=1.csv",
    "ünïcode/日本語.csv",
    "emoji-🌸.csv",
    "double//slash.csv",
    "trailing/",
    "semi;colon,comma='quote\".csv",
    "a" * 980,
]


def created(stack):
    stack.run_until_idle()
    return [e["detail"] for e in stack.events if e["detail-type"] == "Object Created"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_key_arrives_as_it_is(stack, name):
    key = f"other/{name}"
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=key, Body=b"12345")
    (detail,) = created(stack)
    assert detail["object"]["key"] == key
    assert detail["object"]["size"] == 5
    got = stack.client("s3").get_object(
        Bucket=stack.bucket("DataBucket"), Key=detail["object"]["key"], VersionId=detail["object"]["version-id"]
    )
    assert got["Body"].read() == b"12345"


@pytest.mark.parametrize("name", ["with space+plus%2B.csv", "日本語🌸.csv"])
def test_a_hostile_key_passes_the_queue_and_the_function(stack, name):
    bucket = stack.bucket("DataBucket")
    stack.client("s3").put_object(Bucket=bucket, Key=f"incoming/{name}", Body=b"x")
    stack.run_until_idle()
    assert stack.client("s3").head_object(Bucket=bucket, Key=f"done/{name}")["ContentLength"] == 1


def test_the_event_names_version_etag_size_and_a_growing_sequencer(stack):
    answers = [
        stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key="k", Body=body) for body in (b"1", b"22")
    ]
    first, second = created(stack)
    assert [d["object"]["version-id"] for d in (first, second)] == [a["VersionId"] for a in answers]
    assert [d["object"]["etag"] for d in (first, second)] == [a["ETag"].strip('"') for a in answers]
    assert [d["object"]["size"] for d in (first, second)] == [1, 2]
    assert first["object"]["sequencer"] < second["object"]["sequencer"]
    assert (first["reason"], first["bucket"]["name"]) == ("PutObject", stack.bucket("DataBucket"))


def test_a_multipart_upload_is_one_event_when_it_is_complete(stack):
    config = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, use_threads=False)
    size = 6 * 1024 * 1024
    stack.client("s3").upload_fileobj(io.BytesIO(b"x" * size), stack.bucket("DataBucket"), "big", Config=config)
    (detail,) = created(stack)
    assert (detail["reason"], detail["object"]["size"]) == ("CompleteMultipartUpload", size)
    assert detail["object"]["etag"].endswith("-2")
    assert detail["object"]["version-id"]


def test_what_is_created_is_as_old_as_the_clock_of_the_stack_says(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    for body in (b"1", b"22"):
        s3.put_object(Bucket=bucket, Key="k", Body=body)
    stack.advance(3600)
    s3.put_object(Bucket=bucket, Key="l", Body=b"3")
    times = [item["LastModified"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert times == [stack.clock.now() - timedelta(hours=1), stack.clock.now()]
    (current, _, old) = (v["IsLatest"] for v in s3.list_object_versions(Bucket=bucket)["Versions"])
    assert (current, old) == (True, True)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"22"


def test_events_can_be_lost(stack):
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key="k", Body=b"1")
    assert stack.lose_events() == 1
    assert created(stack) == []


def test_a_copy_is_an_event_of_its_own(stack):
    bucket, s3 = stack.bucket("DataBucket"), stack.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"123")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    _, detail = created(stack)
    assert (detail["reason"], detail["object"]["key"], detail["object"]["size"]) == ("CopyObject", "b", 3)


def test_a_deletion_is_told_as_a_deletion(stack):
    bucket, s3 = stack.bucket("DataBucket"), stack.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"123")
    s3.delete_object(Bucket=bucket, Key="a")
    stack.run_until_idle()
    event = stack.events[-1]
    assert event["detail-type"] == "Object Deleted"
    assert event["detail"]["deletion-type"] == "Delete Marker Created"


def test_a_refused_conditional_write_is_no_event(stack):
    bucket, s3 = stack.bucket("DataBucket"), stack.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")
    assert len(created(stack)) == 1


def test_reading_tagging_and_other_buckets_are_no_events(stack):
    bucket, s3 = stack.bucket("DataBucket"), stack.client("s3")
    s3.create_bucket(Bucket="elsewhere")
    s3.put_object(Bucket="elsewhere", Key="a", Body=b"1")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.get_object(Bucket=bucket, Key="a")
    assert len(created(stack)) == 1


def test_a_presigned_address_works_with_plain_http(stack):
    url = stack.client("s3").generate_presigned_url(
        "put_object", Params={"Bucket": stack.bucket("DataBucket"), "Key": "signed +.csv"}
    )
    request = urllib.request.Request(url, data=b"abc", method="PUT")  # noqa: S310  # the stack's own address
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # as above
        assert answer.status == 200
    (detail,) = created(stack)
    assert detail["object"]["key"] == "signed +.csv"


def test_another_process_sees_the_same_storage(stack):
    script = (
        "import boto3, sys; s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1',"
        " aws_access_key_id='x', aws_secret_access_key='y');"
        " s3.put_object(Bucket=sys.argv[2], Key='incoming/far.csv', Body=b'1')"
    )
    subprocess.run([sys.executable, "-c", script, stack.endpoint_url, stack.bucket("DataBucket")], check=True)
    stack.run_until_idle()
    assert stack.client("s3").head_object(Bucket=stack.bucket("DataBucket"), Key="done/far.csv")
