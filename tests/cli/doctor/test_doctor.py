"""scorelet doctor: a sound deployment has no failure; whatever is broken is found, alone, with its remedy."""

import json

import pytest
from botocore.exceptions import ClientError

from cli.doctor import machine
from cli.main import main
from cli.plane.clock import RunningClock
from cli.plane.serve import serve
from cli.plane.stack import LocalStack
from cli.target import Target
from tests.cli.doctor.conftest import DATA, MODELS
from tests.test_docs import ROOT


@pytest.fixture
def doctor(capsys):
    """Run the command; its exit code and its findings by check."""

    def run(*arguments):
        code = main(["doctor", "--stack", "mine", "--json", *arguments])
        return code, {f["check"]: f for f in json.loads(capsys.readouterr().out)}

    return run


def failures(found):
    assert all(f["remedy"] for f in found.values() if f["state"] != "ok")
    return {name for name, f in found.items() if f["state"] == "fail"}


def test_a_sound_deployment_has_no_failure(deployment, doctor):
    code, found = doctor()
    assert (code, failures(found)) == (0, set())
    expected = {"python", "build python", "sam", "sizes", "region", "credentials", "stack", "concurrency"}
    expected |= {"PredictFunction", "BatchFunction", "MonitorFunction", "AlertFunction", "log subscription"}
    assert set(found) == expected | {f"bucket {MODELS}", f"bucket {DATA}", "file events", "model tiny"}
    assert "golden records replayed" in found["model tiny"]["detail"]
    assert found["PredictFunction"]["detail"].startswith("x86_64, 1 layers, 512 MB memory")


def test_people_read_one_line_for_each_check(deployment, capsys):
    assert main(["doctor", "--stack", "mine"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["ok", "region"] for line in lines)


def test_versioning_that_was_switched_off_is_a_failure(deployment, doctor):
    deployment.client("s3").put_bucket_versioning(Bucket=MODELS, VersioningConfiguration={"Status": "Suspended"})
    code, found = doctor()
    assert (code, failures(found)) == (1, {f"bucket {MODELS}"})


def test_a_data_bucket_that_tells_nobody_is_a_failure(deployment, doctor):
    deployment.client("s3").put_bucket_notification_configuration(Bucket=DATA, NotificationConfiguration={})
    assert failures(doctor()[1]) == {"file events"}


def test_a_package_that_serving_refuses_is_a_failure(deployment, doctor):
    deployment.client("s3").put_object(Bucket=MODELS, Key="models/tiny/1/model.tflite", Body=b"another")
    code, found = doctor()
    assert (code, failures(found)) == (1, {"model tiny"})
    assert "rollback" in found["model tiny"]["remedy"]


def test_a_model_without_the_alias_is_a_warning(deployment, doctor):
    deployment.client("s3").delete_object(Bucket=MODELS, Key="models/tiny/aliases/live.json")
    code, found = doctor()
    assert (code, found["model tiny"]["state"]) == (0, "warn")


def test_an_empty_registry_is_a_warning(deployment, doctor):
    for key in ("1/manifest.json", "1/model.tflite", "aliases/live.json"):
        deployment.client("s3").delete_object(Bucket=MODELS, Key=f"models/tiny/{key}")
    code, found = doctor()
    assert (code, found["models"]["state"]) == (0, "warn")


def test_the_alias_that_predict_serves_is_the_one_that_is_checked(deployment, doctor):
    variables = {"Variables": {"MODEL_ALIAS": "canary"}}
    deployment.client("lambda").update_function_configuration(FunctionName="PredictFunction", Environment=variables)
    assert "'canary'" in doctor()[1]["model tiny"]["detail"]


def test_a_layer_for_another_processor_is_a_failure(deployment, doctor):
    deployment.client("lambda").delete_function(FunctionName="BatchFunction")
    deployment.add_function("BatchFunction", Layers=[deployment.add_layer("arm64")])
    code, found = doctor()
    assert (code, failures(found)) == (1, {"BatchFunction"})
    assert "arm64" in found["BatchFunction"]["detail"]


def test_a_function_that_was_deleted_is_a_failure(deployment, doctor):
    deployment.client("lambda").delete_function(FunctionName="AlertFunction")
    assert failures(doctor()[1]) == {"AlertFunction"}


def test_a_log_that_reaches_nobody_is_a_failure(deployment, doctor):
    deployment.client("logs").delete_subscription_filter(logGroupName="/aws/lambda/PredictFunction", filterName="f")
    assert failures(doctor()[1]) == {"log subscription"}


def test_without_credentials_nothing_else_of_aws_is_asked(deployment, doctor, monkeypatch, tmp_path):
    monkeypatch.setattr("boto3.session.Session.get_credentials", lambda _self: None)
    code, found = doctor()
    assert (code, failures(found)) == (1, {"credentials"})
    assert "stack" not in found


def test_a_stack_that_is_not_there_is_a_failure(deployment, doctor):
    code, found = doctor("--stack", "other")
    assert (code, failures(found)) == (1, {"stack"})


def test_a_small_account_is_warned(deployment, doctor, gaps):
    gaps["GetAccountSettings"] = {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}
    code, found = doctor()
    assert (code, found["concurrency"]["state"]) == (0, "warn")


def test_a_call_that_aws_refuses_is_a_failure_that_names_the_permission(deployment, doctor, monkeypatch):
    def refuse(_target):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetAccountSettings")

    monkeypatch.setattr("cli.doctor.account.concurrency", refuse)
    code, found = doctor()
    assert (code, failures(found)) == (1, {"concurrency"})
    assert "lambda:GetAccountSettings" in found["concurrency"]["remedy"]


def test_the_local_stack_is_checked_for_what_it_has(doctor, tmp_path, monkeypatch):
    stack = LocalStack(ROOT / "template.yaml", clock=RunningClock())
    with serve(stack, 0) as served:
        monkeypatch.chdir(tmp_path)
        buckets = (stack.bucket("ModelBucket"), stack.bucket("DataBucket"))
        Target("scorelet", *buckets, served.api_url, "us-east-1", stack.endpoint_url).save_as_local()
        code, found = doctor("--local")
    assert (code, failures(found)) == (0, set())
    assert {"stack", f"bucket {buckets[0]}", f"bucket {buckets[1]}", "models"} <= set(found)
    assert "credentials" not in found


def test_what_is_built_is_weighed(tmp_path):
    resources = {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Layers": [{"Ref": "L"}]}}}
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": resources}))
    assert machine.sizes(tmp_path / "nothing").state == "warn"
    for folder, size in (("F", 1_000_000), ("L", 2_000_000)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_bytes(bytes(size))
    assert machine.sizes(tmp_path).detail.startswith("F with its layers is the largest: 3 MB")
    (tmp_path / "L/more").write_bytes(bytes(200_000_000))
    assert machine.sizes(tmp_path).state == "warn"


def test_tools_that_are_missing_are_warnings(tmp_path):
    for found in (machine.runtime(str(tmp_path)), machine.sam(tmp_path, str(tmp_path))):
        assert (found.state, bool(found.remedy)) == ("warn", True)
