"""What every protocol is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

from scorelet.api.body import content
from scorelet.errors import BadRequest, ContractError, ModelNotFound
from scorelet.events.http import HttpReply, HttpRequest
from scorelet.features import Encoded
from scorelet.package import ModelPackage
from scorelet.predict import Predictions
from scorelet.serving import Models

ENTITY = "x-scorelet-entity-id"


@dataclass(frozen=True, slots=True)
class Options:
    """The server's own choices. `opaque` answers refusals without a word about the model's schema.

    `explain_seconds` is what the explanations of one request may take.
    """

    max_body_bytes: int = 1_048_576
    default_model: str | None = None
    opaque: bool = False
    explain_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply and, where a model answered, what monitoring keeps of it, and who is to answer beside it."""

    reply: HttpReply
    model: str | None = None
    package: ModelPackage | None = None
    encoded: Encoded | None = None
    predictions: Predictions | None = None
    shadow: ModelPackage | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request at one route: `model`, `version`, `alias` and `verb` are the parts of its path."""

    request: HttpRequest
    models: Models
    options: Options
    parts: dict[str, str | None] = field(default_factory=dict)

    def content(self) -> bytes:
        """The body, decompressed; raises BodyTooLarge, UnsupportedMediaType, BadRequest."""
        return content(self.request, self.options.max_body_bytes)

    def package(self, *, model: str | None = None, entity: str | None = None) -> ModelPackage:
        """The package that answers: by version, by alias, or the one that is live; raises ModelNotFound.

        The model is the path's, else `model`, else the server's default one. Where versions share the traffic, the
        header's entity id decides, else `entity`, else the request's own id.
        """
        name = self.parts.get("model") or model or self.options.default_model
        if not name:
            raise BadRequest(
                "the request names no model, and the server has no default one",
                remedy="Set DEFAULT_MODEL, or name the model in the header X-Amzn-SageMaker-Target-Model.",
            )
        try:
            version = self.parts.get("version")
            if version is not None:
                return self.models.version(name, int(version))
            entity = self.request.headers.get(ENTITY) or entity or self.request.request_id
            return self.models.current(name, self.request.time_ms / 1000, self.parts.get("alias"), entity)
        except ContractError as error:  # a name that no model can have
            raise ModelNotFound(str(error)) from error
