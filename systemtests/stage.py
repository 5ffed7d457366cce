"""A small AWS on this machine for the functions to talk to: buckets, a topic, and the iris model published and live."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.package_folder import files_to_publish
from systemtests.built import ROOT

REGION = "eu-central-1"
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
ENVIRON = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
ENVIRON |= {"AWS_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
MODELS, DATA = "scorelet-models", "scorelet-data"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where it is, and what is on it."""

    endpoint_url: str
    topic_arn: str
    inbox_url: str  # a queue that receives what is published to the topic
    batch_url: str = ""  # the queue of files to score, which nobody reads

    def client(self, service: str) -> Any:
        """A boto3 client for it."""
        return boto3.client(service, region_name=REGION, endpoint_url=self.endpoint_url, **CREDENTIALS)

    def keys(self, prefix: str) -> list[str]:
        """Keys of the data bucket."""
        found = self.client("s3").list_objects_v2(Bucket=DATA, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def announced(self) -> list[str]:
        """Keys of files that were put into the batch queue since the last look."""
        found = self.client("sqs").receive_message(QueueUrl=self.batch_url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["detail"]["object"]["key"] for message in found]

    def messages(self) -> list[str]:
        """What was published since the last look."""
        found = self.client("sqs").receive_message(QueueUrl=self.inbox_url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["Message"] for message in found]


def iris_package() -> Path:
    """The trained example; trained once and kept in .scorelet/."""
    folder = ROOT / ".scorelet/systemtests"
    package = folder / "iris/1"
    if not (package / "manifest.json").exists():
        from training.config import load
        from training.train import train

        train(load(ROOT / "training/configs/iris.toml"), folder, version=1, on_step=lambda _step: None)
    return package


def publish_iris(s3: Any, bucket: str) -> None:
    """Version 1, live."""
    registry = Registry(S3Store(s3), bucket)
    registry.publish(files_to_publish(iris_package(), 1, None))
    registry.promote("iris", 1, alias="live", at="2026-03-01T00:00:00Z", by="system test", why="first version")


@contextmanager
def stage(address: str) -> Iterator[Stage]:
    """Serve it on an address of this machine."""
    server = ThreadedMotoServer(ip_address=address, port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        # moto keeps what it holds for as long as the process lives, whatever becomes of its server
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()  # noqa: S310 - ours
        yield _furnish(url)
    finally:
        server.stop()


def _furnish(url: str) -> Stage:
    bare = Stage(url, "", "")
    for bucket in (MODELS, DATA):
        bare.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        bare.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    publish_iris(bare.client("s3"), MODELS)
    topic = bare.client("sns").create_topic(Name="alarms")["TopicArn"]
    inbox = bare.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    attributes = bare.client("sqs").get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]
    bare.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    batch = bare.client("sqs").create_queue(QueueName="batch")["QueueUrl"]
    return Stage(url, topic, inbox, batch)
