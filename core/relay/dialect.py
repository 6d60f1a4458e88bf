"""What differs between relays, as data. The defaults are OpenAI's own API.

A profile is a TOML file that states only its differences; `core.relay.profile` reads it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, get_args

from msgspec import Struct, structs

from core.model import Limit
from core.ports.ledger import Kind
from core.price import Price

KINDS: tuple[Kind, ...] = get_args(Kind)

Call: TypeAlias = (
    Kind
    | Literal[
        "completion",
        "edit",
        "embedding",
        "file_upload",
        "file_content",
        "batch_create",
        "batch_status",
        "fine_tune_create",
        "fine_tune_status",
        "models",
        "user_stat",
        "key_quota",
    ]
)
"""Every call that this client makes."""

Streaming: TypeAlias = Literal["stream"]
"""What `Capabilities` tells beside the calls."""

Capability: TypeAlias = Literal["yes", "no", "off", "unknown"]
"""Served; said not to be; documented but not available now; not mentioned, so tried."""

AUDIO_SEEN = "audio."
"""How an ending in `audio_refused` is named in `seen`."""

Parameter: TypeAlias = str
"""A field of a request's body by OpenAI's name: `temperature`, `max_tokens`, `size`."""


class Paths(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where each call lives under the base URL. `{id}` is a file's, a batch's or a job's.

    `key_quota` is new-api's; the three after it are one-api's, of the same call.
    """

    chat: str = "/v1/chat/completions"
    completion: str = "/v1/completions"
    edit: str = "/v1/edits"
    embedding: str = "/v1/embeddings"
    image: str = "/v1/images/generations"
    speech: str = "/v1/audio/speech"
    transcription: str = "/v1/audio/transcriptions"
    translation: str = "/v1/audio/translations"
    file_upload: str = "/v1/files"
    file_content: str = "/v1/files/{id}/content"
    batch_create: str = "/v1/batches"
    batch_status: str = "/v1/batches/{id}"
    fine_tune_create: str = "/v1/fine_tuning/jobs"
    fine_tune_status: str = "/v1/fine_tuning/jobs/{id}"
    models: str = "/v1/models"
    user_stat: str = "/api/user/stat"
    key_quota: str = "/api/usage/token/"
    key_quota_limit: str = "/v1/dashboard/billing/subscription"
    key_quota_used: str = "/v1/dashboard/billing/usage"
    key_quota_unit: str = "/api/status"


class DefaultModels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of each call where neither the request nor the route names one.

    "" where the relay has no such thing as a usual one: then it must be named, unless the
    dialect's `model_optional` holds the call.
    """

    chat: str = "gpt-4o-mini"
    completion: str = "gpt-3.5-turbo-instruct"
    edit: str = ""
    embedding: str = "text-embedding-3-small"
    image: str = "dall-e-3"
    speech: str = "tts-1"
    transcription: str = "whisper-1"
    translation: str = "whisper-1"


class Capabilities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls a relay serves. `stream` is of chat."""

    chat: Capability = "yes"
    stream: Capability = "yes"
    completion: Capability = "yes"
    edit: Capability = "no"
    embedding: Capability = "yes"
    image: Capability = "yes"
    speech: Capability = "yes"
    transcription: Capability = "yes"
    translation: Capability = "yes"
    file_upload: Capability = "yes"
    file_content: Capability = "yes"
    batch_create: Capability = "yes"
    batch_status: Capability = "yes"
    fine_tune_create: Capability = "yes"
    fine_tune_status: Capability = "yes"
    models: Capability = "yes"
    user_stat: Capability = "no"
    key_quota: Capability = "no"


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may hold; characters are code points.

    `history_chars` is the sum over all messages of a chat, `question_chars` the last
    message's. `images` are drawn at once, `pictures_bytes` sent with a question's messages
    in all. `embedding_tokens` are of each input. `audio_s`: longer recordings are cut, by
    default where an answer could outlast the time that is waited for its first byte.
    A batch's input file has `batch_bytes` at most and is kept `batch_input_s`, its record
    `batch_record_s`, its output `batch_output_s` after the end.
    """

    history_chars: Limit = "unlimited"
    question_chars: Limit = "unlimited"
    image_prompt_chars: Limit = 32_000
    images: Limit = 10
    pictures_bytes: Limit = 20 * 2**20
    speech_chars: Limit = 4_096
    audio_bytes: Limit = 25 * 2**20
    audio_s: Limit = 1_200
    embedding_inputs: Limit = 2_048
    embedding_tokens: Limit = 8_191
    file_bytes: Limit = 512 * 2**20
    suffix_chars: Limit = 64
    batch_bytes: Limit = 200 * 2**20
    batch_input_s: Limit = "unlimited"
    batch_record_s: Limit = "unlimited"
    batch_output_s: Limit = "unlimited"


class Range(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bounds of a number, or of how many a list holds.

    Outside them a request is refused, or with `clamp` brought to the nearest bound.
    """

    min: float | None = None
    max: float | None = None
    clamp: bool = False


class Overlay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one model does otherwise than its relay.

    `off`: announced, not available now. `window_tokens` holds prompt and answer together.
    """

    off: bool = False
    vision: bool | None = None
    voice: str = ""
    window_tokens: Limit = "unlimited"
    renames: Mapping[Parameter, str] = {}
    forbidden: tuple[Parameter, ...] = ()
    ranges: Mapping[Parameter, Range] = {}
    price: Price | None = None


Failure: TypeAlias = Literal[
    "unauthorized",
    "forbidden",
    "used_up",
    "rate_limited",
    "unavailable",
    "invalid",
    "too_large",
    "unsupported",
]
"""Kinds of refusal, as core/errors.py has them."""


class ErrorRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refusal that the common rules would misread. What is empty matches anything.

    `words` are looked for in the error's code, type and message, in lower case.
    """

    failure: Failure
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Dialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One relay's ways.

    `source` and `checked` say where all this was read, and when. `like` names the profile
    whose values hold where this one says nothing; `addresses` are further base URLs.

    `auth_header` carries `auth_scheme`, a space and the key, where there is a key.
    `envelope`: answers carry `code` (0 is success) and `msg`.
    `second_paths` are tried where the first answers 404.

    Requests: `known` lists model names by call; `model_optional` the calls whose model
    may be left out; `renames`, `forbidden` (left out),
    `ranges` and `choices` are by call and parameter; `overlays` by model name or glob, of
    which the first that fits counts, an exact name before all.
    `persona`: how it travels, as a system message or folded into the first user message.
    `turns`: "filled" refuses empty messages, "alternating" wants besides an odd number of
    them, user and assistant in turn. `vision` lists model names (globs) that take pictures,
    `reasoning` those whose chats refuse `max_tokens` and take it as `max_completion_tokens`
    (OpenAI's API reference, chat/create; November 2026).
    `voice` is the usual one; an overlay's is of a model that does not know it.
    `audio_formats` are endings of recordings that it takes, `audio_refused` those of them
    that it was seen to refuse.

    `seen` tells when this relay was seen to do what was learned of it by trying: calls by
    their names, a path as in `path.edit`, a refused ending as in `audio.ogg`.
    `varied_temperature`: below it no chat may have more than one answer.

    Streams: `stream_form` "reduced" asks for bare deltas by a header; `stream_usage`:
    whether it may be asked to close a stream with its usage. `usage_estimated`: the
    relay's own count is an estimate.
    """

    base_url: str
    source: str
    checked: date
    like: str = ""
    addresses: tuple[str, ...] = ()
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"
    envelope: bool = False
    paths: Paths = Paths()
    second_paths: Mapping[Call, str] = {}
    models: DefaultModels = DefaultModels()
    model_optional: tuple[Call, ...] = ()
    known: Mapping[Call, tuple[str, ...]] = {}
    capabilities: Capabilities = Capabilities()
    limits: Limits = Limits()
    renames: Mapping[Call, Mapping[Parameter, str]] = {}
    forbidden: Mapping[Call, tuple[Parameter, ...]] = {}
    ranges: Mapping[Call, Mapping[Parameter, Range]] = {}
    choices: Mapping[Call, Mapping[Parameter, tuple[str, ...]]] = {}
    overlays: Mapping[str, Overlay] = {}
    errors: tuple[ErrorRule, ...] = ()
    persona: Literal["system", "fold"] = "system"
    turns: Literal["any", "filled", "alternating"] = "any"
    stream_form: Literal["events", "reduced"] = "events"
    stream_usage: bool = True
    usage_estimated: bool = False
    audio_formats: tuple[str, ...] = (
        "flac",
        "mp3",
        "mp4",
        "mpeg",
        "mpga",
        "m4a",
        "ogg",
        "wav",
        "webm",
    )
    audio_refused: tuple[str, ...] = ()
    seen: Mapping[str, datetime] = {}
    varied_temperature: float = 0.0
    batch_price: float = 1.0
    """What a batch's request costs beside a plain one."""
    prices_source: str = ""
    prices_checked: date | None = None
    voice: str = "alloy"
    vision: tuple[str, ...] = (
        "gpt-4o*",
        "chatgpt-4o*",
        "gpt-4.1*",
        "gpt-4.5*",
        "gpt-4-turbo*",
        "gpt-4-vision*",
        "gpt-5*",
        "o1",
        "o1-2*",
        "o3",
        "o3-2*",
        "o3-pro*",
        "o4-mini*",
    )
    reasoning: tuple[str, ...] = ("o1*", "o3*", "o4-mini*", "gpt-5*")

    def path(self, call: Call) -> str:
        path: str = getattr(self.paths, call)
        return path

    def default_model(self, call: Call) -> str:
        model: str = getattr(self.models, call, "")
        return model

    def capability(self, call: Call | Streaming) -> Capability:
        capability: Capability = getattr(self.capabilities, call)
        return capability

    def serves(self, call: Call) -> bool:
        """Whether the call is worth trying; what the relay doesn't mention is."""
        return self.capability(call) in ("yes", "unknown")

    def overlay(self, model: str) -> Overlay:
        if not self.overlays:
            return NO_OVERLAY
        exact = self.overlays.get(model)
        if exact is not None:
            return exact
        fitting = (o for glob, o in self.overlays.items() if fnmatchcase(model, glob))
        return next(fitting, NO_OVERLAY)

    def renamed(self, call: Call, model: str) -> Mapping[Parameter, str]:
        """The parameters that the relay calls otherwise for a model."""
        own = self.renames.get(call, {})
        if call == "chat" and any(fnmatchcase(model, glob) for glob in self.reasoning):
            own = {"max_tokens": "max_completion_tokens", **own}
        return {**own, **self.overlay(model).renames}

    def bounds(self, model: str) -> bool:
        """Whether a chat's `max_tokens` are sent."""
        left_out = (*self.forbidden.get("chat", ()), *self.overlay(model).forbidden)
        return "max_tokens" not in left_out

    def sees(self, model: str) -> bool:
        """Whether a model takes pictures."""
        vision = self.overlay(model).vision
        if vision is not None:
            return vision
        return any(fnmatchcase(model, glob) for glob in self.vision)


NO_OVERLAY = Overlay()


# -- what is learned by trying ---------------------------------------------------


def with_capability(
    dialect: Dialect, call: Call | Streaming, capability: Capability, at: datetime
) -> Dialect:
    capabilities = structs.replace(dialect.capabilities, **{call: capability})
    return structs.replace(dialect, capabilities=capabilities, seen={**dialect.seen, call: at})


def with_path(dialect: Dialect, call: Call, path: str) -> Dialect:
    return structs.replace(dialect, paths=structs.replace(dialect.paths, **{call: path}))


def with_refused_audio(dialect: Dialect, ending: str, at: datetime) -> Dialect:
    seen = {**dialect.seen, AUDIO_SEEN + ending: at}
    return structs.replace(dialect, audio_refused=(*dialect.audio_refused, ending), seen=seen)
