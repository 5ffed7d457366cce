"""New code of predict is published as a version and reached through an alias that moves slowly and can move back."""

import re
from typing import Any

import pytest
from scorelet.aws_lambda import CALL_SECONDS
from scorelet.signing import new_key_pair

from tests.template.expand import as_list, expand, expanded, functions, of_type, source, statements, target_id

ALIAS = "PredictFunctionAliaslive"
P256_HEADER = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"  # algorithm, curve, and that both coordinates follow
KEY_LENGTH = 124 - len(P256_HEADER) + 2 * len(r"\n")
NUMBERS = ("AliasTtlSeconds", "MaxBodyBytes", "ModelMemoryMb", "ExplainBudgetMs", "PredictMemoryMb")


def test_callers_reach_the_alias_and_never_the_latest_code() -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    (operation,) = (o for path in api["Body"]["paths"].values() for o in path.values())
    assert f"${{{ALIAS}}}" in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    assert of_type("AWS::Lambda::Permission")["PredictFunctionRequestPermission"]["FunctionName"] == {"Ref": ALIAS}


def _version(template: dict[str, Any], **parameters: str) -> str:
    resources = expand(template, **parameters)["Resources"]
    (name,) = [n for n, r in resources.items() if r["Type"] == "AWS::Lambda::Version"]
    return name


def _changed(resource: str, **properties: Any) -> dict[str, Any]:
    template = source()
    template["Resources"][resource]["Properties"].update(properties)
    return template


@pytest.mark.parametrize(
    ("resource", "change"),
    [
        ("PredictFunction", {"MemorySize": 999}),
        ("PredictFunction", {"Environment": {"Variables": {"NEW": "variable"}}}),
        ("CoreLayer", {"Description": "other content"}),
        ("BaseLayer", {"Description": "other content"}),
        ("LitertLayer", {"Description": "other content"}),
    ],
)
def test_a_change_of_function_or_layer_makes_a_version(resource: str, change: dict[str, Any]) -> None:
    assert _version(source()) == _version(source()), "the same template makes the same version"
    assert _version(_changed(resource, **change)) != _version(source())


def test_a_parameter_that_predict_sees_stands_in_the_description_that_makes_a_version() -> None:
    predict = source()["Resources"]["PredictFunction"]["Properties"]
    everywhere = source()["Globals"]["Function"]["Environment"]["Variables"]
    seen = [predict["MemorySize"], *predict["Environment"]["Variables"].values(), *everywhere.values()]
    names = {v["Ref"] for v in seen if isinstance(v, dict)} & set(source()["Parameters"])
    text, extra = predict["VersionDescription"]["Fn::Sub"]
    described = set(re.findall(r"\$\{(\w+)\}", text)) - set(extra)
    assert described | {"ModelPublicKey"} == names
    behind_header = extra["Key"]["Fn::If"][1]["Fn::Select"][1]["Fn::Split"][1]["Fn::Select"]
    assert behind_header == [1, {"Fn::Split": [P256_HEADER, {"Ref": "ModelPublicKey"}]}]


def test_every_public_key_that_the_parameter_takes_can_stand_in_the_description() -> None:
    pattern = source()["Parameters"]["ModelPublicKey"]["AllowedPattern"]
    for _ in range(5):
        pem = new_key_pair()[1].decode()
        for text in (pem, pem.replace("\n", "\\n"), pem.strip()):
            assert re.fullmatch(pattern, text)
            assert len(text) <= source()["Parameters"]["ModelPublicKey"]["MaxLength"]
            assert len(text.split(P256_HEADER)[1].split("-----END")[0]) <= KEY_LENGTH
    assert re.fullmatch(pattern, "")
    assert not re.fullmatch(pattern, pem.replace(P256_HEADER, "x" * 36))


def test_the_description_has_room_for_the_longest_values() -> None:
    parameters = source()["Parameters"]
    longest = {"ModelAlias": 24, "DefaultModel": 63, "Key": KEY_LENGTH}
    longest |= {n: len(str(parameters[n]["MaxValue"])) for n in NUMBERS}
    longest |= {n: max(map(len, parameters[n]["AllowedValues"])) for n in ("ErrorDetail", "LogLevel")}
    text, _ = source()["Resources"]["PredictFunction"]["Properties"]["VersionDescription"]["Fn::Sub"]
    assert set(longest) == set(re.findall(r"\$\{(\w+)\}", text))
    assert sum(longest.values()) + len(longest) - 1 <= 256


def test_traffic_moves_by_canary_and_an_alarm_takes_it_back() -> None:
    (group,) = of_type("AWS::CodeDeploy::DeploymentGroup").values()
    watched = [a["Name"] for a in group["AlarmConfiguration"]["Alarms"]]
    alarms = of_type("AWS::CloudWatch::Alarm")
    assert watched == [
        alarms[n]["AlarmName"] for n in ("PredictErrorsAlarm", "PredictLatencyAlarm", "ModelRefusedAlarm")
    ]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert target_id(group["ServiceRoleArn"]) == "DeploymentRole"
    assert "Canary10Percent5Minutes" in str(group["DeploymentConfigName"])


def test_before_it_a_hook_tries_the_very_version_that_is_deployed() -> None:
    policy = expanded()["Resources"][ALIAS]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert policy["BeforeAllowTrafficHook"] == {"Ref": "PretrafficFunction"}
    on_trial = functions()["PretrafficFunction"]["Environment"]["Variables"]["NEW_VERSION"]
    assert on_trial == {"Ref": _version(source())}
    assert of_type("AWS::Lambda::Alias")[ALIAS]["FunctionVersion"] == {"Fn::GetAtt": [_version(source()), "Version"]}


def test_the_hook_is_deployed_at_once_and_a_change_of_it_makes_no_version_of_predict() -> None:
    assert set(of_type("AWS::Lambda::Alias")) == {ALIAS}
    assert set(of_type("AWS::CodeDeploy::DeploymentGroup")) == {"PredictFunctionDeploymentGroup"}
    assert _version(_changed("PretrafficFunction", MemorySize=1024)) == _version(source())


def test_codedeploy_may_call_the_hook_and_the_hook_may_call_versions_and_report() -> None:
    deployer, hook = (statements(of_type("AWS::IAM::Role")[f"{name}Role"]) for name in ("Deployment", "Pretraffic"))
    assert {"Fn::GetAtt": ["PretrafficFunction", "Arn"]} in [s["Resource"] for s in deployer]
    allowed = {a: s["Resource"] for s in hook for a in as_list(s["Action"])}
    assert allowed["lambda:InvokeFunction"] == {"Fn::Sub": "${PredictFunction.Arn}:*"}
    report = allowed["codedeploy:PutLifecycleEventHookExecutionStatus"]["Fn::Sub"]
    assert report.endswith(":deploymentgroup:${ServerlessDeploymentApplication}/*")
    assert set(of_type("AWS::CodeDeploy::Application")) == {"ServerlessDeploymentApplication"}
    assert all(key["Fn::Sub"].startswith("${ModelBucket.Arn}/models/*/") for key in allowed["s3:GetObject"])


def test_the_hook_has_time_for_a_call_that_hangs() -> None:
    assert functions()["PretrafficFunction"]["Timeout"] >= 2 * CALL_SECONDS


def test_starting_fast_and_limits_are_off_until_asked_for() -> None:
    function = functions()["PredictFunction"]
    assert function["SnapStart"] == {"ApplyOn": "None"}
    assert "ReservedConcurrentExecutions" not in function
    assert "ProvisionedConcurrencyConfig" not in of_type("AWS::Lambda::Alias")[ALIAS]


def test_they_can_be_asked_for() -> None:
    given = {"PredictReservedConcurrency": "20", "PredictProvisionedConcurrency": "2"}
    function = of_type("AWS::Lambda::Function", **given)["PredictFunction"]
    assert function["ReservedConcurrentExecutions"] == {"Ref": "PredictReservedConcurrency"}
    assert "ProvisionedConcurrencyConfig" in of_type("AWS::Lambda::Alias", **given)[ALIAS]
    snap = of_type("AWS::Lambda::Function", SnapStart="on")["PredictFunction"]
    assert snap["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_a_key_of_your_own_is_used_wherever_something_is_kept() -> None:
    given = {"KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1"}
    key = {"Ref": "KmsKeyArn"}
    assert all(g["KmsKeyId"] == key for g in of_type("AWS::Logs::LogGroup", **given).values())
    assert all(q["KmsMasterKeyId"] == key for q in of_type("AWS::SQS::Queue", **given).values())
    assert all(t["KmsMasterKeyId"] == key for t in of_type("AWS::SNS::Topic", **given).values())
    assert all(f["KmsKeyArn"] == key for f in of_type("AWS::Lambda::Function", **given).values())
    for bucket in of_type("AWS::S3::Bucket", **given).values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    for name, role in of_type("AWS::IAM::Role", **given).items():
        assert ("kms:Decrypt" in str(role)) == (name != "DeploymentRole")
