"""Step Functions for clients: start an execution, look at it, redrive it."""

from __future__ import annotations

import json
from typing import Any

from cli.plane.calls import AwsCall
from cli.plane.executions import Execution, Executions, NameTaken
from cli.plane.ids import Ids
from cli.plane.tap import Fault


class StepsApi:
    """The part of Step Functions that our code and a person at work need; everything else is refused by name."""

    def __init__(self, executions: Executions, ids: Ids) -> None:
        self._executions = executions
        self._ids = ids

    def answer(self, call: AwsCall) -> bytes | None:
        """The answer's body, or None for a call to another service; raises Fault."""
        if call.service != "states":
            return None
        request = json.loads(call.body or b"{}")
        operations = {
            "StartExecution": self._start,
            "DescribeExecution": lambda asked: _described(self._find(asked["executionArn"])),
            "ListExecutions": self._list,
            "RedriveExecution": self._redrive,
        }
        if call.operation not in operations:
            raise Fault(400, "UnsupportedOperation", f"The plane does not do {call.operation}")
        return json.dumps(operations[call.operation](request)).encode()

    def _start(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked.get("name") or self._ids.new()
        try:
            found = self._executions.start(asked["stateMachineArn"], name, asked.get("input", "{}"))
        except KeyError:
            raise Fault(400, "StateMachineDoesNotExist", "The stack has no such state machine") from None
        except NameTaken:
            raise Fault(400, "ExecutionAlreadyExists", f"There is an execution {name} already") from None
        return {"executionArn": found.arn, "startDate": found.started.timestamp()}

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted = asked.get("statusFilter")
        found = [e for e in self._executions.all.values() if e.machine.arn == asked["stateMachineArn"]]
        return {"executions": [_described(e) for e in reversed(found) if wanted in (None, e.status)]}

    def _redrive(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._find(asked["executionArn"]).status != "FAILED":
            raise Fault(400, "ExecutionNotRedrivable", "Only a failed execution can be redriven")
        self._executions.redrive(asked["executionArn"])
        return {"redriveDate": self._find(asked["executionArn"]).started.timestamp()}

    def _find(self, arn: str) -> Execution:
        if arn not in self._executions.all:
            raise Fault(400, "ExecutionDoesNotExist", "There is no such execution")
        return self._executions.all[arn]


def _described(execution: Execution) -> dict[str, Any]:
    found = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started.timestamp(),
        "stopDate": execution.stopped and execution.stopped.timestamp(),
        "input": execution.input,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": execution.redrives,
    }
    return {name: value for name, value in found.items() if value is not None}
