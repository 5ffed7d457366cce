"""The story itself. Every claim it prints is checked first: `hold` ends the demo where one is not true."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry
from scorelet.signing import new_key_pair

from cli.demo.flowers import Record, hours, messy_csv, sample
from cli.demo.narrator import Narrator
from cli.package_folder import files_to_publish
from cli.plane.stack import LocalStack
from training.config import load
from training.train import Trained, train

CONFIG = Path("training/configs/iris.toml")
PREDICT = "/v1/models/iris:predict"
GOOD_ROWS = 4000
DROPPED_KEY = "incoming/iris/october flowers.csv"
TTL_SECONDS = 31
WINDOW_HOURS = 12


class DemoFailed(Exception):
    """A line of the story is not true."""


def hold(claim: bool, what: str) -> None:
    """Go on only if the claim is true."""
    if not claim:
        raise DemoFailed(what)


def tell(narrator: Narrator, folder: Path) -> None:
    """All steps, in order."""
    first = _train(narrator, folder)
    private_key, public_key = new_key_pair()
    parameters = {
        "DriftWindowHours": str(WINDOW_HOURS),
        "ModelPublicKey": public_key.decode().strip().replace("\n", "\\n"),
    }
    with LocalStack("template.yaml", parameters) as stack:
        registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
        _publish(narrator, stack, registry, first.path, private_key)
        _ask(narrator, stack)
        outputs = _drop(narrator, stack, folder)
        alert = _drift(narrator, stack, folder)
        _second_version(narrator, stack, registry, folder, private_key)
    narrator.end([("model report", first.path / "report.html"), *outputs, ("alert message", alert)])


def _train(narrator: Narrator, folder: Path) -> Trained:
    narrator.step("Train a classifier on 150 iris flowers")
    trained = train(load(CONFIG), folder, on_step=lambda s: narrator.say(f"{s.message}.") if s.name != "fold" else None)
    unseen = trained.manifest.metrics["out_of_fold"]["metrics"]["accuracy"]["value"]
    narrator.say(f"Stratified cross-validation over {load(CONFIG).evaluation.folds} folds: accuracy {unseen:.3f}.")
    narrator.step("Quantize it, and compare every scheme with the Keras model")
    narrator.table(
        ("scheme", "bytes", "held-out accuracy", "label flips", "largest difference", "gates"),
        [
            (
                p.scheme,
                f"{p.size_bytes:,}",
                f"{p.quality:.3f}",
                f"{p.label_flips} of {p.rows}",
                f"{p.largest_difference:.4f}",
                "; ".join(p.failed_gates) or "passed",
            )
            for p in trained.parity
        ],
    )
    chosen = trained.chosen
    narrator.say(f"{chosen.scheme} is packaged: model, signature, baseline, golden records, model card.")
    narrator.figure("label flips, Keras against what is served", f"{chosen.label_flips} of {chosen.rows}")
    return trained


def _publish(narrator: Narrator, stack: LocalStack, registry: Registry, package: Path, private_key: bytes) -> None:
    narrator.step("Publish the package to the registry in (local) S3, signed, and let it answer")
    manifest, digest = registry.publish(files_to_publish(package, registry.next_version("iris"), private_key))
    registry.promote("iris", manifest.version, at=_iso(stack.clock.now()), by="demo", why="the first version")
    narrator.say(f"models/iris/{manifest.version}/ holds {len(manifest.files) + 2} files; `live` is version 1.")
    narrator.show(digest)


def _ask(narrator: Narrator, stack: LocalStack) -> None:
    narrator.step("Ask it over HTTP: API Gateway's event, the real handler")
    status, answer = _post(stack, [sample(1, random.Random(1))[0]])
    hold(status == 200, f"the first request was answered with {status}: {answer}")
    narrator.show(json.dumps(answer, indent=1))
    narrator.say("Now a bad request: text where a number belongs, and a feature left out.")
    status, refusal = _post(stack, [{"sepal_length": "5.1", "sepal_width": 3.5, "petal_length": 1.4}])
    hold(status == 400 and len(refusal["problems"]) == 2, f"the bad request was answered with {status}: {refusal}")
    narrator.say(f"It answers {status} and names the fields:")
    narrator.show("\n".join(f"{p['pointer']}: {p['reason']}; expected {p['expected']}" for p in refusal["problems"]))


def _drop(narrator: Narrator, stack: LocalStack, folder: Path) -> list[tuple[str, object]]:
    body, bad = messy_csv(GOOD_ROWS, random.Random(2))
    narrator.step(f"Drop a CSV file of {GOOD_ROWS + len(bad):,} rows, {len(bad)} of them bad, into the bucket")
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    s3.put_object(Bucket=bucket, Key=DROPPED_KEY, Body=body)
    stack.run_until_idle()
    before = _objects(s3, bucket)
    manifest = json.loads(_one(s3, bucket, before, "scored/", "/manifest.json"))
    narrator.show(
        f"{manifest['rows_scored']:,} scored + {manifest['rows_rejected']} rejected = {manifest['rows_in']:,} rows in"
    )
    hold(manifest["rows_in"] == GOOD_ROWS + len(bad), f"{manifest['rows_in']} rows in")
    hold(manifest["rows_scored"] == GOOD_ROWS and manifest["rows_rejected"] == len(bad), "a row was lost or doubled")
    scored = _one(s3, bucket, before, "scored/", ".csv")
    rejected = _one(s3, bucket, before, "rejected/", ".csv")
    rows = list(csv.DictReader(io.StringIO(rejected.decode(), newline="")))
    hold([r["code"] for r in rows] == bad, f"reject codes {[r['code'] for r in rows]}, expected {bad}")
    narrator.say("The reject file says where, what and why:")
    narrator.table(
        ("line", "column", "code", "reason"), [[r["line"], r["column"], r["code"], r["reason"]] for r in rows]
    )
    narrator.say("The scored file keeps every column as it came, and adds the answer:")
    narrator.show("\n".join(scored.decode().splitlines()[:1] + scored.decode().splitlines()[3:5]))
    _redeliver(narrator, stack, s3, bucket, before)
    narrator.figure("rows in = scored + rejected", f"{manifest['rows_in']:,} = {GOOD_ROWS:,} + {len(bad)}")
    return _save(folder, {"scored file": ("scored.csv", scored), "reject file": ("rejected.csv", rejected)})


def _redeliver(narrator: Narrator, stack: LocalStack, s3: Any, bucket: str, before: dict[str, Any]) -> None:
    dropped = next(e for e in stack.events if e["detail"].get("object", {}).get("key") == DROPPED_KEY)
    for _ in range(2):
        stack.redeliver(dropped)
    after = _objects(s3, bucket)
    hold(after == before, "a redelivered event changed an object")
    narrator.say(f"The same event delivered twice more: {len(after)} objects before and after, not one rewritten.")
    narrator.figure("objects changed by two more deliveries", "0")


def _drift(narrator: Narrator, stack: LocalStack, folder: Path) -> Path:
    narrator.step("Send a day of ordinary traffic, then let petals grow by 1.5 cm, on a clock that we move")
    rng = random.Random(3)
    _replay(stack, hours(rng, 24, 40, shift=0.0))
    hold(stack.alarm_states()["scorelet-drift"] == "OK", "the drift alarm is not OK after a quiet day")
    narrator.say(f"A window of {WINDOW_HOURS} hours, 40 flowers an hour. After 24 quiet hours: {_drift_report(stack)}.")
    quiet, passed = len(stack.notifications), 0
    for records in hours(rng, 2 * WINDOW_HOURS, 40, shift=1.5):
        _replay(stack, [records])
        passed += 1
        if stack.alarm_states()["scorelet-drift"] == "ALARM":
            break
    hold(stack.alarm_states()["scorelet-drift"] == "ALARM", "the drift alarm did not go off")
    stack.run_until_idle()
    sent = stack.notifications[quiet:]
    hold(len(sent) == 1, f"{len(sent)} messages were sent, not one")
    narrator.say(f"After {passed} shifted hours: {_drift_report(stack)}; the alarm is ALARM, and one message was sent:")
    narrator.show(f"{sent[0].subject}\n\n{sent[0].message}")
    narrator.figure("drift found after", f"{passed} hours, window of {WINDOW_HOURS}")
    path = folder / "alert.txt"
    path.write_text(f"{sent[0].subject}\n\n{sent[0].message}\n")
    return path


def _replay(stack: LocalStack, batches: Any) -> None:
    for records in batches:
        status, answer = _post(stack, records)
        hold(status == 200, f"traffic was answered with {status}: {answer}")
        stack.advance(3600)


def _second_version(
    narrator: Narrator, stack: LocalStack, registry: Registry, folder: Path, private_key: bytes
) -> None:
    narrator.step("Publish version 2, promote it, and roll it back")
    config = load(CONFIG)
    trained = train(replace(config, model=replace(config.model, seed=8)), folder, version=2)
    manifest, _ = registry.publish(files_to_publish(trained.path, registry.next_version("iris"), private_key))
    answering: list[tuple[str, int]] = [("before", _version(stack))]
    registry.promote("iris", manifest.version, at=_iso(stack.clock.now()), by="demo", why="another seed")
    answering.append((f"{TTL_SECONDS} s after `promote iris 2`", _later(stack, _version)))
    registry.rollback("iris", at=_iso(stack.clock.now()), by="demo", why="to show how")
    answering.append((f"{TTL_SECONDS} s after `rollback iris`", _later(stack, _version)))
    narrator.table(("when", "version that answers"), answering)
    versions = [version for _, version in answering]
    hold(versions == [1, 2, 1], f"versions {versions} answered")
    narrator.figure("version before, promoted, rolled back", " → ".join(map(str, versions)))


def _later(stack: LocalStack, ask: Callable[[LocalStack], int]) -> int:
    stack.advance(TTL_SECONDS)
    return ask(stack)


def _version(stack: LocalStack) -> int:
    status, answer = _post(stack, [sample(1, random.Random(1))[0]])
    hold(status == 200, f"the question was answered with {status}")
    return int(answer["model_version"])


def _post(stack: LocalStack, instances: Sequence[Record | dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    response = stack.request("POST", PREDICT, {"instances": list(instances)})
    return response.status, json.loads(response.body)


def _drift_report(stack: LocalStack) -> str:
    """What monitor said last, from its own report in the bucket."""
    s3, bucket = stack.client("s3"), stack.bucket("DataBucket")
    report = json.loads(s3.get_object(Bucket=bucket, Key="monitor/iris/latest.json")["Body"].read())
    petals = next(q for q in report["quantities"] if q["name"] == "petal_length")
    drifted = ", ".join(name.strip("_") for name in report["drifted"]) or "nothing"
    return f"the effect on petal_length is {petals['effect']:.2f}, and {drifted} has drifted"


def _objects(s3: Any, bucket: str) -> dict[str, tuple[str, str]]:
    """Every object's newest version id and ETag: rewriting one shows, even with the same bytes."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    versions = [v for page in pages for v in page.get("Versions", []) if v["IsLatest"]]
    counts = Counter(v["Key"] for v in versions)
    hold(max(counts.values()) == 1, "an object has two latest versions")
    return {v["Key"]: (v["VersionId"], v["ETag"]) for v in versions}


def _one(s3: Any, bucket: str, objects: dict[str, Any], prefix: str, suffix: str) -> bytes:
    found = [key for key in objects if key.startswith(prefix) and key.endswith(suffix)]
    hold(len(found) == 1, f"{len(found)} objects {prefix}…{suffix}")
    body: bytes = s3.get_object(Bucket=bucket, Key=found[0])["Body"].read()
    return body


def _save(folder: Path, contents: dict[str, tuple[str, bytes]]) -> list[tuple[str, object]]:
    for name, body in contents.values():
        (folder / name).write_bytes(body)
    return [(title, folder / name) for title, (name, _) in contents.items()]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
