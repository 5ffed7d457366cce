"""batch: SQS messages about dropped files in; scored rows, rejects and one manifest per file out.

A message that fails is reported alone and comes again; the others of its batch are done. A big file is handed to the
state machine, whose steps come back here as events of their own. On schedule, files whose event never came are found
and put into the queue.
"""

import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from scorelet.aws_s3 import S3Store
from scorelet.batch import Outcome, score_object
from scorelet.batch_keys import is_no_table
from scorelet.batch_score import BatchOptions, Totals
from scorelet.big_failure import explain_failure
from scorelet.big_job import Job
from scorelet.big_measure import cut_file, measure_range
from scorelet.big_score import finish, score_shard
from scorelet.big_start import begin_run
from scorelet.comparison import is_comparison
from scorelet.csv_cut import Range, Shard
from scorelet.errors import EventError, ObjectMissing, ScoreletError, SettingsError
from scorelet.events.s3 import S3Object, SqsMessage, s3_objects_in, sqs_messages
from scorelet.events.schedule import is_schedule, scheduled_time
from scorelet.events.steps import Step, read_step
from scorelet.faults import describe_fault
from scorelet.instants import epoch_ms
from scorelet.metrics import publish
from scorelet.model import runtime
from scorelet.reconcile_sweep import sweep_on
from scorelet.serving import Models
from scorelet.settings import BatchSettings

logger = Logger()
_A_STRETCH_MS = 120_000  # more than a stretch of lost files takes
_A_FILE_MS = 120_000  # more than all but the longest take, which come again with a call of their own


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


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an SQS event with the messages that are to come again (ReportBatchItemFailures).

    Or do a step of a run; or, on schedule, look for lost files, and raise what keeps it from that.
    """
    _settings()
    if "step" in event:
        return _step(read_step(event))
    if is_schedule(event):
        return _reconcile(epoch_ms(scheduled_time(event)), context)
    failed = []
    for place, message in enumerate(sqs_messages(event)):
        late = place > 0 and context.get_remaining_time_in_millis() < _A_FILE_MS
        if late:
            logger.info("handed back for want of time", extra={"message_id": message.message_id})
        if late or not _done(message):
            failed.append(message.message_id)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _done(message: SqsMessage) -> bool:
    """Whether every object of the message has its manifest. A repeated message finds done objects done."""
    try:
        for obj in s3_objects_in(message):
            outcome = None if is_no_table(obj) else _score(obj)
            if outcome is not None:
                _report(obj, outcome)
    except Exception as error:  # noqa: BLE001 - the boundary: SQS repeats the message, then parks it in the DLQ
        logger.error("file failed", extra={"message_id": message.message_id, "fault": _described(error)})
        return False
    return True


def _described(error: Exception) -> str:
    """For the log, which holds no keys: they may name people."""
    return "the object or its version is gone" if isinstance(error, ObjectMissing) else describe_fault(error)


def _step(step: Step) -> dict[str, Any]:
    """One step of a big file's run. What is raised is retried, and then told, by the state machine."""
    try:
        return _do(step)
    except ScoreletError as error:
        logger.error("step failed", extra={"step": step.name, "run": step.job.run, "fault": _described(error)})
        raise
    except Exception as error:  # noqa: BLE001 - the message may hold a cell, and would stand in the execution's history
        fault = describe_fault(error)
        logger.error("step failed", extra={"step": step.name, "run": step.job.run, "fault": fault})
        raise RuntimeError(fault) from None


def _do(step: Step) -> dict[str, Any]:
    job, store = step.job, S3Store()
    _check_bucket(job.obj)
    if step.name == "measure":
        measure_range(job, Range.from_json(step.item), store)
    elif step.name == "cut":
        return {"done": cut_file(job, store)}
    elif step.name == "failed":
        explain_failure(job, step.item, store)
    else:
        package = _models().version(job.target.model, job.version, job.digest)
        if step.name == "score":
            _report_shard(job, score_shard(job, Shard.from_json(step.item), store, package, _options()))
        else:
            _report(job.obj, finish(job, store, package))
    return {}


def _score(obj: S3Object) -> Outcome | None:
    """The outcome; None for a big file, whose run is started."""
    _check_bucket(obj)
    settings = _settings()
    if not settings.state_machine_arn or obj.size <= settings.big_file_bytes:
        return score_object(obj, S3Store(), _models(), _options())
    found = begin_run(obj, S3Store(), _models(), _options(), settings.shard_bytes)
    if isinstance(found, Outcome):
        return found
    from scorelet.aws_steps import start_run  # another client: only for those who need it

    started = start_run(settings.state_machine_arn, found)
    logger.info("big file", extra={"run": found.run, "bytes": obj.size, "started": started})
    return None


def _reconcile(now_ms: int, context: Any) -> dict[str, Any]:
    """Go on with the sweep while there is time. How many files wait unfinished is known at its end."""
    from scorelet.aws_sqs import SqsQueue  # another client: only for those who need it

    settings = _settings()
    if not settings.queue_url:
        raise SettingsError("BATCH_QUEUE_URL is not set")
    queue = SqsQueue(settings.queue_url)
    sweep, sent = sweep_on(
        S3Store(),
        settings.data_bucket,
        queue,
        now_ms / 1000,
        lambda: context.get_remaining_time_in_millis() > _A_STRETCH_MS,
    )
    values = {"FilesReconciled": sent}
    if sweep.done:
        values["UnfinishedFiles"] = sweep.unfinished
    publish(values, time_ms=now_ms)
    told = {"sent": sent, "listed": sweep.listed, "files": sweep.files, "unfinished": sweep.unfinished}
    told["done"] = sweep.done
    logger.info("reconciled", extra=told)
    return told


def _options() -> BatchOptions:
    return BatchOptions(max_reject_rate=_settings().max_reject_rate)


def _check_bucket(obj: S3Object) -> None:
    if obj.bucket != _settings().data_bucket:
        raise EventError("an object of a bucket that is not this function's DATA_BUCKET")


def _report(obj: S3Object, outcome: Outcome) -> None:
    """Metrics, once per file: only the worker that wrote the manifest tells them. Comparisons have none."""
    extra: dict[str, Any] = {"run": outcome.run, "bucket": obj.bucket, "committed": outcome.committed}
    if outcome.committed and outcome.manifest:
        found = outcome.manifest
        if not is_comparison(found):
            _publish_counts(obj, found)
        extra |= {name: found[name] for name in ("status", "rows_in", "rows_scored", "rows_rejected")}
    logger.info("file done", extra=extra)


def _report_shard(job: Job, totals: Totals | None) -> None:
    """Progress, dated when it is made; rows of the file count when it is done. Of comparisons there is none."""
    if totals is not None and not is_comparison(job.settings):
        publish(
            {"ShardsScored": 1, "ShardRows": totals.rows_in}, time_ms=int(time.time() * 1000), model=job.target.model
        )


def _publish_counts(obj: S3Object, manifest: Mapping[str, Any]) -> None:
    scored = manifest["status"] == "scored"
    publish(
        {
            "FilesScored": float(scored),
            "FilesFailed": float(not scored),
            "RowsIn": manifest["rows_in"],
            "RowsScored": manifest["rows_scored"],
            "RowsRejected": manifest["rows_rejected"],
        },
        time_ms=int(obj.epoch_seconds * 1000),
        model=manifest["model"]["name"] if manifest["model"]["version"] else None,
    )


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    runtime()  # in Lambda's init phase, which has a full CPU: the import that costs most
