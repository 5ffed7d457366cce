"""Step Functions: start the run of a big file, once however often it is asked for."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from scorelet.big_job import Job


@cache  # only cold starts that meet a big file pay for it
def steps_client() -> Any:
    """The client for the environment's region, credentials and AWS_ENDPOINT_URL, with botocore's standard retries."""
    return boto3.client("stepfunctions", config=Config(retries={"mode": "standard", "max_attempts": 4}))


def start_run(state_machine_arn: str, job: Job) -> bool:
    """Start the execution named after the run. False when there is one of this name already, whatever became of it."""
    client = steps_client()
    try:
        client.start_execution(
            stateMachineArn=state_machine_arn, name=job.run, input=json.dumps({"job": job.to_json()}, sort_keys=True)
        )
    except client.exceptions.ExecutionAlreadyExists:
        return False
    return True
