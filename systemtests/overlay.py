"""The built template as the emulator can take it. What is changed here is not proven by `make system-test`.

- The HTTP API: the emulator reads no routes from an OpenAPI body, so the same route, integration, authorization and
  stage are written as resources of their own. `sam local start-api` and the template tests read the body itself.
- Alarms made of metric math: the emulator takes none. The local plane evaluates them (tests/cli/plane).
- The state machine's definition: the emulator reads JSON only. It is the same, written as JSON.
- MaximumConcurrency of the batch queue: a parameter's value reaches the emulator's poller as text, and it compares it
  with a number. It is written as a number instead.
- The filter of prediction lines: the emulator knows words, not JSON conditions. Two words stand for it.
- CodeDeploy: the emulator has none, so the alias moves at once and calls no hook. The hook is called by the test, and
  reports to a server of the test's own.
- The bucket policies that allow TLS only: the emulator enforces them, and speaks plain HTTP.
- The source of alarm events: the emulator announces no alarm on its bus, and like AWS it lets nobody else send as
  aws.cloudwatch. The rule takes a second source, from which the test sends the event as AWS writes it.
"""

from __future__ import annotations

import json
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from systemtests.built import BUILD

ALARM_SOURCE = "system.test"
FUNCTIONS = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
INTEGRATION = FUNCTIONS + "/${PredictFunction.Alias}/invocations"
API = {
    "Api": ("Api", {"Name": {"Ref": "AWS::StackName"}, "ProtocolType": "HTTP"}),
    "ApiIntegration": (
        "Integration",
        {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": {"Fn::Sub": INTEGRATION},
            "PayloadFormatVersion": "2.0",
        },
    ),
    "ApiRoute": (
        "Route",
        {
            "ApiId": {"Ref": "Api"},
            "RouteKey": "ANY /{proxy+}",
            "AuthorizationType": "AWS_IAM",
            "Target": {"Fn::Sub": "integrations/${ApiIntegration}"},
        },
    ),
    "ApiStage": ("Stage", {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}),
}


def write(codedeploy_url: str) -> str:
    """Write the overlaid template beside the built one, whose folders it names; returns its path."""
    template = yaml_parse((BUILD / "template.yaml").read_text())
    _replace_api(template["Resources"])
    _definition_as_json(template["Resources"]["BatchMachine"]["Properties"])
    batch = template["Resources"]["BatchFunction"]["Properties"]
    batch["Events"]["Files"]["Properties"]["ScalingConfig"] = {"MaximumConcurrency": 10}
    lines = template["Resources"]["MonitorFunction"]["Properties"]["Events"]["Lines"]["Properties"]
    lines["FilterPattern"] = "scorelet predictions"
    alarms = template["Resources"]["AlertFunction"]["Properties"]["Events"]["Alarm"]["Properties"]
    alarms["Pattern"]["source"].append(ALARM_SOURCE)
    del template["Resources"]["PredictFunction"]["Properties"]["DeploymentPreference"]
    hook = template["Resources"]["PretrafficFunction"]["Properties"]
    hook["Environment"]["Variables"]["AWS_ENDPOINT_URL_CODEDEPLOY"] = codedeploy_url
    for name in ("ModelBucketPolicy", "DataBucketPolicy"):
        del template["Resources"][name]
    for name in [n for n, r in template["Resources"].items() if "Metrics" in r.get("Properties", {})]:
        del template["Resources"][name]
    path = BUILD / "emulator.json"
    path.write_text(json.dumps(template).replace("${ServerlessDeploymentApplication}", "none"))
    return str(path)


def _definition_as_json(machine: dict[str, Any]) -> None:
    definition = yaml_parse((BUILD / machine["DefinitionUri"]).read_text())
    text = json.dumps(definition).replace('"${MapMaxConcurrency}"', "${MapMaxConcurrency}")
    (BUILD / "batch.asl.json").write_text(text)
    machine["DefinitionUri"] = "batch.asl.json"


def _replace_api(resources: dict[str, Any]) -> None:
    for name, (kind, properties) in API.items():
        resources[name] = {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": properties}
    source = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*"
    resources["ApiPermission"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "PredictFunction.Alias"},
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": source},
        },
    }
    del resources["PredictFunction"]["Properties"]["Events"]["Request"]
