"""What an HTTP request to the AWS endpoint asks for: service, operation, bucket and key."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

WsgiEnviron = dict[str, Any]

_SUBRESOURCES = {
    "acl": "Acl",
    "versioning": "BucketVersioning",
    "tagging": "ObjectTagging",
    "policy": "BucketPolicy",
    "notification": "BucketNotificationConfiguration",
    "lifecycle": "BucketLifecycleConfiguration",
    "encryption": "BucketEncryption",
    "publicAccessBlock": "PublicAccessBlock",
    "location": "BucketLocation",
    "cors": "BucketCors",
    "retention": "ObjectRetention",
    "legal-hold": "ObjectLegalHold",
    "object-lock": "ObjectLockConfiguration",
    "attributes": "ObjectAttributes",
}
_VERBS = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One request: `s3` `PutObject` on bucket and key, or `sns` `Publish` with its parameters in `body`."""

    service: str
    operation: str
    bucket: str = ""
    key: str = ""
    headers: Mapping[str, str] | None = None
    query: Mapping[str, str] | None = None
    body: bytes = b""


def read_call(environ: WsgiEnviron) -> AwsCall:
    """The call in a WSGI request. S3 bodies are left unread; other bodies are read and put back."""
    service = _service(environ)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    headers = {name[5:].replace("_", "-").lower(): str(v) for name, v in environ.items() if name.startswith("HTTP_")}
    if service == "s3":
        # WSGI hands the path over as latin-1 text of UTF-8 bytes, already percent-decoded once
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
        bucket, _, key = path.removeprefix("/").partition("/")
        operation = _s3_operation(environ["REQUEST_METHOD"], bucket, key, query, headers)
        return AwsCall("s3", operation, bucket, key, headers, query)
    body = _body(environ)
    return AwsCall(service, _operation(headers, body), headers=headers, query=query, body=body)


def form(body: bytes) -> dict[str, str]:
    """The parameters of a query-protocol body."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _service(environ: WsgiEnviron) -> str:
    signed = environ.get("HTTP_AUTHORIZATION", "") + environ.get("QUERY_STRING", "").replace("%2F", "/")
    found = re.search(r"Credential=[^/,&]*/\d{8}/[^/]*/([^/]+)/aws4_request", signed)
    return found[1].lower() if found else "s3"


def _operation(headers: Mapping[str, str], body: bytes) -> str:
    target = headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    return form(body).get("Action", "Unknown") if body[:1] != b"{" else "Unknown"


def _body(environ: WsgiEnviron) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    body = bytes(environ["wsgi.input"].read(length)) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _s3_operation(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    if not bucket:
        return "ListBuckets"
    if "uploadId" in query or "uploads" in query:
        return _multipart(method, query, headers)
    for name, thing in _SUBRESOURCES.items():
        if name in query:
            return _VERBS.get(method, method.title()) + thing
    if not key:
        return _on_bucket(method, query)
    if method == "PUT":
        return "CopyObject" if "x-amz-copy-source" in headers else "PutObject"
    return _VERBS.get(method, method.title()) + "Object"


def _multipart(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    if "uploads" in query:
        return "CreateMultipartUpload" if method == "POST" else "ListMultipartUploads"
    upload = "UploadPartCopy" if "x-amz-copy-source" in headers else "UploadPart"
    names = {"POST": "CompleteMultipartUpload", "PUT": upload, "DELETE": "AbortMultipartUpload"}
    return names.get(method, "ListParts")


def _on_bucket(method: str, query: Mapping[str, str]) -> str:
    if method == "GET":
        return "ListObjectVersions" if "versions" in query else "ListObjectsV2"
    if method == "POST" and "delete" in query:
        return "DeleteObjects"
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}.get(method, "PostObject")
