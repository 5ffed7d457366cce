"""functions/predict, whole: real events, a registry behind HTTP, the lines it leaves in the log."""

import importlib
import json
import sys
from types import SimpleNamespace

import boto3
import pytest
from moto.server import ThreadedMotoServer
from scorelet.registry import Registry

from tests.events import load_event
from tests.fakes.package import tiny_package, tiny_records

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}
CONTEXT = SimpleNamespace(aws_request_id="lambda-1")


class PutOnly:
    """Just enough of a store to fill a registry."""

    def __init__(self, client):
        self.client = client

    def put_if_absent(self, bucket, key, body, content_type=""):
        self.client.put_object(Bucket=bucket, Key=key, Body=body)
        return True


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def s3(server, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "MODEL_BUCKET": "predict-models",
        "POWERTOOLS_SERVICE_NAME": "demo",
        "POWERTOOLS_METRICS_NAMESPACE": "Scorelet",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="predict-models")
    store = PutOnly(client)
    manifest, digest = Registry(store, "predict-models").publish(tiny_package(name="iris")[0])
    alias = {"version": manifest.version, "digest": digest, **WHO, "history": []}
    client.put_object(Bucket="predict-models", Key="models/iris/aliases/live.json", Body=json.dumps(alias).encode())
    return client


@pytest.fixture
def app(s3):
    sys.modules.pop("functions.predict.app", None)  # a cold start
    return importlib.import_module("functions.predict.app")


def ask(app, event, capsys, **changes):
    answer = app.handler({**event, **changes}, CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return answer["statusCode"], json.loads(answer["body"]), lines


def tiny_body(n=1):
    return json.dumps({"instances": tiny_records(n)})


def test_importing_the_module_needs_no_environment_and_no_aws(monkeypatch):
    for name in ("MODEL_BUCKET", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    sys.modules.pop("functions.predict.app", None)
    importlib.import_module("functions.predict.app")


@pytest.mark.parametrize("name", ["http_v2_predict", "rest_v1_predict"])
def test_both_kinds_of_api_get_an_answer_that_names_the_model(app, capsys, name):
    status, body, lines = ask(app, load_event(name), capsys, body=tiny_body(), isBase64Encoded=False)
    assert status == 200
    assert body["model"] == "iris"
    record = next(line for line in lines if line.get("scorelet") == "predictions")
    assert record["id"] == body["prediction_id"]
    assert (record["version"], len(record["bins"]), len(record["bins"][0])) == (1, 1, 4)


def test_metrics_stand_at_the_requests_time_by_service_and_by_model(app, capsys):
    event = load_event("http_v2_predict")
    _, _, lines = ask(app, event, capsys, body=tiny_body(3))
    metrics = next(line for line in lines if "_aws" in line)
    assert metrics["_aws"]["Timestamp"] == event["requestContext"]["timeEpoch"]
    assert (metrics["service"], metrics["Model"]) == ("demo", "iris")
    assert (metrics["Requests"], metrics["RowsScored"], metrics["Faults"]) == ([1.0], [3.0], [0.0])


def test_no_line_of_the_log_holds_a_value_of_the_request(app, capsys):
    record = {**tiny_records(1)[0], "amount": 123.456789, "colour": "a secret colour"}
    _, body, lines = ask(app, load_event("http_v2_predict"), capsys, body=json.dumps({"instances": [record]}))
    assert body["code"] == "invalid_records"
    text = json.dumps(lines) + json.dumps(body)
    assert "123.456789" not in text
    assert "a secret colour" not in text


def test_a_refusal_is_counted_and_leaves_no_prediction_line(app, capsys):
    status, body, lines = ask(app, load_event("http_v2_bad_request"), capsys)
    assert status == 400
    assert body["remedy"]
    assert not [line for line in lines if "scorelet" in line]
    assert next(line for line in lines if "_aws" in line)["InvalidRequests"] == [1.0]


def test_a_name_from_the_path_is_no_dimension_unless_the_model_exists(app, capsys):
    status, _, lines = ask(app, load_event("http_v2_predict"), capsys, rawPath="/v1/models/made-up:predict")
    assert status == 404
    assert "Model" not in next(line for line in lines if "_aws" in line)


def test_a_registry_that_is_away_is_a_500_with_an_id_and_says_nothing_of_the_inside(app, capsys, caplog, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    event = load_event("http_v2_predict")
    status, body, lines = ask(app, event, capsys)
    assert (status, body["code"]) == (500, "fault")
    assert body["request_id"] == event["requestContext"]["requestId"]
    assert "127.0.0.1" not in json.dumps(body)
    assert "S3Unavailable at" in caplog.records[-1].fault
    assert next(line for line in lines if "_aws" in line)["Faults"] == [1.0]


def test_an_event_of_another_shape_is_our_misconfiguration_and_no_crash(app):
    answer = app.handler({"Records": []}, CONTEXT)
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == "bad_event"


def put_alias(s3, **more):
    store = PutOnly(s3)
    _, digest = Registry(store, "predict-models").publish(tiny_package(name="iris", version=2)[0])
    entry = {"version": 2, "digest": digest, **WHO}
    body = json.loads(s3.get_object(Bucket="predict-models", Key="models/iris/aliases/live.json")["Body"].read())
    body |= {name: entry if value is None else [{**entry, "weight": value}] for name, value in more.items()}
    s3.put_object(Bucket="predict-models", Key="models/iris/aliases/live.json", Body=json.dumps(body).encode())


def test_a_shadow_is_only_logged_and_its_mark_is_not_that_of_answers(app, s3, capsys):
    put_alias(s3, shadow=None)
    _, body, lines = ask(app, load_event("http_v2_predict"), capsys, body=tiny_body(3))
    assert body["model_version"] == 1
    (shadow,) = [line for line in lines if line.get("scorelet") == "shadow"]
    assert (shadow["version"], shadow["live_version"], shadow["rows"], shadow["agreed"]) == (2, 1, 3, 3)
    assert shadow["largest_difference"] == 0
    (record,) = [line for line in lines if line.get("scorelet") == "predictions"]
    assert record["version"] == 1


def test_a_fault_of_the_shadow_costs_no_answer(app, s3, capsys, monkeypatch, caplog):
    put_alias(s3, shadow=None)
    monkeypatch.setattr(app, "shadow_line", lambda *args: 1 / 0)
    status, body, _ = ask(app, load_event("http_v2_predict"), capsys, body=tiny_body(3))
    assert (status, body["model_version"]) == (200, 1)
    assert "ZeroDivisionError" in caplog.records[-1].fault


@pytest.mark.parametrize("how", ["header", "field"])
def test_an_entity_keeps_its_version_by_header_or_by_field(app, s3, capsys, how):
    put_alias(s3, weights=0.5)
    versions = set()
    for entity in map(str, range(20)):
        event = load_event("http_v2_predict")
        body = {"instances": tiny_records(1)}
        if how == "header":
            event["headers"]["X-Scorelet-Entity-Id"] = entity
        else:
            body["parameters"] = {"entity_id": entity}
        found = [ask(app, event, capsys, body=json.dumps(body))[1]["model_version"] for _ in range(2)]
        assert found[0] == found[1]
        versions.add(found[0])
    assert versions == {1, 2}


@pytest.mark.parametrize("change", [{"requestContext": {"http": {}}}, {"headers": ["x"]}, {"body": 5, "rawPath": None}])
def test_an_event_that_no_gateway_sends_is_no_crash(app, change):
    assert app.handler({**load_event("http_v2_predict"), **change}, CONTEXT)["statusCode"] in (404, 500)
