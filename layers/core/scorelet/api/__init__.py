"""The HTTP API of one model server: three protocols on one core call, errors that name the field and the remedy."""

from dataclasses import replace

from scorelet.api.call import Answered, Call, Options
from scorelet.api.refuse import error_reply, fault_reply
from scorelet.api.routes import find
from scorelet.api.seal import seal
from scorelet.errors import NotFound, ScoreletError
from scorelet.events.http import HttpRequest
from scorelet.serving import Models

__all__ = ["Answered", "Options", "error_reply", "fault_reply", "respond"]


def respond(request: HttpRequest, models: Models, options: Options) -> Answered:
    """Answer a request. Errors raised on purpose become replies; anything else is a fault and is raised."""
    model = None
    try:
        endpoint, parts = find(request)
        model = parts.get("model")
        answered = endpoint(Call(request, models, options, parts))
        return replace(answered, reply=seal(answered.reply, request))
    except ScoreletError as error:
        reply = error_reply(error, request.request_id, opaque=options.opaque)
        return Answered(reply, model if not isinstance(error, NotFound) else None)
