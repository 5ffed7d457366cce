"""Evaluate: compare a window of predictions with what the live model was trained on, and write down what was found."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from scorelet.collect import hour_prefix
from scorelet.drift import DriftRules, judge, score_all
from scorelet.drift_report import build_report, read_latest, since, write_report
from scorelet.errors import ObjectMissing, PackageRefused
from scorelet.instants import epoch_ms
from scorelet.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest, digest
from scorelet.registry import read_alias, version_prefix
from scorelet.signing import verify
from scorelet.store import ObjectStore
from scorelet.window import Window

_HOUR = timedelta(hours=1)
_DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Live:
    """The model version that answers now, and what it was trained on."""

    manifest: Manifest
    digest: str


def read_live(store: ObjectStore, bucket: str, name: str, alias: str, public_key: bytes | None) -> Live:
    """The live version's manifest, verified; raises ModelNotFound where no alias is, or PackageRefused."""
    entry = read_alias(store, bucket, name, alias).current
    prefix = version_prefix(name, entry.version)
    try:
        body = store.get(bucket, prefix + MANIFEST_FILE).body
        if digest(body) != entry.digest:
            raise PackageRefused(f"manifest.json of {name} {entry.version} is not the one that {alias!r} names")
        if public_key:
            verify(public_key, body, store.get(bucket, prefix + SIGNATURE_FILE).body)
    except ObjectMissing as error:
        raise PackageRefused(f"version {entry.version} of {name!r} is incomplete: {error}") from error
    return Live(Manifest.from_bytes(body), entry.digest)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one evaluation found. `drifted` and `effect` are None where too few rows came to judge."""

    model: str
    version: int
    rows: int
    drifted: tuple[str, ...] | None
    effect: float | None

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
    name = live.manifest.name
    before = read_latest(store, bucket, name)
    found_since = since(before, now, drifted)
    report = build_report(live.manifest, live.digest, (start, now), rules, populations, scores, drifted, found_since)
    write_report(store, bucket, name, now, report, before)
    return Evaluation(name, live.manifest.version, rows, drifted, effect)


def fetch_window(store: ObjectStore, bucket: str, start: datetime, end: datetime) -> Window:
    """Read the files of every hour that [start, end) touches."""
    with TemporaryDirectory() as folder:
        keys = [info.key for prefix in _hours(start, end) for info in store.list(bucket, prefix)]
        paths = {key: Path(folder) / f"{index}.parquet" for index, key in enumerate(keys)}
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            list(pool.map(lambda item: store.download(bucket, item[0], item[1]), paths.items()))
        answers = [path for key, path in paths.items() if key.rpartition("/")[2].startswith("log-")]
        counts = [path for key, path in paths.items() if key.rpartition("/")[2].startswith("run-")]
        return Window(answers, counts, epoch_ms(start), epoch_ms(end))


def _hours(start: datetime, end: datetime) -> Iterator[str]:
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour_prefix(hour)
        hour += _HOUR
