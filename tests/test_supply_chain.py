"""What is installed is what was locked, and what is deployed may be given away."""

import importlib.metadata
import json
import re
import stat

import pytest

from tests.test_docs import ROOT
from tools import audit
from tools.licences import TRIMMED, is_allowed, licence, plain

LOCKS = sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("layers/*/requirements.txt")])
LAYER_LOCKS = sorted(ROOT.glob("layers/*/requirements.txt"))
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+?)(?=[ ;\\]|$)", re.MULTILINE)


def _entries(lock):
    """Each requirement of a lock with its continuation lines."""
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    return re.split(r"\n(?=\S)", "\n".join(lines))


def _name(lock):
    return str(lock.relative_to(ROOT))


@pytest.mark.parametrize("lock", LOCKS, ids=_name)
def test_every_requirement_is_one_exact_version_with_its_hashes(lock):
    entries = [entry for entry in _entries(lock) if entry.strip()]
    assert entries
    for entry in entries:
        assert PIN.match(entry), entry.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS, ids=_name)
def test_no_lock_names_a_registry_or_a_file(lock):
    assert not re.search(r"://|--index-url|--extra-index|--find-links|^-e|^\./", lock.read_text(), re.MULTILINE)


def test_every_requirements_file_has_a_lock_and_make_lock_writes_it():
    script = (ROOT / "tools/lock.sh").read_text()
    for source in ROOT.glob("requirements/*.in"):
        assert source.with_suffix(".txt").exists(), source.name
        assert f"{source.name} {source.stem}.txt" in script


@pytest.mark.parametrize("lock", LAYER_LOCKS, ids=_name)
def test_what_is_deployed_has_a_licence_that_lets_it_be_given_away(lock):
    deployed = [name for name, _version in PIN.findall(lock.read_text()) if plain(name) not in TRIMMED]
    assert deployed
    for name in deployed:
        found = licence(importlib.metadata.distribution(name))
        assert is_allowed(found), f"{name}: {found}"


@pytest.fixture
def pip_audit(tmp_path):
    """A pip-audit that says this."""

    def says(answer):
        program = tmp_path / "pip-audit"
        program.write_text(f"#!/bin/sh\ncat <<'E'\n{answer}\nE\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return str(program)

    return says


def _answer(*dependencies):
    return json.dumps({"dependencies": list(dependencies)})


CLEAN = {"name": "numpy", "version": "2", "vulns": []}
BAD = {"name": "numpy", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (_answer(CLEAN), 0, "nothing is known against 1"),
        (_answer(CLEAN, BAD), 1, "numpy 1 has CVE-1, fixed in 2"),
        (_answer(CLEAN, SKIPPED), 3, "NOT audited"),
        ("", 3, "NOT audited"),
    ],
)
def test_an_audit_that_asked_nobody_is_no_pass(pip_audit, capsys, answer, code, words):
    assert audit.main(pip_audit(answer), ["lock.txt"]) == code
    assert words in capsys.readouterr().out
