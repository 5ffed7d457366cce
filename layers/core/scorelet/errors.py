"""Every error a person can meet: it names the thing and the remedy, and carries one stable code.

The code is the contract: it stands in HTTP replies, in reject files and in metrics. The words may improve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ScoreletError(Exception):
    """Base of all errors raised on purpose. `code` is stable; `remedy` says what to do next."""

    code = "error"
    remedy = "See the log of the function for the request id."

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        if remedy is not None:
            self.remedy = remedy


class SettingsError(ScoreletError):
    """The function's environment lacks something or holds something unreadable."""

    code = "bad_environment"
    remedy = "Set the named variables in template.yaml and deploy again."


class EventError(ScoreletError):
    """An event of a shape this function does not accept."""

    code = "bad_event"
    remedy = "See events/ for one example of every accepted shape."


class BadRequest(ScoreletError):
    """The caller's request cannot be read at all (not JSON, no instances, too large)."""

    code = "bad_request"
    remedy = 'Send a JSON object such as {"instances": [{"feature": 1.0}]}.'


class InvalidRecords(ScoreletError):
    """One or more records do not fit the model's signature; `problems` says which and why."""

    code = "invalid_records"
    remedy = "Correct the named fields and send the request again."

    def __init__(self, message: str, problems: tuple[object, ...]) -> None:
        super().__init__(message)
        self.problems = problems


class MethodNotAllowed(ScoreletError):
    """The path exists, with another method."""

    code = "method_not_allowed"
    remedy = "Use the method that the header `allow` names."

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class BodyTooLarge(ScoreletError):
    """The body is larger than the server accepts."""

    code = "body_too_large"
    remedy = "Send fewer instances at a time, or drop a CSV file into the bucket."


class UnsupportedMediaType(ScoreletError):
    """The body is of a type or an encoding that this path does not read."""

    code = "unsupported_media_type"
    remedy = "Send application/json, plain or with Content-Encoding gzip; /invocations also reads text/csv."


class NotAcceptable(ScoreletError):
    """The caller accepts none of the types that this path can answer in."""

    code = "not_acceptable"
    remedy = "Accept application/json; /invocations also answers text/csv and application/jsonlines."


class NotFound(ScoreletError):
    """No such route, model, version or alias."""

    code = "not_found"
    remedy = "Ask GET /v1/models/{model} for what is served."


class ModelNotFound(NotFound):
    """The registry holds no such model, version or alias."""

    code = "model_not_found"
    remedy = "Run `scorelet models` to see what is published, then `scorelet promote NAME VERSION`."


class PackageRefused(ScoreletError):
    """A model package failed its signature, digest, load or golden replay and is not served."""

    code = "package_refused"
    remedy = "Publish the package again from training; do not edit files in the registry."


class RehearsalFailed(ScoreletError):
    """New code of predict failed, or answered golden records otherwise than their package says."""

    code = "rehearsal_failed"
    remedy = "Callers stay on the version before. Read what the new version wrote into predict's log."


class ContractError(ScoreletError):
    """A manifest or signature document that is malformed or from a newer schema."""

    code = "bad_contract"
    remedy = "Package the model with this version of Scorelet."


class ObjectMissing(ScoreletError):
    """The object does not exist (or its version is gone)."""

    code = "object_missing"
    remedy = "Check the bucket, the key and the version id."


class ObjectTooLarge(ScoreletError):
    """The object is larger than what it is for needs."""

    code = "object_too_large"
    remedy = "Look at what was written under this key."


class AlreadyExists(ScoreletError):
    """Something immutable is already there, with other content."""

    code = "already_exists"
    remedy = "Versions are never overwritten: publish under a new version."


class LostRace(ScoreletError):
    """A conditional write found a newer state than the one it was based on."""

    code = "lost_race"
    remedy = "Read the current state and decide again."


class UnreadableFile(ScoreletError):
    """A dropped file that cannot be read as a table at all (no header, wrong columns, not text).

    `read_as` is what it was taken for, as manifests tell it; None where that is what could not be told.
    """

    code = "unreadable_file"
    remedy = "Send a CSV file in UTF-8 with a header line that names the model's features."
    read_as: Mapping[str, Any] | None = None


class FileTooLarge(UnreadableFile):
    """A file that cannot be cut, and is more than one piece of work may be."""

    code = "file_too_large"
    remedy = "Drop it unpacked, as CSV or JSON lines, or in several files."

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}; drop it unpacked, as CSV or JSON lines, or in several files")


OVERWRITTEN = "the object was overwritten before it was read, and the bucket keeps no versions"


class ObjectChanged(ScoreletError):
    """The object that was announced has been overwritten, in a bucket that keeps no versions."""

    code = "object_changed"
    remedy = "The newer object has an event and a run of its own. Turn versioning on to have every state scored."


class TooManyRejects(ScoreletError):
    """More rows were rejected than the job allows; the outputs are complete all the same."""

    code = "too_many_rejects"
    remedy = "Read the reject file named in the manifest, correct the source, and drop the file again."
