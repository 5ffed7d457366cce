"""The predict path: requests a second and core, in process and over HTTP beside other servers with the same network.

    make bench-predict

In process is the whole handler: event in, answer, metrics and prediction lines out. Over HTTP every server is asked by
one client on one connection, and its own processor time is counted, so the client and the machine's other work do not
matter. Ours stands behind uvicorn there; in Lambda it needs no server. Records are JSON objects by feature name;
MLServer and "scorelet, tensors" take one tensor.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.load import requests_per_core_second, wait_until_up

ROOT = Path(__file__).parents[1]
BENCH_PYTHON = ROOT / ".venv-bench/bin/python"
BATCHES = (1, 32, 1024)
SECONDS = 4.0
RECORD = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
UVICORN = ["-m", "uvicorn", "--log-level", "critical", "--no-access-log", "--port", "{port}"]
SERVERS = {
    "scorelet, records": ([*UVICORN, "bench.peers.ours:app"], "/v1/models/iris:predict"),
    "scorelet, tensors": ([*UVICORN, "bench.peers.ours:app"], "/v2/models/iris/infer"),
    "FastAPI + onnxruntime": ([*UVICORN, "bench.peers.fastapi_onnx:app"], "/v1/models/iris:predict"),
    "MLServer": (["-m", "mlserver.cli.main", "start", "{folder}/mlserver"], "/v2/models/iris/infer"),
    "BentoML": (["-m", "bentoml", "serve", "bench.peers.bentoml_onnx:Iris", "--port", "{port}"], "/predict"),
}


OURS = ("uvicorn", "ai-edge-litert", "numpy", "orjson")
MADE_OF = {
    "FastAPI + onnxruntime": ("fastapi", "pydantic", "uvicorn", "onnxruntime"),
    "MLServer": ("mlserver", "onnxruntime"),
    "BentoML": ("bentoml", "onnxruntime"),
}
NOTE = """
Ours also checks every value against the signature, tells version and digest, and writes metrics and a prediction line
for monitoring. FastAPI's checks types and ranges, MLServer's and BentoML's check types only, and none of them writes.
"""


def main() -> None:
    """Train iris, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        print(f"CPython {platform.python_version()}, {os.cpu_count()} processors, {', '.join(_versions())}\n")
        in_process(folder)
        over_http(folder)


def prepare(folder: Path) -> None:
    """A registry in a folder with iris live, its weights beside it, and MLServer's settings. Loads TensorFlow."""
    from bench.train_iris import train_iris

    train_iris(folder)
    settings = folder / "mlserver"
    settings.mkdir()
    about = {"name": "iris", "implementation": "bench.peers.mlserver_onnx.Iris"}
    (settings / "model-settings.json").write_text(json.dumps(about))


def in_process(folder: Path) -> None:
    """Our handler alone, by batch size."""
    from scorelet.serving import Models

    from bench.folder_store import FolderStore
    from functions.predict import app

    models = Models(FolderStore(folder), "models")
    app._models = lambda: models  # type: ignore[assignment]  # the bench has no S3
    print("| in process, rows a request | requests/s/core | rows/s/core | microseconds a request |")
    print("|---:|---:|---:|---:|")
    for rows in BATCHES:
        rate = _handler_rate(app.handler, _body("/v1/models/iris:predict", rows).decode())
        print(f"| {rows} | {rate:,.0f} | {rate * rows:,.0f} | {1e6 / rate:,.0f} |")
    print()


def _handler_rate(handler: Any, body: str) -> float:
    event = json.loads((ROOT / "events/http_v2_predict.json").read_text())
    event |= {"body": body, "isBase64Encoded": False}
    context = SimpleNamespace(aws_request_id="bench")
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        for _ in range(20):
            answer = handler(event, context)
        if answer["statusCode"] != 200:
            raise RuntimeError(answer["body"])
        started, done = time.process_time(), 0
        while time.process_time() - started < SECONDS / 2:
            handler(event, context)
            done += 1
        return done / (time.process_time() - started)


def over_http(folder: Path) -> None:
    """Every server with the same network, and how many times our rate that is."""
    rates = {name: _server_rates(name, folder) for name in SERVERS}
    print("| over HTTP, requests/s/core | made of | " + " | ".join(f"{n} rows" for n in BATCHES) + " |")
    print("|---|---|" + "---:|" * len(BATCHES))
    ours = rates[next(iter(SERVERS))]
    for name, found in rates.items():
        if isinstance(found, str):
            print(f"| {name} | {_made_of(name)} | {found} |" + " |" * (len(BATCHES) - 1))
            continue
        cells = [
            f"{rate:,.0f} ({rate / our:.2f}x)" for rate, our in zip(found, ours, strict=True) if isinstance(our, float)
        ]
        print(f"| {name} | {_made_of(name)} | " + " | ".join(cells) + " |")
    print(NOTE)


def _server_rates(name: str, folder: Path) -> list[float] | str:
    """Requests a second and core for each batch size, or why there are none."""
    arguments, path = SERVERS[name]
    port = _free_port()
    command = [str(BENCH_PYTHON), *(part.format(port=port, folder=folder) for part in arguments)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - the commands above
            command, env=_environment(folder, port), cwd=ROOT, stdout=said, stderr=said, start_new_session=True
        )
        try:
            wait_until_up(port, 60, lambda: process.poll() is None)
            return [requests_per_core_second(process.pid, port, path, _body(path, n), SECONDS) for n in BATCHES]
        except (OSError, RuntimeError) as error:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:]
            return f"not measured: {error} {' '.join(last)}"[:200].replace("|", "/")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/core'}",
        "BENCH_MODEL": str(folder),
        "MLSERVER_HTTP_PORT": str(port),
        "MLSERVER_GRPC_PORT": str(_free_port()),
        "MLSERVER_METRICS_PORT": str(_free_port()),
        "MLSERVER_PARALLEL_WORKERS": "0",
        "BENTOML_DO_NOT_TRACK": "true",
        "BENTOML_HOME": str(folder / "bentoml"),
    }


def _body(path: str, rows: int) -> bytes:
    if path.startswith("/v2"):
        tensor = {"name": "x", "datatype": "FP32", "shape": [rows, 4], "data": [*RECORD.values()] * rows}
        return json.dumps({"inputs": [tensor]}).encode()
    return json.dumps({"instances": [RECORD] * rows}).encode()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _versions() -> list[str]:
    return [f"{name} {version(name)}" for name in ("numpy", "ai-edge-litert", "orjson", "aws-lambda-powertools")]


def _made_of(name: str) -> str:
    """The versions of what the server is made of, asked in its environment."""
    code = "import sys, importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    command = [str(BENCH_PYTHON), "-c", code, *MADE_OF.get(name, OURS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.stdout.strip() or "not installed"


if __name__ == "__main__":
    os.environ.setdefault("MODEL_BUCKET", "models")
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "bench")
    main()
