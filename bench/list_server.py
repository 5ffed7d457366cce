"""A store of small objects over TLS, in a process of its own: what S3 is to the two steps that read a run's lists.

Its time is not that of the function, so what the function's process uses is what a GET costs it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from scorelet.big_job import READERS

from bench.folder_s3 import ADDRESS, with_certificate

CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}


class _Object(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, objects: dict[str, bytes], *connection: Any) -> None:
        self._objects = objects
        super().__init__(*connection)

    def do_GET(self) -> None:
        """One object, or 404."""
        self._answer(self._objects.get(self._key()))

    def do_HEAD(self) -> None:
        """Whether it is there."""
        self._answer(self._objects.get(self._key()), with_body=False)

    def do_PUT(self) -> None:
        """Keep it. The body comes in pieces when botocore adds a checksum to it."""
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        chunked = self.headers.get("Transfer-Encoding")
        body = self._pieces() if chunked else self.rfile.read(int(self.headers["Content-Length"]))
        framed = "aws-chunked" in self.headers.get("Content-Encoding", "")
        self._objects[self._key()] = _unframed(body) if framed else body
        self._answer(b"")

    def _pieces(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(pieces)

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/")

    def _answer(self, body: bytes | None, with_body: bool = True) -> None:
        wanted = self.headers.get("Range", "")
        self.send_response(404 if body is None else 206 if wanted else 200)
        if body and wanted:
            begin, end = map(int, wanted.removeprefix("bytes=").split("-"))
            size, body = len(body), body[begin : end + 1]
            self.send_header("Content-Range", f"bytes {begin}-{begin + len(body) - 1}/{size}")
        self.send_header("ETag", f'"{hashlib.md5(body or b"", usedforsecurity=False).hexdigest()}"')
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if with_body:
            self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Nothing."""


def _unframed(body: bytes) -> bytes:
    """What is inside botocore's own frames, which carry a checksum behind it."""
    pieces, place = [], 0
    while size := int(body[place : (end := body.index(b"\r\n", place))].split(b";")[0], 16):
        pieces.append(body[end + 2 : end + 2 + size])
        place = end + 4 + size
    return b"".join(pieces)


def _serve(objects: Mapping[str, bytes], keys: Path, out: Any) -> None:
    server = ThreadingHTTPServer((ADDRESS, 0), partial(_Object, dict(objects)))
    server.daemon_threads = True
    server.socket = with_certificate(keys).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    out.send(server.server_port)
    server.serve_forever()


@contextmanager
def list_server(objects: Mapping[str, bytes], keys: Path) -> Iterator[dict[str, Any]]:
    """What `client` needs to reach it. Objects are named bucket/key; `keys` is a folder for its certificate."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(objects, keys, there), daemon=True)
    process.start()
    try:
        yield {"endpoint_url": f"https://{ADDRESS}:{here.recv()}", "verify": str(keys / "bundle.pem")}
    finally:
        process.kill()
        process.join()


def client(reached: Mapping[str, Any]) -> Any:
    """An S3 client as the function's is, but for the address."""
    retries = {"mode": "standard", "max_attempts": 4}
    config = Config(retries=retries, max_pool_connections=READERS, s3={"addressing_style": "path"})
    return boto3.client("s3", config=config, **reached, **CREDENTIALS)
