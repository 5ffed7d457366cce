"""batch: SQS messages about dropped files in; scored rows, rejects and one manifest per file out.

A message that fails is reported alone and comes again; the others of its batch are done.
"""

import os
import time
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from scorelet.aws_s3 import S3Store
from scorelet.batch import Outcome, score_object
from scorelet.batch_score import BatchOptions
from scorelet.errors import EventError, ObjectMissing
from scorelet.events.s3 import S3Object, SqsMessage, s3_objects_in, sqs_messages
from scorelet.faults import describe_fault
from scorelet.metrics import publish
from scorelet.model import runtime
from scorelet.serving import Models
from scorelet.settings import BatchSettings

logger = Logger()


@cache
def _settings() -> BatchSettings:
    return BatchSettings.from_env(os.environ)


@cache  # holds the loaded models for as long as the execution environment lives
def _models() -> Models:
    settings = _settings()
    return Models(
        S3Store(),
        settings.model_bucket,
        alias=settings.model_alias,
        ttl_seconds=settings.alias_ttl_seconds,
        public_key=settings.public_key,
        on_refused=_report_refused,
    )


def _report_refused(name: str, version: int, error: Exception) -> None:
    logger.error("model refused", extra={"model": name, "version": version, "reason": str(error)})
    publish({"ModelRefused": 1}, time_ms=int(time.time() * 1000), model=name)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    """Answer an SQS event with the messages that are to come again (ReportBatchItemFailures)."""
    _settings()
    failed = [message.message_id for message in sqs_messages(event) if not _done(message)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _done(message: SqsMessage) -> bool:
    """Whether every object of the message has its manifest. A repeated message finds done objects done."""
    try:
        for obj in s3_objects_in(message):
            _report(obj, _score(obj))
    except Exception as error:  # noqa: BLE001 - the boundary: SQS repeats the message, then parks it in the DLQ
        logger.error("file failed", extra={"message_id": message.message_id, "fault": _described(error)})
        return False
    return True


def _described(error: Exception) -> str:
    """For the log, which holds no keys: they may name people."""
    return "the object or its version is gone" if isinstance(error, ObjectMissing) else describe_fault(error)


def _score(obj: S3Object) -> Outcome:
    if obj.bucket != _settings().data_bucket:
        raise EventError("an object of a bucket that is not this function's DATA_BUCKET")
    options = BatchOptions(max_reject_rate=_settings().max_reject_rate)
    return score_object(obj, S3Store(), _models(), options)


def _report(obj: S3Object, outcome: Outcome) -> None:
    """Metrics, once per file: only the worker that wrote the manifest tells them."""
    extra: dict[str, Any] = {"run": outcome.run, "bucket": obj.bucket, "committed": outcome.committed}
    if outcome.committed and outcome.manifest:
        found = outcome.manifest
        scored = found["status"] == "scored"
        publish(
            {
                "FilesScored": float(scored),
                "FilesFailed": float(not scored),
                "RowsIn": found["rows_in"],
                "RowsScored": found["rows_scored"],
                "RowsRejected": found["rows_rejected"],
            },
            time_ms=int(obj.epoch_seconds * 1000),
            model=found["model"]["name"] if found["model"]["version"] else None,
        )
        extra |= {name: found[name] for name in ("status", "rows_in", "rows_scored", "rows_rejected")}
    logger.info("file done", extra=extra)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    runtime()  # in Lambda's init phase, which has a full CPU: the import that costs most
