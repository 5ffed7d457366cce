"""Copies each dropped object to done/; objects named *bad* are given back, *crash* takes the batch down,
*loop* is written again where it came from."""

import json
import os
from functools import cache

import boto3


@cache
def s3():
    return boto3.client("s3")


def handler(event, context):
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        bucket, key = body["detail"]["bucket"]["name"], body["detail"]["object"]["key"]
        if "crash" in key:
            raise RuntimeError("crash")
        if "bad" in key:
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        if "loop" in key:
            s3().put_object(Bucket=bucket, Key=key, Body=b"again")
        content = s3().get_object(Bucket=bucket, Key=key)["Body"].read()
        s3().put_object(Bucket=bucket, Key=key.replace("incoming/", "done/", 1), Body=content)
        s3().put_object(Bucket=os.environ["DATA_BUCKET"], Key=f"receipts/{body['id']}", Body=record["body"].encode())
    return {"batchItemFailures": failures}
