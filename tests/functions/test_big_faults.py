"""A big file's calls to AWS meet every fault: to start its run, and in each of its steps."""

import json
import sys
from functools import partial

import boto3
import pytest
from moto.core.models import botocore_stubber
from scorelet.aws_steps import steps_client

from tests.fakes.sick_s3 import FAULTS, SickS3
from tests.functions.test_batch import DATA, Minutes, app, eventbridge, failed, listed, s3, sqs  # noqa: F401 - fixtures
from tests.functions.test_batch_faults import no_waiting, outputs, with_fault  # noqa: F401 - a fixture
from tests.laws import full_or

ROWS = b"amount,age,member,colour\n" + b'5.10,33,true,red\n1,2\n7,,0,"light green"\n' * 6
ANSWERS = [name for name in FAULTS if name not in ("reset in the body", "short body", "flipped bit")]
ATTEMPTS = 7  # as in statemachines/batch.asl.yaml


@pytest.fixture
def machine(app, s3, monkeypatch):  # noqa: F811 - fixtures
    """A state machine that files over 20 bytes are handed to; moto notes its executions and runs none."""
    role = "arn:aws:iam::123456789012:role/any"
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    client = boto3.client("stepfunctions")
    arn = client.create_state_machine(name="batch", definition=definition, roleArn=role)["stateMachineArn"]
    monkeypatch.setenv("STATE_MACHINE_ARN", arn)
    monkeypatch.setenv("BIG_FILE_BYTES", "20")
    monkeypatch.setenv("SHARD_BYTES", "100")
    app._settings.cache_clear()
    steps_client.cache_clear()
    yield partial(client.list_executions, stateMachineArn=arn), client
    steps_client.cache_clear()


def with_sick_steps(sick):
    """A worker whose client of Step Functions meets a fault."""
    steps_client.cache_clear()
    events = steps_client().meta.events
    events.unregister("before-send", botocore_stubber)
    events.register("before-send.sfn", sick)
    return sick


@pytest.mark.law
@pytest.mark.parametrize("fault", ANSWERS)
def test_a_run_is_started_once_or_its_message_comes_again(law, app, s3, machine, fault):  # noqa: F811 - fixtures
    executions, _ = machine
    for times in law.each((1, 99)):
        message = sqs(eventbridge(s3, f"incoming/tiny/{fault}-{times}.csv", ROWS))
        sick = with_sick_steps(SickS3(fault, 0, times))
        first = failed(app.handler(message, Minutes()))
        assert sick.seen
        begun = len(executions()["executions"])
        with_sick_steps(SickS3())
        assert failed(app.handler(message, Minutes())) == []
        names = [one["name"] for one in executions()["executions"]]
        assert len(names) == len(set(names)) == (begun + 1 if first and fault != "answer lost" else begun)


@pytest.mark.law
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("times", [1, 6])
def test_a_fault_at_any_call_of_any_step_costs_nothing_but_time(law, app, s3, machine, fault, times):  # noqa: F811 - fixtures
    """Six are more than botocore tries, so the step fails and is done again, as the state machine does it."""
    executions, client = machine
    assert failed(app.handler(sqs(eventbridge(s3, body=ROWS)), Minutes())) == []
    (execution,) = executions()["executions"]
    job = json.loads(client.describe_execution(executionArn=execution["executionArn"])["input"])["job"]
    probe = with_fault(SickS3())
    steps = run_steps(app, s3, job)
    wanted, calls = outputs(s3), range(len(probe.seen))
    assert steps > 4
    assert any(key.endswith("manifest.json") for key in wanted)
    for number in law.each(law.chance().sample(calls, full_or(len(calls), 2))):
        clean(s3, job)
        with_fault(SickS3(fault, number, times))
        run_steps(app, s3, job)
        with_fault(SickS3())
        assert outputs(s3) == wanted, (fault, times, number)


def run_steps(app, s3, job):  # noqa: F811 - no fixtures here
    """What the state machine does, and a redrive where it does not try again; returns how many steps there were."""
    taken = 0

    def do(step, item=None):
        nonlocal taken
        taken += 1
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return app.handler({"step": step, "job": job} | ({"item": item} if item else {}), Minutes())
            except Exception:
                if attempt == ATTEMPTS:
                    raise
        return None

    for one in read(s3, job["ranges"]):
        do("measure", one)
    while not do("cut")["done"]:
        pass
    for one in read(s3, job["shards"]):
        do("score", one)
    do("finish")
    return taken


def read(s3, key):  # noqa: F811 - no fixture here
    return json.loads(s3.get_object(Bucket=DATA, Key=key)["Body"].read())


def clean(s3, job):  # noqa: F811 - no fixture here
    """As after the start of the run."""
    sys.modules["functions.batch.app"]._models.cache_clear()
    begun = {job["ranges"], job["ranges"].replace("ranges", "job"), job["ranges"].replace("ranges", "status")}
    for key in listed(s3, "scored/") + listed(s3, "rejected/") + [k for k in listed(s3, "runs/") if k not in begun]:
        s3.delete_object(Bucket=DATA, Key=key)
