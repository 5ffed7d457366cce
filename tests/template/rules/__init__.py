"""What every deployment of the template must hold. Importing this package lists all rules."""

from tests.template.rules import access, alarms, api, delivery, kept, keys, logs, loops, services, structure
from tests.template.rules.registry import RULES, Stack, findings

__all__ = [
    "RULES",
    "Stack",
    "access",
    "alarms",
    "api",
    "delivery",
    "findings",
    "kept",
    "keys",
    "logs",
    "loops",
    "services",
    "structure",
]
