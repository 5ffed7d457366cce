"""Nothing: what the interpreter and the runtime client cost."""

from typing import Any


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """An empty answer."""
    return {"statusCode": 200, "body": "{}"}
