"""Drop a filthy file of gigabytes on the local stack, as a person would, and find every row in exactly one place.

    python -m bench.drop [--gb 5] [--seed 7] [--folder /tmp]

The file is generated, `scorelet local up` is started in a folder of its own, and `scorelet score` drops the file, waits
and fetches. Then all parts are read from the bucket and each row is looked for (bench/drop_check.py), and the fetched
files are compared with the manifest. The folder is removed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from scorelet.batch_keys import INCOMING, output_key
from scorelet.batch_keys import Target as FileTarget

from bench.deployed import read_deployed
from bench.drop_check import Found, check
from bench.drop_data import Truth, write_filth
from bench.machine import peak_mib
from cli.report import table
from cli.target import LOCAL_STATE, Target, now
from tests.fakes.package import tiny_package

ROOT = Path(__file__).parents[1]
MODEL, NAME = "tiny", "filth.csv"
SETTINGS = ("--set", "id=row", "--set", "keep=row")
START_SECONDS = 120
TIMES_THE_FILE = 3.0  # the file, the object, and what comes out twice: in the bucket and fetched
SECONDS_A_GB = 1800  # far more than it takes: a run that hangs ends


@dataclass(frozen=True, slots=True)
class Done:
    """What the run was and took. `seconds` are by step; peaks are those of whole processes."""

    truth: Truth
    manifest: Mapping[str, Any]
    found: Found
    seconds: Mapping[str, float]
    stack_mib: float
    command_mib: float


def main() -> int:
    """Print the table; 1 where a row is not in its one place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--gb", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder", type=Path, help="where the file and all that comes of it lie (default: $TMPDIR)")
    args = parser.parse_args()
    if args.gb * 1e9 <= read_deployed().big_file_bytes:
        parser.error("a file of that size is scored in one piece; say --gb 0.1 or more")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who ends it finds nothing left of it
    with tempfile.TemporaryDirectory(prefix="scorelet-drop-", dir=args.folder) as folder:
        done = drop(Path(folder), args.gb, args.seed)
    print(told(done))
    return 1 if done.found.faults else 0


def drop(folder: Path, gigabytes: float, seed: int) -> Done:
    """Generate, drop, wait, fetch and check, all in this folder."""
    if shutil.disk_usage(folder).free < gigabytes * 1e9 * TIMES_THE_FILE:
        raise SystemExit(f"{folder} has no room for {TIMES_THE_FILE:g} times {gigabytes:g} GB; name another --folder.")
    clock = time.time()
    truth = write_filth(folder / NAME, int(gigabytes * 1e9), seed)
    seconds = {"generate": time.time() - clock}
    print(f"{truth.rows:,} rows, {truth.size:,} bytes, seed {seed}", file=sys.stderr)
    with _local_stack(folder) as (stack, target):
        registry = target.registry()
        registry.publish(tiny_package()[0])
        registry.promote(MODEL, 1, at=now(), by="bench.drop", why="to be asked")
        clock = time.time()
        manifest, command_mib = _score(folder, gigabytes)
        seconds |= _by_step(target, manifest, clock, time.time())
        stack_mib = peak_mib(stack.pid)
        clock = time.time()
        found = check(target.client("s3"), target.data_bucket, manifest, truth)
        _check_fetched(folder / "out", manifest, found)
        seconds["check"] = time.time() - clock
    return Done(truth, manifest, found, seconds, stack_mib, command_mib)


@contextmanager
def _local_stack(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Target]]:
    """`scorelet local up` in the folder, its temporary files too; stopped with SIGTERM."""
    port = _free_port()
    command = ["local", "up", "--empty", "--port", str(port), "--template", str(ROOT / "template.yaml")]
    with _started(command, folder) as stack:
        try:
            yield stack, _target(folder, stack)
        finally:
            stack.send_signal(signal.SIGTERM)
            try:
                stack.wait(60)
            except subprocess.TimeoutExpired:
                stack.kill()


def _target(folder: Path, stack: subprocess.Popen[bytes]) -> Target:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and stack.poll() is None:
        try:
            return Target(**json.loads((folder / LOCAL_STATE).read_text()))
        except (FileNotFoundError, ValueError):  # not there yet, or half written
            time.sleep(0.2)
    raise RuntimeError("the local stack did not start")


def _score(folder: Path, gigabytes: float) -> tuple[dict[str, Any], float]:
    """The manifest that `scorelet score` fetched, and the command's peak memory."""
    command = ["score", NAME, "--model", MODEL, "--local", "--out", "out", *SETTINGS]
    deadline = time.monotonic() + max(gigabytes, 1) * SECONDS_A_GB
    with _started(command, folder) as process:
        peak = 0.0
        try:
            while process.poll() is None and time.monotonic() < deadline:
                peak = max(peak, peak_mib(process.pid))
                time.sleep(0.2)
        finally:
            process.kill()  # which is over, as a rule
    if process.returncode:
        raise RuntimeError(f"scorelet score ended with {process.returncode}")
    (path,) = (folder / "out").glob("*/manifest.json")
    return json.loads(path.read_text()), peak


def _started(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """The command at work in the folder; what it says for people, the progress bar, is shown."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers/core")])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own


def _free_port() -> int:
    """The first of two ports side by side that nobody uses."""
    while True:
        port = random.randrange(20_000, 60_000)
        try:
            for number in (port, port + 1):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port


def _by_step(target: Target, manifest: Mapping[str, Any], began: float, ended: float) -> dict[str, float]:
    """By the times of the file, of its run's lists and of the manifest in the bucket, which are whole seconds."""
    file, run = FileTarget(MODEL, NAME), manifest["run"]
    keys = [f"{INCOMING}{MODEL}/{NAME}", output_key("runs", file, run, "shards.json")]
    keys.append(output_key("scored", file, run, "manifest.json"))
    s3 = target.client("s3")
    times = [s3.head_object(Bucket=target.data_bucket, Key=key)["LastModified"].timestamp() for key in keys]
    marks = [began, *times, ended]
    names = ("upload", "measure and cut", "score and finish", "download")
    return {name: end - begin for name, (begin, end) in zip(names, pairwise(marks), strict=True)}


def _check_fetched(out: Path, manifest: Mapping[str, Any], found: Found) -> None:
    """What the command fetched is what the manifest says."""
    (folder,) = out.iterdir()
    for kind, entries in (("scored", manifest["parts"]), ("rejected", manifest["rejects"])):
        for entry in entries:
            with (folder / f"{kind}-{entry['key'].rpartition('-')[2]}").open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if entry["digest"] != f"sha256:{digest}":
                found.faults["a fetched file"] += 1


def told(done: Done) -> str:
    """The table."""
    truth, found, run = done.truth, done.found, done.seconds["measure and cut"] + done.seconds["score and finish"]
    lines: list[tuple[str, str]] = [
        ("bytes", f"{truth.size:,}"),
        ("rows", f"{truth.rows:,}"),
        ("rows scored", f"{found.scored:,}"),
        ("rows rejected", f"{found.rejected:,}"),
        *((f"  {code}", f"{count:,}") for code, count in sorted(found.by_code.items())),
        ("parts", f"{found.parts:,}"),
        ("rows lost", f"{found.lost:,}"),
        ("rows twice", f"{found.twice:,}"),
        ("other faults", ", ".join(f"{n} {what}" for what, n in found.faults.items()) or "none"),
        *((f"{step}, s", f"{seconds:,.0f}") for step, seconds in done.seconds.items()),
        ("rows/s from drop to manifest", f"{truth.rows / run:,.0f}"),
        ("MB/s from drop to manifest", f"{truth.size / 1e6 / run:,.0f}"),
        ("peak MiB of the stack, function included", f"{done.stack_mib:,.0f}"),
        ("peak MiB of scorelet score", f"{done.command_mib:,.0f}"),
        ("seed", str(truth.seed)),
        ("machine", f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"),
    ]
    return table(("what", "is"), lines)


if __name__ == "__main__":
    sys.exit(main())
