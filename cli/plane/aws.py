"""The AWS endpoint on a local port, and clients for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from cli.plane.template.names import Account
from cli.plane.template.storage import Bucket, Topic


def reset_storage() -> None:
    """Empty moto, whose backends are shared by the whole process."""
    from moto.moto_api._internal.models import moto_api_backend  # half a second: not on import

    moto_api_backend.reset()


class HttpServer:
    """A WSGI application on a local port, in threads of its own."""

    def __init__(self, app: Callable[..., Any], port: int = 0, host: str = "127.0.0.1") -> None:
        from moto.moto_server.werkzeug_app import MotoRequestHandler  # as above
        from werkzeug.serving import make_server  # as above

        class Quiet(MotoRequestHandler):
            """No line for every request."""

            def log_request(self, *_args: Any, **_kwargs: Any) -> None:
                """Say nothing."""

        self._server = make_server(host, port, app, threaded=True, request_handler=Quiet)
        self.url = f"http://{host}:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def create_storage(endpoint: str, account: Account, buckets: Iterable[Bucket], topics: Iterable[Topic]) -> None:
    """Make the stack's buckets and topics in moto."""
    s3 = client("s3", endpoint, account)
    for bucket in buckets:
        where = {"LocationConstraint": account.region}
        extra = {} if account.region == "us-east-1" else {"CreateBucketConfiguration": where}
        s3.create_bucket(Bucket=bucket.name, **extra)
        if bucket.versioned:
            s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    sns = client("sns", endpoint, account)
    for topic in topics:
        sns.create_topic(Name=topic.name)


def client(service: str, endpoint: str, account: Account) -> Any:
    """A boto3 client for a local endpoint, whatever the developer's own AWS settings are."""
    import boto3  # as above
    from botocore.config import Config  # as above

    session = boto3.session.Session(
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  # moto takes any
        region_name=account.region,
    )
    config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=endpoint, config=config)
