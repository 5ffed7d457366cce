"""One Docker daemon, with an image for the functions in it, for all tests that run containers."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from systemtests import docker
from systemtests.built import ROOT, RUNTIME


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    with docker.daemon() as address:
        if not os.environ.get("SCORELET_REAL_IMAGE"):
            docker.install_busybox()
            command = [ROOT / "systemtests/lambda_image.sh", RUNTIME]
            subprocess.run(command, check=True, env={**os.environ, "DOCKER_HOST": address})
        yield address
