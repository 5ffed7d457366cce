"""Sits in front of the storage: sees every AWS call, tells what succeeded, lets a test fail a call or kill a caller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cli.plane.calls import AwsCall, WsgiEnviron, read_call

Hook = Callable[[AwsCall], None]


class Fault(Exception):
    """Raised by a hook: the caller gets this error. A hook in `before` keeps the call from happening."""

    def __init__(self, status: int = 500, code: str = "InternalError", message: str = "A fault set by a test") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Kill(Exception):
    """Raised by a hook: the function that made the call dies here; nothing it does later reaches AWS."""


class Response:
    """What the storage answered. A large object is not in `body`: it comes in pieces, which can be had once."""

    def __init__(
        self, status: str, headers: list[tuple[str, str]], body: bytes = b"", pieces: Iterator[bytes] | None = None
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.pieces = pieces

    @property
    def ok(self) -> bool:
        """Whether the call had effect."""
        return self.status.startswith("2")

    def header(self, name: str) -> str | None:
        """A header by name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def set_header(self, name: str, value: str) -> None:
        """Say this under the name, and nothing else."""
        self.headers = [one for one in self.headers if one[0].lower() != name.lower()] + [(name, value)]


class Tap:
    """The middleware. `before` and `after` are hooks on every call, which tests may add to.

    `local` may answer in place of what is asked behind it; `heard` gets each call with its answer.
    """

    def __init__(
        self,
        ask: Callable[[AwsCall, WsgiEnviron], Response],
        local: Callable[[AwsCall], bytes | None],
        heard: Callable[[AwsCall, Response], None],
        is_dead: Callable[[], bool],
        kill: Hook,
    ) -> None:
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self._ask = ask
        self._local = local
        self._heard = heard
        self._is_dead = is_dead
        self._kill = kill

    def __call__(self, environ: WsgiEnviron, start_response: Any) -> Iterable[bytes]:
        """WSGI."""
        call = read_call(environ)
        response = self._answer(call, environ)
        start_response(response.status, response.headers)
        return [response.body] if response.pieces is None else response.pieces

    def _answer(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        if self._is_dead():
            return _error(call, environ, Fault(400, "Killed", "The function was killed"))
        try:
            for hook in list(self.before):
                hook(call)
            own = self._local(call)
            response = self._ask(call, environ) if own is None else _json(own)
            self._heard(call, response)
            for hook in list(self.after):
                hook(call)
        except Fault as fault:
            return _error(call, environ, fault)
        except Kill:
            self._kill(call)
            return _error(call, environ, Fault(400, "Killed", "The function was killed"))
        return response


def _json(body: bytes) -> Response:
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(body)))]
    return Response("200 OK", headers, body)


def _error(call: AwsCall, environ: WsgiEnviron, fault: Fault) -> Response:
    """An error in the service's own wire format, so that every client reads its code."""
    # the body of an upload is still in the socket; leave it there and close, or the next request reads it
    headers = [("Connection", "close"), ("x-amzn-RequestId", "local")]
    if call.service == "s3" or (call.headers or {}).get("x-amz-target") is None:
        text = f"<Code>{fault.code}</Code><Message>{fault.message}</Message>"
        inner = f"<Error>{text}</Error>"
        body = inner if call.service == "s3" else f"<ErrorResponse>{inner}</ErrorResponse>"
        headers.append(("Content-Type", "application/xml"))
        raw = b"" if environ.get("REQUEST_METHOD") == "HEAD" else body.encode()
    else:
        raw = f'{{"__type":"{fault.code}","message":"{fault.message}"}}'.encode()
        headers.append(("Content-Type", "application/x-amz-json-1.0"))
    return Response(f"{fault.status} Error", [*headers, ("Content-Length", str(len(raw)))], raw)
