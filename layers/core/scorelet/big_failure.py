"""What becomes of a run that gave up: why is written down, the execution fails, and a redrive lets it go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scorelet.big_job import FAILURE, Job, read_json, write_json
from scorelet.errors import ObjectMissing, ScoreletError
from scorelet.store import ObjectStore

MOST_CAUSE = 2000


class RunFailed(ScoreletError):
    """A step of a big file's run failed on every attempt."""

    code = "run_failed"
    remedy = (
        "Remove the cause, then redrive the execution: finished parts are kept. docs/operations.md has the command."
    )


def explain_failure(job: Job, failure: Mapping[str, Any], store: ObjectStore) -> None:
    """Write why the run stopped, and raise RunFailed; called again, as a redrive does, let the run go on.

    The execution fails in the step that calls this, so a redrive begins here, with the same input.
    """
    try:
        if read_json(store, job, FAILURE)["open"]:
            write_json(store, job, FAILURE, {"open": False, **_described(failure)})
            return
    except ObjectMissing:
        pass
    told = _described(failure)
    write_json(store, job, FAILURE, {"open": True, **told})
    raise RunFailed(f"{told['error']}: {told['reason']}")


def _described(failure: Mapping[str, Any]) -> dict[str, str]:
    """Lambda puts its error into the cause as JSON; the message of our own errors holds no data of the file."""
    cause = str(failure.get("Cause", ""))
    try:
        found = json.loads(cause)
        reason = str(found.get("errorMessage", "")) if isinstance(found, dict) else cause
    except ValueError:
        reason = cause
    return {"error": str(failure.get("Error", "unknown")), "reason": reason[:MOST_CAUSE]}
