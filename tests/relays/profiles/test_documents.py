"""What each relay's pages show is what we send and how we read it, over a real socket."""

import json
from typing import Any

import msgspec
import pytest

from core.relay.dialect import Dialect
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from core.request import Request
from tests.relays.profiles.asking import REQUESTS, answered, relay_of
from tests.relays.profiles.documents import (
    PROFILES,
    TRIED,
    DocumentedAnswer,
    DocumentedRequest,
    Tried,
    answers_of,
    documents,
    listed,
    served,
    typed_answer,
    typed_request,
)
from tests.relays.servers import Answer, Exchange, listening
from tests.relays.stage import KEY, PAYLOADS, PNG

ELSEWHERE = b"https://example.invalid"
"""Where the samples' pictures are: here, from the relay itself."""

TYPES = {".json": "application/json", ".sse": "text/event-stream", ".wav": "audio/wav"}

ANSWERS = [(profile, *found) for profile in PROFILES for found in answers_of(profile)]
BODIES = [(profile, told) for profile in PROFILES for told in listed(profile).requests]


def named(value: object) -> str:
    match value:
        case DocumentedAnswer(file=file, call=call) | DocumentedRequest(file=file, call=call):
            return f"{call}-{file}"
        case _:
            return str(value)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_comes_with_its_documents(profile: str) -> None:
    told = documents(profile)
    dialect = load_dialect(profile)
    sampled = {answer.call for _, answer in answers_of(profile)}
    lacking = [call for call in TRIED if served(dialect, call) and call not in sampled]
    assert not lacking, (
        f"{profile}: no sample answer of {', '.join(lacking)}: add one to "
        f"tests/relays/payloads/{profile}/calls.toml, or to openai's"
    )
    unread = {path.name for path in (PAYLOADS / profile).iterdir()} - _named_in(profile)
    assert not unread, f"{profile}: calls.toml says nothing of {', '.join(sorted(unread))}"
    assert profile == "openai" or all(worth_a_try(dialect, answer.call) for answer in told.answers)


def worth_a_try(dialect: Dialect, call: Tried) -> bool:
    """Served; or left open by a profile of many relays, of which some serve it."""
    return served(dialect, call) or getattr(dialect.capabilities, call, "no") == "unknown"


def _named_in(profile: str) -> set[str]:
    text = (PAYLOADS / profile / "calls.toml").read_text(encoding="utf-8")
    return {"calls.toml"} | {
        path.name for path in (PAYLOADS / profile).iterdir() if path.name in text
    }


def saying(told: DocumentedAnswer, folder: str) -> Answer:
    """Answers with a sample; its pictures lie here."""

    async def answer(exchange: Exchange) -> None:
        if exchange.target.endswith(".png"):
            await exchange.reply(PNG, content_type="image/png")
            return
        file = told.besides.get(exchange.target, told.file)
        body = (PAYLOADS / folder / file).read_bytes()
        kind = TYPES.get(file[file.rindex(".") :], "text/plain; charset=utf-8")
        here = f"http://{exchange.headers['host']}".encode()
        await exchange.reply(body.replace(ELSEWHERE, here), content_type=kind)

    return answer


@pytest.mark.parametrize(("profile", "folder", "told"), ANSWERS, ids=named)
async def test_a_documented_answer_is_read_as_it_is_meant(
    profile: str, folder: str, told: DocumentedAnswer, transport: Transport
) -> None:
    async with listening(saying(told, folder)) as server:
        made = relay_of(profile, server.base, transport, **told.dialect)
        request = asked(told, folder)
        answer = await answered(made, told.call, request)
        here = json.loads(
            json.dumps(told.typed, default=str).replace(ELSEWHERE.decode(), server.base)
        )
    assert answer == expected(profile, typed_answer(here, told.call, folder))
    first = server.asked[0]
    secret = "sandbox-stat" if told.call == "user_stat" else KEY
    assert first.headers["authorization"] == f"Bearer {secret}"


def asked(told: DocumentedAnswer, folder: str) -> Request:
    return typed_request(told.request, told.call, folder) if told.request else REQUESTS[told.call]


def expected(profile: str, answer: Any) -> Any:
    """Where a relay's own count is an estimate, so is what is read from OpenAI's sample."""
    if not load_dialect(profile).usage_estimated or not hasattr(answer, "usage"):
        return answer
    usage = msgspec.structs.replace(answer.usage, estimated=True)
    return msgspec.structs.replace(answer, usage=usage)


@pytest.mark.parametrize(("profile", "told"), BODIES, ids=named)
async def test_a_documented_request_is_what_we_send(
    profile: str, told: DocumentedRequest, transport: Transport
) -> None:
    folder, answer = sample(profile, told.call)
    async with listening(saying(answer, folder)) as server:
        made = relay_of(profile, server.base, transport)
        await answered(made, told.call, typed_request(told.typed, told.call, profile))
    shown = json.loads((PAYLOADS / profile / told.file).read_bytes())
    sent = json.loads(server.asked[0].body)
    assert settled(sent) == settled({**shown, **told.besides})
    assert server.asked[0].target.endswith(load_dialect(profile).path(told.call))  # type: ignore[arg-type]


def sample(profile: str, call: Tried) -> tuple[str, DocumentedAnswer]:
    return next(found for found in answers_of(profile) if found[1].call == call)


def settled(body: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing: nulls, no stream, one answer; one stop as a list of it."""
    kept = {
        name: value
        for name, value in body.items()
        if value is not None and (name, value) not in (("stream", False), ("n", 1))
    }
    if isinstance(kept.get("stop"), str):
        kept["stop"] = [kept["stop"]]
    return kept
