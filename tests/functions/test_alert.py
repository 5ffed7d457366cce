"""functions/alert, whole: real events, the registry and the records in S3, the message in SNS."""

import importlib
import json
import sys
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns import sns_backends
from scorelet.errors import EventError, SettingsError

from tests.events import load_event
from tests.fakes.package import tiny_package

CONTEXT = SimpleNamespace(aws_request_id="lambda-1")
REGION = "eu-central-1"


@pytest.fixture
def aws(monkeypatch):
    with mock_aws():
        boto3.client("s3", region_name=REGION)  # pick up moto before the module's own clients
        topic = boto3.client("sns", region_name=REGION).create_topic(Name="notices")["TopicArn"]
        for name, value in {
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "MODEL_BUCKET": "models",
            "DATA_BUCKET": "data",
            "NOTIFICATION_TOPIC_ARN": topic,
            "ROLLBACK": "on",
            "POWERTOOLS_SERVICE_NAME": "demo",
            "POWERTOOLS_METRICS_NAMESPACE": "Scorelet",
        }.items():
            monkeypatch.setenv(name, value)
        s3 = boto3.client("s3")
        for bucket in ("models", "data"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield


@pytest.fixture
def app(aws):
    forget_clients()
    sys.modules.pop("functions.alert.app", None)  # a cold start
    yield importlib.import_module("functions.alert.app")
    forget_clients()


def forget_clients():
    from scorelet import aws_s3

    aws_s3.s3_client.cache_clear()


def sent():
    (topic,) = sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics.values()
    return [(subject, body) for _, body, subject, _, _ in topic.sent_notifications]


def metrics(capsys):
    return [line for text in capsys.readouterr().out.splitlines() if "_aws" in (line := json.loads(text))]


def test_importing_the_module_needs_no_environment_and_no_aws(monkeypatch):
    for name in ("MODEL_BUCKET", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    sys.modules.pop("functions.alert.app", None)
    app = importlib.import_module("functions.alert.app")
    with pytest.raises(SettingsError, match=r"MODEL_BUCKET.*DATA_BUCKET.*NOTIFICATION_TOPIC_ARN"):
        app.handler(load_event("alarm_eventbridge"), CONTEXT)


@pytest.mark.parametrize("name", ["alarm_eventbridge", "alarm_sns", "alarm_direct", "alarm_composite"])
def test_every_envelope_becomes_one_message_however_often_it_comes(app, capsys, name):
    event = load_event(name)
    assert len(app.handler(event, CONTEXT)["sent"]) == 1
    (line,) = metrics(capsys)
    assert (line["AlertsSent"], line["Rollbacks"]) == ([1.0], [0.0])
    assert line["_aws"]["Timestamp"] == 1772445912345
    assert app.handler(event, SimpleNamespace(aws_request_id="lambda-2")) == {"sent": []}
    ((subject, body),) = sent()
    assert subject.startswith("[ALARM] scorelet-")
    assert "WHAT TO DO" in body


def test_a_new_version_that_makes_errors_is_rolled_back_and_counted(app, capsys):
    from scorelet.aws_s3 import S3Store
    from scorelet.registry import Registry

    registry = Registry(S3Store(), "models")
    for version, minute in ((1, "00"), (2, "55")):
        registry.publish(tiny_package(version=version)[0])
        registry.promote("tiny", version, at=f"2026-03-02T09:{minute}:00Z", by="ann", why="better")
    event = load_event("alarm_eventbridge")
    event["detail"]["alarmName"] = "scorelet-predict-errors"
    app.handler(event, CONTEXT)
    assert registry.alias("tiny").current.version == 1
    (line,) = metrics(capsys)
    assert (line["Rollbacks"], line["Model"]) == ([1.0], "tiny")
    assert "tiny was rolled back from version 2 to version 1" in sent()[0][1]


def test_another_event_raises_so_that_it_is_kept(app):
    with pytest.raises(EventError):
        app.handler(load_event("schedule"), CONTEXT)
