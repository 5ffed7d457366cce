"""A Docker daemon to work with: the one that runs, or Debian's, installed and started here and stopped at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoDocker(Exception):
    """There is no Docker daemon and none could be started."""


@contextmanager
def daemon() -> Iterator[str]:
    """The address of a daemon, as DOCKER_HOST takes it."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if _answers(address):
        yield address
        return
    _install("dockerd", "docker.io")
    with tempfile.TemporaryDirectory(prefix="docker-", dir="/var/tmp") as folder:
        process = _start(Path(folder))
        try:
            yield _wait(f"unix://{folder}/docker.sock", Path(folder) / "log", process)
        finally:
            process.terminate()
            process.wait(timeout=60)


def gateway(address: str) -> str:
    """This machine's address on Docker's bridge: where a container finds a server of ours."""
    form = "{{(index .IPAM.Config 0).Gateway}}"
    return _docker(address, "network", "inspect", "bridge", "-f", form).stdout.strip() or "172.17.0.1"


def install_busybox() -> None:
    """The stand-in image's shell."""
    if not Path("/bin/busybox").exists():
        _install("busybox", "busybox-static")


def _answers(address: str) -> bool:
    return bool(shutil.which("docker")) and _docker(address, "info").returncode == 0


def _docker(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "--host", address, *arguments], capture_output=True, text=True, check=False)


def _install(program: str, package: str) -> None:
    if shutil.which(program):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoDocker(f"{program} is missing: start Docker, or run as root on Debian to have {package} installed")
    print(f"installing Debian's {package}")
    subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    )


def _start(folder: Path) -> subprocess.Popen[bytes]:
    places = {"host": f"unix://{folder}/docker.sock", "pidfile": folder / "pid"}
    places |= {"data-root": folder / "data", "exec-root": folder / "exec"}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(["dockerd", *(f"--{k}={v}" for k, v in places.items())], stdout=log, stderr=log)


def _wait(address: str, log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(120):
        if process.poll() is not None:
            break
        if _answers(address):
            return address
        time.sleep(0.5)
    raise NoDocker(f"dockerd does not start here: {log.read_text()[-600:]}")
