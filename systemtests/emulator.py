"""The emulator as a process of its own, and `sam deploy` into it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from systemtests import overlay
from systemtests.built import ROOT

REGION = "eu-central-1"
ACCOUNT = "123456789012"
KEYS = ("test", "test")


@dataclass(frozen=True, slots=True)
class Emulator:
    """Where it listens, and where CodeDeploy does, which it lacks."""

    port: int
    codedeploy_url: str = ""

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """A boto3 client for it."""
        keys = {"aws_access_key_id": KEYS[0], "aws_secret_access_key": KEYS[1]}
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, **keys)

    def sam(self, *arguments: str) -> str:
        """Run the SAM CLI against it; its output."""
        environ = {**os.environ, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        environ |= {"AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1]}
        command = [str(ROOT / ".venv-sam/bin/sam"), *arguments]
        done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr)[-4000:])
        return done.stdout + done.stderr

    def deploy(self, **parameters: str) -> str:
        """`sam deploy` of the overlaid template with the repository's own samconfig.toml."""
        given = [f"{name}={value}" for name, value in parameters.items()]
        overrides = ["--parameter-overrides", *given] if given else []
        config = ["--config-file", str(ROOT / "samconfig.toml"), "--no-confirm-changeset"]
        return self.sam("deploy", "-t", overlay.write(self.codedeploy_url), *config, *overrides)

    def outputs(self) -> dict[str, str]:
        """Outputs of the stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName="scorelet")["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}

    def request(self, path: str, body: Any = None, *, signed: bool) -> tuple[int, Any]:
        """One HTTP call of the deployed API: status and JSON."""
        api = self.outputs()["ApiUrl"].removeprefix("https://").split(".")[0]
        host = f"{api}.execute-api.localhost:{self.port}"
        data = json.dumps(body).encode() if body is not None else b""
        request = AWSRequest(
            "POST" if data else "GET",
            self.url + path,
            data=data,
            headers={"host": host, "content-type": "application/json"},
        )
        if signed:
            SigV4Auth(Credentials(*KEYS), "execute-api", REGION).add_auth(request)
        raw = urllib.request.Request(  # noqa: S310 - http on loopback
            request.url, data=data or None, headers=dict(request.headers), method=request.method
        )
        try:
            with urllib.request.urlopen(raw, timeout=60) as answer:  # noqa: S310 - http on loopback
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@contextmanager
def emulator(codedeploy_url: str) -> Iterator[Emulator]:
    """Start it on a free port, with an empty folder for what it keeps."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="emulator-") as folder:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
        environ |= {"MINISTACK_REGION": REGION, "MINISTACK_ACCOUNT_ID": ACCOUNT, "GATEWAY_PORT": str(port)}
        environ |= {"BIND_HOST": "127.0.0.1", "LAMBDA_EXECUTOR": "local", "AUTH": "true", "TMPDIR": folder}
        environ |= {"S3_DATA_DIR": f"{folder}/s3", "STATE_DIR": f"{folder}/state"}
        log = ROOT / ".scorelet/emulator.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as out:
            command = [str(ROOT / ".venv-ministack/bin/ministack")]
            process = subprocess.Popen(command, env=environ, cwd=folder, stdout=out, stderr=out)
        try:
            _wait(port, process, log)
            yield Emulator(port, codedeploy_url)
        finally:
            process.terminate()
            process.wait(timeout=60)


def until(look: Callable[[], Any], what: str, seconds: int = 60) -> Any:
    """Look until there is something; what happens asynchronously has no other sign."""
    for _ in range(seconds * 4):
        if found := look():
            return found
        time.sleep(0.25)
    raise AssertionError(f"{what} did not happen within {seconds} s; see .scorelet/emulator.log")


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(120):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.25)
    raise RuntimeError(f"the emulator does not start: {log.read_text()[-2000:]}")
