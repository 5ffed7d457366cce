"""The stack of template.yaml in this process: give it files, requests and time, and see what comes of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.plane import alarm_event, aws, http_api
from cli.plane.alarms import Alarms, StateChange
from cli.plane.asl import StateError
from cli.plane.async_calls import AsyncCalls
from cli.plane.bus import Bus, Event
from cli.plane.clock import Clock, floor_to
from cli.plane.dispatch import Dispatch
from cli.plane.errors import EndlessLoop, TemplateError
from cli.plane.executions import Execution, Executions
from cli.plane.ids import Ids
from cli.plane.inbox import Inbox
from cli.plane.logs import LogEvent, Logs
from cli.plane.metrics import Metrics
from cli.plane.notifications import Notification, Topics
from cli.plane.platform_metrics import record_execution, record_request, sample_queues
from cli.plane.poller import Poller
from cli.plane.queues import Queue
from cli.plane.runtime import Outcome, Runtime
from cli.plane.s3_events import S3Events
from cli.plane.sqs_api import SqsApi
from cli.plane.steps_api import StepsApi
from cli.plane.storage import Storage
from cli.plane.tap import Tap
from cli.plane.template import Account, read_template
from cli.plane.template.functions import function_name
from cli.plane.timetable import Timetable
from cli.plane.turns import Turns

START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_STEPS = 20_000
"""Deliveries at one instant before the plane calls it an endless loop."""


class LocalStack:
    """One deployed stack. Only one can be open in a process: moto keeps one storage for the whole process."""

    _open: LocalStack | None = None

    def __init__(
        self,
        template_path: Path | str,
        parameters: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        stack_name: str = "scorelet",
        region: str = "us-east-1",
        aws_port: int = 0,
    ) -> None:
        if LocalStack._open is not None:
            raise RuntimeError("A LocalStack is still open in this process: close it first.")
        account = Account(stack_name, region)
        self.clock = clock or Clock(START)
        self.template = read_template(Path(template_path), parameters or {}, account)
        self.lock = Turns()
        self._stopping = threading.Event()
        self.metrics = Metrics()
        self._ids = Ids(stack_name)
        self._build(account)
        self._connect_aws(account, aws_port)

    def _build(self, account: Account) -> None:
        """Everything that lives in this process."""
        t, created = self.template, self.clock.now()
        self._queues = {spec.arn: Queue(spec, self._ids) for spec in t.queues.values()}
        for queue in self._queues.values():
            if queue.spec.dead_letter_arn is not None:
                queue.dead_letters = self._queues.get(queue.spec.dead_letter_arn)
        self.dispatch = Dispatch(self._queues, self.clock)
        self.bus = Bus(t.rules, account, self._ids, self.dispatch.to_target)
        self.topics = Topics(t.subscriptions, self._ids, self.dispatch.to_arn)
        self._logs = Logs(t.log_subscriptions, account, self.metrics, self.dispatch.to_arn)
        self.runtime = Runtime(
            t.functions, account, self.clock, self._ids, self._logs, self.metrics, self._function_environment
        )
        self.async_calls = AsyncCalls(self.runtime, t.async_policies, self.clock, self._ids, self.dispatch.to_arn)
        self.dispatch.connect(self.async_calls, self.topics, self.bus, set(t.functions))
        self.executions = Executions(t.machines, self.clock, self._task, self._read_object, self._tell_execution)
        self.timetable = Timetable(t.rules, created, self.bus, self.dispatch.to_target)
        self.alarms = Alarms(t.alarms, t.composites, self.metrics, created, self._tell_alarm)
        self._pollers = [
            Poller(trigger, self._queue_of(trigger.queue_arn), self.runtime, self.clock, account.region)
            for trigger in t.queue_triggers
        ]
        self._last_tick = floor_to(created, self.alarms.tick_seconds())

    def _connect_aws(self, account: Account, port: int) -> None:
        """The endpoint, and what is in it from the start."""
        aws.reset_storage()
        told = {bucket.name for bucket in self.template.buckets.values() if bucket.tells_eventbridge}
        self.storage = Storage(account.account_id)
        self._inbox = Inbox(S3Events(told, account.account_id, self.storage.stored), self.clock)
        lifeline = self.runtime.lifeline
        sqs = SqsApi(self._queues, self.clock, account.account_id, account.region)
        steps = StepsApi(self.executions, self._ids)
        self.tap = Tap(
            self.storage.ask,
            lambda call: sqs.answer(call) or steps.answer(call),
            self._inbox.hear,
            lambda: lifeline.is_cut,
            lambda _call: lifeline.cut(),
        )
        self._aws_server = aws.HttpServer(self.tap, port)
        LocalStack._open = self
        try:
            aws.create_storage(
                self.endpoint_url, account, self.template.buckets.values(), self.template.topics.values()
            )
        except BaseException:
            self.close()
            raise

    # -- what there is ------------------------------------------------------------------------------------------

    @property
    def endpoint_url(self) -> str:
        """Where boto3, the AWS command line and our own client find this stack's AWS."""
        return self._aws_server.url

    @property
    def notifications(self) -> list[Notification]:
        """Every message published to a topic."""
        return self.topics.sent

    @property
    def events(self) -> list[Event]:
        """Every event that passed a bus, oldest first; any of them can be given to `redeliver`."""
        return self.bus.events

    def bucket(self, logical_id: str) -> str:
        """A bucket's name."""
        return self.template.buckets[logical_id].name

    def queue(self, logical_id: str) -> Queue:
        """A queue, to look into and to mix up."""
        return self._queues[self.template.queues[logical_id].arn]

    def function(self, logical_id: str) -> str:
        """A function's deployed name, from its logical id (a deployed name is given back)."""
        names = {function.logical_id: name for name, function in self.template.functions.items()}
        return names.get(logical_id, logical_id)

    def client(self, service: str) -> Any:
        """A boto3 client for this stack."""
        return aws.client(service, self.endpoint_url, self.template.account)

    def logs(self, function: str) -> list[LogEvent]:
        """A function's log events, oldest first."""
        return self._logs.events(self.template.functions[self.function(function)].log_group)

    def alarm_states(self) -> dict[str, str]:
        """Every alarm's state by its name."""
        return {name: state.value for name, state in self.alarms.states.items()}

    # -- what can be done to it ---------------------------------------------------------------------------------

    def invoke(self, function: str, event: Any) -> Outcome:
        """Call a function and wait for its answer."""
        with self.lock:
            return self.runtime.invoke(self.function(function), event)

    def cold_start(self, function: str) -> None:
        """Throw the function's container away."""
        with self.lock:
            self.runtime.cold_start(self.function(function))

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | dict[str, Any] | list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http_api.Response:
        """One request to the stack's HTTP API; a dict or list is sent as JSON. Logs are delivered by the next pump."""
        sent = dict(headers or {})
        if isinstance(body, dict | list):
            body = json.dumps(body)
            if "content-type" not in {name.lower() for name in sent}:
                sent["content-type"] = "application/json"
        raw = body.encode() if isinstance(body, str) else body or b""
        return self.handle(http_api.Request(method.upper(), path, tuple(sent.items()), raw))

    def handle(self, request: http_api.Request) -> http_api.Response:
        """One request, as the HTTP server has read it."""
        if len(request.body) > http_api.MAX_BODY_BYTES:
            return http_api.message(413, "Request Entity Too Large")
        found = http_api.find_route(self.template.routes, request.method, request.target.partition("?")[0])
        if found is None:
            return http_api.message(404, "Not Found")
        route, parameters = found
        with self.lock:
            at, request_id = self.clock.now(), self._ids.new()
            event = http_api.to_event(request, route, parameters, self.template.account, request_id, at)
            outcome = self.runtime.invoke(route.function_name, event)
            response = http_api.to_response(outcome)
            record_request(self.metrics, route.api_id, response.status, outcome.duration_ms, at)
        return response

    def deliver(self, event: Event, bus: str = "default") -> None:
        """Put an event on a bus, and pump."""
        with self.lock:
            self.bus.put(event, bus)
            self.run_until_idle()

    def lose_events(self) -> int:
        """Forget the events that AWS calls have set off since the last pump; returns how many there were."""
        with self.lock:
            return self._inbox.forget()

    def redeliver(self, event: Event) -> None:
        """The same event once more, as at-least-once delivery may do at any time, and pump."""
        self.deliver(event)

    def run_until_idle(self) -> int:
        """Deliver everything that is due now; returns how many deliveries that took. Raises EndlessLoop.

        Between two of them others have their turn: a request does not wait for a big file.
        """
        for step in range(MAX_STEPS):
            with self.lock:
                if self._stopping.is_set() or not self._step():
                    return step
        raise EndlessLoop(f"{MAX_STEPS} deliveries at {self.clock.now():%H:%M:%S} and still more to do.")

    def advance(self, seconds: float | timedelta) -> None:
        """Let time pass: schedules, visibility timeouts, retries and alarms happen in order, each at its time."""
        step = seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
        with self.lock:
            self.run_until(self.clock.now() + step)

    def run_until(self, end: datetime) -> None:
        """Let everything happen that is due up to `end`, and be at `end`."""
        self.run_until_idle()
        while self._next_happens(end):
            pass
        with self.lock:
            self.clock.move_to(end)
        self.run_until_idle()

    def stop(self) -> None:
        """Let nothing more happen: what is under way ends with its delivery."""
        self._stopping.set()

    def close(self) -> None:
        """Stop listening and give moto's storage free."""
        if LocalStack._open is self:
            self._aws_server.close()
            aws.reset_storage()
            LocalStack._open = None

    def __enter__(self) -> LocalStack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- how it works -------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """One delivery: what AWS calls set off, then asynchronous calls, then one batch of each queue."""
        if self._inbox.act(self.bus, self.topics) or self.async_calls.run_one() or self.executions.run_one():
            return True
        return any([poller.poll() for poller in self._pollers])  # noqa: C419  # every queue gets its turn

    def _next_due(self) -> datetime | None:
        now = self.clock.now()
        candidates = [self.timetable.next_due(), self.async_calls.next_due(now), self._tick_due()]
        candidates.append(self.executions.next_due(now))
        candidates += [poller.queue.next_due(now) for poller in self._pollers]
        return min((at for at in candidates if at is not None), default=None)

    def _tick_due(self) -> datetime | None:
        return self._last_tick + timedelta(seconds=self.alarms.tick_seconds())

    def _next_happens(self, end: datetime) -> bool:
        """Everything of the next instant up to `end`; False when there is none.

        Deliveries first, then schedules, then the alarms look at the result.
        """
        with self.lock:
            at = self._next_due()
            if self._stopping.is_set() or at is None or at > end:
                return False
            self.clock.move_to(at)
        self.run_until_idle()
        with self.lock:
            self.timetable.fire(at)
        self.run_until_idle()
        with self.lock:
            self._tick(at)
        self.run_until_idle()
        return True

    def _tick(self, at: datetime) -> None:
        if self._tick_due() != at:
            return
        self._last_tick = at
        if at.timestamp() % 60 == 0:
            sample_queues(self._queues.values(), self.metrics, at)
        self.alarms.evaluate(at)

    def _tell_alarm(self, change: StateChange) -> None:
        spec, state, before = change.spec, change.state, change.before
        detail = alarm_event.detail(spec, state, before)
        self.bus.put(self.bus.event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, state.at, [spec.arn]))
        for arn in (spec.actions or {}).get(state.value, ()):
            if ":sns:" in arn:
                subject = f'{state.value}: "{spec.name}" in {self.template.account.region}'
                text = alarm_event.sns_message(self.template.account, spec, state, before)
                self.topics.publish(arn, text, subject, state.at)
            else:
                self.dispatch.to_arn(arn, alarm_event.lambda_event(self.template.account, spec, state, before))

    def _task(self, function: str, payload: Any) -> Any:
        outcome = self.runtime.invoke(function_name(function), payload)
        if outcome.error is not None:
            raise StateError(str(outcome.error["errorType"]), json.dumps(dict(outcome.error)))
        return outcome.payload

    def _read_object(self, bucket: str, key: str) -> bytes:
        from botocore.exceptions import ClientError  # only those who run machines wait for it

        try:
            body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise StateError("States.ItemReaderFailed", str(error)) from error
        return body

    def _tell_execution(self, execution: Execution) -> None:
        record_execution(self.metrics, execution.machine.arn, execution.status, self.clock.now())
        detail = {"executionArn": execution.arn, "stateMachineArn": execution.machine.arn, "name": execution.name}
        detail |= {"status": execution.status}
        kind, at = "Step Functions Execution Status Change", self.clock.now()
        self._inbox.tell(self.bus.event("aws.states", kind, detail, at, [execution.arn]))

    def _function_environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": self.endpoint_url}

    def _queue_of(self, arn: str) -> Queue:
        if arn not in self._queues:
            raise TemplateError(f"An event source mapping reads {arn}, which is not in the stack.")
        return self._queues[arn]
