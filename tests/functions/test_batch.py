"""functions/batch, whole: SQS events in, objects in S3 and metrics out."""

import importlib
import json
import logging
import sys
from typing import Any

import boto3
import pytest
from moto import mock_aws
from scorelet.aws_s3 import S3Store, s3_client
from scorelet.registry import Registry

from tests.fakes.package import tiny_package

DATA, MODELS = "data-bucket", "model-bucket"
GOOD = b"amount,age,member,colour\n5.10,33,true,red\n7,,0,light green\nnan,1,1,red\n"
KEY = "incoming/tiny/a +%2B \u00fc.csv"


@pytest.fixture
def s3(monkeypatch):
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "MODEL_BUCKET": MODELS,
        "DATA_BUCKET": DATA,
        "POWERTOOLS_SERVICE_NAME": "demo",
        "POWERTOOLS_METRICS_NAMESPACE": "Scorelet",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    s3_client.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        for bucket in (DATA, MODELS):
            client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        registry = Registry(S3Store(), MODELS)
        registry.publish(tiny_package()[0])
        registry.promote("tiny", 1, at="2026-01-01T00:00:00Z", by="a test", why="to see")
        yield client
    s3_client.cache_clear()


@pytest.fixture
def app(s3, capsys):  # the logger keeps the standard output it finds at import
    sys.modules.pop("functions.batch.app", None)  # a cold start
    logging.Logger.manager.loggerDict.pop("demo", None)
    return importlib.import_module("functions.batch.app")


class Minutes:
    """A context with so many minutes left."""

    def __init__(self, left=5):
        self.left = left

    def get_remaining_time_in_millis(self):
        return self.left * 60_000


def eventbridge(s3, key=KEY, body=GOOD, bucket=DATA):
    answer = s3.put_object(Bucket=DATA, Key=key, Body=body)
    item = {"key": key, "size": len(body), "etag": answer["ETag"].strip('"'), "version-id": answer["VersionId"]}
    detail = {"bucket": {"name": bucket}, "object": item}
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-03-02T09:30:00Z",
        "detail": detail,
    }


def sqs(*bodies):
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {"Records": [{"messageId": f"m{i}", "body": text} for i, text in enumerate(texts)]}


def failed(answer):
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def listed(s3, prefix):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=DATA, Prefix=prefix).get("Contents", ())]


def test_a_dropped_file_is_scored_and_measured_once_however_often_it_is_announced(app, s3, capsys):
    event = sqs(eventbridge(s3))
    assert [app.handler(event, Minutes()) for _ in range(3)] == [{"batchItemFailures": []}] * 3
    found = listed(s3, "scored/") + listed(s3, "rejected/")
    assert [key.rsplit("/", 1)[1] for key in found] == ["manifest.json", "part-00000.csv", "part-00000.csv"]
    metrics = [line for line in lines(capsys) if "_aws" in line]
    assert len(metrics) == 1
    told = {name: metrics[0][name] for name in ("FilesScored", "FilesFailed", "RowsIn", "RowsScored", "RowsRejected")}
    assert told == {"FilesScored": [1], "FilesFailed": [0], "RowsIn": [3], "RowsScored": [2], "RowsRejected": [1]}
    assert metrics[0]["Model"] == "tiny"
    assert metrics[0]["_aws"]["Timestamp"] == 1772443800000


def test_a_bad_message_comes_again_and_its_neighbours_are_done(app, s3):
    gone = eventbridge(s3, "incoming/tiny/gone.csv")
    gone["detail"]["object"]["version-id"] = "00000000-0000-0000-0000-000000000000"
    answer = app.handler(
        sqs(
            "no JSON",
            eventbridge(s3, "incoming/tiny/1.csv"),
            {"Service": "Amazon S3", "Event": "s3:TestEvent"},
            eventbridge(s3, "scored/tiny/x.csv"),
            eventbridge(s3, bucket="somebody-elses"),
            gone,
            eventbridge(s3, "incoming/tiny/2.csv"),
        ),
        Minutes(),
    )
    assert failed(answer) == ["m0", "m3", "m4", "m5"]
    assert len(listed(s3, "scored/tiny/1.csv/")) == len(listed(s3, "scored/tiny/2.csv/")) == 2


@pytest.mark.parametrize("key", ["incoming/", "incoming/tiny/", "incoming/tiny/2026/"])
def test_a_folder_made_in_the_console_is_no_file(app, s3, capsys, key):
    assert failed(app.handler(sqs(eventbridge(s3, key, b"")), Minutes())) == []
    assert listed(s3, "scored/") == listed(s3, "rejected/") == []
    assert failed(app.handler(sqs(eventbridge(s3, "incoming/tiny/", b"rows")), Minutes())) == ["m0"]


def test_a_settings_file_is_neither_scored_nor_counted_and_the_files_beside_it_follow_it(app, s3, capsys):
    settings = eventbridge(s3, "incoming/tiny/day/_scorelet.toml", b'drop = ["amount"]\nid = "colour"\n')
    assert failed(app.handler(sqs(settings), Minutes())) == []
    assert listed(s3, "scored/") == listed(s3, "rejected/") == listed(s3, "runs/") == []
    assert [line for line in lines(capsys) if "_aws" in line] == []
    assert failed(app.handler(sqs(eventbridge(s3, "incoming/tiny/day/a.csv")), Minutes())) == []
    (part,) = [key for key in listed(s3, "scored/") if key.endswith(".csv")]
    body = s3.get_object(Bucket=DATA, Key=part)["Body"].read()
    assert body.splitlines()[0].startswith(b"age,member,colour,prediction,")


def test_a_mistake_in_the_settings_is_a_failed_file_with_a_reason(app, s3, capsys):
    s3.put_object(Bucket=DATA, Key="incoming/tiny/_scorelet.toml", Body=b"header = 7")
    assert failed(app.handler(sqs(eventbridge(s3)), Minutes())) == []
    assert [line["FilesFailed"] for line in lines(capsys) if "_aws" in line] == [[1]]
    (key,) = [key for key in listed(s3, "scored/") if key.endswith("manifest.json")]
    error = json.loads(s3.get_object(Bucket=DATA, Key=key)["Body"].read())["error"]
    assert error == {"code": "bad_settings", "reason": "header is 7, not true or false (in _scorelet.toml)"}


def test_a_comparison_is_scored_logged_and_counted_nowhere(app, s3, capsys):
    for key, version in (("incoming/tiny/a.csv", "1"), ("incoming/tiny/b.csv", "9")):
        event = eventbridge(s3, key)
        answer = s3.put_object(Bucket=DATA, Key=key, Body=GOOD, Metadata={"scorelet-version": version})
        event["detail"]["object"]["version-id"] = answer["VersionId"]
        app.logger.logger_handler.stream = sys.stdout  # pytest has closed the one it saw at import
        assert failed(app.handler(sqs(event), Minutes())) == []
    told = lines(capsys)
    assert [line for line in told if "_aws" in line] == []
    assert [line["status"] for line in told if line["message"] == "file done"] == ["scored", "unreadable"]


def test_a_file_that_cannot_be_read_is_done_and_counted_as_failed(app, s3, capsys):
    event = sqs(eventbridge(s3, body=b"\x89PNG\r\n"), eventbridge(s3, "incoming/nobody/a.csv"))
    assert failed(app.handler(event, Minutes())) == []
    assert [line["FilesFailed"] for line in lines(capsys) if "_aws" in line] == [[1], [1]]


def test_a_refused_model_scores_nothing_and_the_file_comes_again(app, s3, capsys):
    s3.put_object(Bucket=MODELS, Key="models/tiny/1/model.tflite", Body=b"other bytes")
    assert failed(app.handler(sqs(eventbridge(s3)), Minutes())) == ["m0"]
    assert listed(s3, "scored/") == []
    assert [line["ModelRefused"] for line in lines(capsys) if "_aws" in line] == [[1]]


def test_files_that_a_call_has_no_time_for_are_handed_back_untouched(app, s3, capsys):
    """The first always gets its chance; the others come again, and have a call of their own if need be."""
    event = sqs(*(eventbridge(s3, f"incoming/tiny/{name}.csv") for name in "abc"))
    assert failed(app.handler(event, Minutes(1))) == ["m1", "m2"]
    assert {key.split("/")[2] for key in listed(s3, "scored/") + listed(s3, "runs/")} == {"a.csv"}
    assert failed(app.handler(event, Minutes(5))) == []
    assert sum(line["FilesScored"][0] for line in lines(capsys) if "FilesScored" in line) == 3


def test_the_log_holds_neither_keys_nor_rows(app, s3, capsys):
    secret = eventbridge(s3, "incoming/tiny/jane doe.csv", b"amount,age,member,colour,jane\n1,1,1,red,jane\njane,,,,\n")
    gone = eventbridge(s3, "incoming/tiny/jane gone.csv")
    gone["detail"]["object"]["version-id"] = "00000000-0000-0000-0000-000000000000"
    broken = eventbridge(s3, "incoming/tiny/jane empty.csv", b"jane\n")
    app.logger.logger_handler.stream = sys.stdout  # pytest has closed the one it saw at import
    app.handler(sqs(secret, gone, broken, "jane {"), Minutes())
    output = capsys.readouterr()
    assert "jane" not in output.out + output.err
    assert sum('"file done"' in line for line in output.out.splitlines()) == 2


JOB: dict[str, Any] = {
    "source": {"bucket": DATA, "key": KEY, "version_id": None, "etag": "e", "size": 9, "time": "2026-03-02T09:30:00Z"},
    "run": "0" * 20,
    "model": {"version": 1, "digest": "sha256:0"},
    "settings": {"max_reject_rate": 1.0},
    "form": {"kind": "csv", "packed": False, "delimiter": ","},
}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"step": "dance", "job": JOB}, "EventError"),
        ({"step": "cut"}, "EventError"),
        ({"step": "cut", "job": {**JOB, "model": {}}}, "EventError"),
        ({"step": "cut", "job": {**JOB, "source": {**JOB["source"], "bucket": "somebody-elses"}}}, "EventError"),
        ({"step": "measure", "job": JOB, "item": {"number": 0, "begin": 0, "end": 9}}, "ObjectMissing"),
        ({"step": "score", "job": JOB, "item": {"number": 1, "begin": 0, "end": 9, "line": 1}}, "PackageRefused"),
        ({"step": "failed", "job": JOB, "item": {"Error": "E", "Cause": "c"}}, "RunFailed"),
    ],
)
def test_a_step_that_cannot_be_done_is_an_error_that_the_state_machine_can_tell_apart(app, event, error):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - by name, as the state machine does
        app.handler(event, Minutes())
    assert type(caught.value).__name__ == error


def test_the_message_of_an_unforeseen_error_does_not_leave_the_function(app, monkeypatch):
    def stumble(*_):
        raise ValueError("could not convert 'jane'")

    monkeypatch.setattr(app, "cut_file", stumble)
    with pytest.raises(RuntimeError) as caught:
        app.handler({"step": "cut", "job": JOB}, Minutes())
    assert "ValueError at" in str(caught.value)
    assert "jane" not in str(caught.value)


def test_an_incomplete_environment_names_everything_that_is_missing(app, monkeypatch):
    monkeypatch.delenv("MODEL_BUCKET")
    monkeypatch.delenv("DATA_BUCKET")
    with pytest.raises(Exception, match=r"MODEL_BUCKET.*DATA_BUCKET"):
        app.handler(sqs(), Minutes())
