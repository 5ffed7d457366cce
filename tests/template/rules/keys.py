"""A key of your own: each role may use it exactly as far as what the role does needs it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.template.expand import as_list
from tests.template.rules.registry import Properties, Stack, allowed, behind, rule
from tests.template.rules.services import permissions

KEY = {"Ref": "KmsKeyArn"}
READ, WRITE = "kms:Decrypt", "kms:GenerateDataKey"
# What each action asks of the key that its data lies under. An action that is not here fails the rule: look it up.
USES = {
    # S3 User Guide, "Using server-side encryption with AWS KMS keys", permissions; no upload here has several parts
    "s3:GetObject": {READ},
    "s3:GetObjectVersion": {READ},
    "s3:PutObject": {WRITE},
    "s3:ListBucket": set(),  # names of objects are not encrypted
    "s3:ListBucketVersions": set(),
    # SQS Developer Guide, "Key management": producers need both, the second to check the data key; consumers read
    "sqs:SendMessage": {READ, WRITE},
    "sqs:ReceiveMessage": {READ},
    "sqs:DeleteMessage": set(),
    "sqs:GetQueueAttributes": set(),
    # SNS Developer Guide, "Managing Amazon SNS encryption keys": publishers need both
    "sns:Publish": {READ, WRITE},
    # CloudWatch Logs User Guide, "Encrypt log data": the service uses the key by the key's policy, not by the writer's
    **{f"logs:{verb}": set() for verb in ("CreateLogStream", "PutLogEvents", "PutResourcePolicy", "ListLogDeliveries")},
    **{f"logs:{verb}LogDelivery": set() for verb in ("Create", "Get", "Update", "Delete")},
    **{f"logs:Describe{what}": set() for what in ("ResourcePolicies", "LogGroups")},
    # Lambda opens the environment of the function that is called with that function's own role
    **{f"lambda:{verb}": set() for verb in ("InvokeFunction", "GetAlias", "UpdateAlias")},
    "lambda:GetProvisionedConcurrencyConfig": set(),
    # what the state machine keeps is under AWS's key: it has no EncryptionConfiguration, and its input no data
    **{f"states:{verb}Execution": set() for verb in ("Start", "Describe", "Stop", "Redrive")},
    **{f"xray:{what}": set() for what in ("PutTraceSegments", "PutTelemetryRecords")},
    **{f"xray:GetSampling{what}": set() for what in ("Rules", "Targets")},
    "cloudwatch:DescribeAlarms": set(),
    "codedeploy:PutLifecycleEventHookExecutionStatus": set(),
}


@rule
def roles_use_the_key_for_what_they_do(stack: Stack) -> Iterator[str]:
    """Both ways, with a key and without one."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        may, needs = set(_granted(role)), set(_needed(stack, name, role))
        yield from (f"{name} may not {action}" for action in sorted(needs - may))
        yield from (f"{name} needs no {action}" for action in sorted(may - needs))


def _granted(role: Properties) -> Iterator[str]:
    for statement in allowed(role):
        for action in as_list(statement.get("Action", [])):
            if action.startswith("kms:"):
                yield action if statement["Resource"] == KEY else f"{action} on another key"


def _needed(stack: Stack, name: str, role: Properties) -> Iterator[str]:
    if not stack.values["KmsKeyArn"]:
        return
    for action, _ in permissions(role):
        yield from USES.get(action, {f"anything, or say what {action} asks of the key"})
    # Lambda Developer Guide, "Securing environment variables": with a key of your own, the role decrypts them
    functions = stack.of_type("AWS::Lambda::Function").values()
    if any(behind(f.get("Role")) == name and f.get("KmsKeyArn") for f in functions):
        yield READ
