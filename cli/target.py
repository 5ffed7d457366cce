"""Which deployment a command talks to: a CloudFormation stack of the usual AWS environment, or the local stack."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scorelet.errors import ScoreletError
from scorelet.registry import Registry

OUTPUTS = ("ModelBucket", "DataBucket", "ApiUrl")  # of template.yaml, in the order of Target's fields
LOCAL_STATE = Path(".scorelet/local.json")
LOCAL_CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


class NoTarget(ScoreletError):
    """There is no deployment to talk to."""

    code = "no_target"
    remedy = "Deploy with `sam build && sam deploy --guided`, or add --local and run `scorelet local up` beside it."


@dataclass(frozen=True, slots=True)
class Target:
    """The addresses of one deployment; `endpoint_url` only where AWS is the local stack. `batch_queue` is a URL."""

    stack: str
    model_bucket: str
    data_bucket: str
    api_url: str
    region: str
    endpoint_url: str | None = None
    batch_queue: str = ""

    def client(self, service: str) -> Any:
        """A boto3 client for this deployment."""
        return _client(service, self.region, self.endpoint_url)

    def store(self) -> Any:
        """The object store of this deployment."""
        from scorelet.aws_s3 import S3Store

        return S3Store(self.client("s3"))

    def registry(self) -> Registry:
        """The model registry of this deployment."""
        return Registry(self.store(), self.model_bucket)

    def save_as_local(self) -> None:
        """Leave a note for `--local` of commands that run beside this stack."""
        LOCAL_STATE.parent.mkdir(exist_ok=True)
        LOCAL_STATE.write_text(json.dumps(asdict(self)))

    def forget_as_local(self) -> None:
        """Take that note away."""
        LOCAL_STATE.unlink(missing_ok=True)


@cache
def _client(service: str, region: str, endpoint_url: str | None) -> Any:
    import boto3

    local = LOCAL_CREDENTIALS if endpoint_url and "AWS_ACCESS_KEY_ID" not in os.environ else {}
    return boto3.client(service, region_name=region, endpoint_url=endpoint_url, **local)


def add_target_options(parser: argparse.ArgumentParser) -> None:
    """--local and --stack."""
    parser.add_argument("--local", action="store_true", help="talk to the stack of `scorelet local up`")
    parser.add_argument(
        "--stack",
        default=os.environ.get("SCORELET_STACK", "scorelet"),
        help="the CloudFormation stack (default: $SCORELET_STACK or scorelet)",
    )


def find_target(args: argparse.Namespace) -> Target:
    """The deployment that the options name; raises NoTarget."""
    return _local_target() if args.local else _deployed_target(args.stack)


def _local_target() -> Target:
    try:
        target = Target(**json.loads(LOCAL_STATE.read_text()))
        _knock(target.endpoint_url or "")
    except (FileNotFoundError, ConnectionError) as error:
        raise NoTarget(f"no local stack is running from {Path.cwd()}") from error
    return target


def _knock(url: str) -> None:
    """Raises ConnectionError when nobody listens: a stack that was killed leaves its note behind."""
    address = urlsplit(url)
    socket.create_connection((address.hostname, address.port), timeout=5).close()


def _deployed_target(stack: str) -> Target:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.session.Session()
    try:
        found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise NoTarget(f"the stack {stack!r} cannot be read: {error}") from error
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
    missing = set(OUTPUTS) - outputs.keys()
    if missing:
        raise NoTarget(f"the stack {stack!r} has no output {', '.join(sorted(missing))}")
    model_bucket, data_bucket, api_url = (outputs[name] for name in OUTPUTS)
    queue = outputs.get("BatchQueue", "")
    return Target(stack, model_bucket, data_bucket, api_url, session.region_name, batch_queue=queue)


def now() -> str:
    """This moment, as the registry notes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def whoami() -> str:
    """The person at the keyboard, as the registry notes it."""
    return getpass.getuser()
