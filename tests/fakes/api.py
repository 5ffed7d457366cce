"""A registry in memory with the tiny models, and one way to ask the API on it."""

import json
from functools import cache

from scorelet import api
from scorelet.events.http import HttpRequest
from scorelet.registry import Registry
from scorelet.serving import Models

from tests.fakes.package import tiny_package, tiny_records
from tests.fakes.store import MemoryStore

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}
GOOD = tiny_records(1)[0]
TIME_MS = 1_700_000_000_000


def models_of(*tasks):
    """Models of these tasks, named after them, the first also `tiny`; version 2 is live, version 1 is `old`."""
    store = MemoryStore()
    registry = Registry(store, "models")
    for name, task in [("tiny", tasks[0]), *((task, task) for task in tasks)]:
        for version in (1, 2):
            registry.publish(tiny_package(task, name, version)[0])
        registry.promote(name, 2, **WHO)
        registry.promote(name, 1, alias="old", **WHO)
    return Models(store, "models")


@cache
def all_models():
    return models_of("multiclass", "binary", "regression")


def ask(path, body=b"", method="POST", models=None, options=None, **headers):
    """The event that the API's reply becomes, and all that was answered. Header names are written with `_`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = HttpRequest(method, path, named, raw, "req-1", TIME_MS)
    answered = api.respond(request, models or all_models(), options or api.Options(max_body_bytes=100_000))
    return answered.reply.to_event(), answered


def ask_json(path, body=b"", method="POST", **more):
    """Status and JSON body."""
    event, _ = ask(path, body, method, **more)
    return event["statusCode"], json.loads(event["body"])
