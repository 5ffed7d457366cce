"""The template obeys every rule, as it is deployed by default and with each choice that a user may make."""

import pytest

from tests.template.expand import expanded
from tests.template.rules import RULES, Stack, findings
from tests.template.rules.loops import edges

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
CHOICES = {
    "default": {},
    "tokens": {"ApiAuth": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "client"},
    "rollback": {"Rollback": "on"},
    "a key of your own": {"KmsKeyArn": KEY},
    "fast starts": {"PredictReservedConcurrency": "20", "PredictProvisionedConcurrency": "2"},
    "snapshots and mail": {"SnapStart": "on", "NotificationEmail": "a@b.example"},
}


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("rule", RULES)
def test_the_template_obeys(rule: str, choice: str) -> None:
    assert list(RULES[rule](Stack.of(expanded(**CHOICES[choice]), **CHOICES[choice]))) == []


def test_more_kept_warm_than_reserved_is_found() -> None:
    wrong = {"PredictReservedConcurrency": "2", "PredictProvisionedConcurrency": "20"}
    assert list(findings(Stack.of(expanded(**wrong), **wrong))) == ["limits_of_concurrency_fit_together"]


def test_the_search_for_loops_sees_the_edges_that_are_meant() -> None:
    seen = edges(Stack.of(expanded()))
    assert seen["BatchFunction"] == {"MonitorFunction"}
    assert seen["PredictFunction"] == {"MonitorFunction"}


def test_the_search_for_lost_events_sees_the_functions_that_events_call() -> None:
    assert Stack.of(expanded()).asynchronous() == {"MonitorFunction", "AlertFunction", "BatchFunction"}
