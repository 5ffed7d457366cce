"""`scorelet local up`: the stack on two ports, with time running."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from cli.plane import aws, http_api
from cli.plane.clock import RunningClock
from cli.plane.stack import LocalStack

_PAUSE_SECONDS = 0.2


class ServedStack:
    """A running stack: its API on a port, and a thread that lets time pass. Close it, or use it in `with`."""

    def __init__(self, stack: LocalStack, api_port: int = 8787) -> None:
        if not isinstance(stack.clock, RunningClock):
            raise ValueError("A served stack needs LocalStack(..., clock=RunningClock()).")
        self.stack = stack
        self.faults: list[BaseException] = []
        self._stop = threading.Event()
        self._api = aws.HttpServer(self._app, api_port)
        self._pump = threading.Thread(target=self._let_time_pass, daemon=True)
        self._pump.start()

    @property
    def api_url(self) -> str:
        """Where the HTTP API listens."""
        return self._api.url

    def close(self) -> None:
        """Stop both servers and the clock; a call of a function that is under way ends first."""
        self._stop.set()
        self.stack.stop()
        self._pump.join()
        self._api.close()
        self.stack.close()

    def __enter__(self) -> ServedStack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _let_time_pass(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            try:
                self.stack.run_until(self.stack.clock.now())
            except Exception as error:  # noqa: BLE001  # the thread must live on; the caller reads `faults`
                self.faults.append(error)

    def _app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self.stack.handle(_request(environ))
        headers = [(name.title(), value) for name, value in response.headers.items() if name != "content-length"]
        headers += [("Set-Cookie", cookie) for cookie in response.cookies]
        headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {'OK' if response.status < 400 else 'Error'}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]


def serve(stack: LocalStack, api_port: int = 8787) -> ServedStack:
    """Start serving; returns at once."""
    return ServedStack(stack, api_port)


def _request(environ: dict[str, Any]) -> http_api.Request:
    headers = [
        (name[5:].replace("_", "-").lower(), str(value)) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("content-type", environ["CONTENT_TYPE"]))
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(min(length, http_api.MAX_BODY_BYTES + 1)) if length else b""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/")
    return http_api.Request(
        environ["REQUEST_METHOD"], target, tuple(headers), body, environ.get("REMOTE_ADDR", "127.0.0.1")
    )
