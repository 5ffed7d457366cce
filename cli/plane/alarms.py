"""Alarms come alive: judged once a minute of the clock, and every change of state is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.plane import alarm_event
from cli.plane.alarm_data import datapoints, too_few_samples
from cli.plane.alarm_event import AlarmState
from cli.plane.alarm_rule import compile_rule
from cli.plane.clock import floor_to, iso_offset
from cli.plane.errors import TemplateError
from cli.plane.judge import ALARM, INSUFFICIENT_DATA, OK, judge
from cli.plane.metrics import Metrics
from cli.plane.template.alarms import AlarmSpec, CompositeSpec

_DAY = 86400


@dataclass(frozen=True, slots=True)
class StateChange:
    """One alarm went from one state to another."""

    spec: AlarmSpec | CompositeSpec
    state: AlarmState
    before: AlarmState


class Alarms:
    """Every alarm of the stack and its state."""

    def __init__(
        self,
        specs: Iterable[AlarmSpec],
        composites: Iterable[CompositeSpec],
        metrics: Metrics,
        created: datetime,
        tell: Callable[[StateChange], None],
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._composites = {spec.name: (spec, *compile_rule(spec.rule)) for spec in composites}
        self._metrics = metrics
        self._tell = tell
        first = AlarmState(INSUFFICIENT_DATA, "Unchecked: Initial alarm creation", None, created)
        self.states = dict.fromkeys((*self._specs, *self._composites), first)
        self.history: list[StateChange] = []
        self._check_names()

    def tick_seconds(self) -> int:
        """How often alarms are judged: each minute, or every ten seconds when one has a shorter period."""
        return 10 if any(spec.period < 60 for spec in self._specs.values()) else 60

    def next_due(self, after: datetime) -> datetime | None:
        """The next evaluation."""
        if not self.states:
            return None
        step = self.tick_seconds()
        return floor_to(after, step) + timedelta(seconds=step)

    def evaluate(self, at: datetime) -> None:
        """Judge every alarm that is due at `at`, composites after the ones they look at."""
        for spec in self._specs.values():
            if _is_due(spec, at):
                self._judge(spec, at)
        for _ in self._composites:
            if not any([self._judge_composite(name, at) for name in self._composites]):  # noqa: C419  # judge them all
                break

    def set_state(self, name: str, value: str, reason: str, at: datetime) -> None:
        """Put an alarm into a state by hand, as SetAlarmState does; it lasts until the next evaluation."""
        spec = self._specs[name] if name in self._specs else self._composites[name][0]
        self._change(spec, AlarmState(value, reason, None, at))

    def _judge(self, spec: AlarmSpec, at: datetime) -> None:
        current = self.states[spec.name]
        if too_few_samples(spec, self._metrics, at):
            return
        points = datapoints(spec, self._metrics, at)
        value = judge(
            [point.breaches for point in points],
            spec.evaluation_periods,
            spec.datapoints_to_alarm,
            spec.missing,
            current.value,
        )
        if value != current.value:
            why = alarm_event.reason(spec, points, value, current.value)
            self._change(spec, AlarmState(value, why, alarm_event.reason_data(spec, points, at), at))

    def _judge_composite(self, name: str, at: datetime) -> bool:
        spec, holds, names = self._composites[name]
        states = {other: state.value for other, state in self.states.items()}
        value = ALARM if holds(states) else OK
        if value == self.states[name].value:
            return False
        latest = max((self.states[other] for other in names), key=lambda state: state.at, default=None)
        which = next((other for other in names if self.states[other] is latest), None)
        arn = self._arn(which) if which else None
        why = f"{arn} transitioned to {latest.value} at {iso_offset(latest.at)}" if latest else f"The rule is {value}"
        data = [{"arn": arn, "state": {"value": latest.value, "timestamp": iso_offset(latest.at)}}] if latest else []
        self._change(spec, AlarmState(value, why, json.dumps({"triggeringAlarms": data}), at))
        return True

    def _change(self, spec: AlarmSpec | CompositeSpec, state: AlarmState) -> None:
        before, self.states[spec.name] = self.states[spec.name], state
        change = StateChange(spec, state, before)
        self.history.append(change)
        self._tell(change)

    def _arn(self, name: str) -> str:
        return self._specs[name].arn if name in self._specs else self._composites[name][0].arn

    def _check_names(self) -> None:
        for spec, _, names in self._composites.values():
            unknown = sorted(set(names) - set(self.states))
            if unknown:
                raise TemplateError(f"Composite alarm {spec.name} names unknown alarms: {', '.join(unknown)}.")


def _is_due(spec: AlarmSpec, at: datetime) -> bool:
    """Short alarms every ten seconds, alarms over more than a day each hour, all others each minute."""
    if spec.period * spec.evaluation_periods > _DAY:
        return at.timestamp() % 3600 == 0
    return spec.period < 60 or at.timestamp() % 60 == 0
