"""May an alarm move the alias back? Only where the model is the cause, and only once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from scorelet.errors import LostRace, ModelNotFound
from scorelet.events.alarm import AlarmChange
from scorelet.instants import parse_time
from scorelet.registry import Alias, Registry

BY = "scorelet-alert"
# The alarms that a new model version can cause. Drift is not among them: no older version knows the new traffic better.
CURABLE = ("predict-errors", "model-refused")
LOOK_BACK = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class RollbackOutcome:
    """What became of the question: `sentence` for the message, `model` and versions where there is a suspect."""

    sentence: str
    model: str | None = None
    done: bool = False


def roll_back_if_cause(
    change: AlarmChange, kind: str | None, registry: Registry, *, enabled: bool, alias: str
) -> RollbackOutcome | None:
    """Roll back the model that was promoted shortly before the alarm, or say why not; None where it is no question."""
    if kind not in CURABLE or change.state != "ALARM":
        return None
    recent = {name: found for name in registry.names() if (found := _recent(change, name, registry, alias))}
    if not recent:
        minutes = LOOK_BACK.total_seconds() / 60
        return RollbackOutcome(f"No alias changed in the {minutes:.0f} minutes before, so no model was rolled back.")
    if len(recent) > 1:
        return RollbackOutcome(f"Several models changed shortly before ({', '.join(recent)}), so none was rolled back.")
    ((name, found),) = recent.items()
    return _decide(change, name, found, registry, enabled=enabled, alias=alias)


def _recent(change: AlarmChange, name: str, registry: Registry, alias: str) -> Alias | None:
    try:
        found = registry.alias(name, alias)
    except ModelNotFound:
        return None
    return found if timedelta(0) <= change.time - parse_time(found.current.at) <= LOOK_BACK else None


def _decide(
    change: AlarmChange, name: str, found: Alias, registry: Registry, *, enabled: bool, alias: str
) -> RollbackOutcome:
    current = found.current
    at = change.time.isoformat()
    if (current.by, current.at) == (BY, at):  # an earlier attempt at this same alarm got this far
        return RollbackOutcome(f"{name} was rolled back to version {current.version}.", name, done=True)
    suspect = f"{name} version {current.version} answers since {current.at} ({current.by}: {current.why})"
    if not found.history:
        return RollbackOutcome(f"{suspect}. There is no version before it to roll back to.", name)
    if current.version != max(registry.versions(name)):
        # after a rollback, by a person or by us, the next alarm must not go further and further back
        return RollbackOutcome(f"{suspect}. It is not the newest version, so it was not rolled back.", name)
    if not enabled:
        return RollbackOutcome(f"{suspect}. Automatic rollback is off (parameter Rollback).", name)
    try:
        after = registry.rollback(name, at=at, by=BY, why=f"alarm {change.name}", alias=alias)
    except LostRace:
        return RollbackOutcome(f"{suspect}. Somebody changed the alias at the same moment; it was left alone.", name)
    sentence = f"{name} was rolled back from version {current.version} to version {after.current.version}."
    return RollbackOutcome(sentence, name, done=True)
