"""One client on one connection, and the processor time its server takes for each request."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def wait_until_up(port: int, seconds: float, is_running: object) -> None:
    """Return when something listens; raises TimeoutError, or RuntimeError when the server has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if callable(is_running) and not is_running():
            raise RuntimeError("the server ended")
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens after {seconds:.0f} s")


def requests_per_core_second(pid: int, port: int, path: str, body: bytes, seconds: float) -> float:
    """How many requests a second of the server's processor time answers; its children count too."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    _ask_for(connection, path, body, seconds / 4)
    before = _cpu_seconds(pid)
    done = _ask_for(connection, path, body, seconds)
    return done / (_cpu_seconds(pid) - before)


def _ask_for(connection: http.client.HTTPConnection, path: str, body: bytes, seconds: float) -> int:
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until or done < 20:
        connection.request("POST", path, body, {"content-type": "application/json"})
        reply = connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"HTTP {reply.status}: {text[:300]!r}")
        done += 1
    return done


def _cpu_seconds(pid: int) -> float:
    return sum(_ticks(process) for process in _family(pid)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0
    return int(fields[11]) + int(fields[12])


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))
