"""Answers requests with what it was asked, and writes one log line and one metric for each."""

import json
import os

calls = 0


def handler(event, context):
    global calls  # noqa: PLW0603  # a warm container remembers; the tests look at it
    calls += 1
    if event["rawPath"] == "/boom":
        raise RuntimeError("boom")
    if event["rawPath"] == "/nan":
        return {"statusCode": 200, "body": float("nan")}
    print(json.dumps({"toy": "answer", "path": event["rawPath"]}))
    print("not json")
    metric = {
        "_aws": {
            "Timestamp": event["requestContext"]["timeEpoch"],
            "CloudWatchMetrics": [
                {"Namespace": "Toy", "Dimensions": [["service"]], "Metrics": [{"Name": "Size", "Unit": "Bytes"}]}
            ],
        },
        "service": "toy",
        "Size": [len(event.get("body", "")), 0],
    }
    print(json.dumps(metric))
    answer = {"event": event, "calls": calls, "function": context.function_name, "bucket": os.environ["DATA_BUCKET"]}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}
