"""Read S3 objects with the standard library: an ObjectReader for the function whose cold start counts.

Importing boto3 with an S3 client costs about 220 ms of start-up, this module about 30. It signs with Signature
Version 4 (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html); tests compare the signature
with botocore's. Writes, listings and uploads belong to `aws_s3`.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.client
import json
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, quote, urlsplit

from scorelet.errors import ObjectMissing
from scorelet.store import Blob

_EMPTY_PAYLOAD = hashlib.sha256(b"").hexdigest()
_TIMEOUT_SECONDS = 5
_ATTEMPTS = 3
_BURST_SECONDS = 2.0


class S3Unavailable(OSError):
    """S3 could not be reached or refused to answer."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs a request."""

    access_key: str
    secret_key: str
    token: str | None


def find_credentials(environ: Mapping[str, str]) -> Credentials:
    """From the environment, or from the container endpoint that SnapStart functions have instead."""
    if "AWS_ACCESS_KEY_ID" in environ:
        return Credentials(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN")
        )
    url = urlsplit(environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    connection = http.client.HTTPConnection(url.netloc, timeout=_TIMEOUT_SECONDS)
    token = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    connection.request("GET", url.path, headers={"Authorization": token} if token else {})
    found = json.loads(connection.getresponse().read())
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])


def signed_headers(
    host: str, path: str, query: str, region: str, credentials: Credentials, now: datetime.datetime
) -> dict[str, str]:
    """The headers of a signed GET of an already quoted path."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": _EMPTY_PAYLOAD, "x-amz-date": stamp}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    canonical = "\n".join(["GET", path, query, *lines, "", names, _EMPTY_PAYLOAD])
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + credentials.secret_key).encode()
    for part in (stamp[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


@cache  # reads the certificate bundle, 10 to 25 ms: predict does it in the init phase
def tls() -> ssl.SSLContext:
    """What connections to S3 trust."""
    return ssl.create_default_context()


class LightS3:
    """Implements scorelet.store.ObjectReader for the region and credentials of the environment."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._endpoint = self._environ.get("AWS_ENDPOINT_URL_S3") or self._environ.get("AWS_ENDPOINT_URL")
        self._region = self._environ.get("AWS_REGION") or self._environ["AWS_DEFAULT_REGION"]
        self._kept: tuple[http.client.HTTPConnection, float] | None = None

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:
        """The object; raises ObjectMissing or S3Unavailable."""
        blob = self._get(bucket, key, version_id, None)
        if blob is None:
            raise S3Unavailable(f"s3://{bucket}/{key} answered 304 to a plain GET")
        return blob

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        """The object, or None while its ETag is still `etag`; raises ObjectMissing or S3Unavailable."""
        return self._get(bucket, key, None, etag)

    def _get(self, bucket: str, key: str, version_id: str | None, etag: str | None) -> Blob | None:
        query = f"versionId={quote(version_id, safe='')}" if version_id else ""
        extra = {"if-none-match": f'"{etag}"'} if etag else {}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                status, headers, body = self._request(bucket, key, query, extra)
            except (OSError, http.client.HTTPException) as error:
                status, headers, body = 0, {}, repr(error).encode()
            if status == 200:
                return Blob(body, headers["etag"].strip('"'), headers.get("x-amz-version-id"))
            if status == 304:
                return None
            if status == 404:
                raise ObjectMissing(f"s3://{bucket}/{key} does not exist")
            if status not in (0, 429, 500, 502, 503, 504) or attempt == _ATTEMPTS:
                break
        raise S3Unavailable(f"reading s3://{bucket}/{key} failed with status {status} after {attempt} attempts")

    def _request(self, bucket: str, key: str, query: str, extra: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        target = urlsplit(self._endpoint or f"https://s3.{self._region}.amazonaws.com")
        path = f"/{bucket}/" + quote(key, safe="/-_.~")
        now = datetime.datetime.now(datetime.UTC)
        headers = signed_headers(target.netloc, path, query, self._region, find_credentials(self._environ), now)
        connection = self._connection(target)
        try:
            connection.request("GET", f"{path}?{query}" if query else path, headers={**headers, **extra})
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        self._kept = (connection, time.time())
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body

    def _connection(self, target: SplitResult) -> http.client.HTTPConnection:
        """The one of a moment ago: loading a package is a burst, and each TLS handshake costs milliseconds.

        Older ones are not trusted: S3 closes what is idle, and a frozen execution environment does not hear of it.
        """
        kept, self._kept = self._kept, None
        if kept and 0 <= time.time() - kept[1] < _BURST_SECONDS:
            return kept[0]
        if kept:
            kept[0].close()
        if target.scheme == "https":
            return http.client.HTTPSConnection(target.netloc, timeout=_TIMEOUT_SECONDS, context=tls())
        return http.client.HTTPConnection(target.netloc, timeout=_TIMEOUT_SECONDS)
