"""docs/operations.md as something to run: its commands, taken out of its code blocks, in bash with the real AWS CLI."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from functools import cache

from systemtests.built import ROOT

PAGE = ROOT / "docs/operations.md"
TOOLS = ROOT / ".venv-ministack/bin"
# version 1 of the AWS CLI takes SQS's endpoint from nowhere else
THERE = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }'
DEFINITION = re.compile(r"[a-z]+\(\) \{|[A-Z]+=")


@cache
def lines() -> dict[str, list[str]]:
    """The lines of all code blocks, by the heading they stand under."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE):
        heading = section.partition("\n")[0]
        blocks = re.findall(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        found[heading] = [line for block in blocks for line in block.splitlines()]
    return found


def definitions() -> list[str]:
    """What the page defines for the commands that follow."""
    return [line for section in lines().values() for line in section if DEFINITION.match(line)]


def commands(heading: str) -> list[str]:
    """The commands under a heading."""
    return [line for line in lines()[heading] if not DEFINITION.match(line)]


@dataclass
class Shell:
    """A shell that was given the page's definitions. `more` comes after them; `ran` is what was run, as it stands."""

    endpoint_url: str
    region: str
    more: str = ""
    ran: set[str] = field(default_factory=set)

    def run(self, command: str, **names: str) -> str:
        """Run one line of the page with `names` filled in; its output. Raises AssertionError where it fails."""
        self.ran.add(command)
        filled = command
        for name, value in names.items():
            assert name in filled, f"{command} names no {name}"
            filled = filled.replace(name, value)
        script = "\n".join(["set -euo pipefail", THERE, *definitions(), self.more, filled])
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": self.region}
        environ = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "HOME": os.environ["HOME"], **keys}
        environ["AWS_ENDPOINT_URL"] = self.endpoint_url
        done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{filled}\n{done.stdout}{done.stderr}"
        return done.stdout
