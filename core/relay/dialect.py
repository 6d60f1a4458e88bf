"""What differs between relays, as data. The defaults are OpenAI's own API.

A profile is a TOML file in `dialects/` that states only its differences.
"""

from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct

from core.errors import ConfigError
from core.model import Limit

Kind: TypeAlias = Literal["chat", "image", "speech", "transcription", "translation"]
"""The kinds of call that a route is made for."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Call: TypeAlias = Kind | Literal["models", "user_stat"]
"""Every call that this client makes."""

Capability: TypeAlias = Literal["yes", "no", "off", "unknown"]
"""Served; said not to be; documented but not available now; not mentioned, so tried."""

FOLDER = Path(__file__).parent / "dialects"


class Paths(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where each call lives under the base URL."""

    chat: str = "/v1/chat/completions"
    image: str = "/v1/images/generations"
    speech: str = "/v1/audio/speech"
    transcription: str = "/v1/audio/transcriptions"
    translation: str = "/v1/audio/translations"
    models: str = "/v1/models"
    user_stat: str = "/api/user/stat"


class DefaultModels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of each kind where neither the request nor the route names one."""

    chat: str = "gpt-4o-mini"
    image: str = "dall-e-3"
    speech: str = "tts-1"
    transcription: str = "whisper-1"
    translation: str = "whisper-1"


class Capabilities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls a relay serves."""

    chat: Capability = "yes"
    image: Capability = "yes"
    speech: Capability = "yes"
    transcription: Capability = "yes"
    translation: Capability = "yes"
    models: Capability = "yes"
    user_stat: Capability = "no"


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may hold; characters are code points.

    `images` are drawn at once, `pictures_bytes` sent with a question's messages in all.
    """

    image_prompt_chars: Limit = 32_000
    images: Limit = 10
    pictures_bytes: Limit = 20 * 2**20
    speech_chars: Limit = 4_096
    audio_bytes: Limit = 25 * 2**20


class Dialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One relay's ways.

    `auth_header` carries `auth_scheme`, a space and the key, where there is a key.
    `persona`: how it travels, as a system message or folded into the first
    user message. `vision` lists model names (globs) that take pictures.
    `stream_usage`: whether it may be asked to close a stream with its usage.
    `voices` holds the default voice of models that don't know `voice`.
    `source` and `checked` say where all this was read, and when.
    """

    base_url: str
    source: str
    checked: date
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"
    paths: Paths = Paths()
    models: DefaultModels = DefaultModels()
    capabilities: Capabilities = Capabilities()
    limits: Limits = Limits()
    persona: Literal["system", "fold"] = "system"
    stream_usage: bool = True
    voice: str = "alloy"
    voices: dict[str, str] = {}
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

    def path(self, call: Call) -> str:
        path: str = getattr(self.paths, call)
        return path

    def default_model(self, kind: Kind) -> str:
        model: str = getattr(self.models, kind)
        return model

    def serves(self, call: Call) -> bool:
        """Whether the call is worth trying; what the relay doesn't mention is."""
        return getattr(self.capabilities, call) in ("yes", "unknown")


def profile_names(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_dialect(profile: str, folder: Path = FOLDER) -> Dialect:
    """Read a profile. Raises ConfigError for an unknown one or a wrong key in it."""
    names = profile_names(folder)
    if profile not in names:
        raise ConfigError(
            f'profile: expected one of {", ".join(names)}; got "{profile}". '
            "Name one of these, or add its file."
        )
    path = folder / f"{profile}.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Dialect)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path.name}: {error}. Correct the profile.") from error
