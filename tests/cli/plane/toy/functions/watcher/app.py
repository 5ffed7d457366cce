"""Prints what it was told: log lines, or the time of its schedule."""

import base64
import gzip
import json


def handler(event, context):
    if "awslogs" in event:
        data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        for line in data["logEvents"]:
            print("line", data["logGroup"], line["timestamp"], line["message"])
        if any("fail" in line["message"] for line in data["logEvents"]):
            raise RuntimeError("told to fail")
        return
    print(event["detail-type"], event["time"])
    return
