"""Amazon States Language, the part that our machines use: it says what is to be done and is told what came of it.

A machine is a generator. It yields an Invoke, Read, Wait or Spawn and is sent the result, or has a StateError thrown
into it. Unknown fields and kinds of states are refused, so that nothing is passed over in silence.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.plane.asl_data import fill, look_up, put
from cli.plane.errors import TemplateError

_COMMON = {"Type", "Next", "End", "Comment", "ResultPath", "OutputPath", "ResultSelector", "Retry", "Catch"}
_FIELDS = {
    "Task": _COMMON | {"Resource", "Parameters"},
    "Map": _COMMON
    | {"Label", "MaxConcurrency", "ItemReader", "ItemSelector", "ItemProcessor", "ToleratedFailureCount"},
    "Choice": {"Type", "Choices", "Default", "Comment"},
    "Pass": {"Type", "Next", "End", "Result", "ResultPath", "Comment"},
    "Succeed": {"Type", "Comment"},
    "Fail": {"Type", "Error", "Cause", "Comment"},
}
_TESTS = {"BooleanEquals", "StringEquals", "NumericEquals"}


class StateError(Exception):
    """A state failed: its error name and cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call a function and wait for its answer."""

    function: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Read:
    """Read an object."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Spawn:
    """Run a machine for each of these inputs; the results come in their order."""

    definition: Mapping[str, Any]
    inputs: Sequence[Any]


Machine = Generator[Invoke | Read | Wait | Spawn, Any, Any]


@dataclass(slots=True)
class Place:
    """Where a machine is: the state, and the input that it got."""

    state: str = ""
    data: Any = None
    visited: list[str] = field(default_factory=list)


def run(definition: Mapping[str, Any], data: Any, context: Mapping[str, Any], place: Place) -> Machine:
    """Run a machine from `place`, or from its start; returns its output, raises StateError."""
    name = place.state or definition["StartAt"]
    while True:
        state = definition["States"][name]
        _check(name, state)
        place.state, place.data = name, data
        place.visited.append(name)
        if state["Type"] == "Succeed":
            return data
        if state["Type"] == "Fail":
            raise StateError(state.get("Error", "States.Fail"), state.get("Cause", ""))
        if state["Type"] == "Choice":
            name = _choose(state, data, context)
            continue
        following, data = yield from _with_catch(state, data, context)
        if following is None:
            return data
        name = following


def _check(name: str, state: Mapping[str, Any]) -> None:
    unknown = set(state) - _FIELDS.get(state["Type"], set())
    if unknown:
        raise TemplateError(f"The plane does not know {', '.join(sorted(unknown))} of the {state['Type']} {name}.")


def _with_catch(
    state: Mapping[str, Any], data: Any, context: Mapping[str, Any]
) -> Generator[Any, Any, tuple[str | None, Any]]:
    try:
        result = yield from _with_retry(state, data, context)
    except StateError as failure:
        for catcher in state.get("Catch", ()):
            if _matches(catcher, failure):
                told = {"Error": failure.error, "Cause": failure.cause}
                return catcher["Next"], put(catcher.get("ResultPath", "$"), data, told)
        raise
    if "ResultSelector" in state:
        result = fill(state["ResultSelector"], result, context)
    whole = put(state.get("ResultPath", "$"), data, result)
    return state.get("Next"), look_up(state.get("OutputPath", "$"), whole, context)


def _with_retry(state: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Machine:
    tries = [0] * len(state.get("Retry", ()))
    while True:
        try:
            return (yield from _attempt(state, data, context))
        except StateError as failure:
            which = next((i for i, r in enumerate(state.get("Retry", ())) if _matches(r, failure)), None)
            if which is None or tries[which] >= state["Retry"][which].get("MaxAttempts", 3):
                raise
            wait = _wait_seconds(state["Retry"][which], tries[which])
            tries[which] += 1
        yield Wait(wait)


def _wait_seconds(retrier: Mapping[str, Any], tries: int) -> float:
    """The longest that jitter would choose."""
    seconds = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** tries
    return float(min(seconds, retrier.get("MaxDelaySeconds", seconds)))


def _matches(rule: Mapping[str, Any], failure: StateError) -> bool:
    named = rule["ErrorEquals"]
    return failure.error in named or "States.ALL" in named or "States.TaskFailed" in named


def _attempt(state: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Machine:
    if state["Type"] == "Pass":
        return state.get("Result", data)
    if state["Type"] == "Map":
        return (yield from _map(state, data, context))
    if not state["Resource"].endswith(":states:::lambda:invoke"):
        raise TemplateError(f"The plane runs no task {state['Resource']}.")
    asked = fill(state["Parameters"], data, context)
    answer = yield Invoke(asked["FunctionName"], asked.get("Payload"))
    return {"ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200}


def _map(state: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Machine:
    """A Distributed Map over a JSON list in S3; no failure is tolerated."""
    reader, processor = state["ItemReader"], state["ItemProcessor"]
    if processor["ProcessorConfig"]["Mode"] != "DISTRIBUTED" or reader["ReaderConfig"] != {"InputType": "JSON"}:
        raise TemplateError("The plane runs only a Map in DISTRIBUTED mode over a JSON list in S3.")
    where = fill(reader["Parameters"], data, context)
    items = json.loads((yield Read(where["Bucket"], where["Key"])))
    selector = state.get("ItemSelector")
    inputs = []
    for index, item in enumerate(items):
        own = {**context, "Map": {"Item": {"Index": index, "Value": item}}}
        inputs.append(item if selector is None else fill(selector, data, own))
    return (yield Spawn(processor, inputs))


def _choose(state: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> str:
    for rule in state["Choices"]:
        ((test, wanted),) = [(k, v) for k, v in rule.items() if k not in ("Variable", "Next")]
        if test not in _TESTS:
            raise TemplateError(f"The plane does not know the comparison {test}.")
        if look_up(rule["Variable"], data, context) == wanted:
            return str(rule["Next"])
    if "Default" not in state:
        raise StateError("States.NoChoiceMatched", "no choice matches, and there is no default")
    return str(state["Default"])
