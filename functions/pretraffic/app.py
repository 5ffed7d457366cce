"""pretraffic: CodeDeploy's question in, whether traffic may move to new code of predict; one report to it out.

A report that fails raises, so that Lambda repeats the call. Where none ever comes, CodeDeploy gives up and callers stay
where they are.
"""

import os
import time
from typing import Any

from aws_lambda_powertools import Logger
from scorelet.aws_codedeploy import Status, report
from scorelet.aws_lambda import CALL_SECONDS, FunctionVersion
from scorelet.aws_s3 import S3Store
from scorelet.events.deployment import hook_call
from scorelet.faults import describe_fault
from scorelet.pretraffic import Rehearsal, Replay
from scorelet.registry import Registry
from scorelet.settings import PretrafficSettings

logger = Logger()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Rehearse, and report whatever came of it, faults of our own included."""
    call = hook_call(event)
    status: Status = "Succeeded" if _may_move(context) else "Failed"
    report(call, status)
    logger.info("reported", extra={"deployment": call.deployment_id, "status": status})
    return {"status": status}


def _may_move(context: Any) -> bool:
    try:
        settings = PretrafficSettings.from_env(os.environ)
        if not settings.golden_replay:
            logger.warning("nothing was asked: GoldenReplay is off")
            return True
        return all([_told(replay) for replay in _rehearsal(settings, context).run()])  # noqa: C419 - tell all of them
    except Exception as error:  # noqa: BLE001 - the boundary: unreported, it would hold the deployment up for an hour
        logger.error("the rehearsal broke off", extra={"fault": describe_fault(error)})
        return False


def _rehearsal(settings: PretrafficSettings, context: Any) -> Rehearsal:
    return Rehearsal(
        registry=Registry(S3Store(), settings.model_bucket),
        alias=settings.model_alias,
        ask=FunctionVersion(settings.new_version).ask,
        most_bytes=settings.max_body_bytes,
        time_ms=int(time.time() * 1000),  # CodeDeploy's event carries no time
        out_of_time=lambda: context.get_remaining_time_in_millis() < CALL_SECONDS * 1000,
    )


def _told(replay: Replay) -> bool:
    """Whether the new version passed, after saying so in the log."""
    extra = {"model": replay.model, "version": replay.version, "records": replay.records}
    if replay.problem is None:
        logger.info("answered as it should", extra=extra)
    else:
        logger.error("not answered as it should", extra={**extra, "problem": replay.problem})
    return replay.problem is None
