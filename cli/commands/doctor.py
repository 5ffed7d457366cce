"""scorelet doctor: what is wrong with this machine, this account or this deployment, and what to do about it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from scorelet.settings import Environment

from cli.doctor import account, functions, machine, storage
from cli.doctor.findings import Finding, examine, fail, ok
from cli.report import Report, describe, table
from cli.target import NoTarget, Target, add_target_options, find_target


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(commands, "doctor", run, summary=summary, example="scorelet doctor --stack scorelet")
    add_target_options(parser)


def run(args: argparse.Namespace) -> Report:
    """Look at everything that can be looked at; one failure ends with 1."""
    found = list(_findings(args))
    lines = [[f.state, f.check, f.detail + (f"  ({f.remedy})" if f.remedy else "")] for f in found]
    failed = any(f.state == "fail" for f in found)
    return Report([asdict(f) for f in found], table(["", "check", "found"], lines), exit_code=int(failed))


def _findings(args: argparse.Namespace) -> Iterator[Finding]:
    root = Path.cwd()
    yield machine.python()
    yield machine.runtime()
    yield machine.sam(root)
    yield machine.sizes(root / ".aws-sam/build")
    if not args.local:
        signed_in = list(_account())
        yield from signed_in
        if any(f.state == "fail" for f in signed_in):
            return
    try:
        target = find_target(args)
    except NoTarget as error:
        yield fail("stack", str(error), error.remedy)
        return
    yield ok("stack", f"{target.stack} at {target.api_url}")
    deployed: dict[str, dict[str, Any]] = {}
    if not args.local:
        yield from _functions(target, deployed)
    yield from _storage(target, deployed.get("PredictFunction", {}))


def _account() -> Iterator[Finding]:
    import boto3

    session = boto3.session.Session()
    yield account.region(session)
    if session.region_name:
        yield examine("credentials", partial(account.credentials, session), permission="call sts:GetCallerIdentity")


def _functions(target: Target, deployed: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Checks of Lambda; what it says of each function is kept in `deployed`."""
    yield _examine("concurrency", account.concurrency, target, permission="lambda:GetAccountSettings")
    names = functions.outputs(target)
    for output in functions.FUNCTIONS:
        yield _examine(output, _one_function, target, output, names, deployed, permission="lambda:GetFunction*")
    if deployed.keys() >= {"PredictFunction", "MonitorFunction"}:
        ends = (deployed["PredictFunction"], deployed["MonitorFunction"])
        may = "logs:DescribeSubscriptionFilters"
        yield _examine("log subscription", functions.subscription, target, *ends, permission=may)


def _one_function(target: Target, output: str, names: dict[str, str], deployed: dict[str, dict[str, Any]]) -> Finding:
    if output not in names:
        return fail(output, "the stack has no such output", "Deploy this version of the template.")
    deployed[output] = functions.configuration(target, names[output])
    return functions.function(target, output, deployed[output])


def _storage(target: Target, predict: dict[str, Any]) -> Iterator[Finding]:
    """Checks of the buckets and of each model, with the alias and the key that predict has."""
    for name in (target.model_bucket, target.data_bucket):
        yield _examine(f"bucket {name}", storage.bucket, target, name, permission="s3:GetBucketVersioning")
    if target.endpoint_url is None:  # the local stack takes its events from the template
        yield _examine("file events", storage.notifications, target, permission="s3:GetBucketNotification")
    variables = Environment(predict.get("Environment", {}).get("Variables", {}))
    alias, key = variables.text("MODEL_ALIAS", "live"), variables.pem("MODEL_PUBLIC_KEY")
    try:
        names = storage.model_names(target)
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "botocore":  # named without importing it
            raise
        return  # the bucket's own line says so
    if not names:
        yield storage.no_model()
    for name in names:
        yield _examine(f"model {name}", storage.model, target, name, alias, key, permission="read the model bucket")


def _examine(check: str, look: Callable[..., Finding], *arguments: Any, permission: str) -> Finding:
    return examine(check, partial(look, *arguments), permission=f"call {permission}")
