"""The two AWS calls that no emulator here has, over HTTP: Lambda's Invoke, and CodeDeploy's answer to a hook."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

PUT_STATUS = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"


@dataclass
class Deployment:
    """`answer` stands for the new version; what it raises is a crash. `error` is what CodeDeploy refuses with."""

    answer: Callable[[dict[str, Any]], Any]
    error: str | None = None
    url: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # the function's name, the event
    reports: list[dict[str, str]] = field(default_factory=list)

    def environ(self) -> dict[str, str]:
        """What leads boto3 here, and here only for these two services."""
        return {"AWS_ENDPOINT_URL_LAMBDA": self.url, "AWS_ENDPOINT_URL_CODEDEPLOY": self.url}

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of Lambda's reply."""
        self.asked.append((function, event))
        try:
            return 200, {}, self.answer(event)
        except Exception as error:  # noqa: BLE001 - whatever a function raises is its error
            kind = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, kind

    def put_status(self, report: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """The same of CodeDeploy's."""
        if self.error is not None:
            return 400, {}, {"__type": self.error, "message": "no"}
        self.reports.append(report)
        return 200, {}, {"lifecycleEventHookExecutionId": report["lifecycleEventHookExecutionId"]}


@contextmanager
def deployment(answer: Callable[[dict[str, Any]], Any], address: str = "127.0.0.1") -> Iterator[Deployment]:
    """Serve it on an address of this machine."""
    state = Deployment(answer)
    server = ThreadingHTTPServer((address, 0), _handler(state))
    state.url = f"http://{address}:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _handler(state: Deployment) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.headers.get("x-amz-target") == PUT_STATUS:
                self._reply(*state.put_status(sent))
            else:
                self._reply(*state.invoke(unquote(self.path.split("/")[3]), sent))

        def _reply(self, status: int, headers: dict[str, str], answer: Any) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
