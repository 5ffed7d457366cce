"""Score one file in a process of its own and print what came of it, and the most memory the process has held.

python -m tests.fakes.peak SOURCE FOLDER
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from scorelet.batch_score import BatchOptions, score_file
from scorelet.errors import UnreadableFile
from scorelet.package import load_package

from tests.fakes.package import tiny_package

ROOT = Path(__file__).parents[2]


def scored_apart(source: Path, folder: Path) -> dict[str, Any]:
    """What `main` finds, in a process of its own."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "layers/core")))
    command = [sys.executable, "-m", "tests.fakes.peak", str(source), str(folder)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(source: Path, folder: Path) -> dict[str, object]:
    """Rows in and scored, rejects by code, or why the file is unreadable; `peak_mb`."""
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    found: dict[str, object]
    try:
        totals = score_file(source, package, folder, BatchOptions(threads=1))
        found = {"rows": totals.rows_in, "scored": totals.rows_scored, "rejects": totals.rejects_by_code}
    except UnreadableFile as error:
        found = {"unreadable": str(error)}
    status = Path("/proc/self/status").read_text().splitlines()
    return {**found, "peak_mb": next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))}


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:]))))
