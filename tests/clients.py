"""What unmodified clients of each protocol must get from a server of ours: the checks that every local tier runs.

A test module makes a class of `ClientChecks` and a fixture `server`.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest

from tests.fakes.package import tiny_records

tritonhttp = pytest.importorskip("tritonclient.http", reason="tritonclient is not installed: make setup")

RECORDS: list[dict[str, Any]] = [record for record in tiny_records(8) if record["age"] is not None][:5]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")


@dataclass(frozen=True, slots=True)
class Server:
    """A server whose default model is `tiny`, version 1; `wanted` is what it predicts for RECORDS."""

    url: str
    wanted: list[dict[str, Any]]


def ask_server(url: str) -> Server:
    """The server at `url`, with its answers by our own words."""
    return Server(url, json.loads(post(url, "/v1/models/tiny:predict", {"instances": RECORDS}))["predictions"])


def post(url: str, path: str, body: Any, **headers: str) -> bytes:
    """The reply's body; raises HTTPError for a refusal."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url + path, raw, named, method="POST")  # noqa: S310 - a server on this machine
    with urllib.request.urlopen(request) as reply:  # noqa: S310 - the same
        return bytes(reply.read())


def browse(url: str, folder: Path) -> str:
    """The page's document once its scripts have come to rest."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=8000"]
    command = [str(BROWSER), *flags, f"--user-data-dir={folder}", "--dump-dom", url]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def infer_inputs(*, binary: bool) -> list[Any]:
    """RECORDS as tritonclient takes them: one tensor per feature."""
    kinds: dict[str, tuple[str, Any]] = {
        "amount": ("FP32", np.float32),
        "age": ("INT64", np.int64),
        "member": ("BOOL", np.bool_),
        "colour": ("BYTES", object),
    }
    inputs = []
    for name, (kind, dtype) in kinds.items():
        values = np.array([record[name] for record in RECORDS], dtype=dtype)
        inputs.append(tritonhttp.InferInput(name, list(values.shape), kind))
        inputs[-1].set_data_from_numpy(values, binary_data=binary)
    return inputs


class ClientChecks:
    """tritonclient, boto3, requests as TensorFlow Serving's guide writes them, and a browser."""

    @pytest.fixture
    def triton(self, server: Server) -> Iterator[Any]:
        client = tritonhttp.InferenceServerClient(server.url.removeprefix("http://"))
        yield client
        client.close()

    def test_tritonclient_sees_a_live_ready_server_and_the_models_tensors(self, triton: Any) -> None:
        assert triton.is_server_live()
        assert triton.is_server_ready()
        assert triton.is_model_ready("tiny")
        assert triton.is_model_ready("tiny", "1")
        assert not triton.is_model_ready("nobody")
        assert triton.get_server_metadata()["name"] == "scorelet"
        kinds = [entry["datatype"] for entry in triton.get_model_metadata("tiny")["inputs"]]
        assert kinds == ["FP32", "INT64", "BOOL", "BYTES"]

    @pytest.mark.parametrize("binary", [True, False])
    @pytest.mark.parametrize("squeezed", [None, "gzip", "deflate"])
    def test_tritonclient_gets_the_answers_of_predict(
        self, triton: Any, server: Server, binary: bool, squeezed: str | None
    ) -> None:
        inputs = infer_inputs(binary=binary)
        result = triton.infer("tiny", inputs, request_id="mine", request_compression_algorithm=squeezed)
        assert result.get_response()["id"] == "mine"
        assert [text.decode() for text in result.as_numpy("label")] == [p["label"] for p in server.wanted]
        assert result.as_numpy("score").tolist() == pytest.approx([p["score"] for p in server.wanted], abs=1e-6)
        assert result.as_numpy("probabilities").shape == (len(RECORDS), 3)

    @pytest.mark.parametrize("binary", [True, False])
    def test_tritonclient_gets_the_top_classes(self, triton: Any, server: Server, binary: bool) -> None:
        asked = [tritonhttp.InferRequestedOutput("probabilities", binary_data=binary, class_count=1)]
        result = triton.infer("tiny", infer_inputs(binary=True), outputs=asked).as_numpy("probabilities")
        texts = [text.decode() if isinstance(text, bytes) else text for text in result[:, 0]]
        assert [text.split(":")[2] for text in texts] == [p["label"] for p in server.wanted]

    def test_tritonclient_reads_our_refusal(self, triton: Any) -> None:
        inputs = infer_inputs(binary=True)
        inputs[0].set_data_from_numpy(np.full(len(RECORDS), 5000, np.float32))
        with pytest.raises(tritonhttp.InferenceServerException, match="/inputs/0/data/0: the number is out of range"):
            triton.infer("tiny", inputs)

    def test_boto3s_sagemaker_client_gets_the_answers_of_predict(self, server: Server) -> None:
        session = boto3.session.Session("local", "local", region_name="us-east-1")
        client = session.client("sagemaker-runtime", endpoint_url=server.url)
        lines = "\n".join(json.dumps(record) for record in RECORDS)
        answer = client.invoke_endpoint(EndpointName="tiny", Body=lines, ContentType="application/jsonlines")
        assert [json.loads(line) for line in answer["Body"].read().splitlines()] == server.wanted
        assert answer["InvokedProductionVariant"] == "version-1"
        rows = "\n".join(
            f'{r["amount"]},{r["age"]},{r["member"]},"{r["colour"]}"'.replace('"navy"', '""navy""') for r in RECORDS
        )
        accepted = {"ContentType": "text/csv", "Accept": "application/json"}
        answer = client.invoke_endpoint(EndpointName="tiny", Body=rows, **accepted)
        assert json.loads(answer["Body"].read())["predictions"] == server.wanted

    def test_the_sagemaker_container_paths_use_the_default_model(self, server: Server) -> None:
        answer = json.loads(post(server.url, "/invocations", RECORDS, content_type="application/json"))
        assert answer["predictions"] == server.wanted
        with urllib.request.urlopen(server.url + "/ping") as reply:  # noqa: S310 - a server on this machine
            assert reply.status == 200

    def test_a_tensorflow_serving_request_as_its_guide_writes_it(self, server: Server) -> None:
        """`curl -d '{"instances": ...}' -X POST`: the body is JSON, and curl calls it a form."""
        body = {"signature_name": "serving_default", "instances": [list(record.values()) for record in RECORDS]}
        form = "application/x-www-form-urlencoded"
        answer = json.loads(post(server.url, "/v1/models/tiny:predict", body, content_type=form))
        assert answer["predictions"] == server.wanted

    def test_a_compressed_body_passes_the_gateway(self, server: Server) -> None:
        body = gzip.compress(json.dumps({"instances": RECORDS}).encode())
        headers = {"content_encoding": "gzip", "content_type": "application/json"}
        answer = json.loads(post(server.url, "/v1/models/tiny:predict", body, **headers))
        assert answer["predictions"] == server.wanted

    @needs_browser
    def test_a_person_can_try_the_example_in_a_browser_and_see_the_answer(self, server: Server, tmp_path: Path) -> None:
        page = browse(f"{server.url}/docs#try", tmp_path)
        assert "tiny, version 1" in page
        assert re.findall(r'name="(\w+)"', page)[-4:] == ["amount", "age", "member", "colour"]
        assert re.search(r'<p id="said"[^>]*>(low|mid|high)</p>', page)
        assert page.count('class="bar"') == 3
        assert "HTTP 200" in page
