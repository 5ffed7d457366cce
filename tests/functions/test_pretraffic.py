"""functions/pretraffic, whole: CodeDeploy's event, a registry behind HTTP, predict itself as the version on trial."""

import importlib
import json
import os
import sys
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from scorelet.errors import EventError
from scorelet.registry import Registry

from tests.events import load_event
from tests.fakes.deployment import deployment
from tests.fakes.package import tiny_package

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}
EVENT = load_event("codedeploy_pretraffic")
NEW_VERSION = "arn:aws:lambda:us-east-1:123456789012:function:predict:8"
MODEL_KEY = "models/iris/1/model.tflite"


def context(seconds_left=300):
    return SimpleNamespace(aws_request_id="lambda-1", get_remaining_time_in_millis=lambda: seconds_left * 1000)


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def environ(server, monkeypatch, request):
    bucket = f"models-{abs(hash(request.node.name))}"  # one server, a bucket for each test
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "MODEL_BUCKET": bucket,
        "NEW_VERSION": NEW_VERSION,
        "POWERTOOLS_SERVICE_NAME": "demo",
        "GOLDEN_REPLAY": "on",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def registry(environ):
    from scorelet import aws_s3

    aws_s3.s3_client.cache_clear()
    client = aws_s3.s3_client()
    bucket = os.environ["MODEL_BUCKET"]
    client.create_bucket(Bucket=bucket)
    yield Registry(aws_s3.S3Store(client), bucket)
    aws_s3.s3_client.cache_clear()


@pytest.fixture
def predict(registry):
    sys.modules.pop("functions.predict.app", None)  # a cold start
    app = importlib.import_module("functions.predict.app")
    return lambda event: app.handler(event, context())


@pytest.fixture
def hook(predict, environ):
    """The function, called; `seen` is what it did."""
    sys.modules.pop("functions.pretraffic.app", None)
    app = importlib.import_module("functions.pretraffic.app")
    with deployment(predict) as seen:
        for name, value in seen.environ().items():
            environ.setenv(name, value)
        yield SimpleNamespace(seen=seen, call=lambda event=EVENT, **left: app.handler(event, context(**left)))


def publish(registry, name="iris", version=1, promote=True):
    registry.publish(tiny_package(name=name, version=version)[0])
    if promote:
        registry.promote(name, version, **WHO)


def spoil(registry, key=MODEL_KEY):
    boto3.client("s3").put_object(Bucket=os.environ["MODEL_BUCKET"], Key=key, Body=b"other bytes")


def reported(hook):
    (report,) = hook.seen.reports
    assert report["deploymentId"] == EVENT["DeploymentId"]
    assert report["lifecycleEventHookExecutionId"] == EVENT["LifecycleEventHookExecutionId"]
    return report["status"]


def test_importing_the_module_needs_no_environment_and_no_aws(monkeypatch):
    for name in ("MODEL_BUCKET", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    sys.modules.pop("functions.pretraffic.app", None)
    importlib.import_module("functions.pretraffic.app")


def test_a_version_that_answers_every_live_model_rightly_may_take_traffic(hook, registry):
    publish(registry)
    publish(registry, name="other")
    publish(registry, name="unpromoted", promote=False)
    assert hook.call() == {"status": "Succeeded"}
    assert reported(hook) == "Succeeded"
    assert [name for name, _ in hook.seen.asked] == [NEW_VERSION] * 2
    assert [event["rawPath"] for _, event in hook.seen.asked] == [f"/v1/models/{m}:predict" for m in ("iris", "other")]


def test_a_registry_without_a_live_model_holds_no_deployment_up(hook, registry):
    publish(registry, promote=False)
    hook.call()
    assert (reported(hook), hook.seen.asked) == ("Succeeded", [])


def test_a_wrong_answer_keeps_traffic_away_and_the_log_names_the_model(hook, registry, predict, caplog):
    def wrong(event):
        answer = predict(event)
        body = json.loads(answer["body"])
        for prediction in body["predictions"]:
            prediction["probabilities"] = dict.fromkeys(prediction["probabilities"], 1 / 3)
        return {**answer, "body": json.dumps(body)}

    publish(registry)
    publish(registry, name="other")
    hook.seen.answer = wrong
    assert hook.call() == {"status": "Failed"}
    assert reported(hook) == "Failed"
    told = [(r.model, r.problem) for r in caplog.records if r.levelname == "ERROR"]
    assert [model for model, _ in told] == ["iris", "other"], "one failure does not hide the other"
    assert "answers differ by" in told[0][1]


def test_a_model_that_the_new_version_refuses_keeps_traffic_away(hook, registry, caplog, capsys):
    publish(registry)
    spoil(registry)
    hook.call()
    assert reported(hook) == "Failed"
    assert any(getattr(r, "problem", "") == "the answer is 503 package_refused" for r in caplog.records)
    assert "ModelRefused" not in capsys.readouterr().out, "an alarm could roll the model back, and callers have it"


def test_a_version_that_crashes_keeps_traffic_away(hook, registry, caplog):
    publish(registry)
    hook.seen.answer = lambda event: 1 / 0
    hook.call()
    assert reported(hook) == "Failed"
    assert any(getattr(r, "problem", "") == "the function failed: ZeroDivisionError" for r in caplog.records)


def test_a_version_that_cannot_be_reached_keeps_traffic_away(hook, registry, environ, monkeypatch):
    publish(registry)
    from scorelet import aws_lambda

    monkeypatch.setattr(aws_lambda, "_CONFIG", aws_lambda._CONFIG.merge(aws_lambda.Config(retries={"max_attempts": 0})))
    environ.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9")
    hook.call()
    assert reported(hook) == "Failed"


@pytest.mark.parametrize("name", ["MODEL_BUCKET", "NEW_VERSION"])
def test_a_fault_of_the_hook_itself_is_reported_too(hook, environ, name, caplog):
    environ.delenv(name)
    hook.call()
    assert reported(hook) == "Failed"
    assert f"{name} is not set" in caplog.records[-2].fault


def test_a_bucket_that_cannot_be_read_is_reported_too(hook, environ):
    environ.setenv("MODEL_BUCKET", "no-such-bucket")
    hook.call()
    assert reported(hook) == "Failed"


def test_what_there_is_no_time_for_is_not_taken_as_passed(hook, registry):
    publish(registry)
    hook.call(seconds_left=10)
    assert (reported(hook), hook.seen.asked) == ("Failed", [])


def test_it_can_be_turned_off(hook, registry, environ):
    publish(registry)
    spoil(registry)
    environ.setenv("GOLDEN_REPLAY", "off")
    hook.call()
    assert (reported(hook), hook.seen.asked) == ("Succeeded", [])


def test_a_report_that_fails_raises_so_that_lambda_calls_again(hook, registry):
    hook.seen.error = "DeploymentDoesNotExistException"
    with pytest.raises(ClientError, match="DeploymentDoesNotExist"):
        hook.call()


def test_a_report_that_codedeploy_already_has_is_no_error(hook, registry):
    hook.seen.error = "LifecycleEventAlreadyCompletedException"
    assert hook.call() == {"status": "Succeeded"}


def test_another_event_raises_and_reports_nothing(hook):
    with pytest.raises(EventError, match="DeploymentId"):
        hook.call(load_event("schedule"))
    assert hook.seen.reports == []


def test_a_rehearsal_is_no_traffic(hook, registry, capsys):
    publish(registry)
    hook.call()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert not [line for line in lines if "_aws" in line or "scorelet" in line]


def test_the_log_holds_no_value_of_a_golden_record(hook, registry, caplog):
    publish(registry)
    spoil(registry)
    hook.call()
    record = tiny_package(name="iris")[1].golden.records[0]
    assert str(record["amount"]) not in str([vars(r) for r in caplog.records])
