"""Which path leads to which answer. The commonest protocol stands first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scorelet.api import oip, openapi, page, sagemaker, tfserving
from scorelet.api.call import Answered, Call
from scorelet.errors import MethodNotAllowed, NotFound
from scorelet.events.http import HttpReply, HttpRequest

Endpoint = Callable[[Call], Answered]


@dataclass(frozen=True, slots=True)
class Route:
    """Paths of one form, and what answers there by method."""

    pattern: re.Pattern[str]
    endpoints: Mapping[str, Endpoint]


def ping(_call: Call) -> Answered:
    """Alive."""
    return Answered(HttpReply(200, {"status": "ok"}))


def _route(pattern: str, **endpoints: Endpoint) -> Route:
    return Route(re.compile(pattern), endpoints)


_MODEL = r"/v1/models/(?P<model>[^/:]+)(?:/versions/(?P<version>\d{1,18})|/labels/(?P<alias>[^/:]+))?"
_OIP = r"/v2/models/(?P<model>[^/:]+)(?:/versions/(?:(?P<version>\d{1,18})|(?P<alias>[^/:]+)))?"

ROUTES = (
    _route(_MODEL + ":predict", POST=tfserving.predict),
    _route(_MODEL + ":explain", POST=tfserving.explain),
    _route(_MODEL + ":classify", POST=tfserving.classify),
    _route(_MODEL + ":regress", POST=tfserving.regress),
    _route(_OIP + "/infer", POST=oip.infer),
    _route("/invocations|/endpoints/(?P<model>[^/:]+)/invocations", POST=sagemaker.invocations),
    _route(_MODEL, GET=tfserving.status),
    _route(_MODEL + "/metadata", GET=tfserving.metadata),
    _route("/v2/?", GET=oip.server),
    _route("/v2/health/live", GET=oip.live),
    _route("/v2/health/ready", GET=oip.server_ready),
    _route(_OIP, GET=oip.metadata),
    _route(_OIP + "/ready", GET=oip.model_ready),
    _route("/openapi.json", GET=openapi.openapi),
    _route("/docs", GET=page.page),
    _route("/ping", GET=ping),
)


def find(request: HttpRequest) -> tuple[Endpoint, dict[str, str | None]]:
    """What answers this request, and the parts of its path; raises NotFound, MethodNotAllowed."""
    for route in ROUTES:
        match = route.pattern.fullmatch(request.path)
        if match is None:
            continue
        endpoint = route.endpoints.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            allow = ", ".join(route.endpoints)
            raise MethodNotAllowed(f"{request.method} does not go with {request.path[:200]}", allow=allow)
        return endpoint, match.groupdict()
    raise NotFound(f"there is nothing at {request.path[:200]}")
