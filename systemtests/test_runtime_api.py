"""The Runtime API of `make bench-cold`, under Lambda's own client: what loads, what fails, and how failures look."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.runtime_api import Sandbox
from systemtests.built import RUNTIME

CODE = """
import os, time
def handler(event, context):
    if "sleep" in event: time.sleep(event["sleep"])
    if "exit" in event: os._exit(event["exit"])
    if "raise" in event: raise ValueError(event["raise"])
    if "size" in event: return "x" * event["size"]
    print("seen", event)
    return {"event": event, "left_ms": context.get_remaining_time_in_millis(), "id": context.aws_request_id}
"""
Start = Callable[..., Sandbox]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def start(code: str = CODE, handler: str = "app.handler", **options: float) -> Sandbox:
        (tmp_path / "app.py").write_text(code)
        sandbox = Sandbox(handler, tmp_path, python=os.environ["PYTHON313"], path=[RUNTIME], **options)  # type: ignore[arg-type]  # only the time limits are given
        started.append(sandbox)
        return sandbox

    yield start
    for sandbox in started:
        sandbox.close()


def test_the_handler_is_loaded_once_and_answers_each_event(start: Start) -> None:
    sandbox = start(timeout_seconds=5)
    first, second = (sandbox.invoke({"n": n}) for n in (1, "zwei ü"))
    assert first.error is second.error is None
    assert [first.payload["event"], second.payload["event"]] == [{"n": 1}, {"n": "zwei ü"}]
    assert first.payload["id"] != second.payload["id"]
    assert 0 < first.payload["left_ms"] <= 5000
    assert sandbox.log().count("seen") == 2


def test_what_is_measured_is_plausible(start: Start) -> None:
    sandbox = start("import time; time.sleep(0.2)\n" + CODE)
    answer = sandbox.invoke({"sleep": 0.1})
    assert sandbox.init_ms >= 200
    assert answer.ms >= 100
    assert sandbox.peak_mb() > 5
    assert sandbox.cpu_ms() > 5


def test_an_exception_is_the_error_that_lambda_reports_and_the_next_event_is_answered(start: Start) -> None:
    sandbox = start()
    failed = sandbox.invoke({"raise": "no"})
    assert failed.error == "ValueError"
    assert failed.payload["errorMessage"] == "no"
    assert failed.payload["stackTrace"]
    assert sandbox.invoke({}).error is None


@pytest.mark.parametrize(
    ("code", "handler", "error"),
    [
        (CODE, "app.nothing", "Runtime.HandlerNotFound"),
        (CODE, "nowhere.handler", "Runtime.ImportModuleError"),
        ("def broken(:", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("import os; os._exit(3)", "app.handler", "Runtime.ExitError"),
    ],
)
def test_a_handler_that_does_not_load_is_named(start: Start, code: str, handler: str, error: str) -> None:
    assert start(code, handler).invoke({}).error == error


def test_a_slow_handler_is_ended_at_its_limit_and_stays_ended(start: Start) -> None:
    sandbox = start(timeout_seconds=0.3)
    assert sandbox.invoke({"sleep": 60}).error == "Sandbox.Timedout"
    assert sandbox.invoke({}).error == "Sandbox.Timedout"


def test_a_slow_init_is_ended_at_its_limit(start: Start) -> None:
    assert start("import time; time.sleep(60)", init_seconds=0.5).invoke({}).error == "Sandbox.Timedout"


def test_an_exit_in_the_handler_is_told(start: Start) -> None:
    answer = start().invoke({"exit": 4})
    assert (answer.error, answer.payload["errorMessage"]) == ("Runtime.ExitError", "the runtime ended with 4")


def test_an_answer_over_six_megabytes_is_refused_as_lambda_refuses_it(start: Start) -> None:
    sandbox = start()
    assert sandbox.invoke({"size": 6_000_000}).error is None
    assert sandbox.invoke({"size": 7_000_000}).error == "Function.ResponseSizeTooLarge"
