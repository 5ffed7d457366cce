"""The HTTP API of one model server: three protocols on one core call, errors that name the field and the remedy."""

from collections.abc import Mapping
from dataclasses import replace

from scorelet.api.call import Answered, Call, Options
from scorelet.api.refuse import error_reply, fault_reply
from scorelet.api.routes import find
from scorelet.api.seal import seal
from scorelet.errors import NotFound, ScoreletError
from scorelet.events.http import HttpRequest
from scorelet.package import ModelPackage
from scorelet.serving import Models

__all__ = ["Answered", "Options", "error_reply", "fault_reply", "respond"]


def respond(request: HttpRequest, models: Models, options: Options) -> Answered:
    """Answer a request. Errors raised on purpose become replies; anything else is a fault and is raised."""
    model = None
    try:
        endpoint, parts = find(request)
        model = parts.get("model")
        answered = endpoint(Call(request, models, options, parts))
        return replace(answered, reply=seal(answered.reply, request), shadow=_shadow(answered, models, parts))
    except ScoreletError as error:
        reply = error_reply(error, request.request_id, opaque=options.opaque)
        return Answered(reply, model if not isinstance(error, NotFound) else None)


def _shadow(answered: Answered, models: Models, parts: Mapping[str, str | None]) -> ModelPackage | None:
    """The package that is to answer beside; none for who asks a version by number."""
    if answered.predictions is None or answered.model is None or parts.get("version") is not None:
        return None
    return models.shadow(answered.model, parts.get("alias"))
