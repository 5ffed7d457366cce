"""Predictions of a package as monitoring meets them: log deliveries and batch manifests."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from scorelet.events.logs import LogBatch, LogEvent
from scorelet.features import columns_from_records
from scorelet.instants import epoch_ms
from scorelet.package import ModelPackage, load_package
from scorelet.record import prediction_lines, row_bins
from scorelet.sketch import LABEL, SCORE

from tests.fakes.package import tiny_package

Records = Sequence[dict[str, object]]


def loaded(version: int = 1) -> ModelPackage:
    """The tiny multiclass package, ready to answer."""
    files, _ = tiny_package(version=version)
    return load_package(files.__getitem__, expected_digest=None, public_key=None)


def lines_at(package: ModelPackage, records: Records, time: datetime, name: str) -> list[str]:
    """What predict logs for one request."""
    encoded, answers = package.answer(columns_from_records(package.signature, records))
    return prediction_lines(package, encoded, answers, name, epoch_ms(time))


def delivery(lines: Sequence[str], first: int = 0) -> LogBatch:
    """A log delivery of these lines; `first` numbers the log events."""
    events = tuple(LogEvent(f"{first + i:056d}", 0, line) for i, line in enumerate(lines))
    return LogBatch("predict-log", "stream", events)


def spread(package: ModelPackage, records: Records, start: datetime, hours: int) -> LogBatch:
    """One request for each record, evenly over some hours from `start`. Answered together, which is quicker."""
    step = timedelta(hours=hours) / len(records)
    lines: list[str] = []
    for whole in map(json.loads, lines_at(package, records, start, "x")):
        for labels, scores, bins in zip(whole["labels"], whole["scores"], whole["bins"], strict=True):
            one = {"id": f"{start:%d%H}-{len(lines)}", "time": epoch_ms(start + len(lines) * step)}
            lines.append(json.dumps({**whole, **one, "labels": [labels], "scores": [scores], "bins": [bins]}))
    return delivery(lines, first=int(start.timestamp()))


def manifest_of(package: ModelPackage, records: Records, time: datetime, run: str) -> bytes:
    """What batch commits for a file of these records, as far as monitoring reads it."""
    encoded, answers = package.answer(columns_from_records(package.signature, records))
    bins, columns = package.manifest.baseline.bins, row_bins(package, encoded).T
    sketch = {name: bins[name].count(c).tolist() for name, c in zip(package.signature.names, columns, strict=True)}
    nothing = np.zeros(len(answers.label), dtype=np.bool_)
    sketch[SCORE] = bins[SCORE].count(bins[SCORE].index(answers.score, nothing)).tolist()
    sketch[LABEL] = bins[LABEL].count(bins[LABEL].index(answers.label.astype(np.float32), nothing)).tolist()
    model = {"name": package.manifest.name, "version": package.manifest.version, "digest": package.digest}
    return json.dumps({"run": run, "model": model, "time": time.isoformat(), "sketch": sketch}).encode()
