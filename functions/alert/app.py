"""alert: an alarm's change of state in, at most one message out, and a rollback where the model is the cause.

Whatever fails raises, so that the caller's retries and dead-letter queue do their work.
"""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from scorelet.alert_message import Buckets
from scorelet.alerting import Alerts
from scorelet.aws_notify import SnsTopic
from scorelet.aws_s3 import S3Store
from scorelet.events.alarm import alarm_changes
from scorelet.instants import epoch_ms
from scorelet.metrics import publish
from scorelet.registry import Registry
from scorelet.settings import AlertSettings

logger = Logger()


@cache
def _alerts() -> Alerts:
    settings, store = AlertSettings.from_env(os.environ), S3Store()
    return Alerts(
        store=store,
        registry=Registry(store, settings.model_bucket),
        topic=SnsTopic(settings.topic_arn),
        buckets=Buckets(settings.model_bucket, settings.data_bucket),
        alias=settings.model_alias,
        rollback=settings.rollback,
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle every change in the event; what each became stands in the reply."""
    subjects = []
    for change in alarm_changes(event):
        outcome = _alerts().handle(change, owner=context.aws_request_id)
        model = outcome.rollback.model if outcome.rollback else None
        publish(outcome.metrics(), time_ms=epoch_ms(change.time), model=model)
        logger.info("handled", extra={"alarm": change.name, "state": change.state, "sent": outcome.sent is not None})
        if outcome.sent:
            subjects.append(outcome.sent.subject)
    return {"sent": subjects}
