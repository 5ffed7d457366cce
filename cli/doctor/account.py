"""The account: who asks, where, and how much may run at once."""

from __future__ import annotations

from typing import Any

from cli.doctor.findings import Finding, fail, ok, warn
from cli.target import Target

COMFORTABLE = 100  # a new account may start with 10 for all its functions together


def region(session: Any) -> Finding:
    """A region is chosen."""
    if session.region_name:
        return ok("region", str(session.region_name))
    return fail("region", "no region is set", "Set AWS_REGION or AWS_DEFAULT_REGION, or run `aws configure`.")


def credentials(session: Any) -> Finding:
    """They are there, and AWS knows them."""
    found = session.get_credentials()
    if found is None:
        return fail("credentials", "none were found", "Run `aws configure sso` or set AWS_PROFILE.")
    who = session.client("sts").get_caller_identity()
    return ok("credentials", f"account {who['Account']}, {who['Arn'].rsplit(':', 1)[-1]}")


def concurrency(target: Target) -> Finding:
    """How many functions of this account may run at once."""
    limits = target.client("lambda").get_account_settings()["AccountLimit"]
    total, left = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    detail = f"{total} at once in this account, {left} of them not reserved"
    if left >= COMFORTABLE:
        return ok("concurrency", detail)
    return warn("concurrency", detail, "Ask Service Quotas for more `Concurrent executions` of AWS Lambda.")
