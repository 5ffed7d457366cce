"""Scorelet's real predict handler behind uvicorn: requests become API Gateway's events, as the gateway makes them."""

from __future__ import annotations

import base64
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scorelet.serving import Models

from bench.folder_store import FolderStore
from functions.predict import app as predict

_MODELS = Models(FolderStore(Path(os.environ["BENCH_MODEL"])), "models")
predict._models = lambda: _MODELS  # type: ignore[assignment]  # the bench has no S3
_CONTEXT = SimpleNamespace(aws_request_id="bench")
sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - Lambda takes the lines; here nobody does


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """One ASGI request."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    answer = predict.handler(_event(scope, body), _CONTEXT)
    raw = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    headers = [(name.encode(), value.encode()) for name, value in answer["headers"].items()]
    headers.append((b"content-length", str(len(raw)).encode()))
    await send({"type": "http.response.start", "status": answer["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": raw})


def _event(scope: dict[str, Any], body: bytes) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": scope["path"],
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": body.decode(),
        "isBase64Encoded": False,
        "requestContext": {
            "http": {"method": scope["method"]},
            "stage": "$default",
            "requestId": "bench",
            "timeEpoch": int(time.time() * 1000),
        },
    }
