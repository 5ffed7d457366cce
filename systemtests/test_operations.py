"""The commands of docs/operations.md, as they stand there, against the emulator and the local stack."""

import json
from collections.abc import Iterator

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.plane.calls import AwsCall
from cli.plane.stack import LocalStack
from cli.plane.tap import Fault
from systemtests.built import ROOT
from systemtests.emulator import REGION, Emulator, emulator, until
from systemtests.runbook import Shell, commands, lines
from systemtests.stage import publish_iris
from tests.events import load_event
from tests.fakes.deployment import Deployment, deployment
from tests.fakes.package import tiny_package

CSV = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.7,3.0,wide,2.3\n"
JUNE = "incoming/iris/june.csv"
NOT_RUN = {
    "sam build && sam deploy --guided      # Python 3.13 and make are needed to build": "it asks questions",
    "git pull && make check test && sam build && sam deploy": "it fetches other code",
    **dict.fromkeys(commands("Compare two versions on old input")[:2], "tests run them on the local stack"),
}
ELSEWHERE = {"Reconcile"}  # headings whose commands other tests run
RAN: set[str] = set()


@pytest.fixture(scope="module")
def codedeploy() -> Iterator[Deployment]:
    with deployment(lambda _event: None) as there:
        yield there


@pytest.fixture(scope="module")
def aws(codedeploy: Deployment) -> Iterator[Emulator]:
    with emulator(codedeploy.url) as there:
        there.deploy()
        publish_iris(there.client("s3"), there.outputs()["ModelBucket"])
        yield there


@pytest.fixture(scope="module")
def shell(aws: Emulator) -> Shell:
    return Shell(aws.url, REGION, ran=RAN)


def test_the_log_of_the_hook_says_which_model_answered(aws: Emulator, shell: Shell) -> None:
    event = json.dumps(load_event("codedeploy_pretraffic")).encode()
    aws.client("lambda").invoke(FunctionName=aws.outputs()["PretrafficFunction"], Payload=event)
    _, read_log = commands("Upgrade")
    assert "answered as it should" in shell.run(read_log)


def test_code_is_rolled_back_by_hand(aws: Emulator, shell: Shell) -> None:
    name = aws.outputs()["PredictFunction"]
    before = aws.client("lambda").get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    aws.deploy(AliasTtlSeconds="5")
    assert aws.client("lambda").get_alias(FunctionName=name, Name="live")["FunctionVersion"] != before
    show, move = commands("Roll back")
    assert before in [version for version, _ in json.loads(shell.run(show))]
    shell.run(move, **{"--function-version 7": f"--function-version {before}"})
    assert aws.client("lambda").get_alias(FunctionName=name, Name="live")["FunctionVersion"] == before


def test_dead_letters_are_looked_at(aws: Emulator, shell: Shell) -> None:
    files, events, _ = commands("When the alarm `dead-letters` fires")
    for name, look in (("BatchDeadLetters", files), ("EventDeadLetters", events)):
        aws.client("sqs").send_message(QueueUrl=aws.outputs()[name], MessageBody=f"of {name}")
        assert json.loads(shell.run(look)) == [f"of {name}"]


def test_a_run_that_failed_is_found_and_says_why(aws: Emulator, shell: Shell) -> None:
    machine, bucket = aws.outputs()["BatchMachine"], aws.outputs()["DataBucket"]
    job = {"source": {"bucket": bucket, "key": JUNE}, "ranges": "runs/iris/nothing.json", "shards": "runs/nothing.json"}
    steps = aws.client("stepfunctions")
    started = steps.start_execution(stateMachineArn=machine, name="broken", input=json.dumps({"job": job}))
    arn = started["executionArn"]
    until(lambda: steps.describe_execution(executionArn=arn)["status"] == "FAILED", "the failure", 120)
    find, why, _ = commands("When the alarm `big-files` fires")
    assert arn in [found for found, _ in json.loads(shell.run(find))]
    error, cause = json.loads(shell.run(why, EXECUTION_ARN=arn))
    assert error
    assert cause


def test_a_person_s_data_is_deleted_and_then_gone(aws: Emulator, shell: Shell) -> None:
    bucket, s3 = aws.outputs()["DataBucket"], aws.client("s3")

    def keys(kind: str = "Contents") -> list[str]:
        listing = s3.list_objects_v2 if kind == "Contents" else s3.list_object_versions
        return [item["Key"] for item in listing(Bucket=bucket).get(kind, []) if "june.csv" in item["Key"]]

    s3.put_object(Bucket=bucket, Key=JUNE, Body=CSV)
    s3.put_object(Bucket=bucket, Key=f"{JUNE}.other", Body=CSV)
    until(lambda: len([k for k in keys() if k.endswith("manifest.json")]) == 2, "scoring of both files")
    neighbours = [key for key in keys() if "june.csv.other" in key]
    remove = commands("Delete a person's data")
    for command in remove[:-1]:
        shell.run(command)
    assert keys() == neighbours
    assert set(keys("Versions")) > set(neighbours), "they can be brought back"
    shell.run(remove[-1])
    assert set(keys("Versions")) == set(neighbours)
    assert keys("DeleteMarkers") == []


def test_what_comparisons_left_is_removed_and_nothing_else(aws: Emulator, shell: Shell) -> None:
    bucket, s3 = aws.outputs()["DataBucket"], aws.client("s3")
    kept = [f"{kind}/iris/compare.csv/part" for kind in ("scored", "rejected", "runs")]
    for key in (*kept, *(key.replace("compare.csv", "_compare/0-1/compare.csv") for key in kept)):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    shell.run(commands("Compare two versions on old input")[2])
    found = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert [key for key in found if "/compare.csv/" in key] == sorted(kept)


@pytest.fixture
def plane() -> Iterator[LocalStack]:
    with LocalStack(ROOT / "template.yaml", {"BigFileBytes": "300", "ShardBytes": "160"}) as there:
        registry = Registry(S3Store(there.client("s3")), there.bucket("ModelBucket"))
        registry.publish(tiny_package()[0])
        registry.promote("tiny", 1, at="2026-01-01T00:00:00Z", by="a test", why="to see")
        yield there


def _shell_of(plane: LocalStack) -> Shell:
    """The local stack has no CloudFormation to ask for names."""
    urls = {name: f"https://sqs/{plane.queue(name).spec.name}" for name in ("BatchQueue", "BatchDeadLetters")}
    cases = " ".join(f"{name}) echo {url};;" for name, url in urls.items())
    return Shell(plane.endpoint_url, plane.template.account.region, f'out() {{ case "$1" in {cases} esac; }}', RAN)


def test_dead_letters_are_sent_again(plane: LocalStack) -> None:
    sqs, dead = plane.client("sqs"), plane.queue("BatchDeadLetters")
    sqs.send_message(QueueUrl=f"https://sqs/{dead.spec.name}", MessageBody="a file")
    _shell_of(plane).run(commands("When the alarm `dead-letters` fires")[2])
    assert (dead.bodies(), plane.queue("BatchQueue").bodies()) == ([], ["a file"])


def test_a_big_file_that_failed_goes_on(plane: LocalStack) -> None:
    def refuse(call: AwsCall) -> None:
        if call.operation == "PutObject" and "part-00002" in call.key:
            raise Fault(403, "AccessDenied", "A fault set by a test")

    plane.tap.before.append(refuse)
    body = b"amount,age,member,colour\n" + b"5.10,33,true,red\n" * 40
    plane.client("s3").put_object(Bucket=plane.bucket("DataBucket"), Key="incoming/tiny/big.csv", Body=body)
    plane.advance(600)
    (execution,) = plane.executions.all.values()
    assert execution.status == "FAILED"
    plane.tap.before.clear()
    _shell_of(plane).run(commands("When the alarm `big-files` fires")[2], EXECUTION_ARN=execution.arn)
    plane.advance(60)
    assert execution.status == "SUCCEEDED"


def test_every_other_command_says_why_it_was_not_run() -> None:
    every = {command for heading in lines() if heading not in ELSEWHERE for command in commands(heading)}
    assert every - RAN == set(NOT_RUN)
