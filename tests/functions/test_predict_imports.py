"""What predict imports before it can answer, and to answer: the list that its cold start is made of."""

import json
import os
import subprocess
import sys
from pathlib import Path

from scorelet.manifest import digest

from bench.folder_s3 import folder_s3
from tests.fakes.package import tiny_package, tiny_records
from tests.test_docs import ROOT

THIRD_PARTY = {"ai_edge_litert", "numpy", "orjson"}
TOO_SLOW = {"boto3", "botocore", "pydantic", "duckdb", "tensorflow", "aws_xray_sdk", "cryptography"}
LATER = {"aws_lambda_powertools"}  # only once there is something to log

INIT = "import functions.predict.app as app\n"
ANSWER = """
import pathlib, types
event = json.loads(pathlib.Path("events/http_v2_predict.json").read_text())
event |= json.loads({changes!r})
answer = app.handler(event, types.SimpleNamespace(aws_request_id="1"))
assert answer["statusCode"] == 200, answer
"""
PRINT = "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def _modules(code: str, **variables: str) -> set[str]:
    """Top-level modules after running the code as Lambda would: with the function's name in the environment."""
    environ = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "predict", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    command = [sys.executable, "-c", f"import json, sys\n{code}{PRINT}"]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_before_its_first_request_predict_has_imported_this_and_no_more():
    found = _modules(INIT) - _modules("")
    assert {m for m in found if m not in sys.stdlib_module_names} == {"functions", "scorelet"} | THIRD_PARTY


def test_the_first_answer_imports_nothing_slow_either(tmp_path):
    files, alias = tiny_package(name="tiny")[0], Path("models/tiny/aliases/live.json")
    manifest = json.loads(files["manifest.json"])
    entry = {"version": 1, "digest": digest(files["manifest.json"]), "at": "", "by": "", "why": "", "history": []}
    content = {f"models/tiny/{manifest['version']}/{name}": body for name, body in files.items()}
    for key, body in {**content, str(alias): json.dumps(entry).encode()}.items():
        (tmp_path / "bucket" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bucket" / key).write_bytes(body)
    body = json.dumps({"instances": tiny_records(3)})
    code = INIT + ANSWER.format(changes=json.dumps({"rawPath": "/v1/models/tiny:predict", "body": body}))
    aws = {"MODEL_BUCKET": "bucket", "AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with folder_s3(tmp_path, tmp_path) as (variables, read):
        found = _modules(code, **aws, **variables)
    assert not found & (TOO_SLOW | LATER)
    assert [Path(key).name for key in read] == ["live.json", "manifest.json", "model.tflite"]
