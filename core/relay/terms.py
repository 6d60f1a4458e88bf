"""What a profile says of a call and its model, compiled once. Pure."""

from typing import TypeAlias, TypeVar

from msgspec import Struct, structs

from core.errors import RelayInvalid, RelayUnsupported
from core.relay.dialect import KINDS, Call, Dialect, Overlay
from core.relay.parameters import Rules, compile_rules
from core.request import (
    ChatRequest,
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    FineTuneCreateRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)

ModelRequest: TypeAlias = (
    ChatRequest
    | CompletionRequest
    | EditRequest
    | EmbeddingRequest
    | ImageRequest
    | SpeechRequest
    | TranscriptionRequest
    | TranslationRequest
    | FineTuneCreateRequest
)
"""The requests that name a model."""

Named = TypeVar("Named", bound=ModelRequest)

_KEPT = 256
"""Pairs of call and model kept ready: more than any relay's users go through."""


class Terms(Struct, frozen=True):
    """`rules` is None where nothing is to be done to a body."""

    overlay: Overlay
    rules: Rules | None


class TermBook:
    """The terms of one relay's calls."""

    def __init__(self, dialect: Dialect, relay: str) -> None:
        self._dialect = dialect
        self._relay = relay
        self._known: dict[tuple[Call, str], Terms] = {}

    def of(self, call: Call, model: str) -> Terms:
        known = self._known.get((call, model))
        if known is None:
            overlay = self._dialect.overlay(model)
            rules = compile_rules(self._dialect, call, model, self._relay)
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[call, model] = Terms(overlay, rules)
        return known

    def settle(self, request: Named, call: Call) -> tuple[Named, Terms]:
        """The request with the profile's model where it names none, and its terms.

        Raises RelayInvalid where one must be named, RelayUnsupported for one that is off.
        """
        if not request.model:
            default = self._dialect.default_model(call)
            if default:
                request = structs.replace(request, model=default)
            elif call not in self._dialect.model_optional:
                raise self._no_model(call)
        terms = self.of(call, request.model)
        if terms.overlay.off:
            raise RelayUnsupported(
                f'relay "{self._relay}": its profile says that {request.model} is announced and '
                f"not available now. Choose another model for {call}.",
                call=call,
                about="model",
            )
        return request, terms

    def _no_model(self, call: Call) -> RelayInvalid:
        where = f"as models.{call} in a profile of your own"
        if call == "fine_tune_create":
            where = "in the call"
        if call in KINDS:
            where = f'in [routes] as {call} = ["{self._relay}:MODEL"], or {where}'
        return RelayInvalid(
            f'relay "{self._relay}": {call}: expected a model, got none, and its profile has no '
            f"usual one. Name it {where}."
        )
