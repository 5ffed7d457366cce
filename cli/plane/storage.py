"""Storage: moto, whose large objects lie in files and pass it by.

moto keeps every body as one value. It copies the whole object for every range that is asked for, and puts an upload
in parts together in memory, several times over: some 150 MB are bearable, gigabytes are not. So here bodies of a MiB
and more are taken from the socket into a file, and given from the file into the socket. moto still decides every call:
it is asked without the body, its answer stands, and what it then holds is made right before anybody else may ask.

Only this file knows how moto keeps bytes: `_value_buffer`, `contentsize` and `_etag` of a key or part. A test has the
same conversations with moto alone and with this, so a new moto that does otherwise is found (test_storage.py).
"""

from __future__ import annotations

import io
import re
import tempfile
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote
from weakref import WeakValueDictionary

from cli.plane.bodies import Body, Spool, md5_of, spooled
from cli.plane.calls import AwsCall, WsgiEnviron
from cli.plane.tap import Fault, Response

WsgiApp = Callable[[WsgiEnviron, Any], Iterable[bytes]]
LARGE_BYTES = 1 << 20
_PART_NAME = "05d"


class Storage:
    """Answers AWS calls. moto keeps one storage for the whole process."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._moto_app = moto_app()
        self._one_at_a_time = threading.RLock()  # a key is never seen between moto's answer and its bytes
        self._spools: WeakValueDictionary[str, Spool] = WeakValueDictionary()  # one for the parts of an upload

    def ask(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        """The answer to a call; raises Fault."""
        if call.service != "s3":
            return self._moto(environ)
        special = {
            "PutObject": self._put,
            "UploadPart": self._upload_part,
            "UploadPartCopy": self._copy_part,
            "CompleteMultipartUpload": self._complete,
            "GetObject": self._get,
        }
        if call.operation in special:
            return special[call.operation](call, environ)
        with self._one_at_a_time:
            return self._moto(environ)

    def stored(self, bucket: str, key: str, version: str | None) -> Any:
        """The object as moto holds it, or None: the one sure source of size and ETag for every kind of upload."""
        found = self._bucket(bucket)
        return found and self._backend.get_object(bucket, key, version_id=None if version == "null" else version)

    def _put(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        size = _size(call, environ)
        if size < LARGE_BYTES:
            with self._one_at_a_time:
                return self._moto(environ)
        body, md5 = _spooled(environ, size, Spool())
        with self._one_at_a_time:
            response = self._moto(_without_body(environ))
            if response.ok:
                _hold(self.stored(call.bucket, call.key, response.header("x-amz-version-id")), body, md5)
                response.set_header("ETag", f'"{md5}"')
        return response

    def _upload_part(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        size, query = _size(call, environ), call.query or {}
        if not size or self._upload(call) is None:
            with self._one_at_a_time:
                return self._moto(environ)
        body, md5 = _spooled(environ, size, self._spools.setdefault(query["uploadId"], Spool()))
        with self._one_at_a_time:
            response = self._moto(_without_body(environ))
            if response.ok:
                _hold(self._upload(call).parts[int(query["partNumber"])], body, md5)
                response.set_header("ETag", f'"{md5}"')
        return response

    def _copy_part(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        """moto would read the whole source for every part: it finds it empty, and the part shares its bytes."""
        with self._one_at_a_time:
            source, upload = self.stored(*_source(call)), self._upload(call)
            body = getattr(source, "_value_buffer", None)
            if not isinstance(body, Body) or upload is None:
                return self._moto(environ)
            source._value_buffer = io.BytesIO()
            try:
                response = self._moto(environ)
            finally:
                source._value_buffer = body
            if response.ok:
                part = upload.parts[int((call.query or {})["partNumber"])]
                found = re.fullmatch(r"bytes=(\d+)-(\d+)", (call.headers or {}).get("x-amz-copy-source-range", ""))
                copied = body.cut(int(found[1]), int(found[2]) + 1) if found else body.cut(0, body.size)
                md5 = md5_of(copied)
                response.body = response.body.replace(part.etag.strip('"').encode(), md5.encode())
                response.set_header("ETag", f'"{md5}"')
                _hold(part, copied, md5)
            return response

    def _complete(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        """moto puts together the names of the parts, in place of the parts: what comes out says what to join."""
        with self._one_at_a_time:
            upload = self._upload(call)
            parts = dict(upload.parts) if upload else {}
            bodies = {number: _held(part) for number, part in parts.items()}
            response = None
            try:
                for number, part in parts.items():
                    part._value_buffer = io.BytesIO(format(number, _PART_NAME).encode())
                response = self._moto(environ)
            finally:
                if response is None or not response.ok:
                    for number, part in parts.items():
                        part._value_buffer = bodies[number]
            if not response.ok or not parts:
                return response
            key = self.stored(call.bucket, call.key, response.header("x-amz-version-id"))
            names = re.findall("[0-9]{5}", key.value.decode())
            _hold(key, Body.joined(bodies[int(name)] for name in names), key.etag.strip('"'))
            key.checksum_algorithm = None  # it is that of the names: better none
            return response

    def _get(self, call: AwsCall, environ: WsgiEnviron) -> Response:
        with self._one_at_a_time:
            query = call.query or {}
            key = self.stored(call.bucket, call.key, query.get("versionId"))
            body = getattr(key, "_value_buffer", None)
            if not isinstance(body, Body) or "partNumber" in query:
                return self._moto(environ)
            response = self._moto({**environ, "REQUEST_METHOD": "HEAD"})
            if response.status.startswith("416"):
                raise Fault(416, "InvalidRange", "The requested range is not satisfiable")
            if not response.ok:
                return self._moto(environ)
            found = re.match(r"bytes (\d+)-(\d+)/", response.header("content-range") or "")
            begin, end = (int(found[1]), int(found[2]) + 1) if found else (0, body.size)
            return Response(response.status, response.headers, pieces=body.pieces(begin, end))

    @property
    def _backend(self) -> Any:
        from moto.s3.models import s3_backends  # half a second: not on import

        return s3_backends[self._account_id]["aws"]

    def _bucket(self, name: str) -> Any:
        return self._backend.buckets.get(name)

    def _upload(self, call: AwsCall) -> Any:
        bucket = self._bucket(call.bucket)
        return bucket and bucket.multiparts.get((call.query or {})["uploadId"])

    def _moto(self, environ: WsgiEnviron) -> Response:
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> Callable[[bytes], None]:
            seen.append((status, headers))
            return lambda _data: None

        chunks = self._moto_app(environ, start)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return Response(*seen[-1], body)


def moto_app() -> Any:
    """moto as a WSGI application for every service."""
    from moto.moto_server import werkzeug_app  # half a second: not on import

    return werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)


def _source(call: AwsCall) -> tuple[str, str, str | None]:
    """Bucket, key and version of what is to be copied."""
    path, _, version = (call.headers or {})["x-amz-copy-source"].partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, version or None


def _size(call: AwsCall, environ: WsgiEnviron) -> int:
    """The bytes of the object in a request's body; 0 where they are packed in chunks that moto knows how to read."""
    packed = "x-amz-decoded-content-length" in (call.headers or {})
    return 0 if packed else int(environ.get("CONTENT_LENGTH") or 0)


def _spooled(environ: WsgiEnviron, size: int, spool: Spool) -> tuple[Body, str]:
    try:
        return spooled(environ["wsgi.input"], size, spool)
    except EOFError as error:
        raise Fault(400, "IncompleteBody", str(error)) from error
    except OSError as error:
        raise Fault(500, "InternalError", f"{tempfile.gettempdir()}: {error.strerror}") from error


def _without_body(environ: WsgiEnviron) -> WsgiEnviron:
    return {**environ, "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()}


def _hold(key: Any, body: Body, etag: str) -> None:
    """Make this what moto holds under a key, or as a part."""
    key._value_buffer.close()
    key._value_buffer, key.contentsize, key._etag = body, body.size, etag


def _held(key: Any) -> Body:
    """What moto holds; it comes from memory where it was copied or came in chunks."""
    if isinstance(key._value_buffer, Body):
        return key._value_buffer
    return spooled(io.BytesIO(key.value), key.contentsize, Spool())[0]
