"""The SAM CLI, as a user types it, on the built functions with the stage as their AWS."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from systemtests.built import BUILD, ROOT
from systemtests.stage import DATA, ENVIRON, MODELS, Stage

SAM = ROOT / ".venv-sam/bin/sam"


def write_local_template(stage: Stage, environ: dict[str, str], *, default_model: str = "iris") -> Path:
    """The built template with the functions' environment pointed at the stage: `sam local` adds no variable itself.

    `environ` is given to the hook alone. An HTTP API hands binary bodies on in base64; `sam local start-api` does so
    only for types that the API's description names, and a deployed API takes no such list (docs/api.md).
    """
    template = yaml_parse((BUILD / "template.yaml").read_text())
    values = {"MODEL_BUCKET": MODELS, "DATA_BUCKET": DATA, "NOTIFICATION_TOPIC_ARN": stage.topic_arn}
    values |= {"DEFAULT_MODEL": default_model, "BATCH_QUEUE_URL": stage.batch_url}
    template["Resources"]["Api"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] = ["*/*"]
    template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = stage.endpoint_url
    template["Globals"]["Function"]["Environment"]["Variables"]["MODEL_BUCKET"] = MODELS
    for resource in template["Resources"].values():
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        variables.update({name: value for name, value in values.items() if name in variables})
    template["Resources"]["PretrafficFunction"]["Properties"]["Environment"]["Variables"].update(environ)
    path = BUILD / "local.json"
    path.write_text(json.dumps(template))
    return path


@dataclass(frozen=True, slots=True)
class Sam:
    """`sam local` with one template and one Docker daemon."""

    template: Path
    docker_host: str

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """`sam local invoke FUNCTION -e EVENT`: the function's answer."""
        command = [str(SAM), "local", "invoke", function, "-t", str(self.template), "-e", "-", *self._flags()]
        text = json.dumps(event)
        done = subprocess.run(
            command, input=text, env=self._environ(), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or not done.stdout.strip():
            raise RuntimeError(done.stderr[-3000:])
        return json.loads(done.stdout.strip().splitlines()[-1])

    @contextmanager
    def api(self) -> Iterator[str]:
        """`sam local start-api`: its address."""
        port = _free_port()
        command = [str(SAM), "local", "start-api", "-t", str(self.template), "--port", str(port), *self._flags()]
        command += ["--warm-containers", "LAZY"]
        log = BUILD / "start-api.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=self._environ(), cwd=ROOT, stdout=out, stderr=out)
        try:
            _wait_for_port(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)

    def _flags(self) -> list[str]:
        return [] if os.environ.get("SCORELET_REAL_IMAGE") else ["--skip-pull-image"]

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **ENVIRON, "DOCKER_HOST": self.docker_host}


def call(url: str, body: Any = None) -> tuple[int, Any]:
    """One HTTP request: status and JSON."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})  # noqa: S310 - http on loopback
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - http on loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise RuntimeError(f"sam local start-api does not answer: {log.read_text()[-2000:]}")
