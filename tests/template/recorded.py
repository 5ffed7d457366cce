"""What the functions ask of AWS: one run of the local stack that reaches every path, seen by the tap before moto."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from typing import Any

from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.plane.calls import AwsCall, form
from cli.plane.stack import LocalStack
from cli.plane.tap import Response
from tests.events import load_event
from tests.fakes.deployment import deployment
from tests.fakes.package import tiny_package, tiny_records

GIVEN = {"DefaultModel": "tiny", "Rollback": "on", "BigFileBytes": "2000", "ShardBytes": "1000", "DriftMinRows": "20"}
GIVEN["ReconcileSchedule"] = "rate(2 hours)"
# by which right S3 lets a call through, where it is not the call's own name
RIGHTS = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket"}
RIGHTS |= {"ListObjectVersions": "ListBucketVersions", "SendMessageBatch": "SendMessage"}

APPLICATION = "${ServerlessDeploymentApplication}"  # its name is AWS's

Needs = dict[str, set[tuple[str, str]]]


class Recorder:
    """Notes, for each function, the IAM actions and the ARNs that its calls needed."""

    def __init__(self, stack: LocalStack) -> None:
        self.needs: Needs = defaultdict(set)
        self._stack = stack
        self._running = ""
        self._invoke, stack.runtime.invoke = stack.runtime.invoke, self._invoked  # type: ignore[method-assign]  # a spy
        self._heard, stack.tap._heard = stack.tap._heard, self._hear

    def _invoked(self, name: str, *arguments: Any, **named: Any) -> Any:
        before, self._running = self._running, self._stack.runtime.functions[name].logical_id
        try:
            return self._invoke(name, *arguments, **named)
        finally:
            self._running = before

    def _hear(self, call: AwsCall, response: Response) -> None:
        if self._running:
            self.needs[self._running] |= needed(call, response)
        self._heard(call, response)


def needed(call: AwsCall, response: Response) -> set[tuple[str, str]]:
    """IAM actions with ARNs. S3 asks for one more to say that something is not there, instead of 403."""
    if call.service == "s3":
        bucket = f"arn:aws:s3:::{call.bucket}"
        action = RIGHTS.get(call.operation, call.operation)
        if action == "GetObject" and "versionId" in (call.query or {}):
            action = "GetObjectVersion"
        needs = {(f"s3:{action}", f"{bucket}/{call.key}" if call.key else bucket)}
        return needs | ({("s3:ListBucket", bucket)} if response.status.startswith("404") else set())
    parameters = json.loads(call.body) if call.body[:1] == b"{" else form(call.body)
    if call.service == "sqs":  # its ARN is AWS's: the logical id, behind the stack's name
        return {(f"sqs:{RIGHTS[call.operation]}", parameters["QueueUrl"].rpartition("-")[2])}
    arn = {"sns": "TopicArn", "states": "stateMachineArn"}[call.service]
    return {(f"{call.service}:{call.operation}", parameters[arn])}


def record() -> tuple[Needs, LocalStack]:
    """Requests, files small, big and lost, each event twice, drift, an alarm cured by a rollback, a recovery."""
    with LocalStack("template.yaml", GIVEN) as stack:
        registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
        for version in (1, 2):
            registry.publish(tiny_package("multiclass", "tiny", version)[0])
            at = (stack.clock.now() + timedelta(hours=3)).isoformat()
            registry.promote("tiny", version, at=at, by="test", why="to be recorded")
        recorder = Recorder(stack)
        for model in ("tiny", "unknown"):
            stack.request("POST", f"/v1/models/{model}:predict", {"instances": tiny_records(60)})
        for name, rows in (("small.csv", 20), ("big.csv", 400)):
            _drop(stack, name, rows)
        _drop(stack, "unheard.csv", 1, is_lost=True)
        stack.advance(3 * 3600 + 600)
        for state, before in (("ALARM", "OK"), ("OK", "ALARM")):
            _alarm(stack, state, before)
        for event in list(stack.events):
            stack.redeliver(event)
        _by_hand(stack)
        _drop(stack, "lost.csv", 1, model="unknown")
        recorder.needs["PretrafficFunction"] |= _deploy(stack)
        return recorder.needs, stack


def _deploy(stack: LocalStack) -> set[tuple[str, str]]:
    """CodeDeploy calls its hook; what the hook asks of it and of Lambda, which are no part of the local stack."""
    account, given = stack.template.account, stack.runtime._environment
    with deployment(lambda _event: None) as seen:
        stack.runtime._environment = lambda: {**given(), **seen.environ()}
        assert stack.invoke("PretrafficFunction", load_event("codedeploy_pretraffic")).payload == {"status": "Failed"}
        stack.runtime._environment = given
    group = f"arn:aws:codedeploy:{account.region}:{account.account_id}:deploymentgroup:{APPLICATION}/group"
    needs = {("lambda:InvokeFunction", "PredictFunction") for _ in seen.asked}
    return needs | {("codedeploy:PutLifecycleEventHookExecutionStatus", group) for _ in seen.reports}


def _drop(stack: LocalStack, name: str, rows: int, model: str = "tiny", *, is_lost: bool = False) -> None:
    lines = [
        f"{r['amount']},{'' if r['age'] is None else r['age']},{str(r['member']).lower()},red"
        for r in tiny_records(rows)
    ]
    body = "\n".join(["amount,age,member,colour", *lines, "a row,that is rejected"])
    key = f"incoming/{model}/{name}"
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=key, Body=body.encode())
    if is_lost:
        stack.lose_events()
    stack.run_until_idle()


def _alarm(stack: LocalStack, state: str, before: str) -> None:
    moment = stack.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    detail = {
        "alarmName": "scorelet-predict-errors",
        "state": {"value": state, "reason": "a test", "timestamp": moment},
        "previousState": {"value": before, "reason": "a test", "timestamp": moment},
    }
    stack.deliver(
        stack.bus.event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, stack.clock.now(), ["alarm"])
    )
    stack.advance(60)


def _by_hand(stack: LocalStack) -> None:
    """A person may send an object's event again, without a version."""
    body, bucket = b"amount,age,member,colour\n1,2,true,red\n", stack.bucket("DataBucket")
    stack.client("s3").put_object(Bucket=bucket, Key="incoming/tiny/again.csv", Body=body)
    stack.run_until_idle()
    event = next(e for e in stack.events if e["detail"].get("object", {}).get("key") == "incoming/tiny/again.csv")
    thing = {k: v for k, v in event["detail"]["object"].items() if k != "version-id"}
    stack.deliver({**event, "detail": {**event["detail"], "object": thing}})
