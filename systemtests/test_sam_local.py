"""`sam local invoke` for every function and every event, and `sam local start-api`: real containers, built layers."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from systemtests import docker
from systemtests.built import ROOT
from systemtests.sam import Sam, call, write_local_template
from systemtests.stage import DATA, Stage, stage
from tests.fakes.deployment import Deployment, deployment

KEY = "incoming/iris/march +1%2B ü.csv"
CSV = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.7,3.0,wide,2.3\n6.7,3.0,5.2,2.3\n"
VERSION_IN_EVENTS = "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrH"
ETAG_IN_EVENTS = "d41d8cd98f00b204e9800998ecf8427e"


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


@pytest.fixture(scope="module")
def aws(docker_host: str) -> Iterator[Stage]:
    with stage(docker.gateway(docker_host)) as there:
        yield there


@pytest.fixture(scope="module")
def deploying(docker_host: str) -> Iterator[Deployment]:
    """Stands for CodeDeploy, and for Lambda where one function calls another."""
    with deployment(lambda _event: None, docker.gateway(docker_host)) as there:
        yield there


@pytest.fixture(scope="module")
def sam(aws: Stage, deploying: Deployment, docker_host: str) -> Sam:
    tool = Sam(write_local_template(aws, {"NEW_VERSION": "predict:8", **deploying.environ()}), docker_host)
    deploying.answer = lambda event: tool.invoke("PredictFunction", event)
    return tool


@pytest.fixture(scope="module")
def version(aws: Stage) -> str:
    """The version id of the dropped file, which the events cannot know."""
    return str(aws.client("s3").put_object(Bucket=DATA, Key=KEY, Body=CSV)["VersionId"])


@pytest.fixture(scope="module")
def manifest_key(sam: Sam, aws: Stage, version: str) -> str:
    """Batch has scored the file."""
    assert sam.invoke("BatchFunction", _of_file("sqs_s3_eventbridge", version)) == {"batchItemFailures": []}
    (key,) = [k for k in aws.keys("scored/") if k.endswith("/manifest.json")]
    return key


def _of_file(name: str, version: str) -> dict[str, Any]:
    """The event as the dropped file would have sent it: an example cannot know its version, nor what is in it."""
    text = json.dumps(_event(name))
    assert VERSION_IN_EVENTS in text
    assert ETAG_IN_EVENTS in text
    etag = hashlib.md5(CSV, usedforsecurity=False).hexdigest()
    event: dict[str, Any] = json.loads(text.replace(VERSION_IN_EVENTS, version).replace(ETAG_IN_EVENTS, etag))
    return event


@pytest.mark.parametrize("name", ["http_v2_predict", "rest_v1_predict"])
def test_predict_answers_both_kinds_of_api(sam: Sam, name: str) -> None:
    answer = sam.invoke("PredictFunction", _event(name))
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert [p["label"] for p in body["predictions"]] == ["setosa", "virginica"]
    assert body["model_version"] == 1


def test_predict_answers_binary_tensors_in_base64(sam: Sam) -> None:
    answer = sam.invoke("PredictFunction", _event("http_v2_infer_binary"))
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert b"setosa" in base64.b64decode(answer["body"])


def test_predict_answers_csv(sam: Sam) -> None:
    answer = sam.invoke("PredictFunction", _event("http_v2_invocations_csv"))
    assert [line.split(",")[0] for line in answer["body"].splitlines()] == ["setosa", "virginica"]


def test_predict_names_the_field_that_is_wrong(sam: Sam) -> None:
    answer = sam.invoke("PredictFunction", _event("http_v2_bad_request"))
    assert 400 <= answer["statusCode"] < 500
    assert json.loads(answer["body"])["problems"][0]["pointer"] == "/instances/0/petal_width"


def test_predict_tells_what_is_served(sam: Sam) -> None:
    assert sam.invoke("PredictFunction", _event("http_v2_status"))["statusCode"] == 200


def test_the_hook_asks_predict_for_the_golden_records_and_reports(sam: Sam, deploying: Deployment) -> None:
    event = _event("codedeploy_pretraffic")
    assert sam.invoke("PretrafficFunction", event) == {"status": "Succeeded"}
    ((_, asked),) = deploying.asked
    assert len(json.loads(asked["body"])["instances"]) > 1
    assert deploying.reports == [
        {
            "deploymentId": event["DeploymentId"],
            "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
            "status": "Succeeded",
        }
    ]


def test_batch_scores_the_file_and_commits_its_manifest(aws: Stage, manifest_key: str) -> None:
    manifest = json.load(aws.client("s3").get_object(Bucket=DATA, Key=manifest_key)["Body"])
    assert (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"]) == (3, 2, 1)
    assert manifest["source"]["key"] == KEY


def test_the_other_spelling_of_the_same_event_changes_nothing(
    sam: Sam, aws: Stage, version: str, manifest_key: str
) -> None:
    before = aws.keys("scored/")
    assert sam.invoke("BatchFunction", _of_file("sqs_s3_notification", version)) == {"batchItemFailures": []}
    assert aws.keys("scored/") == before
    assert manifest_key in before


def test_batch_passes_over_the_test_event_of_s3(sam: Sam) -> None:
    assert sam.invoke("BatchFunction", _event("sqs_s3_test")) == {"batchItemFailures": []}


def test_batch_finds_the_file_whose_event_never_came(sam: Sam, aws: Stage, manifest_key: str) -> None:
    """The stage dates what it holds by the clock, so the schedule fires when the grace is over."""
    aws.client("s3").put_object(Bucket=DATA, Key="incoming/iris/lost.csv", Body=CSV)
    later = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = sam.invoke("BatchFunction", _event("schedule_reconcile") | {"time": later})
    assert answer == {"sent": 1, "listed": 2, "files": 2, "unfinished": 0, "done": True}
    assert aws.announced() == ["incoming/iris/lost.csv"]
    assert manifest_key in aws.keys("scored/")


def test_monitor_collects_the_scored_file(sam: Sam, manifest_key: str) -> None:
    event = _event("s3_scored_manifest")
    event["detail"]["object"] = {**event["detail"]["object"], "key": manifest_key, "version-id": ""}
    assert len(sam.invoke("MonitorFunction", event)["collected"]) == 1


def test_monitor_collects_prediction_lines(sam: Sam, aws: Stage) -> None:
    assert sam.invoke("MonitorFunction", _event("logs_predictions"))["collected"]
    assert aws.keys("predictions/")


def test_monitor_evaluates_every_model(sam: Sam, aws: Stage) -> None:
    assert sam.invoke("MonitorFunction", _event("schedule")) == {"evaluated": ["iris"]}
    assert aws.keys("monitor/iris/")


def test_alert_sends_one_message_for_one_alarm_in_three_envelopes(sam: Sam, aws: Stage) -> None:
    for name in ("alarm_eventbridge", "alarm_sns", "alarm_direct"):
        sam.invoke("AlertFunction", _event(name))
    (message,) = aws.messages()
    assert "scorelet-drift" in message


def test_alert_understands_a_composite_alarm(sam: Sam, aws: Stage) -> None:
    sam.invoke("AlertFunction", _event("alarm_composite"))
    (message,) = aws.messages()
    assert "scorelet-unhealthy" in message


def test_the_local_api_answers_over_http(sam: Sam) -> None:
    with sam.api() as url:
        status, body = call(f"{url}/v1/models/iris:predict", json.loads(_event("http_v2_predict")["body"]))
        assert (status, len(body["predictions"])) == (200, 2)
        assert call(f"{url}/v1/models/iris")[0] == 200
        assert call(f"{url}/v1/models/nothing:predict", {"instances": [{}]})[0] == 404


def test_every_event_that_a_function_takes_is_invoked_above() -> None:
    text = Path(__file__).read_text()
    carried = {"s3_eventbridge", "s3_notification"}  # never sent bare: they travel in the SQS messages
    for file in (ROOT / "events").glob("*.json"):
        assert file.stem in carried or f'"{file.stem}"' in text
