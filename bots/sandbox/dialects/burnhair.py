"""burn.hair, as its page has it (November 2026): OpenAI's form.

Files and batches are documented and off: they answer 404.
"""

import re

from bots.sandbox.dialects.checks import a_key, given, heard, number, one_of, refusal, roles
from bots.sandbox.dialects.dialect import Asked, Dialect, Rules
from bots.sandbox.dialects.listing import listed

CHAT_MODELS = ("gpt-3.5-turbo", "gpt-4-32k-0613", "gpt-4o")
INSTRUCT = "gpt-3.5-turbo-instruct"
EMBEDDING = "text-embedding-3-large"
AZURE = "tts-az-1"
VOICES = ("alloy", "echo", "fable", "onyx", "nova", "shimmer")

_AZURE_VOICE = re.compile(r"[a-z]{2,3}-[A-Z]{2}(-[a-z]+)?-[A-Za-z]+Neural")


def voices(asked: Asked) -> None:
    """Azure's names for `tts-az-1`, OpenAI's for the other."""
    voice = str(asked.fields["voice"])
    if asked.fields["model"] == AZURE:
        if not _AZURE_VOICE.fullmatch(voice):
            raise refusal("voice", "Azure's, as in zh-CN-XiaoxiaoMultilingualNeural", voice)
    elif voice not in VOICES:
        raise refusal("voice", f"one of {', '.join(VOICES)}", voice)


SHARED = {
    "GET /v1/models": listed(
        *CHAT_MODELS, INSTRUCT, EMBEDDING, "dall-e-3", "tts-1", AZURE, "whisper-1"
    ),
    "POST /v1/chat/completions": Rules(
        models=CHAT_MODELS,
        checks=(roles("system", "user", "assistant"), number("temperature", 0, 2)),
    ),
    "POST /v1/completions": Rules(models=(INSTRUCT,), checks=(given("prompt"),)),
    "POST /v1/embeddings": Rules(models=(EMBEDDING,), checks=(given("input"),)),
    "POST /v1/images/generations": Rules(
        models=("dall-e-3",),
        checks=(given("prompt"), one_of("size", ("1024x1024", "1792x1024", "1024x1792"))),
    ),
    "POST /v1/audio/transcriptions": Rules(models=("whisper-1",), checks=heard()),
}
"""What the present page and the older one both have."""

DIALECT = Dialect(
    name="burnhair",
    admit=a_key,
    calls={
        **SHARED,
        "POST /v1/audio/speech": Rules(
            models=("tts-1", AZURE), checks=(given("input", "voice"), voices)
        ),
        "GET /api/user/stat": Rules(model=None),
    },
)
