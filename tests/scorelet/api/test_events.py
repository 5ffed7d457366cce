"""The example events of predict: one question in every protocol, one answer."""

import base64
import dataclasses
import json

import numpy as np
import pytest
from scorelet import api
from scorelet.events.http import http_request
from scorelet.package import load_package
from scorelet.signature import Feature, Signature

from tests.events import load_event
from tests.fakes.package import LABELS, tiny_package

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class OneModel:
    """`iris` by its features' names, with the network of the tiny model."""

    def __init__(self):
        tiny = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
        features = tuple(Feature(name, "float", minimum=0.1, maximum=30) for name in NAMES)
        signature = Signature(features=features, task="multiclass", target="species", labels=LABELS["multiclass"])
        manifest = dataclasses.replace(tiny.manifest, name="iris", signature=signature)
        self.package = dataclasses.replace(tiny, manifest=manifest)

    def current(self, name, now, alias=None, entity=None):
        assert name == "iris"
        return self.package

    def shadow(self, name, alias=None):
        return None


def answer_to(name):
    answer = api.respond(http_request(load_event(name)), OneModel(), api.Options()).reply.to_event()
    assert answer["statusCode"] == 200, answer["body"]
    return answer


@pytest.fixture(scope="module")
def wanted():
    return json.loads(answer_to("http_v2_predict")["body"])["predictions"]


def test_a_csv_row_is_answered_as_the_record_is(wanted):
    lines = [line.split(",") for line in answer_to("http_v2_invocations_csv")["body"].splitlines()]
    assert [line[0] for line in lines] == [p["label"] for p in wanted]
    assert [float(line[1]) for line in lines] == [p["score"] for p in wanted]


def test_binary_tensors_are_answered_in_binary(wanted):
    answer = answer_to("http_v2_infer_binary")
    assert answer["isBase64Encoded"]
    body = base64.b64decode(answer["body"])
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    length = int(headers["inference-header-content-length"])
    outputs, at = {}, length
    for output in json.loads(body[:length])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        outputs[output["name"]], at = body[at : at + size], at + size
    assert at == len(body)
    assert np.frombuffer(outputs["score"], "<f4").tolist() == pytest.approx([p["score"] for p in wanted], abs=1e-6)
    assert all(p["label"].encode() in outputs["label"] for p in wanted)


def test_the_other_api_gateway_asks_the_same(wanted):
    assert json.loads(answer_to("rest_v1_predict")["body"])["predictions"] == wanted
