"""The report of a drift evaluation: JSON for machines, with words for the message that an alarm sends.

monitor/<model>/date=YYYY-MM-DD/<HHMMSS>.json   one evaluation
monitor/<model>/latest.json                     the newest one
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scorelet.drift import DriftRules, DriftScore
from scorelet.errors import ObjectMissing
from scorelet.instants import parse_time
from scorelet.manifest import Manifest
from scorelet.movement import bin_names, describe_movement
from scorelet.store import ObjectReader, ObjectStore

if TYPE_CHECKING:  # the alert function reads reports without DuckDB
    from scorelet.window import Population

SCHEMA_VERSION = 1


def latest_key(model: str) -> str:
    """Where the newest report of a model lies."""
    return f"monitor/{model}/latest.json"


def read_latest(store: ObjectReader, bucket: str, model: str) -> dict[str, Any]:
    """The newest report, or nothing."""
    try:
        found: dict[str, Any] = json.loads(store.get(bucket, latest_key(model)).body)
    except ObjectMissing:
        return {}
    return found


def since(before: dict[str, Any], now: datetime, drifted: Sequence[str] | None) -> dict[str, str]:
    """When each drift was first found, as long as it has been found in every evaluation since."""
    known = before.get("since", {})
    return {name: min(known.get(name, now.isoformat()), now.isoformat()) for name in drifted or ()}


def build_report(
    manifest: Manifest,
    digest: str,
    span: tuple[datetime, datetime],
    rules: DriftRules,
    populations: Sequence[Population],
    scores: Sequence[DriftScore],
    drifted: Sequence[str] | None,
    found_since: dict[str, str],
) -> dict[str, Any]:
    """The evaluation as JSON: quantities by falling effect, those that drifted first."""
    status = "too_few_rows" if drifted is None else "drift" if drifted else "ok"
    order = sorted(scores, key=lambda s: (s.name not in (drifted or ()), -s.effect, s.name))
    return {
        "schema_version": SCHEMA_VERSION,
        "model": manifest.name,
        "version": manifest.version,
        "digest": digest,
        "window": {"start": span[0].isoformat(), "end": span[1].isoformat()},
        "rules": {"min_rows": rules.min_rows, "min_effect": rules.min_effect, "alpha": rules.alpha},
        "status": status,
        "drifted": list(drifted or ()),
        "since": found_since,
        "rows": max((score.rows for score in scores), default=0),
        "traffic": [
            {"version": p.version, "source": p.source, "rows": p.rows} for p in populations if p.model == manifest.name
        ],
        "quantities": [_describe(manifest, score) for score in order],
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


def write_report(
    store: ObjectStore, bucket: str, model: str, now: datetime, report: dict[str, Any], before: dict[str, Any]
) -> None:
    """Write the report under its time, and as the newest unless `before`, the newest so far, is of a later time."""
    body = (json.dumps(report, indent=1, allow_nan=False) + "\n").encode()
    store.put(bucket, f"monitor/{model}/date={now:%Y-%m-%d}/{now:%H%M%S}.json", body, "application/json")
    if not before or parse_time(before["window"]["end"]) <= now:  # an old event that comes late changes nothing
        store.put(bucket, latest_key(model), body, "application/json")
