"""Known vulnerabilities of everything that is pinned: python tools/audit.py PIP_AUDIT LOCK...

Exit code 0: all was asked for and nothing is known. 1: something is known. 3: the advisory service cannot be reached
from here; pip-audit itself calls that a pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

UNREACHABLE = 3


def main(program: str, locks: list[str]) -> int:
    """Ask for each lock, print what is known."""
    codes = [_report(lock, *_ask(program, lock)) for lock in locks]
    return max(codes, key=[0, UNREACHABLE, 1].index)


def _ask(program: str, lock: str) -> tuple[list[dict[str, Any]], str]:
    command = [program, "--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-r", lock]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)["dependencies"], ""
    except ValueError:
        return [], (done.stderr.strip().splitlines() or ["no answer"])[-1]


def _report(lock: str, found: list[dict[str, Any]], error: str) -> int:
    skipped = [d["name"] for d in found if "skip_reason" in d]
    known = [(d, v) for d in found for v in d.get("vulns", [])]
    for dependency, advisory in known:
        fixed = ", ".join(advisory["fix_versions"]) or "no release yet"
        print(f"{lock}: {dependency['name']} {dependency['version']} has {advisory['id']}, fixed in {fixed}")
    if known:
        return 1
    if error or skipped:
        why = error or f"{len(skipped)} of {len(found)} are unknown to it, {skipped[0]} for one"
        print(f"{lock}: NOT audited, the advisory service does not answer from here ({why})")
        return UNREACHABLE
    print(f"{lock}: nothing is known against {len(found)} distributions")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
