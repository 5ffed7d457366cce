"""Runs a handler as Lambda does: its environment, a context, JSON in and out, its output in its log group."""

from __future__ import annotations

import io
import json
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.plane.capture import captured
from cli.plane.clock import Clock
from cli.plane.ids import Ids
from cli.plane.logs import Logs
from cli.plane.metrics import Metrics
from cli.plane.sandbox import Sandbox
from cli.plane.template.functions import Function
from cli.plane.template.names import Account

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
FAKE_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
}


class Lifeline:
    """Cut by a test to kill the invocation under way: nothing it does afterwards reaches the world."""

    def __init__(self) -> None:
        self.is_cut = self._under_way = False
        self._output = io.StringIO()
        self._said = ""

    def begin(self, output: io.StringIO) -> None:
        """A new invocation prints into `output`."""
        self.is_cut, self._under_way, self._output = False, True, output

    def cut(self) -> None:
        """Kill the invocation under way; a call of nobody's is only refused."""
        if self._under_way and not self.is_cut:
            self.is_cut, self._said = True, self._output.getvalue()

    def end(self) -> str:
        """What the invocation printed while it lived."""
        self._under_way = False
        return self._said if self.is_cut else self._output.getvalue()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one invocation: `payload` is the answer, or `error` says what Lambda would say."""

    request_id: str
    payload: Any = None
    error: Mapping[str, Any] | None = None
    duration_ms: float = 0.0
    cold: bool = False


class Context:
    """The second argument of a handler."""

    def __init__(self, function: Function, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = function.name
        self.function_version = "$LATEST"
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory_mb)
        self.log_group_name = function.log_group
        self.log_stream_name = log_stream(function)
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + function.timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Real milliseconds until the timeout; the plane does not enforce it."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def log_stream(function: Function) -> str:
    """One stream for each function: there is only ever one container."""
    return f"local/[$LATEST]{function.logical_id}"


class Runtime:
    """Every function of the stack, one container each. The caller sees to it that one runs at a time."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        account: Account,
        clock: Clock,
        ids: Ids,
        logs: Logs,
        metrics: Metrics,
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        self.functions = functions
        self.lifeline = Lifeline()
        self._account = account
        self._clock = clock
        self._ids = ids
        self._logs = logs
        self._metrics = metrics
        self._environment = environment
        self._sandboxes = {name: Sandbox(f.handler, f.code_dir, f.environment) for name, f in functions.items()}

    def cold_start(self, name: str) -> None:
        """Drop the function's container; the next call loads everything anew."""
        self._sandboxes[name].forget()

    def invoke(self, name: str, event: Any, request_id: str | None = None) -> Outcome:
        """Call the function and wait; an exception in it is an outcome, not an exception here."""
        function, sandbox = self.functions[name], self._sandboxes[name]
        request_id = request_id or self._ids.new()
        cold = not sandbox.is_warm
        at, started = self._clock.now(), time.perf_counter()
        with captured() as output:
            self.lifeline.begin(output)
            payload, error = self._call(function, sandbox, json.loads(json.dumps(event)), request_id)
        duration_ms = (time.perf_counter() - started) * 1000
        said = self.lifeline.end()
        if self.lifeline.is_cut:
            self.lifeline.is_cut = False
            sandbox.forget()
            payload, error = (
                None,
                _error("Runtime.ExitError", f"RequestId: {request_id} Error: killed", request_id),
            )
        self._record(function, said, request_id, at, duration_ms, error)
        return Outcome(request_id, payload, error, duration_ms, cold)

    def _call(self, function: Function, sandbox: Sandbox, event: Any, request_id: str) -> tuple[Any, Any]:
        try:
            with sandbox.entered(self._lambda_environment(function)) as handler:
                answer = handler(event, Context(function, request_id))
                return _through_json(answer, request_id)
        except Exception as error:  # noqa: BLE001  # Lambda turns whatever a handler raises into an error answer
            failure = _error(type(error).__name__, str(error), request_id, traceback.format_exc().splitlines())
            print(f"[ERROR] {failure['errorType']}: {failure['errorMessage']}\n" + traceback.format_exc())
            return None, failure

    def _lambda_environment(self, function: Function) -> dict[str, str]:
        return {
            **FAKE_CREDENTIALS,
            "AWS_REGION": self._account.region,
            "AWS_DEFAULT_REGION": self._account.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream(function),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "LAMBDA_TASK_ROOT": str(function.code_dir),
            "_HANDLER": function.handler,
            # the developer's own profile must not leak in
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            **self._environment(),
        }

    def _record(
        self, function: Function, output: str, request_id: str, at: Any, duration_ms: float, error: Any
    ) -> None:
        lines = [line for line in output.split("\n") if line.strip()]
        report = f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tMemory Size: {function.memory_mb} MB"
        lines = [
            f"START RequestId: {request_id} Version: $LATEST",
            *lines,
            f"END RequestId: {request_id}",
            report,
        ]
        self._logs.write(function.log_group, log_stream(function), lines, at)
        for dimensions in ((("FunctionName", function.name),), ()):
            put = self._metrics.put
            put("AWS/Lambda", "Invocations", dimensions, at, 1, "Count")
            put("AWS/Lambda", "Errors", dimensions, at, 1 if error else 0, "Count")
            put("AWS/Lambda", "Duration", dimensions, at, duration_ms, "Milliseconds")


def _through_json(answer: Any, request_id: str) -> tuple[Any, Any]:
    try:
        text = json.dumps(answer, allow_nan=False)
    except (TypeError, ValueError) as error:
        return None, _error("Runtime.MarshalError", f"Unable to marshal response: {error}", request_id)
    if len(text.encode()) > MAX_PAYLOAD_BYTES:
        return None, _error("Function.ResponseSizeTooLarge", "Response payload size exceeded 6 MB", request_id)
    return json.loads(text), None


def _error(kind: str, message: str, request_id: str, trace: list[str] | None = None) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace or []}
