"""The name and the ARN that a resource gets: always the same for a stack name and a logical id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME_PROPERTY = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Events::Rule": "Name",
    "AWS::Events::EventBus": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::IAM::Role": "RoleName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Lambda::Alias": "Name",
}

_ARN = {
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:{region}:{account}:layer:{name}:1",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "AWS::Scheduler::Schedule": "arn:aws:scheduler:{region}:{account}:schedule/default/{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CloudWatch::CompositeAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
}

_REF_IS_ARN = ("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::Lambda::LayerVersion")
_OPAQUE = ("AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi")


@dataclass(frozen=True, slots=True)
class Account:
    """Where the stack pretends to live."""

    stack_name: str = "scorelet"
    region: str = "us-east-1"
    account_id: str = "123456789012"

    def pseudo_parameters(self) -> dict[str, str]:
        """What CloudFormation knows without being told."""
        return {
            "AWS::AccountId": self.account_id,
            "AWS::Region": self.region,
            "AWS::StackName": self.stack_name,
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{self.account_id}:stack/{self.stack_name}/local",
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }


def physical_name(account: Account, logical_id: str, kind: str, properties: Mapping[str, Any]) -> str:
    """The resource's name: the one the template gives, else one made of stack name and logical id."""
    given = properties.get(_NAME_PROPERTY.get(kind, ""))
    if isinstance(given, str):
        return given
    if kind in _OPAQUE:
        return hashlib.sha256(f"{account.stack_name}/{logical_id}".encode()).hexdigest()[:10]
    name = f"{account.stack_name}-{logical_id}"
    return name.lower()[:63] if kind == "AWS::S3::Bucket" else name


def arn(account: Account, kind: str, name: str) -> str:
    """The resource's ARN; an unknown kind still gets a unique one."""
    pattern = _ARN.get(kind, "arn:aws:local:{region}:{account}:" + kind.replace("::", "-").lower() + "/{name}")
    return pattern.format(region=account.region, account=account.account_id, name=name)


def reference(account: Account, kind: str, name: str, properties: Mapping[str, Any]) -> str:
    """What `Ref` gives for the resource."""
    if kind == "AWS::SQS::Queue":
        return f"https://sqs.{account.region}.amazonaws.com/{account.account_id}/{name}"
    if kind == "AWS::Lambda::Alias":
        return arn(account, "AWS::Lambda::Function", f"{properties['FunctionName']}:{name}")
    return arn(account, kind, name) if kind in _REF_IS_ARN else name


def attribute(account: Account, kind: str, name: str, attr: str) -> str:
    """What `Fn::GetAtt` gives for the resource."""
    if attr in ("Arn", "TopicArn"):
        return arn(account, kind, name)
    return {
        "QueueName": name,
        "TopicName": name,
        "QueueUrl": f"https://sqs.{account.region}.amazonaws.com/{account.account_id}/{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{account.region}.amazonaws.com",
        "ApiEndpoint": f"https://{name}.execute-api.{account.region}.amazonaws.com",
        "ApiId": name,
        "Version": "1",
        "RootResourceId": "root",
    }.get(attr, f"{name}.{attr}")
