"""Schemathesis on the served description: what it allows is answered, what it forbids is refused, all as described."""

import pytest
from hypothesis import HealthCheck, settings
from scorelet import api
from scorelet.events.http import HttpRequest

from tests.fakes.api import all_models
from tests.laws import full_or

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: make setup")
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402 - only where it is installed


def served(environ, start_response):
    """The API behind WSGI, as Schemathesis calls it."""
    headers = {name[5:].replace("_", "-").lower(): v for name, v in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    request = HttpRequest(environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, body, "r", 0)
    event = api.respond(request, all_models(), api.Options(default_model="tiny")).reply.to_event()
    start_response(f"{event['statusCode']} X", list(event["headers"].items()))
    return [event["body"].encode()]


CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]
# JSON Schema cannot say that data have the tensor's datatype and shape, nor that all tensors are equally long
LAX = [check for check in CHECKS if check is not openapi_checks.negative_data_rejection]
schema = schemathesis.openapi.from_wsgi("/openapi.json", served)


@pytest.mark.law
@schema.parametrize()
@settings(max_examples=full_or(1000, 15), deadline=None, suppress_health_check=list(HealthCheck))
def test_every_request_is_answered_as_described(case):
    parameters = case.body.get("parameters") if isinstance(case.body, dict) else None
    by_row = isinstance(parameters, dict) and parameters.get("on_error") == "row"  # bad records are answered, then
    case.call_and_validate(checks=LAX if by_row or case.path.endswith("/infer") else CHECKS)
