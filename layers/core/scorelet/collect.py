"""Keep what was predicted: log deliveries and batch manifests become Parquet files by the hour.

predictions/date=YYYY-MM-DD/hour=HH/log-<hash>.parquet   answers of the API, from log deliveries
predictions/date=YYYY-MM-DD/hour=HH/run-<run>.parquet    counts of a batch run, from its manifest

The key of a file follows from what was delivered, so a second delivery finds the first one's file and leaves it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from scorelet.comparison import is_comparison
from scorelet.errors import ContractError, EventError
from scorelet.events.logs import LogBatch
from scorelet.instants import epoch_ms, from_epoch_ms, parse_time
from scorelet.record import PredictionRecord, parse_line
from scorelet.store import ObjectStore
from scorelet.window import write_answers, write_counts

PARQUET = "application/vnd.apache.parquet"


def collect_log(batch: LogBatch, store: ObjectStore, bucket: str) -> list[str]:
    """Write a log delivery's predictions, one file per hour they were made in; returns the keys.

    The same delivery again gives the same keys, which are left as they are.
    """
    by_hour: dict[str, list[PredictionRecord]] = defaultdict(list)
    for event in batch.events:
        if record := parse_line(event.message):
            by_hour[hour_prefix(from_epoch_ms(record.time_ms))].append(record)
    name = f"log-{_delivery_id(batch)}.parquet"
    for prefix, records in by_hour.items():
        _write(store, bucket, prefix + name, [record.text for record in records], write_answers)
    return [prefix + name for prefix in by_hour]


def _delivery_id(batch: LogBatch) -> str:
    ends = [event.id for event in (batch.events[:1] + batch.events[-1:])]
    return hashlib.sha256("\n".join([batch.log_group, batch.log_stream, *ends]).encode()).hexdigest()[:24]


def collect_manifest(body: bytes, store: ObjectStore, bucket: str) -> str | None:
    """Write the counts of a batch run from its manifest; returns the key, or None where nothing is to be counted.

    No row was scored then, or the run compares versions and is no traffic.
    """
    try:
        manifest = json.loads(body)
        if is_comparison(manifest):
            return None
        model, run, time = manifest["model"], str(manifest["run"]), parse_time(manifest["time"])
        head = {"run": run, "time": epoch_ms(time), "model": model["name"], "version": model["version"]}
        head |= {"digest": model["digest"], "source": "batch"}
        lines = [
            json.dumps({**head, "feature": feature, "bin": index, "count": count})
            for feature, counts in (manifest.get("sketch") or {}).items()
            for index, count in enumerate(counts)
            if count
        ]
    except (AttributeError, KeyError, TypeError, ValueError, EventError) as error:
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
