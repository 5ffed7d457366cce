"""What each of the stack's alarms means and what a person does about it. Commands can be pasted as they stand.

`{stack}`, `{model}`, `{model_bucket}` and `{data_bucket}` are filled in by the message.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runbook:
    """One kind of alarm, named by the last part of the alarm's name."""

    title: str
    meaning: str
    steps: tuple[str, ...]


_LOGS = "sam logs --stack-name {stack} --name {function} --start-time '1 hour ago'"
_OUTPUTS = 'aws cloudformation describe-stacks --stack-name {stack} --query "Stacks[0].Outputs" --output table'

RUNBOOKS: dict[str, Runbook] = {
    "predict-latency": Runbook(
        "the API answers slowly",
        "The slowest hundredth of predict's calls takes longer than allowed. Answers are right, but late. Usual causes:"
        " many cold starts at once, requests with many records, too little memory.",
        (
            "See whether the slow calls are cold starts (lines with `Init Duration`):\n"
            + _LOGS.replace("{function}", "PredictFunction"),
            "If they are not, deploy with more memory, which also gives more processor:\n"
            "sam deploy --stack-name {stack} --parameter-overrides PredictMemoryMb=2048",
        ),
    ),
    "predict-errors": Runbook(
        "the API answers with errors",
        "Too many calls are answered with 5xx. Callers get no predictions. A model that cannot be loaded and a fault of"
        " ours both look like this; bad requests (4xx) do not count.",
        (
            "Read what failed (one line for each fault, with the request's id):\n"
            + _LOGS.replace("{function}", "PredictFunction"),
            "See which version answers and since when:\nscorelet models",
            "If it began with a new version, go back to the one before:\n"
            "scorelet rollback {model} --why 'errors after promotion'",
        ),
    ),
    "rejected-rows": Runbook(
        "many rows of dropped files are rejected",
        "The rows do not fit the model's signature. Nothing is lost: all other rows are scored, and each rejected one"
        " lies in a file under rejected/ with its line number, column, reason and raw text. Usually the source of the"
        " file has changed.",
        (
            "Find the newest reject files:\naws s3 ls --recursive s3://{data_bucket}/rejected/ | sort | tail",
            "Read one; the columns `code` and `reason` say what is wrong:\naws s3 cp s3://{data_bucket}/KEY - | head",
            "Correct the source and drop the file again under incoming/. Rows are not scored twice by mistake: a new"
            " file is a new run.",
        ),
    ),
    "drift": Runbook(
        "the traffic has moved away from the training data",
        "What the model is asked no longer looks like what it was trained on, beyond chance and by more than the floor."
        " Its answers may be worse than its test figures promise. A rollback does not cure this, since the older"
        " version knows the new traffic no better; the alias is left alone.",
        (
            "Look at the report (shares per bin, in training and now):\n"
            "aws s3 cp s3://{data_bucket}/monitor/{model}/latest.json -",
            "Is the source at fault (a changed unit, a sensor, a default value)? Then correct it; the alarm clears when"
            " the window has moved on.",
            "Is the world different? Then train on newer data and publish:\n"
            "scorelet train CONFIG.toml\nscorelet publish PACKAGE\nscorelet promote {model} VERSION",
        ),
    ),
    "dead-letters": Runbook(
        "files or events could not be handled",
        "They failed on every attempt and wait in a dead-letter queue for 14 days. Nothing is lost before that.",
        (
            "Find the queues (BatchDeadLetters, EventDeadLetters):\n" + _OUTPUTS,
            "See what failed (batch, or monitor and alert):\n" + _LOGS.replace("{function}", "BatchFunction"),
            "When the cause is gone, send files back to the batch queue:\n"
            "aws sqs get-queue-attributes --queue-url BATCH_DEAD_LETTERS_URL --attribute-names QueueArn\n"
            "aws sqs start-message-move-task --source-arn QUEUE_ARN",
        ),
    ),
    "big-files": Runbook(
        "the run of a big file has failed",
        "A step failed on every attempt. Nothing of the file is lost or half done: finished parts are kept, there is no"
        " manifest yet, and a redrive does only what is missing.",
        (
            "Find the run and why it stopped:\n"
            'ARN=$(aws cloudformation describe-stacks --stack-name {stack} --output text --query "Stacks[0].'
            "Outputs[?OutputKey=='BatchMachine'].OutputValue\")\n"
            "aws stepfunctions list-executions --state-machine-arn $ARN --status-filter FAILED\n"
            "aws stepfunctions describe-execution --execution-arn EXECUTION_ARN --query '[error,cause]'",
            "See the failing calls:\n" + _LOGS.replace("{function}", "BatchFunction"),
            "When the cause is gone, within 14 days:\n"
            "aws stepfunctions redrive-execution --execution-arn EXECUTION_ARN",
        ),
    ),
    "model-refused": Runbook(
        "a model package was refused",
        "A package failed its signature, its digests or its golden records, so it was not loaded. Functions that were"
        " running go on with the last good version; those that start anew answer 503.",
        (
            "See the reason:\n" + _LOGS.replace("{function}", "PredictFunction"),
            "Go back to the version before:\nscorelet rollback {model} --why 'package refused'",
            "Publish the package again from training, under a new version. Files in the registry are never edited.",
        ),
    ),
}

UNKNOWN = Runbook(
    "an alarm changed its state",
    "Scorelet has no runbook for this alarm. The reason above is CloudWatch's own.",
    ("Open the alarm with the link below.",),
)


def kind_of(alarm_name: str) -> str | None:
    """The kind of alarm, or None for one that is not the stack's own.

    >>> kind_of("scorelet-predict-errors")
    'predict-errors'
    """
    return next((kind for kind in RUNBOOKS if alarm_name.endswith(f"-{kind}")), None)
