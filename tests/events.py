"""The example events, by name: the same files serve `sam local invoke -e`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus


def load_event(name: str) -> dict[str, Any]:
    """A fresh copy of events/<name>.json."""
    event: dict[str, Any] = json.loads((Path(__file__).parent.parent / "events" / f"{name}.json").read_text())
    return event


def as_notification(event: Mapping[str, Any]) -> dict[str, Any]:
    """What EventBridge says of a new object, as an S3 notification says it."""
    item = event["detail"]["object"]
    entity = {"key": quote_plus(item["key"], safe="/"), "size": item["size"], "eTag": item["etag"]}
    if "version-id" in item:
        entity["versionId"] = item["version-id"]
    record = {"eventName": "ObjectCreated:Put", "eventTime": event["time"].removesuffix("Z") + ".123Z"}
    return {"Records": [record | {"s3": {"bucket": event["detail"]["bucket"], "object": entity}}]}
