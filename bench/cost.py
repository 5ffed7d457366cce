"""What `scorelet cost` reckons with: time and log lines of the built functions, warm, under Lambda's runtime client.

    make bench-cost                           print it
    make bench-cost OUT=docs/measured.json    and keep it

One request asks for two records. Files are read from and written to a mocked AWS on this machine.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cold_subjects import Subject, dropped, event_file, ours, write_registry
from bench.folder_s3 import folder_s3
from bench.machine import machine
from bench.runtime_api import Sandbox
from systemtests.stage import Stage, stage

CALLS = 300
ROWS = 1_000_000
HEAD = b"sepal_length,sepal_width,petal_length,petal_width\n"
ROW_PAIR = b"5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as name, stage("127.0.0.1") as aws:
        write_registry(Path(name))
        with folder_s3(Path(name), Path(name)) as (s3, _):
            found = {**predict(ours("PredictFunction", dict, s3, aws)), **files_and_monitor(aws)}
    about = f"{machine()}, load {os.getloadavg()[0]:.1f}"
    kept = {"at": datetime.now(UTC).date().isoformat(), "about": about, "cost": found}
    text = json.dumps(kept, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + "\n")


def predict(subject: Subject) -> dict[str, float]:
    """A warm request, and what it leaves in the log."""
    with sandbox(subject) as started:
        ask(started, event_file("http_v2_predict"))
        before = len(started.log())
        ms = [ask(started, event_file("http_v2_predict")) for _ in range(CALLS)]
        logged = (len(started.log()) - before) / CALLS
    return {"predict_ms": round(statistics.median(ms), 2), "predict_log_bytes": round(logged)}


def files_and_monitor(aws: Stage) -> dict[str, float]:
    """A file of a million rows, and monitor's two kinds of work."""
    there = {"AWS_ENDPOINT_URL": aws.endpoint_url}
    with sandbox(ours("BatchFunction", dict, there, aws)) as started:
        ask(started, dropped(aws, HEAD + ROW_PAIR))
        ms = min(ask(started, dropped(aws, HEAD + ROW_PAIR * (ROWS // 2))) for _ in range(3))
        if started.log().count(f'"rows_scored":{ROWS},') != 3:
            raise RuntimeError(started.log()[-2000:])
    with sandbox(ours("MonitorFunction", dict, there, aws)) as started:
        kinds = {"collect_ms": event_file("logs_predictions"), "evaluate_ms": event_file("schedule")}
        medians = {k: statistics.median([ask(started, e) for _ in range(12)][2:]) for k, e in kinds.items()}
    return {"rows_per_second": round(ROWS / ms * 1000), **{k: round(v, 1) for k, v in medians.items()}}


def sandbox(subject: Subject) -> Sandbox:
    """The function, started."""
    places = {"python": os.environ["PYTHON313"], "path": subject.path, "environ": subject.environ}
    return Sandbox(subject.handler, subject.folder, timeout_seconds=120, **places)  # type: ignore[arg-type]  # three kinds of value


def ask(started: Sandbox, event: Any) -> float:
    """Milliseconds of one answer; raises RuntimeError where it fails."""
    answer = started.invoke(event)
    if answer.error or answer.payload.get("statusCode", 200) != 200 or answer.payload.get("batchItemFailures"):
        raise RuntimeError(f"{answer.payload}\n{started.log()[-2000:]}")
    return answer.ms


if __name__ == "__main__":
    main()
