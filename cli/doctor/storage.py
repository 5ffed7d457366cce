"""The buckets, and the models in them."""

from __future__ import annotations

import time

from scorelet.errors import PackageRefused
from scorelet.registry import Registry
from scorelet.serving import Models

from cli.doctor.findings import Finding, fail, ok, warn
from cli.target import Target

DEPLOY = "Deploy the stack again: `sam deploy` sets what somebody changed by hand."


def bucket(target: Target, name: str) -> Finding:
    """It answers, and keeps earlier versions of its objects."""
    s3 = target.client("s3")
    s3.head_bucket(Bucket=name)
    if s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled":
        return ok(f"bucket {name}", "reachable, versioned")
    return fail(f"bucket {name}", "versioning is off: an overwritten alias or file is lost", DEPLOY)


def notifications(target: Target) -> Finding:
    """The data bucket tells EventBridge of new objects; without it no dropped file is ever scored."""
    found = target.client("s3").get_bucket_notification_configuration(Bucket=target.data_bucket)
    if "EventBridgeConfiguration" in found:
        return ok("file events", "the data bucket tells EventBridge of new files")
    return fail("file events", "the data bucket does not tell EventBridge of new files", DEPLOY)


def model_names(target: Target) -> list[str]:
    """Every published model."""
    return target.registry().names()


def no_model() -> Finding:
    """A fresh stack."""
    return warn(
        "models", "none is published yet", "`scorelet train CONFIG.toml`, `scorelet publish`, `scorelet promote`."
    )


def model(target: Target, name: str, alias: str, public_key: bytes | None) -> Finding:
    """The alias leads to a package that loads as serving loads it: signature, digests, golden records."""
    if alias not in Registry(target.store(), target.model_bucket).aliases(name):
        return warn(f"model {name}", f"no version is promoted to {alias!r}", f"Run `scorelet promote {name} VERSION`.")
    models = Models(target.store(), target.model_bucket, alias=alias, public_key=public_key, on_refused=_ignore)
    try:
        package = models.current(name, time.time())
    except PackageRefused as error:
        return fail(f"model {name}", str(error), f"Run `scorelet rollback {name}`, then publish a sound version.")
    detail = f"{alias} is version {package.manifest.version}, {package.digest[:19]}, golden records replayed"
    return ok(f"model {name}", detail)


def _ignore(_name: str, _version: int, _error: Exception) -> None:
    """The error itself arrives as an exception."""
