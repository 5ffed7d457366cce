"""What `make bench-cold` starts: the built functions, an empty handler, and plain handlers of other runtimes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import numpy as np
from scorelet.manifest import digest

from bench.runtime_api import Sandbox
from systemtests.built import ROOT, RUNTIME, function_folder, layer_folder, layers_of, megabytes
from systemtests.stage import DATA, MODELS, Stage, iris_package
from tests.fakes.deployment import Deployment

PEERS = ROOT / "bench/cold_peers"
COLD_SITE = ROOT / ".venv-cold/lib/python3.13/site-packages"
CSV = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n"
Event = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """One function: where it is, what it sees, an event for each start, and its unzipped size without Lambda's own."""

    name: str
    handler: str
    folder: Path
    path: list[Path]
    event: Event
    size_mb: float
    environ: dict[str, str] = field(default_factory=dict)

    def right(self, payload: Any) -> bool:
        """Whether the answer is an answer and not a polite refusal."""
        kept = payload.get("status", "Succeeded") == "Succeeded"  # what the hook reported
        return bool(kept and payload.get("statusCode", 200) == 200 and not payload.get("batchItemFailures"))


def event_file(name: str) -> Any:
    """One of events/."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def subjects(folder: Path, s3: dict[str, str], stage: Stage, deploying: Deployment) -> list[Subject]:
    """All of them; `folder` is where the peers are put together. `deploying` answers the hook as predict does."""
    ask = lambda: event_file("http_v2_predict")  # noqa: E731 - an event maker like the others
    drop, wipe = _dropper(stage), _alarm(stage)
    with_stage = {"AWS_ENDPOINT_URL": stage.endpoint_url}
    with_deployment = {**with_stage, **deploying.environ(), "NEW_VERSION": "predict:8"}
    predict = ours("PredictFunction", ask, s3, stage)
    deploying.answer = answers_of(predict)
    return [
        Subject("empty handler", "empty.handler", PEERS, [RUNTIME], dict, 0.0),
        predict,
        ours("PretrafficFunction", lambda: event_file("codedeploy_pretraffic"), with_deployment, stage),
        ours("BatchFunction", drop, with_stage, stage),
        ours("MonitorFunction", lambda: event_file("schedule"), with_stage, stage),
        ours("AlertFunction", wipe, with_stage, stage),
        _litert(folder, ask),
        _peer("onnxruntime", "onnx_net", folder, ask),
        _peer("tensorflow", "tensorflow_net", folder, ask),
    ]


def ours(name: str, event: Event, environ: dict[str, str], stage: Stage) -> Subject:
    """A built function with its layers, and its environment pointed at the stage."""
    layers = [layer_folder(layer) for layer in layers_of(name)]
    size = megabytes(function_folder(name)) + sum(megabytes(layer) for layer in layers)
    variables = {"MODEL_BUCKET": MODELS, "DATA_BUCKET": DATA, "NOTIFICATION_TOPIC_ARN": stage.topic_arn, **environ}
    variables |= {"POWERTOOLS_SERVICE_NAME": "bench", "POWERTOOLS_METRICS_NAMESPACE": "Scorelet"}
    path = [*(layer / "python" for layer in layers), RUNTIME]
    return Subject(name, "app.handler", function_folder(name), path, event, size, variables)


def answers_of(subject: Subject) -> Callable[[dict[str, Any]], Any]:
    """Its answers, by the body that is sent; each is found out once, so that later starts have the machine alone."""
    known: dict[str, Any] = {}

    def answer(event: dict[str, Any]) -> Any:
        if event["body"] not in known:
            with sandbox(subject) as started:
                known[event["body"]] = started.invoke(event).payload
        return known[event["body"]]

    return answer


def sandbox(subject: Subject) -> Sandbox:
    """An execution environment for it, with time enough for a slow machine, and for what the hook asks for."""
    python = os.environ["PYTHON313"]
    most = {"timeout_seconds": 300, "init_seconds": 60}
    return Sandbox(subject.handler, subject.folder, python=python, path=subject.path, environ=subject.environ, **most)


def _litert(folder: Path, event: Event) -> Subject:
    """The runtime of our layer without anything of ours."""
    layer = layer_folder("LitertLayer")
    path = [layer / "python", RUNTIME]
    return Subject("plain ai-edge-litert", "litert_net.handler", folder, path, event, megabytes(layer))


def _peer(distribution: str, module: str, folder: Path, event: Event) -> Subject:
    size = sum(_installed_bytes(name) for name in _closure(distribution)) / 1e6
    environ = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return Subject(f"plain {distribution}", f"{module}.handler", folder, [COLD_SITE], event, size, environ)


def _dropper(stage: Stage) -> Event:
    return lambda: dropped(stage, CSV)


def dropped(stage: Stage, content: bytes) -> Any:
    """The event of a file that was just dropped: a new version, so that no earlier run has done the work."""
    event = event_file("sqs_s3_eventbridge")
    message = event["Records"][0]
    body = json.loads(message["body"])
    about = body["detail"]["object"]
    put = stage.client("s3").put_object(Bucket=DATA, Key=about["key"], Body=content)
    about |= {"version-id": put["VersionId"], "etag": put["ETag"].strip('"'), "size": len(content)}
    message["body"] = json.dumps(body)
    return event


def _alarm(stage: Stage) -> Event:
    def forget() -> Any:
        """The same alarm, of which nobody has heard yet."""
        for key in stage.keys("alerts/"):
            stage.client("s3").delete_object(Bucket=DATA, Key=key)
        return event_file("alarm_direct")

    return forget


def write_registry(folder: Path) -> None:
    """models/iris/1 and its alias in the bucket folder that `folder_s3` serves."""
    package = folder / MODELS / "models/iris/1"
    shutil.copytree(iris_package(), package)
    found = digest((package / "manifest.json").read_bytes())
    alias = {"version": 1, "digest": found, "at": "", "by": "bench", "why": "", "history": []}
    (package.parent / "aliases").mkdir()
    (package.parent / "aliases/live.json").write_text(json.dumps(alias))


def write_peers(folder: Path) -> None:
    """The plain handlers with the same network beside them. Loads Keras."""
    from training.tensorflow import keras

    for module in ("litert_net", "onnx_net", "tensorflow_net"):
        shutil.copy(PEERS / f"{module}.py", folder)
    shutil.copy(iris_package() / "model.tflite", folder)
    shutil.copytree(iris_package() / "saved_model/1", folder / "saved_model")
    model = keras.models.load_model(iris_package() / "model.keras")
    (normal,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Normalization)]
    weights = {"mean": np.float32(normal.mean), "deviation": np.sqrt(np.float32(normal.variance))}
    for number, layer in enumerate(la for la in model.layers if isinstance(la, keras.layers.Dense)):
        weights[f"kernel{number}"], weights[f"bias{number}"] = layer.get_weights()
    np.savez(folder / "weights.npz", **weights)
    subprocess.run([ROOT / ".venv-cold/bin/python", PEERS / "make_onnx.py", folder], check=True)  # noqa: S603 - our own script


def _closure(distribution: str) -> Iterator[str]:
    """The distribution and everything installed that it requires."""
    there = {_plain(d.name): d for d in distributions(path=[str(COLD_SITE)])}
    waiting, seen = [_plain(distribution)], set[str]()
    while waiting:
        name = waiting.pop()
        if name in there and name not in seen:
            seen.add(name)
            waiting += [_plain(re.split(r"[^\w.-]", r)[0]) for r in there[name].requires or [] if "extra ==" not in r]
    return iter(sorted(seen))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed_bytes(distribution: str) -> int:
    (found,) = [d for d in distributions(path=[str(COLD_SITE)]) if _plain(d.name) == distribution]
    files = [Path(str(found.locate_file(file))) for file in found.files or []]
    return sum(file.stat().st_size for file in files if file.is_file() and file.suffix != ".pyc")
