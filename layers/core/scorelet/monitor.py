"""Monitoring: keep what was predicted (collect), and compare a window of it with the model's training (evaluate).

predictions/date=YYYY-MM-DD/hour=HH/log-<hash>.parquet   answers of the API, from log deliveries
predictions/date=YYYY-MM-DD/hour=HH/run-<run>.parquet    counts of a batch run, from its manifest
monitor/<model>/date=YYYY-MM-DD/<HHMMSS>.json            one evaluation; monitor/<model>/latest.json is the newest
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scorelet.drift import DriftRules, DriftScore, judge, score_all
from scorelet.errors import ContractError, ModelNotFound, ObjectMissing, PackageRefused
from scorelet.events.logs import LogBatch
from scorelet.events.schedule import parse_time
from scorelet.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest, digest
from scorelet.movement import bin_names, describe_movement
from scorelet.record import PredictionRecord, parse_line
from scorelet.registry import read_alias, version_prefix
from scorelet.signing import verify
from scorelet.store import ObjectStore
from scorelet.window import Population, Window, write_answers, write_counts

PARQUET = "application/vnd.apache.parquet"
SCHEMA_VERSION = 1
_HOUR = timedelta(hours=1)
_DOWNLOADS_AT_ONCE = 8


def collect_log(batch: LogBatch, store: ObjectStore, bucket: str) -> list[str]:
    """Write a log delivery's predictions, one file per hour they were made in; returns the keys.

    The same delivery again gives the same keys, which are left as they are.
    """
    by_hour: dict[str, list[PredictionRecord]] = defaultdict(list)
    for event in batch.events:
        if record := parse_line(event.message):
            by_hour[hour_prefix(_instant(record.time_ms))].append(record)
    name = f"log-{_delivery_id(batch)}.parquet"
    for prefix, records in by_hour.items():
        _write(store, bucket, prefix + name, [record.text for record in records], write_answers)
    return [prefix + name for prefix in by_hour]


def _delivery_id(batch: LogBatch) -> str:
    ends = [event.id for event in (batch.events[:1] + batch.events[-1:])]
    return hashlib.sha256("\n".join([batch.log_group, batch.log_stream, *ends]).encode()).hexdigest()[:24]


def collect_manifest(body: bytes, store: ObjectStore, bucket: str) -> str | None:
    """Write the counts of a batch run from its manifest; returns the key, or None where no row was scored."""
    try:
        manifest = json.loads(body)
        model, run, time = manifest["model"], str(manifest["run"]), parse_time(manifest["time"])
        head = {"run": run, "time": _epoch_ms(time), "model": model["name"], "version": model["version"]}
        head |= {"digest": model["digest"], "source": "batch"}
        lines = [
            json.dumps({**head, "feature": feature, "bin": index, "count": count})
            for feature, counts in (manifest.get("sketch") or {}).items()
            for index, count in enumerate(counts)
            if count
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"the batch manifest cannot be read: {error!r}") from error
    if not lines:
        return None
    key = f"{hour_prefix(time)}run-{run}.parquet"
    _write(store, bucket, key, lines, write_counts)
    return key


def _write(
    store: ObjectStore, bucket: str, key: str, lines: Sequence[str], convert: Callable[[Path, Path], None]
) -> None:
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "lines.json", Path(folder) / "table.parquet"
        source.write_text("\n".join(lines), encoding="utf-8")
        convert(source, target)
        store.put_if_absent(bucket, key, target, PARQUET)


def hour_prefix(time: datetime) -> str:
    """Where the predictions of an hour lie."""
    return f"predictions/date={time:%Y-%m-%d}/hour={time:%H}/"


@dataclass(frozen=True, slots=True)
class Live:
    """The model version that answers now, and what it was trained on."""

    manifest: Manifest
    digest: str


def read_live(store: ObjectStore, bucket: str, name: str, alias: str, public_key: bytes | None) -> Live:
    """The live version's manifest, verified; raises ModelNotFound, or PackageRefused."""
    entry = read_alias(store, bucket, name, alias).current
    prefix = version_prefix(name, entry.version)
    try:
        body = store.get(bucket, prefix + MANIFEST_FILE).body
        if digest(body) != entry.digest:
            raise PackageRefused(f"manifest.json of {name} {entry.version} is not the one that {alias!r} names")
        if public_key:
            verify(public_key, body, store.get(bucket, prefix + SIGNATURE_FILE).body)
    except ObjectMissing as error:
        raise ModelNotFound(f"version {entry.version} of {name!r} is incomplete: {error}") from error
    return Live(Manifest.from_bytes(body), entry.digest)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one evaluation found. `drifted` and `effect` are None where too few rows came to judge."""

    model: str
    rows: int
    drifted: tuple[str, ...] | None
    effect: float | None
    report: dict[str, Any]

    def metrics(self) -> dict[str, float]:
        """What CloudWatch is told. Without a judgement there is no DriftedFeatures: silence is not health."""
        if self.drifted is None or self.effect is None:
            return {"WindowRows": self.rows}
        return {"WindowRows": self.rows, "DriftedFeatures": len(self.drifted), "DriftEffect": self.effect}


def evaluate(live: Live, now: datetime, hours: int, rules: DriftRules, store: ObjectStore, bucket: str) -> Evaluation:
    """Judge the window of `hours` up to `now` and write the report; the same arguments give the same report."""
    start = now - timedelta(hours=hours)
    with fetch_window(store, bucket, start, now) as window:
        cells = window.cells(live.digest, live.manifest.signature.names, live.manifest.baseline.bins)
        populations = window.populations()
    scores = score_all(live.manifest.baseline.counts, cells)
    rows = max((score.rows for score in scores), default=0)
    judged = rows >= rules.min_rows
    drifted = judge(scores, rules) if judged else None
    effect = max(0.0, *(score.effect for score in scores)) if judged else None
    before = _latest(store, bucket, live.manifest.name)
    report = _report(live, (start, now), rules, populations, scores, drifted, _since(before, now, drifted))
    _write_report(store, bucket, live.manifest.name, now, report, before)
    return Evaluation(live.manifest.name, rows, drifted, effect, report)


class _FetchedWindow(Window):
    """A window whose files are deleted as soon as they are read in."""


def fetch_window(store: ObjectStore, bucket: str, start: datetime, end: datetime) -> Window:
    """Read the files of every hour that [start, end) touches."""
    with TemporaryDirectory() as folder:
        keys = [info.key for prefix in _hours(start, end) for info in store.list(bucket, prefix)]
        paths = {key: Path(folder) / f"{index}.parquet" for index, key in enumerate(keys)}
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            list(pool.map(lambda item: store.download(bucket, item[0], item[1]), paths.items()))
        answers = [path for key, path in paths.items() if key.rpartition("/")[2].startswith("log-")]
        counts = [path for key, path in paths.items() if key.rpartition("/")[2].startswith("run-")]
        return Window(answers, counts, _epoch_ms(start), _epoch_ms(end))


def _hours(start: datetime, end: datetime) -> Iterator[str]:
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour_prefix(hour)
        hour += _HOUR


def latest_key(model: str) -> str:
    """Where the newest report of a model lies."""
    return f"monitor/{model}/latest.json"


def _latest(store: ObjectStore, bucket: str, model: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(store.get(bucket, latest_key(model)).body)
    except ObjectMissing:
        return {}
    return found


def _since(before: dict[str, Any], now: datetime, drifted: Sequence[str] | None) -> dict[str, str]:
    """When each drift was first found, as long as it has been found in every evaluation since."""
    known = before.get("since", {})
    return {name: min(known.get(name, now.isoformat()), now.isoformat()) for name in drifted or ()}


def _report(
    live: Live,
    span: tuple[datetime, datetime],
    rules: DriftRules,
    populations: Sequence[Population],
    scores: Sequence[DriftScore],
    drifted: Sequence[str] | None,
    since: dict[str, str],
) -> dict[str, Any]:
    """The evaluation as JSON: quantities by falling effect, those that drifted first."""
    status = "too_few_rows" if drifted is None else "drift" if drifted else "ok"
    order = sorted(scores, key=lambda s: (s.name not in (drifted or ()), -s.effect, s.name))
    return {
        "schema_version": SCHEMA_VERSION,
        "model": live.manifest.name,
        "version": live.manifest.version,
        "digest": live.digest,
        "window": {"start": span[0].isoformat(), "end": span[1].isoformat()},
        "rules": {"min_rows": rules.min_rows, "min_effect": rules.min_effect, "alpha": rules.alpha},
        "status": status,
        "drifted": list(drifted or ()),
        "since": since,
        "rows": max((score.rows for score in scores), default=0),
        "traffic": [
            {"version": p.version, "source": p.source, "rows": p.rows}
            for p in populations
            if p.model == live.manifest.name
        ],
        "quantities": [_describe(live.manifest, score) for score in order],
    }


def _describe(manifest: Manifest, score: DriftScore) -> dict[str, Any]:
    bins, names = manifest.baseline.bins[score.name], bin_names(score.name, manifest.signature)
    return {
        "name": score.name,
        "effect": round(score.effect, 4),
        "p_value": score.p_value,
        "design_effect": round(score.design_effect, 2),
        "rows": score.rows,
        "movement": describe_movement(bins, names, score.baseline_shares, score.window_shares),
        "training_shares": [round(share, 4) for share in score.baseline_shares.tolist()],
        "window_shares": [round(share, 4) for share in score.window_shares.tolist()],
    }


def _write_report(
    store: ObjectStore, bucket: str, model: str, now: datetime, report: dict[str, Any], before: dict[str, Any]
) -> None:
    body = (json.dumps(report, indent=1, allow_nan=False) + "\n").encode()
    store.put(bucket, f"monitor/{model}/date={now:%Y-%m-%d}/{now:%H%M%S}.json", body, "application/json")
    if not before or parse_time(before["window"]["end"]) <= now:  # an old event that comes late changes nothing
        store.put(bucket, latest_key(model), body, "application/json")


def _instant(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _epoch_ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
