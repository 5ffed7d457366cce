"""The roles that AWS's own services take: what the state machine's steps and a deployment need, and no more.

The functions' roles are held to calls that were recorded, in tests/template/test_actions.py. These two services make
their calls inside AWS, so what they need is derived from what they are told to do, by AWS's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samtranslator.yaml_helper import yaml_parse
from scorelet.batch_keys import Target, output_key

from tests.template.expand import TEMPLATE, as_list, source
from tests.template.rules.registry import Properties, Stack, allowed, behind, rule

Needs = set[tuple[str, str]]

# the run's lists, which the map states read: everything before the file's own name
LISTS = "${DataBucket.Arn}/" + output_key("runs", Target("m", "n"), "r", "f").split("/")[0] + "/*"
EXECUTIONS = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:"
MACHINE = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:"
# Step Functions Developer Guide, "Logging using CloudWatch Logs", the IAM policy; these take no resource
DELIVERY = {
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
}
# the same guide, "AWS X-Ray and Step Functions"; nor do these
TRACING = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    *("xray:GetSamplingRules", "xray:GetSamplingTargets"),
}
# AWS managed policy AWSCodeDeployRoleForLambdaLimited, without its S3 actions: they read revisions out of buckets,
# and CloudFormation hands its revision over in the call
MOVES = ("lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig")


@rule
def the_state_machine_may_do_what_its_steps_need(stack: Stack) -> Iterator[str]:
    """Both ways: nothing is missing, nothing is left over."""
    for name, machine in stack.of_type("AWS::StepFunctions::StateMachine").items():
        yield from _difference(stack, behind(machine["RoleArn"]), _of_machine(name, machine))


@rule
def codedeploy_may_do_what_a_deployment_needs(stack: Stack) -> Iterator[str]:
    """Both ways, for every deployment group."""
    for name, group in stack.of_type("AWS::CodeDeploy::DeploymentGroup").items():
        yield from _difference(stack, behind(group["ServiceRoleArn"]), set(_of_deployment(stack, name, group)))


def _difference(stack: Stack, role: str, needs: Needs) -> Iterator[str]:
    may = permissions(stack.of_type("AWS::IAM::Role").get(role, {}))
    yield from (f"{role} may not {action} on {resource}" for action, resource in sorted(needs - may))
    yield from (f"{role} needs no {action} on {resource}" for action, resource in sorted(may - needs))


def permissions(role: Properties) -> Needs:
    """What a role's policies allow: actions with resources, in the template's words; without KMS (rules/keys.py)."""
    return {
        (action, words(resource))
        for statement in allowed(role)
        for action in as_list(statement.get("Action", []))
        for resource in as_list(statement.get("Resource", "*"))
        if not action.startswith("kms:")
    }


def words(resource: Any) -> str:
    """A Ref, GetAtt or Sub as the text that a Sub would have."""
    if not isinstance(resource, dict):
        return str(resource)
    if "Fn::Sub" in resource:
        return str(as_list(resource["Fn::Sub"])[0])
    return _arn(behind(resource)) if "Fn::GetAtt" in resource else f"${{{behind(resource)}}}"


def _arn(name: str) -> str:
    return f"${{{name}.Arn}}"


def _of_machine(name: str, machine: Properties) -> Needs:
    definition = yaml_parse((TEMPLATE.parent / source()["Resources"][name]["Properties"]["DefinitionUri"]).read_text())
    needs = {need for state in _states(definition) for need in _of_state(state, machine)}
    if machine.get("LoggingConfiguration", {}).get("Level", "OFF") != "OFF":
        needs |= {(action, "*") for action in DELIVERY}
    if machine.get("TracingConfiguration", {}).get("Enabled"):
        needs |= {(action, "*") for action in TRACING}
    return needs


def _states(node: Any) -> Iterator[Mapping[str, Any]]:
    for state in node.get("States", {}).values():
        yield state
        yield from _states(state.get("ItemProcessor", {}))


def _of_state(state: Mapping[str, Any], machine: Properties) -> Iterator[tuple[str, str]]:
    """Step Functions Developer Guide: "Integrated services", and "IAM policies for using Distributed Map states"."""
    own = words(machine["StateMachineName"])
    if state["Type"] == "Task":
        assert state["Resource"].endswith(":::lambda:invoke"), "say here what another integration needs"
        called = state["Parameters"]["FunctionName"].strip("${}")
        yield "lambda:InvokeFunction", words(machine["DefinitionSubstitutions"][called])
    if "ItemReader" in state:
        assert state["ItemReader"]["Resource"].endswith(":::s3:getObject"), "say here what another reader needs"
        yield "s3:GetObject", LISTS
    if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
        yield "states:StartExecution", MACHINE + own
        # the guide writes name:*, while the ARN of a child is name/label:id
        for action in ("states:DescribeExecution", "states:StopExecution"):
            yield from ((action, f"{EXECUTIONS}{own}{form}") for form in (":*", "/*"))
        yield "states:RedriveExecution", f"{EXECUTIONS}{own}/*"


def _of_deployment(stack: Stack, name: str, group: Properties) -> Iterator[tuple[str, str]]:
    if group.get("AlarmConfiguration", {}).get("Alarms"):
        # of this account: with less, CodeDeploy cannot list them
        yield "cloudwatch:DescribeAlarms", "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"
    for alias in (r for r in stack.resources.values() if r["Type"] == "AWS::Lambda::Alias"):
        update = alias.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})
        if behind(update.get("DeploymentGroupName")) != name:
            continue
        function = behind(alias["Properties"]["FunctionName"])
        # the function and, as the alias is part of the ARN, what follows it
        yield from ((action, _arn(function) + form) for action in MOVES for form in ("", ":*"))
        for moment in ("BeforeAllowTrafficHook", "AfterAllowTrafficHook"):
            if moment in update:
                yield "lambda:InvokeFunction", _arn(behind(update[moment]))
