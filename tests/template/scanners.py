"""checkov, cfn-lint with the serverless rules, and cfripper, on expanded templates; `python -m` it for `make scan`.

They live in an environment of their own, .venv-scan, and are called as commands.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.template.expand import as_list, expanded
from tests.template.rules import RULES

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv-scan/bin"
SKIPS = Path(__file__).with_name("scan_skips.toml")
SCANNERS = ("checkov", "cfn-lint", "cfripper")
MOST_SKIPPED = 5  # rules, not entries
EVERYTHING = {
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "NotificationEmail": "somebody@example.com",
    "PredictReservedConcurrency": "20",
    "PredictProvisionedConcurrency": "2",
    "Rollback": "on",
}


@dataclass(frozen=True, order=True)
class Finding:
    """One rule of one scanner, on one resource."""

    scanner: str
    rule: str
    resource: str


def settle(template: Mapping[str, Any], **parameters: str) -> dict[str, Any]:
    """An expanded template with values where it had parameters, so that a scanner need not guess any."""
    values = {name: p["Default"] for name, p in template["Parameters"].items()} | parameters
    return {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Resources": _filled({n: _unconditional(r) for n, r in template["Resources"].items()}, values),
    }


def scan(templates: Mapping[str, Mapping[str, Any]]) -> dict[str, set[Finding]]:
    """The findings in each of the settled templates; raises RuntimeError where a scanner could not read one."""
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{number:03}.json") for number, name in enumerate(templates)}
        for name, file in files.items():
            file.write_text(json.dumps(templates[name], indent=1))
        names = {file.name: name for name, file in files.items()}
        found: dict[str, set[Finding]] = {name: set() for name in templates}
        for run in (_checkov, _cfn_lint, _cfripper):
            for file_name, finding in run(sorted(files.values())):
                found[names[file_name]].add(finding)
    return found


def _checkov(files: list[Path]) -> list[tuple[str, Finding]]:
    flags = ["--framework", "cloudformation", "--quiet", "--compact", "--skip-download", "-o", "json"]
    report = json.loads(_run("checkov", *flags, "-d", str(files[0].parent)))
    if "results" not in report or report["summary"]["parsing_errors"]:
        raise RuntimeError("checkov could not read every template")
    return [
        (Path(c["file_path"]).name, Finding("checkov", c["check_id"], c["resource"].rpartition(".")[2]))
        for c in report["results"]["failed_checks"]
    ]


def _cfn_lint(files: list[Path]) -> list[tuple[str, Finding]]:
    report = json.loads(_run("cfn-lint", "-a", "cfn_lint_serverless.rules", "--format", "json", "--", *map(str, files)))
    return [
        (Path(m["Filename"]).name, Finding("cfn-lint", m["Rule"]["Id"], str(([*m["Location"]["Path"], "", ""])[1])))
        for m in report
    ]


def _cfripper(files: list[Path]) -> list[tuple[str, Finding]]:
    lines = _run("cfripper", *map(str, files), "--format", "json", "--resolve", "--logging", "ERROR").splitlines()
    reports = [json.loads(line) for line in lines if line.startswith("{")]
    if len(reports) != len(files) or any(r["exceptions"] for r in reports):
        raise RuntimeError("cfripper could not read every template")
    return [
        (file.name, Finding("cfripper", f["rule"], resource))
        for file, report in zip(files, reports, strict=True)
        for f in report["failures"]
        for resource in f["resource_ids"] or [""]
    ]


def _run(command: str, *arguments: str) -> str:
    """What a scanner prints. Findings are no failure here, so its exit code says nothing."""
    done = subprocess.run([BIN / command, *arguments], capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise RuntimeError(f"{command} said nothing; its errors: {done.stderr[-2000:]}")
    return done.stdout


def _unconditional(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key not in {"Condition", "Metadata"}}


def _filled(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_filled(item, values) for item in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Ref"} and node["Ref"] in values:
        return values[node["Ref"]]
    if "Fn::Sub" in node:
        text, own = (*as_list(node["Fn::Sub"]), {})[:2]
        text = re.sub(r"\$\{(\w+)\}", lambda m: m[0] if m[1] in own else str(values.get(m[1], m[0])), text)
        return {"Fn::Sub": [text, _filled(own, values)] if own else text}
    return {key: _filled(item, values) for key, item in node.items()}


def unexplained(found: Mapping[str, set[Finding]], explanations: Mapping[str, Any]) -> list[str]:
    """What no entry of scan_skips.toml explains, entries that explain nothing, and entries that are not true."""
    skipped = [rule for entry in explanations["skip"] for rule in entry["rules"]]
    wrong = [] if len(skipped) <= MOST_SKIPPED else [f"{len(skipped)} rules are skipped, over {MOST_SKIPPED}"]
    used: set[tuple[str, str]] = set()
    for name, findings in found.items():
        for finding in sorted(findings):
            kinds = [k for k in explanations if any(_explains(e, finding) for e in explanations[k])]
            used.add((finding.scanner, finding.rule))
            if not kinds or (kinds == ["parameter"] and name != "default"):
                wrong.append(f"{name}: {finding.scanner} {finding.rule} on {finding.resource}")
    for entry in (e for entries in explanations.values() for e in entries):
        idle = [r for r in entry["rules"] if (entry["scanner"], r) not in used]
        wrong += [f"nothing is found by {entry['scanner']} {rule} any more" for rule in idle]
    wrong += [f"there is no rule {e['by']}" for e in explanations["proven"] if e["by"] not in RULES]
    return wrong


def _explains(entry: Mapping[str, Any], finding: Finding) -> bool:
    here = finding.resource in entry.get("resources", [finding.resource])
    return finding.scanner == entry["scanner"] and finding.rule in entry["rules"] and here


def main() -> int:
    """Scan the template as it is by default, and with every choice made; say what is not explained."""
    explanations = tomllib.loads(SKIPS.read_text())
    choices = {"default": {}, "everything chosen": EVERYTHING}
    found = scan({name: settle(expanded(**given), **given) for name, given in choices.items()})
    wrong = unexplained(found, explanations)
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    rules = {kind: sum(len(entry["rules"]) for entry in entries) for kind, entries in explanations.items()}
    count = ", ".join(f"{number} {kind}" for kind, number in rules.items())
    sys.stdout.write(f"scan: {sum(map(len, found.values()))} findings, {len(wrong)} unexplained (rules: {count}).\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
