"""events/ holds valid examples, each one told in its README."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

EVENTS = Path(__file__).parents[1] / "events"
FILES = sorted(EVENTS.glob("*.json"))
ROW = re.compile(r"^\| (\w+\.json) \| (predict|pretraffic|batch|monitor|alert) \|", re.MULTILINE)


def test_the_readme_lists_every_file_once() -> None:
    listed = [name for name, _ in ROW.findall((EVENTS / "README.md").read_text())]
    assert sorted(listed) == [f.name for f in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_event_is_one_json_object(file: Path) -> None:
    assert isinstance(json.loads(file.read_text()), dict)


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return event


def test_both_spellings_of_the_hostile_key_are_one_key() -> None:
    encoded = _event("s3_notification.json")["Records"][0]["s3"]["object"]["key"]
    plain = _event("s3_eventbridge.json")["detail"]["object"]["key"]
    assert unquote_plus(encoded) == plain
    assert all(c in plain for c in " +%ü")


@pytest.mark.parametrize("shape", ["s3_notification", "s3_eventbridge"])
def test_the_queue_carries_the_same_event(shape: str) -> None:
    (record,) = _event(f"sqs_{shape}.json")["Records"]
    assert json.loads(record["body"]) == _event(f"{shape}.json")


def test_log_lines_are_whole_prediction_records() -> None:
    packed = base64.b64decode(_event("logs_predictions.json")["awslogs"]["data"])
    for entry in json.loads(gzip.decompress(packed))["logEvents"]:
        record = json.loads(entry["message"])
        assert record["scorelet"] == "predictions"
        assert len(record["labels"]) == len(record["scores"]) == len(record["bins"])


def test_every_alarm_shape_tells_of_the_same_state() -> None:
    direct = _event("alarm_direct.json")["alarmData"]
    notice = json.loads(_event("alarm_sns.json")["Records"][0]["Sns"]["Message"])
    detail = _event("alarm_eventbridge.json")["detail"]
    assert direct == detail
    assert notice["AlarmName"] == detail["alarmName"]
    assert notice["NewStateReason"] == detail["state"]["reason"]
