"""A long-lived predict function does not grow: a million calls, one in twenty bad."""

import json
import os
import subprocess
import sys

import pytest

from tests.laws import full_or

CALLS = full_or(1_000_000, 4_000)
MOST_GROWTH_MB = 5

PROGRAM = """
import contextlib, json, os, sys
from types import SimpleNamespace
from functions.predict import app
from tests.events import load_event
from tests.fakes.api import all_models
from tests.fakes.package import tiny_records

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

models = all_models()
app._models = lambda: models
event = {**load_event("http_v2_predict"), "rawPath": "/v1/models/tiny:predict", "isBase64Encoded": False}
bodies = [json.dumps({"instances": tiny_records(1, seed)}) for seed in range(19)] + ['{"instances": [{"amount": "x"}]}']
context = SimpleNamespace(aws_request_id="x")

def call(times):
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for number in range(times):
            event["requestContext"]["requestId"] = str(number)
            event["headers"] = {"x-scorelet-entity-id": str(number)}
            assert app.handler({**event, "body": bodies[number % 20]}, context)["statusCode"] < 500

calls = int(sys.argv[1])
call(2000)
before = resident_mb()
call(calls)
print(json.dumps({"calls": calls, "before_mb": before, "growth_mb": resident_mb() - before}))
"""


@pytest.mark.law
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm, which only Linux has")
def test_the_function_does_not_grow_with_its_calls(law):
    environment = {**os.environ, "MODEL_BUCKET": "models", "POWERTOOLS_SERVICE_NAME": "s"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(CALLS)], capture_output=True, text=True, check=True, env=environment
    )
    found = json.loads(done.stdout)
    assert found["growth_mb"] < MOST_GROWTH_MB, found
    law.tried += found["calls"]
