"""What `make scan` takes for explained, without running a scanner."""

import tomllib
from typing import Any

from tests.template.scanners import MOST_SKIPPED, SKIPS, Finding, unexplained

NOTHING: dict[str, Any] = {"skip": [], "proven": [], "parameter": []}


def _skipped(*entries: list[str]) -> list[dict[str, Any]]:
    return [{"scanner": "checkov", "rules": rules, "reason": "a test"} for rules in entries]


def _found(*rules: str) -> dict[str, set[Finding]]:
    return {"default": {Finding("checkov", rule, "Bucket") for rule in rules}}


def test_at_most_five_rules_are_skipped_however_they_are_grouped() -> None:
    six = ["A", "B", "C", "D", "E", "F"]
    assert unexplained(_found(*six), NOTHING | {"skip": _skipped(six)}) == ["6 rules are skipped, over 5"]
    assert unexplained(_found(*six), NOTHING | {"skip": _skipped(six[:3], six[3:])}) == ["6 rules are skipped, over 5"]
    assert unexplained(_found(*six[:5]), NOTHING | {"skip": _skipped(six[:5])}) == []


def test_our_own_file_keeps_to_it_and_every_entry_has_its_reason() -> None:
    ours = tomllib.loads(SKIPS.read_text())
    assert sum(len(entry["rules"]) for entry in ours["skip"]) <= MOST_SKIPPED
    assert all(entry["reason"].endswith(".") for entries in ours.values() for entry in entries)


def test_what_no_entry_explains_is_named() -> None:
    assert unexplained(_found("A"), NOTHING) == ["default: checkov A on Bucket"]


def test_an_entry_that_explains_nothing_any_more_is_named() -> None:
    skips = NOTHING | {"skip": _skipped(["A", "B"])}
    assert unexplained(_found("A"), skips) == ["nothing is found by checkov B any more"]


def test_what_a_parameter_cures_must_be_gone_once_it_is_given() -> None:
    cured = NOTHING | {"parameter": [*_skipped(["A"])]}
    assert unexplained(_found("A"), cured) == []
    still = {"everything chosen": _found("A")["default"]}
    assert unexplained(still, cured) == ["everything chosen: checkov A on Bucket"]
