"""The real template, deployed by the real SAM CLI into an emulator: what is wired is what was meant."""

import hashlib
import json
from collections.abc import Iterator

import pytest

from systemtests.built import ROOT
from systemtests.emulator import Emulator, emulator, until
from systemtests.overlay import ALARM_SOURCE
from systemtests.stage import publish_iris
from tests.fakes.deployment import Deployment, deployment

CSV = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.7,3.0,wide,2.3\n6.7,3.0,5.2,2.3\n"
SIZES = {"BigFileBytes": "20000", "ShardBytes": "9000"}
BIG_CSV = CSV + b'"6.7",3.0,5.2,2.3\n"6.7\n",3.0,5.2,2.3\n5.1,3.5,1.4\n' * 1000
PREDICT = "/v1/models/iris:predict"
RECORD = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


@pytest.fixture(scope="module")
def codedeploy() -> Iterator[Deployment]:
    with deployment(lambda _event: None) as there:
        yield there


@pytest.fixture(scope="module")
def aws(codedeploy: Deployment) -> Iterator[Emulator]:
    with emulator(codedeploy.url) as there:
        there.deploy(Rollback="on", **SIZES)
        publish_iris(there.client("s3"), there.outputs()["ModelBucket"])
        yield there


@pytest.fixture(scope="module")
def inbox(aws: Emulator) -> str:
    """A queue that is subscribed to the notification topic."""
    url = str(aws.client("sqs").create_queue(QueueName="inbox")["QueueUrl"])
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = aws.outputs()["NotificationTopic"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": attributes["QueueArn"]}]}
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    return url


def _keys(aws: Emulator, prefix: str) -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=aws.outputs()["DataBucket"], Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", [])]


def test_a_signed_call_is_answered_and_an_unsigned_one_refused(aws: Emulator) -> None:
    assert aws.request(PREDICT, {"instances": [RECORD]}, signed=False)[0] == 403
    status, answer = aws.request(PREDICT, {"instances": [RECORD]}, signed=True)
    assert status == 200
    assert answer["predictions"][0]["label"] == "setosa"


def test_a_dropped_file_is_scored_rejected_and_committed(aws: Emulator) -> None:
    bucket = aws.outputs()["DataBucket"]
    aws.client("s3").put_object(Bucket=bucket, Key="incoming/iris/a b+ü.csv", Body=CSV)
    keys = until(lambda: [k for k in _keys(aws, "scored/") if k.endswith("manifest.json")], "the manifest")
    manifest = json.load(aws.client("s3").get_object(Bucket=bucket, Key=keys[0])["Body"])
    assert (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"]) == (3, 2, 1)
    assert manifest["source"]["key"] == "incoming/iris/a b+ü.csv"


def test_a_big_file_goes_through_the_state_machine(aws: Emulator) -> None:
    """The same bytes as in one piece, but for the cut into parts; the emulator's interpreter is not ours."""
    bucket, prefix = aws.outputs()["DataBucket"], "scored/iris/big.csv/"
    aws.client("s3").put_object(Bucket=bucket, Key="incoming/iris/big.csv", Body=BIG_CSV)
    until(lambda: [k for k in _keys(aws, prefix) if k.endswith("manifest.json")], "the big file's manifest", 180)
    (key,) = [k for k in _keys(aws, prefix) if k.endswith("manifest.json")]
    manifest = json.load(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"])
    assert (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"]) == (3003, 2002, 1001)
    assert len(manifest["parts"]) == len(manifest["rejects"]) == -(-len(BIG_CSV) // 9000)
    bodies = [aws.client("s3").get_object(Bucket=bucket, Key=p["key"])["Body"].read() for p in manifest["parts"]]
    assert [hashlib.sha256(b).hexdigest() for b in bodies] == [p["digest"][7:] for p in manifest["parts"]]
    steps = aws.client("stepfunctions")
    (done,) = steps.list_executions(stateMachineArn=aws.outputs()["BatchMachine"])["executions"]
    assert (done["name"], done["status"]) == (manifest["run"], "SUCCEEDED")
    runs = steps.list_map_runs(executionArn=done["executionArn"])["mapRuns"]
    assert len(runs) == 2


def test_the_manifest_and_the_prediction_lines_reach_monitor(aws: Emulator) -> None:
    def collected() -> set[str]:
        return {key.rpartition("/")[2].split("-")[0] for key in _keys(aws, "predictions/")}

    until(lambda: collected() >= {"log", "run"}, "collecting of both")


def test_a_scheduled_evaluation_leaves_a_report(aws: Emulator) -> None:
    event = (ROOT / "events/schedule.json").read_bytes()
    answer = aws.client("lambda").invoke(FunctionName=aws.outputs()["MonitorFunction"], Payload=event)
    assert json.load(answer["Payload"]) == {"evaluated": ["iris"]}
    assert _keys(aws, "monitor/iris/")


def test_an_alarm_becomes_one_message(aws: Emulator, inbox: str) -> None:
    event = json.loads((ROOT / "events/alarm_eventbridge.json").read_text())
    entry = {"Source": ALARM_SOURCE, "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
    aws.client("events").put_events(Entries=[{**entry, "Resources": event["resources"]}])
    found = until(lambda: aws.client("sqs").receive_message(QueueUrl=inbox).get("Messages"), "the message")
    assert "scorelet-drift" in json.loads(found[0]["Body"])["Message"]


def test_a_second_deployment_changes_what_it_says_and_keeps_the_rest(aws: Emulator) -> None:
    before = aws.outputs()
    aws.deploy(Rollback="on", AliasTtlSeconds="5", **SIZES)
    assert aws.outputs() == before
    name = before["PredictFunction"]
    configuration = aws.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
    assert configuration["Environment"]["Variables"]["ALIAS_TTL_SECONDS"] == "5"
    assert aws.request(PREDICT, {"instances": [RECORD]}, signed=True)[0] == 200


def test_the_hook_asks_the_new_version_and_reports_that_it_may_take_traffic(
    aws: Emulator, codedeploy: Deployment
) -> None:
    event = (ROOT / "events/codedeploy_pretraffic.json").read_bytes()
    name = aws.outputs()["PretrafficFunction"]
    variables = aws.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    answering = aws.client("lambda").get_alias(FunctionName=aws.outputs()["PredictFunction"], Name="live")
    assert variables["NEW_VERSION"].split(":")[-1] == answering["FunctionVersion"]
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=event)
    assert json.load(answer["Payload"]) == {"status": "Succeeded"}
    assert [report["status"] for report in codedeploy.reports] == ["Succeeded"]


def test_nothing_ended_in_a_dead_letter_queue(aws: Emulator) -> None:
    for name in ("BatchDeadLetters", "EventDeadLetters"):
        found = aws.client("sqs").get_queue_attributes(
            QueueUrl=aws.outputs()[name], AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert found["Attributes"]["ApproximateNumberOfMessages"] == "0", name
