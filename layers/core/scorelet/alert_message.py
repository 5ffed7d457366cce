"""The message an alarm becomes: what happened, what it means, what to do, where to look. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scorelet.events.alarm import AlarmChange
from scorelet.rollback import RollbackOutcome
from scorelet.runbooks import RUNBOOKS, UNKNOWN

SUBJECT_LENGTH = 100  # the most SNS accepts, in printable ASCII
MOST_QUANTITIES = 5


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `subject` fits SNS's rule, `body` is for a person."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Buckets:
    """The names a command in a message needs."""

    model: str
    data: str


def alarm_message(
    change: AlarmChange,
    kind: str | None,
    buckets: Buckets,
    reports: Sequence[Mapping[str, Any]] = (),
    rollback: RollbackOutcome | None = None,
) -> Message:
    """The message of an alarm that fires; `reports` are the drift reports that tell of drift."""
    runbook = RUNBOOKS.get(kind or "", UNKNOWN)
    models = [str(report["model"]) for report in reports] or ([rollback.model] if rollback and rollback.model else [])
    names = {
        "stack": change.name.removesuffix(f"-{kind}"),
        "model": models[0] if len(models) == 1 else "MODEL",
        "model_bucket": buckets.model,
        "data_bucket": buckets.data,
    }
    steps = [f"{i}. {step}".format(**names) for i, step in enumerate(runbook.steps, 1)]
    facts = [*_facts(change), *(line for report in reports for line in drift_lines(report))]
    sections = [
        ("WHAT HAPPENED", "\n".join(facts)),
        ("WHAT WAS DONE", rollback.sentence if rollback else ""),
        ("WHAT IT MEANS", runbook.meaning),
        ("WHAT TO DO", "\n\n".join(steps)),
        ("WHERE TO LOOK", console_url(change)),
    ]
    body = "\n\n".join(f"{title}\n{text}" for title, text in sections if text) + "\n"
    return Message(subject(f"[ALARM] {change.name}: {_headline(runbook.title, reports, rollback)}"), body)


def recovery_message(change: AlarmChange, fired_at: str) -> Message:
    """The short message of an alarm that is over; `fired_at` is when it was told of."""
    body = (
        f"{change.name} is OK again since {_clock(change)}. It had been in ALARM since {fired_at}.\n\n"
        f"{change.reason}\n\nWHERE TO LOOK\n{console_url(change)}\n"
    )
    return Message(subject(f"[OK] {change.name} has recovered"), body)


def _facts(change: AlarmChange) -> list[str]:
    lines = [f"{change.name} went from {change.previous_state} to {change.state} at {_clock(change)}."]
    if change.description:
        lines.append(change.description)
    if change.triggered_by:
        lines.append(f"Triggered by: {', '.join(change.triggered_by)}")
    lines.append(f"CloudWatch says: {change.reason}")
    lines.append(f"Account {change.account}, region {change.region}.")
    return lines


def drift_lines(report: Mapping[str, Any]) -> list[str]:
    """What a drift report found, quantity by quantity."""
    window = report["window"]
    moved = [q for q in report["quantities"] if q["name"] in report["drifted"]]
    span = f"{report['rows']} rows from {window['start']} to {window['end']}"
    lines = ["", f"{report['model']} version {report['version']}, {span}:"]
    for quantity in moved[:MOST_QUANTITIES]:
        since = report["since"].get(quantity["name"], window["end"])
        lines.append(
            f"- {shown(quantity['name'])}: {quantity['movement']}. Effect {quantity['effect']:.2f}"
            f" (floor {report['rules']['min_effect']:g}), found since {since}."
        )
    if len(moved) > MOST_QUANTITIES:
        lines.append(f"- and {len(moved) - MOST_QUANTITIES} more")
    return lines


def shown(name: str) -> str:
    """The name of a quantity for people: the score and the label are the model's own answers."""
    return {"__score__": "the model's score", "__label__": "the predicted label"}.get(name, name)


def _headline(title: str, reports: Sequence[Mapping[str, Any]], rollback: RollbackOutcome | None) -> str:
    if reports:
        return ", ".join(f"{r['model']} v{r['version']}: {', '.join(map(shown, r['drifted']))}" for r in reports)
    return f"{title}; {rollback.model} was rolled back" if rollback and rollback.done else title


def subject(text: str) -> str:
    """The text as SNS accepts it: printable ASCII, at most 100 characters.

    >>> subject("größer" + "!" * 200)[:8], len(subject("x" * 200))
    ('gr??er!!', 100)
    """
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)
    return plain if len(plain) <= SUBJECT_LENGTH else plain[: SUBJECT_LENGTH - 3] + "..."


def console_url(change: AlarmChange) -> str:
    """The alarm in CloudWatch's console."""
    place = f"https://{change.region}.console.aws.amazon.com/cloudwatch/home?region={change.region}"
    return f"{place}#alarmsV2:alarm/{quote(change.name, safe='')}"


def _clock(change: AlarmChange) -> str:
    return f"{change.time:%Y-%m-%d %H:%M:%S} UTC"
