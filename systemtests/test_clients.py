"""Unmodified clients of each protocol, and a browser, against `sam local start-api`: predict in a container."""

from collections.abc import Iterator

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from systemtests import docker
from systemtests.sam import Sam, write_local_template
from systemtests.stage import MODELS, stage
from tests.clients import ClientChecks, Server, ask_server
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package


@pytest.fixture(scope="module")
def server(docker_host: str) -> Iterator[Server]:
    """With the tiny model beside iris, and as the default one."""
    with stage(docker.gateway(docker_host)) as aws:
        registry = Registry(S3Store(aws.client("s3")), MODELS)
        registry.publish(tiny_package()[0])
        registry.promote("tiny", 1, **WHO)
        with Sam(write_local_template(aws, {}, default_model="tiny"), docker_host).api() as url:
            yield ask_server(url)


class TestClientsOfSamLocal(ClientChecks):
    """`sam local start-api`."""
