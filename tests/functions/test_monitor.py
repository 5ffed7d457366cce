"""functions/monitor, whole: real events in, Parquet and reports in S3, metrics in the log."""

import base64
import gzip
import importlib
import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from scorelet.errors import EventError, ObjectMissing, PackageRefused, SettingsError

from tests.events import load_event
from tests.fakes.answers import loaded, manifest_of, spread
from tests.fakes.package import tiny_package, tiny_records

CONTEXT = SimpleNamespace(aws_request_id="lambda-1")
WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)  # the time of events/schedule.json


@pytest.fixture
def aws(monkeypatch):
    with mock_aws():
        for name, value in {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "MODEL_BUCKET": "models",
            "DATA_BUCKET": "scorelet-data",
            "POWERTOOLS_SERVICE_NAME": "demo",
            "POWERTOOLS_METRICS_NAMESPACE": "Scorelet",
        }.items():
            monkeypatch.setenv(name, value)
        s3 = boto3.client("s3")
        for bucket in ("models", "scorelet-data"):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield s3


@pytest.fixture
def app(aws):
    forget_clients()
    sys.modules.pop("functions.monitor.app", None)  # a cold start
    yield importlib.import_module("functions.monitor.app")
    forget_clients()


def forget_clients():
    from scorelet import aws_s3

    aws_s3.s3_client.cache_clear()


@pytest.fixture
def registry(app):
    from scorelet.aws_s3 import S3Store
    from scorelet.registry import Registry

    registry = Registry(S3Store(), "models")
    registry.publish(tiny_package()[0])
    registry.promote("tiny", 1, **WHO)
    return registry


def logs_event(batch):
    events = [{"id": e.id, "timestamp": e.timestamp_ms, "message": e.message} for e in batch.events]
    document = {"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s", "logEvents": events}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()}}


def shifted(n):
    return [{**r, "amount": min(1000.0, r["amount"] + 600)} for r in tiny_records(n, seed=99)]


def metrics(capsys):
    return [line for text in capsys.readouterr().out.splitlines() if "_aws" in (line := json.loads(text))]


def keys(s3, prefix):
    return [item["Key"] for item in s3.list_objects_v2(Bucket="scorelet-data", Prefix=prefix).get("Contents", ())]


def test_importing_the_module_needs_no_environment_and_no_aws(monkeypatch):
    for name in ("MODEL_BUCKET", "DATA_BUCKET", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    sys.modules.pop("functions.monitor.app", None)
    app = importlib.import_module("functions.monitor.app")
    with pytest.raises(SettingsError, match=r"MODEL_BUCKET.*DATA_BUCKET"):
        app.handler(load_event("schedule"), CONTEXT)


def test_the_example_delivery_is_collected_once(app, aws):
    first = app.handler(load_event("logs_predictions"), CONTEXT)
    assert first == app.handler(load_event("logs_predictions"), CONTEXT)
    (key,) = first["collected"]
    assert key.startswith("predictions/date=2026-03-02/hour=09/log-")
    assert len(aws.list_object_versions(Bucket="scorelet-data", Prefix=key)["Versions"]) == 1


def test_the_example_manifest_is_collected(app, aws):
    event = load_event("s3_scored_manifest")
    place = event["detail"]["object"]
    body = manifest_of(loaded(), tiny_records(50), NOW - timedelta(hours=1), "5f0c9a3be1d24a67c8b0")
    answer = aws.put_object(Bucket="scorelet-data", Key=place["key"], Body=body)
    place["version-id"] = answer["VersionId"]
    assert app.handler(event, CONTEXT) == {
        "collected": ["predictions/date=2026-03-02/hour=09/run-5f0c9a3be1d24a67c8b0.parquet"]
    }


def test_a_manifest_that_is_gone_raises_so_that_the_event_is_kept(app):
    with pytest.raises(ObjectMissing):
        app.handler(load_event("s3_scored_manifest"), CONTEXT)


def test_shifted_traffic_moves_the_metrics_at_the_schedules_time(app, registry, aws, capsys):
    app.handler(logs_event(spread(loaded(), shifted(500), NOW - timedelta(hours=20), 20)), CONTEXT)
    assert app.handler(load_event("schedule"), CONTEXT) == {"evaluated": ["tiny"]}
    (line,) = metrics(capsys)
    assert line["_aws"]["Timestamp"] == 1772445600000
    assert (line["service"], line["Model"]) == ("demo", "tiny")
    assert line["WindowRows"] == [500.0]
    assert line["DriftedFeatures"][0] >= 1
    assert line["DriftEffect"][0] > 0.1
    assert keys(aws, "monitor/") == ["monitor/tiny/date=2026-03-02/100000.json", "monitor/tiny/latest.json"]


def test_a_model_that_cannot_be_judged_does_not_keep_the_others_from_it(app, registry, aws, capsys):
    registry.publish(tiny_package(name="broken")[0])
    registry.promote("broken", 1, **WHO)
    registry.publish(tiny_package(name="waiting")[0])
    aws.put_object(Bucket="models", Key="models/broken/1/manifest.json", Body=b"{}")
    with pytest.raises(PackageRefused, match="broken"):
        app.handler(load_event("schedule"), CONTEXT)
    (line,) = metrics(capsys)
    assert (line["Model"], line["WindowRows"]) == ("tiny", [0.0])


def test_another_event_raises_so_that_it_is_kept(app):
    with pytest.raises(EventError):
        app.handler(load_event("alarm_direct"), CONTEXT)
