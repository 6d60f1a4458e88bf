"""burn.hair, as its older page has it: with files and batches (November 2026).

Its batches answer with another endpoint than was asked for, say `complete` where OpenAI says
`completed`, and 0 for a time that is none.
"""

import msgspec

from bots.sandbox.dialects.burnhair import SHARED, VOICES
from bots.sandbox.dialects.checks import a_key, given, json_lines, one_of, refusal
from bots.sandbox.dialects.dialect import Asked, Dialect, Rules, Told
from bots.sandbox.failure import Refusal

BATCH_BYTES = 10 * 2**20
ENDPOINT = "/v1/chat/completions"


def batch_file(asked: Asked) -> None:
    """One request a line, each with an id of its own."""
    content = asked.file.content if asked.file else b""
    if len(content) > BATCH_BYTES:
        raise Refusal(413, f"The file is over {BATCH_BYTES} bytes.", param="file")
    lines = [msgspec.json.decode(line) for line in content.splitlines() if line.strip()]
    ids = [line.get("custom_id") for line in lines]
    if not all(ids) or len(set(ids)) != len(ids):
        raise refusal("file", "a custom_id of its own on each line", ids)
    for line in lines:
        if (line.get("method"), line.get("url")) != ("POST", ENDPOINT) or not line.get("body"):
            raise refusal("file", f"method POST, url {ENDPOINT} and a body", line)


def created(asked: Asked, told: Told) -> Told:
    return {**status(asked, told), "expires_at": None}


def status(asked: Asked, told: Told) -> Told:
    del asked
    state = "complete" if told["status"] == "completed" else told["status"]
    return {**told, "endpoint": "/v1/completions", "status": state, "expires_at": 0}


def file_answer(asked: Asked, told: Told) -> Told:
    del asked
    return {**told, "status": "processed", "status_details": None}


DIALECT = Dialect(
    name="burnhair-2024",
    admit=a_key,
    calls={
        **SHARED,
        "POST /v1/audio/speech": Rules(
            models=("tts-1",), checks=(given("input", "voice"), one_of("voice", VOICES))
        ),
        "POST /v1/files": Rules(
            model=None,
            checks=(one_of("purpose", ("batch",)), json_lines, batch_file),
            answer=file_answer,
        ),
        "GET /v1/files/{id}/content": Rules(model=None),
        "POST /v1/batches": Rules(
            model=None,
            checks=(
                given("input_file_id", "endpoint", "completion_window"),
                one_of("endpoint", (ENDPOINT,)),
                one_of("completion_window", ("24h",)),
            ),
            answer=created,
        ),
        "GET /v1/batches/{id}": Rules(model=None, answer=status),
    },
)
