"""The real template and functions in the local plane: the schedule fires, and a file whose event was lost is scored."""

import json
from pathlib import Path

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.reconcile_sweep import CURSOR
from scorelet.registry import Registry

from cli.plane.stack import LocalStack
from tests.fakes.package import tiny_package

ROOT = Path(__file__).parents[3]
HOUR = 3600
GOOD = b"amount,age,member,colour\n5.10,33,true,red\n7,,0,light green\n"


@pytest.fixture
def stack():
    with LocalStack(ROOT / "template.yaml") as one:
        registry = Registry(S3Store(one.client("s3")), one.bucket("ModelBucket"))
        registry.publish(tiny_package()[0])
        registry.promote("tiny", 1, at="2026-01-01T00:00:00Z", by="a test", why="to see")
        yield one


def drop(stack, name, *, lost=False):
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=f"incoming/tiny/{name}", Body=GOOD)
    if lost:
        assert stack.lose_events() == 1
    stack.run_until_idle()


def objects(stack, prefix):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def scored(stack):
    """The files that have a manifest, once for each."""
    found = objects(stack, "scored/")
    return [json.loads(body)["source"]["key"][14:] for key, body in found.items() if key.endswith("manifest.json")]


def test_a_file_whose_event_was_lost_is_scored_at_the_next_firing_but_one_grace(stack):
    drop(stack, "heard.csv")
    drop(stack, "lost.csv", lost=True)
    assert scored(stack) == ["heard.csv"]
    stack.advance(6 * HOUR)
    assert scored(stack) == ["heard.csv", "lost.csv"]
    heard, lost = (json.loads(body) for key, body in objects(stack, "scored/").items() if key.endswith("manifest.json"))
    assert lost["time"] == heard["time"] == "2026-01-01T00:00:00Z"
    parts = [body for key, body in objects(stack, "scored/").items() if key.endswith(".csv")]
    assert parts[0] == parts[1]
    drop(stack, "fresh.csv", lost=True)
    stack.advance(6 * HOUR)
    stack.redeliver(next(event for event in stack.events if event["detail-type"] == "Object Created"))
    assert sorted(scored(stack)) == ["fresh.csv", "heard.csv", "lost.csv"]
    assert stack.queue("BatchQueue").messages == []


def test_the_sweep_of_the_schedule_is_kept_and_told(stack):
    drop(stack, "lost.csv", lost=True)
    stack.advance(12 * HOUR)
    sweep = json.loads(objects(stack, CURSOR)[CURSOR])
    assert (sweep["done"], sweep["files"], sweep["announced"], sweep["unfinished"]) == (True, 1, 0, 0)
    told = [json.loads(e.message) for e in stack.logs("BatchFunction") if '"FilesReconciled":[' in e.message]
    assert [(line["FilesReconciled"], line["UnfinishedFiles"]) for line in told] == [([1], [0]), ([0], [0])]


def test_a_file_that_is_given_up_on_is_not_sent_again_and_again(stack):
    models = stack.bucket("ModelBucket")
    stack.client("s3").put_object(Bucket=models, Key="models/tiny/1/model.tflite", Body=b"other bytes")
    drop(stack, "lost.csv", lost=True)
    stack.advance(24 * HOUR)
    assert scored(stack) == []
    assert len(stack.queue("BatchDeadLetters").messages) == 1
    sweep = json.loads(objects(stack, CURSOR)[CURSOR])
    assert sweep["unfinished"] == 1
