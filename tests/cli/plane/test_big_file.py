"""The real template, function and state machine in the local plane: a big file from its drop to its manifest."""

import gzip
import json
import threading
import time
from pathlib import Path

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.plane.asl import StateError
from cli.plane.calls import AwsCall
from cli.plane.stack import LocalStack
from cli.plane.tap import Fault, Kill
from tests.fakes.package import tiny_package
from tests.laws import FULL

ROOT = Path(__file__).parents[3]
SIZES = {"BigFileBytes": "300", "ShardBytes": "160", "BatchMaximumConcurrency": "2"}
KEY = "incoming/tiny/day 1/a+b.csv"
DATA = (
    b'amount,age,member,colour,note\n5.10,33,true,red,"two\nlines"\n' + b"7,,0,light green,x\nnan,1,1,red,\n1,2\n" * 12
)


@pytest.fixture
def stack():
    with LocalStack(ROOT / "template.yaml", SIZES) as one:
        registry = Registry(S3Store(one.client("s3")), one.bucket("ModelBucket"))
        for version in (1, 2):
            registry.publish(tiny_package(version=version)[0])
        registry.promote("tiny", 1, at="2026-01-01T00:00:00Z", by="a test", why="to see")
        yield one


def drop(stack, data=DATA):
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=KEY, Body=data)


def outputs(stack, prefixes=("scored/", "rejected/")):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    keys = [
        item["Key"]
        for prefix in prefixes
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
    ]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def manifests(stack):
    return [json.loads(body) for key, body in outputs(stack).items() if key.endswith("manifest.json")]


def execution(stack):
    (found,) = stack.executions.all.values()
    return found


def test_a_big_file_is_measured_cut_scored_and_committed(stack):
    drop(stack)
    stack.run_until_idle()
    (manifest,) = manifests(stack)
    assert execution(stack).status == "SUCCEEDED"
    assert execution(stack).name == manifest["run"]
    assert execution(stack).place.visited == ["Measure", "Cut", "IsCut", "Score", "Finish", "Done"]
    assert (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"]) == (37, 13, 24)
    assert [part["key"].rpartition("/")[2] for part in manifest["parts"]] == [
        f"part-{n:05d}.csv" for n in range(1, len(manifest["parts"]) + 1)
    ]
    assert len(manifest["parts"]) > 2
    assert len(execution(stack).output) < 2000


def test_big_json_lines_become_parts_of_parquet_and_what_is_packed_is_done_at_once(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    line = b'{"amount":5.1,"age":33,"member":true,"colour":"red","note":"x"}\n'
    drop_as = {"a.jsonl": line * 20 + b"[]\n", "a.jsonl.gz": gzip.compress(line * 20 + b"[]\n") + bytes(300)}
    for name, body in drop_as.items():
        s3.put_object(Bucket=bucket, Key=f"incoming/tiny/{name}", Body=body, Metadata={"scorelet-output": "parquet"})
    stack.run_until_idle()
    assert execution(stack).status == "SUCCEEDED"
    found = {manifest["source"]["key"].rpartition("/")[2]: manifest for manifest in manifests(stack)}
    assert {(m["rows_in"], m["rows_scored"]) for m in found.values()} == {(21, 20)}
    assert [len(found[name]["parts"]) > 2 for name in drop_as] == [True, False]
    assert all(part["key"].endswith(".parquet") for m in found.values() for part in m["parts"])


def test_a_big_file_without_a_header_is_read_by_the_settings_beside_it_and_on_it(stack):
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    names, rows = DATA.split(b"\n", 1)
    beside = f'header = false\ncolumns = {json.dumps(names.decode().split(","))}\ndelimiter = "pipe"\n'
    s3.put_object(Bucket=bucket, Key="incoming/tiny/day 1/_scorelet.toml", Body=beside.encode())
    metadata = {"scorelet-delimiter": "semicolon", "scorelet-keep": "note"}
    s3.put_object(Bucket=bucket, Key=KEY, Body=rows.replace(b",", b";"), Metadata=metadata)
    stack.run_until_idle()
    (manifest,) = manifests(stack)
    assert execution(stack).status == "SUCCEEDED"
    assert (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"]) == (37, 13, 24)
    assert manifest["settings"]["delimiter"] == ";"
    assert len(manifest["parts"]) > 1
    bodies = [s3.get_object(Bucket=bucket, Key=part["key"])["Body"].read() for part in manifest["parts"]]
    assert {body.partition(b"\n")[0].split(b";")[0] for body in bodies} == {b"note"}


def test_a_request_has_its_turn_while_a_big_file_is_scored(stack):
    answered = []

    def request():
        answered.append((stack.request("GET", "/v1/models/tiny").status, execution(stack).status))

    def ask(call: AwsCall) -> None:
        if call.operation == "PutObject" and call.key.endswith("measure/00000.json") and not waiting:
            waiting.append(threading.Thread(target=request))
            waiting[0].start()
            while stack.lock.waiting < 1:
                time.sleep(0.001)

    waiting: list[threading.Thread] = []
    stack.tap.after.append(ask)
    drop(stack)
    stack.run_until_idle()
    waiting[0].join()
    assert answered == [(200, "RUNNING")]
    assert execution(stack).status == "SUCCEEDED"


def test_a_stack_that_is_stopped_does_not_finish_what_it_has_begun(stack):
    stack.tap.after.append(lambda call: stack.stop() if call.key.endswith("measure/00000.json") else None)
    drop(stack)
    stack.run_until_idle()
    assert execution(stack).status == "RUNNING"
    assert not [key for key in outputs(stack, ["runs/"]) if key.endswith("measure/00001.json")]
    stack.advance(3600)
    assert execution(stack).status == "RUNNING"


def test_a_small_file_starts_no_execution(stack):
    drop(stack, DATA[:200])
    stack.run_until_idle()
    assert stack.executions.all == {}
    assert len(manifests(stack)) == 1


def test_the_start_event_may_come_as_often_as_it_likes(stack):
    drop(stack)
    event = next(e for e in iter_events(stack) if e["detail-type"] == "Object Created")
    stack.run_until_idle()
    before = outputs(stack)
    for _ in range(3):
        stack.redeliver(event)
    assert outputs(stack) == before
    assert len(stack.executions.all) == 1


def iter_events(stack):
    """The announcement of the drop, put on the bus without what follows from it."""
    while not stack.events:
        stack._step()
    return stack.events


@pytest.mark.parametrize("after", [0, 4, 12])
def test_one_version_scores_the_file_whatever_is_promoted(stack, after):
    drop(stack)
    while not stack.executions.all:
        assert stack._step()
    for _ in range(after):
        stack._step()
    registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
    registry.promote("tiny", 2, at="2026-01-02T00:00:00Z", by="a test", why="in the middle")
    stack.advance(120)
    (manifest,) = manifests(stack)
    assert manifest["model"]["version"] == 1


def refuse(fragment: str, times: int = 10_000):
    """A hook that fails the first writes of keys that hold `fragment`."""
    left = [times]

    def hook(call: AwsCall) -> None:
        if call.operation == "PutObject" and fragment in call.key and left[0]:
            left[0] -= 1
            raise Fault(403, "AccessDenied", "A fault set by a test")

    return hook


def test_a_fault_that_passes_is_retried_after_a_wait(stack):
    stack.tap.before.append(refuse("part-00002", times=2))
    drop(stack)
    stack.run_until_idle()
    assert execution(stack).status == "RUNNING"
    stack.advance(60)
    assert execution(stack).status == "SUCCEEDED"
    assert len(manifests(stack)) == 1


def test_children_wait_for_calls_that_the_account_has_taken(stack):
    """Lambda may refuse for minutes where MapMaxConcurrency is more than the account allows: docs/scale.md."""
    invoke, left = stack.executions._invoke, [30]

    def throttled(function, payload):
        if payload["step"] == "score" and left[0]:
            left[0] -= 1
            raise StateError("Lambda.TooManyRequestsException", "Rate Exceeded.")
        return invoke(function, payload)

    stack.executions._invoke = throttled
    drop(stack)
    stack.advance(1800)
    assert left == [0]
    assert execution(stack).status == "SUCCEEDED"


def test_a_shard_that_cannot_be_scored_fails_the_run_aloud_and_a_redrive_finishes_it(stack):
    stack.tap.before.append(refuse("part-00002"))
    drop(stack)
    stack.advance(600)
    assert execution(stack).status == "FAILED"
    assert execution(stack).place.state == "Failed"
    assert manifests(stack) == []
    (note,) = [body for key, body in outputs(stack, ["runs/"]).items() if key.endswith("failure.json")]
    assert json.loads(note)["error"] == "States.ExceedToleratedFailureThreshold"
    assert [n for n in stack.notifications if "big-files" in n.message and "redrive-execution" in n.message]
    stack.tap.before.clear()
    finished = {key for key in outputs(stack, ["runs/"]) if "/shard/" in key}
    written: list[str] = []
    stack.tap.before.append(lambda call: written.append(call.key) if call.operation == "PutObject" else None)
    stack.client("stepfunctions").redrive_execution(executionArn=execution(stack).arn)
    stack.advance(60)
    assert execution(stack).status == "SUCCEEDED"
    assert len(manifests(stack)) == 1
    assert not finished & set(written), "a finished part was done again"


def test_a_run_that_cannot_be_started_ends_in_the_dead_letter_queue(stack):
    def refuse_start(call: AwsCall) -> None:
        if call.service == "states":
            raise Fault(400, "AccessDeniedException", "A fault set by a test")

    stack.tap.before.append(refuse_start)
    drop(stack)
    stack.advance(5 * 1800 + 120)
    assert stack.queue("BatchDeadLetters").visible(stack.clock.now()) == 1
    assert any("dead-letters" in n.message for n in stack.notifications)


def test_a_model_that_is_refused_fails_the_run_without_waiting(stack):
    drop(stack)
    while not stack.executions.all:
        assert stack._step()
    stack.client("s3").put_object(Bucket=stack.bucket("ModelBucket"), Key="models/tiny/1/model.tflite", Body=b"other")
    stack.cold_start("BatchFunction")
    stack.run_until_idle()
    assert execution(stack).status == "FAILED"


@pytest.mark.law
def test_a_kill_at_any_call_is_outlived(law, stack):
    """The function is killed before or after an AWS call of any step: the retry gives the same bytes, one manifest."""
    calls: list[str] = []
    stack.tap.before.append(lambda call: calls.append(call.operation))
    drop(stack)
    stack.run_until_idle()
    wanted = rows(outputs(stack))
    numbers = range(2, len(calls)) if FULL else law.chance().sample(range(12, len(calls)), 1)
    for number in law.each(numbers):
        for hooks in (stack.tap.before, stack.tap.after):
            assert killed_at(stack, number, hooks) == wanted, number


def killed_at(stack, number, hooks):
    """The outputs of a new version of the object, whose run is killed at the n-th call."""
    for key in outputs(stack):
        stack.client("s3").delete_object(Bucket=stack.bucket("DataBucket"), Key=key)
    seen = [0]

    def kill(_call: AwsCall) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise Kill

    before = len(stack.executions.all)
    drop(stack)
    hooks.append(kill)
    for seconds in (0, 130, 1900):  # nothing to wait for; a retry of the machine; the queue's next delivery
        stack.advance(seconds)
        last = list(stack.executions.all.values())[-1]
        if len(stack.executions.all) > before and last.status == "SUCCEEDED":
            break
    hooks.remove(kill)
    assert last.status == "SUCCEEDED"
    found = outputs(stack)
    assert sum(key.endswith("manifest.json") for key in found) == 1
    return rows(found)


def rows(found):
    """The bodies of all parts; the manifest names the version of the object, and so differs."""
    return [body for key, body in sorted(found.items()) if not key.endswith("manifest.json")]
