"""One Lambda execution environment on this machine: the real runtime client behind a small Runtime API of ours.

    with Sandbox("app.handler", folder, path=[...], python=..., environ={...}) as sandbox:
        answer = sandbox.invoke({"key": "value"})

Lambda's own client (`awslambdaric`) loads the handler, asks for events, and reports results and failures, as in AWS
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). Limits of memory, processor and disk are not imitated.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

INIT_SECONDS = 10.0  # Lambda's own limit of the init phase
LARGEST_ANSWER = 6 * 1024 * 1024
ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one invocation gave: the handler's JSON, or the type and text of the error that Lambda would report."""

    payload: Any
    error: str | None
    ms: float


class _Api(ThreadingHTTPServer):
    """The Runtime API of one environment: events go out by `events`, what comes back goes into `results`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.events: queue.Queue[tuple[str, bytes, int] | None] = queue.Queue()
        self.results: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.started = threading.Event()
        self.started_at = 0.0
        self.arn = ""

    def handle_error(self, *_: Any) -> None:
        """Nothing: a function that ends resets its connection."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Api

    def do_GET(self) -> None:
        """The client asks for the next event: the init phase is over."""
        if not self.server.started.is_set():
            self.server.started_at = time.perf_counter()
            self.server.started.set()
        event = self.server.events.get()
        if event is None:
            self._send(500, b"")
            return
        request_id, body, deadline_ms = event
        headers = {  # the client crashes where a trace or a content type is missing
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-00000000-{request_id.replace('-', '')[:24]};Sampled=0",
        }
        self._send(200, body, headers)

    def do_POST(self) -> None:
        """The client reports an answer, a failed invocation, or a failed init."""
        kind, body = "answer" if self.path.endswith("/response") else "error", self._body()
        if kind == "answer" and len(body) > LARGEST_ANSWER:
            kind, body = "error", _error("Function.ResponseSizeTooLarge", "the answer is over 6 MB")
        self.server.results.put((kind, body))
        self._send(202, b'{"status":"OK"}')
        self.server.started.set()

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Nothing: the bench prints a table."""


class Sandbox:
    """A started function. `init_ms` is the time from its start to its first question for an event."""

    def __init__(
        self,
        handler: str,
        folder: Path,
        *,
        python: str | Path,
        path: Sequence[Path] = (),
        environ: Mapping[str, str] | None = None,
        timeout_seconds: float = 10.0,
        memory_mb: int = 1024,
        init_seconds: float = INIT_SECONDS,
    ) -> None:
        self._api = _Api()
        self._timeout_seconds = timeout_seconds
        self._api.arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{folder.name}"
        threading.Thread(target=self._api.serve_forever, args=(0.05,), daemon=True).start()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        variables = self._variables(handler, folder, path, memory_mb) | dict(environ or {})
        command = [str(python), "-S", "-m", "awslambdaric", handler]
        started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=folder, env=variables, stdout=self._log, stderr=self._log
        )
        threading.Thread(target=self._watch, daemon=True).start()
        self._ended: bytes | None = None
        if not self._api.started.wait(init_seconds):
            self._end("Sandbox.Timedout", f"init timed out after {init_seconds:g} seconds")
        self.init_ms = (self._api.started_at - started) * 1000

    def _variables(self, handler: str, folder: Path, path: Sequence[Path], memory_mb: int) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, [folder, *path])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}",
            "_HANDLER": handler,
            "LAMBDA_TASK_ROOT": str(folder),
            "AWS_LAMBDA_FUNCTION_NAME": folder.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{folder.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }

    def _watch(self) -> None:
        self._process.wait()
        self._api.results.put(("exit", b""))
        self._api.started.set()

    def invoke(self, event: Any) -> Answer:
        """Send one event; wait for its answer, its error, its end, or the time limit. One at a time."""
        started = time.perf_counter()
        kind, body = ("error", self._ended) if self._ended else self._ask(json.dumps(event).encode())
        payload = json.loads(body)
        ms = (time.perf_counter() - started) * 1000
        return Answer(payload, payload["errorType"] if kind == "error" else None, ms)

    def _ask(self, event: bytes) -> tuple[str, bytes]:
        deadline_ms = int((time.time() + self._timeout_seconds) * 1000)
        self._api.events.put((str(uuid.uuid4()), event, deadline_ms))
        try:
            kind, body = self._api.results.get(timeout=self._timeout_seconds)
        except queue.Empty:
            return "error", self._end("Sandbox.Timedout", f"timed out after {self._timeout_seconds:g} seconds")
        if kind == "exit":
            return "error", self._end("Runtime.ExitError", f"the runtime ended with {self._process.returncode}")
        return kind, body

    def _end(self, kind: str, message: str) -> bytes:
        self._process.kill()
        self._ended = _error(kind, message)
        return self._ended

    def peak_mb(self) -> float:
        """The most memory the function has held so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def cpu_ms(self) -> float:
        """The processor time of all its threads so far: a busy machine changes it less than the time on the clock."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6

    def log(self) -> str:
        """What it has printed so far."""
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode(errors="replace")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._api.events.put(None)
        self._api.shutdown()
        self._api.server_close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
