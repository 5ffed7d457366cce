"""What a check found, and how a check that is refused by AWS becomes a finding too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scorelet.errors import ScoreletError

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; a remedy wherever it is not ok."""

    check: str
    state: State
    detail: str
    remedy: str = ""


def ok(check: str, detail: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", detail)


def warn(check: str, detail: str, remedy: str) -> Finding:
    """It works, but not as well as it should."""
    return Finding(check, "warn", detail, remedy)


def fail(check: str, detail: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, "fail", detail, remedy)


def examine(check: str, look: Callable[[], Finding], *, permission: str) -> Finding:
    """What `look` finds; where AWS or the product refuses, that is the finding."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return look()
    except ScoreletError as error:
        return fail(check, str(error), error.remedy)
    except (BotoCoreError, ClientError) as error:
        return fail(check, str(error), f"Check that you may {permission} there, and that nothing was deleted.")
