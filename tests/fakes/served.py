"""The local stack of template.yaml with the tiny models live, its HTTP API on a port: what unmodified clients meet."""

from collections.abc import Iterator
from contextlib import contextmanager

from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.plane.clock import RunningClock
from cli.plane.serve import serve
from cli.plane.stack import LocalStack
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package


@contextmanager
def served_stack() -> Iterator[str]:
    """The API's address. Models: tiny (multiclass), binary, regression; tiny is the default one."""
    stack = LocalStack("template.yaml", {"DefaultModel": "tiny"}, clock=RunningClock())
    with serve(stack, 0) as served:
        registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
        for name, task in (("tiny", "multiclass"), ("binary", "binary"), ("regression", "regression")):
            registry.publish(tiny_package(task, name)[0])
            registry.promote(name, 1, **WHO)
        yield served.api_url
