"""Executions of state machines, run a piece at a time whenever the stack is pumped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cli.plane.asl import Invoke, Machine, Place, Read, Spawn, StateError, Wait, run
from cli.plane.clock import Clock
from cli.plane.errors import ExpressionError
from cli.plane.template.machines import StateMachine

MAX_STATE_BYTES = 256 * 1024


@dataclass(slots=True)
class Execution:
    """One run of a machine under a name that is given once."""

    machine: StateMachine
    name: str
    arn: str
    input: str
    started: datetime
    status: str = "RUNNING"
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrives: int = 0
    place: Place = field(default_factory=Place)


@dataclass(slots=True)
class _Thread:
    """A machine at work: an execution's own, or a child of a Map."""

    execution: Execution
    machine: Machine
    due: datetime
    parent: _Thread | None = None
    number: int = 0
    send: Any = None
    throw: StateError | None = None
    waits_for: int = 0
    results: list[Any] = field(default_factory=list)


class Executions:
    """All executions of all machines of a stack, oldest first. One call of a function is made at a time."""

    def __init__(
        self,
        machines: Mapping[str, StateMachine],
        clock: Clock,
        invoke: Callable[[str, Any], Any],
        read: Callable[[str, str], bytes],
        told: Callable[[Execution], None],
    ) -> None:
        self.all: dict[str, Execution] = {}
        self.machines = machines
        self._clock = clock
        self._invoke = invoke
        self._read = read
        self._told = told
        self._threads: list[_Thread] = []

    def start(self, machine_arn: str, name: str, data: str) -> Execution:
        """Begin; the same name with the same input while it runs is the same execution. Raises KeyError, NameTaken."""
        machine = self.machines[machine_arn]
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        there = self.all.get(arn)
        if there is not None:
            if there.status == "RUNNING" and there.input == data:
                return there
            raise NameTaken(arn)
        execution = Execution(machine, name, arn, data, self._clock.now())
        self.all[arn] = execution
        self._begin(execution, json.loads(data))
        self._told(execution)
        return execution

    def redrive(self, arn: str) -> Execution:
        """Go on with the state that failed, and its input. A Map runs all its children again. Raises KeyError."""
        execution = self.all[arn]
        execution.status, execution.error, execution.cause = "RUNNING", None, None
        execution.redrives += 1
        self._begin(execution, execution.place.data)
        return execution

    def run_one(self) -> bool:
        """Do the next thing that is due; False when nothing is."""
        now = self._clock.now()
        thread = next((one for one in self._threads if one.due <= now and not one.waits_for), None)
        if thread is None:
            return False
        self._go_on(thread)
        return True

    def next_due(self, after: datetime) -> datetime | None:
        """When something that waits is to go on."""
        return min((one.due for one in self._threads if one.due > after and not one.waits_for), default=None)

    def _begin(self, execution: Execution, data: Any) -> None:
        context = {"Execution": {"Id": execution.arn, "Name": execution.name, "Input": json.loads(execution.input)}}
        machine = run(execution.machine.definition, data, context, execution.place)
        self._threads.append(_Thread(execution, machine, self._clock.now()))

    def _go_on(self, thread: _Thread) -> None:
        try:
            failure, value = thread.throw, thread.send
            thread.throw = thread.send = None
            wish = thread.machine.send(value) if failure is None else thread.machine.throw(failure)
        except StopIteration as done:
            self._end(thread, done.value)
        except StateError as error:
            self._fail(thread, error)
        except ExpressionError as error:
            self._fail(thread, StateError("States.Runtime", str(error)))
        else:
            self._grant(thread, wish)

    def _grant(self, thread: _Thread, wish: Invoke | Read | Wait | Spawn) -> None:
        try:
            if isinstance(wish, Invoke):
                thread.send = self._invoke(wish.function, wish.payload)
            elif isinstance(wish, Read):
                thread.send = self._read(wish.bucket, wish.key)
            elif isinstance(wish, Wait):
                thread.due = self._clock.now() + timedelta(seconds=wish.seconds)
            else:
                self._spawn(thread, wish)
        except StateError as error:
            thread.throw = error

    def _spawn(self, parent: _Thread, wish: Spawn) -> None:
        parent.waits_for, parent.results = len(wish.inputs), [None] * len(wish.inputs)
        parent.send = parent.results
        for number, data in enumerate(wish.inputs):
            machine = run(wish.definition, data, {}, Place())
            self._threads.append(_Thread(parent.execution, machine, self._clock.now(), parent, number))

    def _end(self, thread: _Thread, output: Any) -> None:
        self._threads.remove(thread)
        if thread.parent is None:
            self._stop(thread.execution, "SUCCEEDED", output=json.dumps(output))
            return
        thread.parent.results[thread.number] = output
        thread.parent.waits_for -= 1
        if not thread.parent.waits_for and len(json.dumps(thread.parent.results)) > MAX_STATE_BYTES:
            thread.parent.throw = StateError("States.DataLimitExceeded", "the children's outputs pass 256 KB")

    def _fail(self, thread: _Thread, error: StateError) -> None:
        self._threads.remove(thread)
        if thread.parent is None:
            self._stop(thread.execution, "FAILED", error=error.error, cause=error.cause)
            return
        # the first failure stops the Map: its other children are aborted
        self._threads = [one for one in self._threads if one.parent is not thread.parent]
        thread.parent.waits_for = 0
        cause = f"The specified tolerated failure threshold was exceeded. {error.error}: {error.cause}"
        thread.parent.throw = StateError("States.ExceedToleratedFailureThreshold", cause)

    def _stop(self, execution: Execution, status: str, **what: str) -> None:
        execution.status, execution.stopped = status, self._clock.now()
        for name, value in what.items():
            setattr(execution, name, value)
        self._told(execution)


class NameTaken(Exception):
    """An execution of this name is over, or has another input."""
