"""Faults between botocore and S3: the n-th request of a client meets one, by botocore's own hook before sending."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.models import botocore_stubber


def _refusal(status: int, code: str) -> Callable[[Any, Any], AWSResponse]:
    body = f"<Error><Code>{code}</Code><Message>made up</Message></Error>".encode()

    def answer(request: Any, _: Any) -> AWSResponse:
        content = b"" if request.method == "HEAD" else body
        return AWSResponse(request.url, status, {"content-length": str(len(content))}, _Raw(content))

    return answer


class _Raw(io.BytesIO):
    """A body as urllib3 gives it; may break off."""

    def __init__(self, content: bytes, breaks_at: int | None = None) -> None:
        super().__init__(content)
        self._breaks_at = breaks_at

    def read(self, size: int | None = -1, **_: Any) -> bytes:
        if self._breaks_at is not None and self.tell() >= self._breaks_at:
            raise ConnectionResetError("reset in the middle of a body")
        whole = size is None or size < 0
        if self._breaks_at is not None and not whole:
            size = min(size or 0, self._breaks_at - self.tell())
        elif self._breaks_at is not None:
            raise ConnectionResetError("reset in the middle of a body")
        return super().read(size)

    def stream(self, amount: int = 1 << 16, **_: Any) -> Any:
        while piece := self.read(amount):
            yield piece


def _timeout(request: Any, _: Any) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


def _answer_lost(request: Any, real: Callable[[], AWSResponse]) -> AWSResponse:
    """The request is carried out, and nobody hears of it."""
    real()
    raise ConnectionClosedError(endpoint_url=request.url)


def _with_body(change: Callable[[bytes], _Raw]) -> Callable[[Any, Any], AWSResponse]:
    def answer(request: Any, real: Callable[[], AWSResponse]) -> AWSResponse:
        found = real()
        if request.method != "GET" or found.status_code != 200:
            return found
        return AWSResponse(request.url, 200, found.headers, change(found.content))

    return answer


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :] if body else body


FAULTS: dict[str, Callable[[Any, Callable[[], AWSResponse]], AWSResponse]] = {
    "503": _refusal(503, "SlowDown"),
    "500": _refusal(500, "InternalError"),
    "throttle": _refusal(400, "ThrottlingException"),
    "timeout": _timeout,
    "answer lost": _answer_lost,
    "reset in the body": _with_body(lambda body: _Raw(body, breaks_at=len(body) // 2)),
    "short body": _with_body(lambda body: _Raw(body[:-1])),
    "flipped bit": _with_body(lambda body: _Raw(_flipped(body))),
    "403": _refusal(403, "AccessDenied"),
    "404": _refusal(404, "NoSuchKey"),
    "412": _refusal(412, "PreconditionFailed"),
    "expired": _refusal(400, "ExpiredToken"),
}


@dataclass
class SickS3:
    """Stands before moto's hook: request `number` (from 0), and the next `times - 1`, meet the fault."""

    fault: str = "none"
    number: int = -1
    times: int = 1
    seen: list[str] = field(default_factory=list)

    def __call__(self, request: Any, event_name: str, **kwargs: Any) -> AWSResponse:
        here = len(self.seen)
        self.seen.append(f"{request.method} {request.url[:90]}")

        def carry_out() -> AWSResponse:
            found = botocore_stubber(event_name, request, **kwargs)
            assert found is not None
            return found

        if self.number <= here < self.number + self.times:
            return FAULTS[self.fault](request, carry_out)
        return carry_out()
