"""A deployment in a mocked account: buckets, a published model, four functions with a layer, a log subscription."""

import io
import json
import zipfile
from dataclasses import dataclass

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.doctor.functions import FUNCTIONS
from tests.fakes.package import tiny_package

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}
MODELS, DATA = "the-models", "the-data"
TRUST = {"Version": "2012-10-17", "Statement": []}


@dataclass
class Deployment:
    """What a test may break."""

    role: str = ""
    layer: str = ""

    def client(self, service):
        return boto3.client(service)

    def deploy(self):
        s3 = self.client("s3")
        for bucket in (MODELS, DATA):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        bridge = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(Bucket=DATA, NotificationConfiguration=bridge)
        registry = Registry(S3Store(s3), MODELS)
        registry.publish(tiny_package(name="tiny")[0])
        registry.promote("tiny", 1, **WHO)
        self.role = self.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
            "Arn"
        ]
        self.layer = self.add_layer("x86_64")
        for name in FUNCTIONS:
            self.add_function(name)
        self.client("logs").create_log_group(logGroupName="/aws/lambda/PredictFunction")
        self.subscribe()
        self.create_stack()

    def add_layer(self, architecture):
        published = self.client("lambda").publish_layer_version(
            LayerName="core", Content={"ZipFile": an_archive()}, CompatibleArchitectures=[architecture]
        )
        return published["LayerVersionArn"]

    def add_function(self, name, **options):
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self.role,
            Handler="app.handler",
            Code={"ZipFile": an_archive()},
            **{"Layers": [self.layer], "MemorySize": 512, **options},
        )

    def subscribe(self):
        monitor = self.client("lambda").get_function_configuration(FunctionName="MonitorFunction")["FunctionArn"]
        self.client("logs").put_subscription_filter(
            logGroupName="/aws/lambda/PredictFunction", filterName="f", filterPattern="", destinationArn=monitor
        )

    def create_stack(self):
        outputs = {"ModelBucket": MODELS, "DataBucket": DATA, "ApiUrl": "https://api", **{f: f for f in FUNCTIONS}}
        template = {
            "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        self.client("cloudformation").create_stack(StackName="mine", TemplateBody=json.dumps(template))


def an_archive():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    return body.getvalue()


@pytest.fixture
def gaps(monkeypatch):
    """Answers of two calls: moto knows nothing of the account's limits, and forgets a bucket's EventBridge setting."""
    told = {"GetBucketNotificationConfiguration": {}}
    told["GetAccountSettings"] = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}}
    ask = BaseClient._make_api_call

    def answer(self, operation, arguments):
        if operation == "PutBucketNotificationConfiguration":
            told["GetBucketNotificationConfiguration"] = arguments["NotificationConfiguration"]
        return told[operation] if operation in told else ask(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    return told


@pytest.fixture
def deployment(monkeypatch, gaps):
    for name, value in {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        found = Deployment()
        found.deploy()
        yield found
