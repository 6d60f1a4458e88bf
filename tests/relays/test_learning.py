"""What a relay does not serve is not asked of it, and what it serves is found out."""

from pathlib import Path

import pytest

from core.errors import RelayError, RelayUnsupported
from core.relay.client import Relay
from core.relay.dialect import Capabilities, Paths
from core.relay.entry import RelayEntry
from core.relay.learned import Learned
from core.relay.opening import open_relay
from core.relay.transport import Transport
from core.request import (
    BatchStatusRequest,
    CompletionRequest,
    EditRequest,
    FileContentRequest,
    SpeechRequest,
)
from tests.relays.calls import gathered, saying, serving, streaming
from tests.relays.servers import Answer, Exchange, Server, listening
from tests.relays.stage import CHAT, WAV, FakeClock, ask, entry, event, relay

OPEN = Capabilities(
    stream="unknown", speech="unknown", completion="unknown", batch_status="unknown"
)
SPEECH = SpeechRequest(text="hi")
EDITED = b'{"choices":[{"text":"fixed"}],"usage":{"prompt_tokens":1}}'
NO_MODEL = b'{"error":{"code":"model_not_found","message":"no such model"}}'


def writes(folder: Path) -> list[tuple[str, int]]:
    return [(path.name, path.stat().st_mtime_ns) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize(
    ("capability", "words"),
    [("no", "says that it does not serve speech"), ("off", "speech is documented and turned off")],
)
async def test_a_call_that_the_profile_denies_is_not_sent(
    transport: Transport, capability: str, words: str
) -> None:
    given = {"capabilities": Capabilities(speech=capability)}  # type: ignore[arg-type]
    async with serving(saying(CHAT), transport, dialect=given) as (made, server):
        with pytest.raises(RelayUnsupported, match=words) as caught:
            await made.call(SPEECH)
    assert caught.value.params == {"call": "speech"}
    assert server.asked == []


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_call_that_turns_out_not_to_be_there_is_asked_once(
    transport: Transport, clock: FakeClock, tmp_path: Path, status: int
) -> None:
    learned = Learned(tmp_path / "main.toml", clock)
    async with listening(saying(b"", status)) as server:
        made = relay(entry(server.base), transport, clock=clock, learned=learned, capabilities=OPEN)
        with pytest.raises(RelayUnsupported, match=f"{status} from"):
            await made.call(SPEECH)
        with pytest.raises(RelayUnsupported, match="was seen on 2026-11-20 not to serve speech"):
            await made.call(SPEECH)
    assert len(server.asked) == 1
    assert made.dialect.capabilities.speech == "no"
    assert learned.over()["capabilities"] == {"speech": "no"}


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, NO_MODEL), (503, b""), (400, b"{}"), (401, b""), (429, b""), (301, b"")],
)
async def test_an_answer_that_says_nothing_of_the_call_teaches_nothing(
    transport: Transport, clock: FakeClock, tmp_path: Path, status: int, body: bytes
) -> None:
    learned = Learned(tmp_path / "main.toml", clock)
    async with listening(saying(body, status)) as server:
        made = relay(entry(server.base), transport, learned=learned, capabilities=OPEN)
        with pytest.raises(RelayError):
            await made.call(SPEECH)
    assert made.dialect.capabilities.speech == "unknown"
    assert writes(tmp_path) == []


async def test_an_id_that_is_not_there_says_nothing_of_the_call(transport: Transport) -> None:
    body = b'{"error":{"message":"No such batch"}}'
    async with serving(saying(body, 404), transport, dialect={"capabilities": OPEN}) as (made, _):
        with pytest.raises(RelayError, match="nothing by this id"):
            await made.call(BatchStatusRequest(batch_id="batch_1"))
    assert made.dialect.capabilities.batch_status == "unknown"


async def test_what_the_profile_says_to_be_served_is_not_unlearned(transport: Transport) -> None:
    async with serving(saying(b"", 404), transport) as (made, server):
        for _ in range(2):
            with pytest.raises(RelayUnsupported, match="404 from"):
                await made.call(SPEECH)
    assert len(server.asked) == 2


async def test_what_was_seen_to_be_served_is_not_unlearned(
    transport: Transport, clock: FakeClock, tmp_path: Path
) -> None:
    """A middleman may answer 404 for a moment."""
    learned = Learned(tmp_path / "main.toml", clock)
    answers = iter([saying(WAV, content_type="audio/wav"), saying(b"", 404)])

    async def answer(exchange: Exchange) -> None:
        await next(answers, saying(WAV, content_type="audio/wav"))(exchange)

    async with listening(answer) as server:
        made = relay(entry(server.base), transport, learned=learned, capabilities=OPEN)
        await made.call(SPEECH)
        with pytest.raises(RelayUnsupported, match="404 from"):
            await made.call(SPEECH)
        await made.call(SPEECH)
    assert learned.over()["capabilities"] == {"speech": "yes"}


async def test_a_call_that_works_is_remembered_as_served(
    transport: Transport, clock: FakeClock, tmp_path: Path
) -> None:
    learned = Learned(tmp_path / "main.toml", clock)
    async with listening(saying(WAV, content_type="audio/wav")) as server:
        made = relay(entry(server.base), transport, learned=learned, capabilities=OPEN)
        await made.call(SPEECH)
        written = writes(tmp_path)
        await made.call(SPEECH)
    assert made.dialect.capabilities.speech == "yes"
    assert learned.over()["capabilities"] == {"speech": "yes"}
    assert writes(tmp_path) == written


async def test_a_stream_that_works_is_remembered_too(transport: Transport) -> None:
    answer = streaming(event("a", "stop"))
    async with serving(answer, transport, dialect={"capabilities": OPEN}) as (made, _):
        await gathered(made)
    assert made.dialect.capabilities.stream == "yes"


async def test_a_streamed_call_that_is_not_there_is_learned(transport: Transport) -> None:
    request = CompletionRequest(prompt="a")
    given = {"capabilities": OPEN}
    async with serving(saying(b"", 404), transport, dialect=given) as (made, server):
        for _ in range(2):
            with pytest.raises(RelayUnsupported):
                _ = [chunk async for chunk in made.stream(request)]
    assert len(server.asked) == 1
    assert made.dialect.capabilities.completion == "no"


async def test_after_seven_days_a_running_relay_is_asked_again(
    transport: Transport, clock: FakeClock
) -> None:
    answers: list[Answer] = [saying(b"", 404), saying(WAV, content_type="audio/wav")]

    async def answer(exchange: Exchange) -> None:
        await answers.pop(0)(exchange)

    async with listening(answer) as server:
        made = relay(entry(server.base), transport, clock=clock, capabilities=OPEN)
        with pytest.raises(RelayUnsupported):
            await made.call(SPEECH)
        clock.pass_(6.9 * 86_400)
        with pytest.raises(RelayUnsupported, match="was seen"):
            await made.call(SPEECH)
        clock.pass_(0.2 * 86_400)
        assert (await made.call(SPEECH)).content == WAV
    assert made.dialect.capabilities.speech == "yes"


async def test_what_was_learned_holds_for_the_next_run(
    transport: Transport, clock: FakeClock, tmp_path: Path
) -> None:
    async with listening(saying(b"", 404)) as server:
        at = entry(server.base, profile="aiwhistle")
        for _ in range(2):
            made = opened(at, transport, clock, tmp_path)
            with pytest.raises(RelayUnsupported):
                await made.call(SPEECH)
            await made.note_refused_audio("ogg")
    assert len(server.asked) == 1
    assert made.dialect.audio_refused == ("ogg",)


def opened(at: RelayEntry, transport: Transport, clock: FakeClock, folder: Path) -> Relay:
    return open_relay(at, transport, clock=clock, hash_key=b"k", learned=folder)


# -- second paths --------------------------------------------------------------

TWICE = "/v1/edits/v1/edits"


def edits(*served: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        if exchange.target in served:
            await exchange.reply(EDITED)
        else:
            await exchange.reply(b"", 404)

    return answer


def targets(server: Server) -> list[str]:
    return [exchange.target for exchange in server.asked]


async def test_a_second_path_is_tried_and_remembered(
    transport: Transport, clock: FakeClock, tmp_path: Path
) -> None:
    async with listening(edits(TWICE)) as server:
        at = entry(server.base, profile="aiwhistle")
        made = opened(at, transport, clock, tmp_path)
        for _ in range(2):
            assert (await made.call(EditRequest(instruction="fix"))).texts == ("fixed",)
        await opened(at, transport, clock, tmp_path).call(EditRequest(instruction="fix"))
    assert targets(server) == ["/v1/edits", TWICE, TWICE, TWICE]


async def test_a_first_path_that_serves_is_kept_to(transport: Transport) -> None:
    async with serving(edits("/v1/edits", TWICE), transport, profile="aiwhistle") as (made, server):
        await made.call(EditRequest(instruction="fix"))
    assert targets(server) == ["/v1/edits"]


async def test_where_neither_path_serves_the_first_is_told_and_tried_first(
    transport: Transport,
) -> None:
    async with serving(edits(), transport, profile="aiwhistle") as (made, server):
        for _ in range(2):
            with pytest.raises(RelayUnsupported, match="404 from /v1/edits:"):
                await made.call(EditRequest(instruction="fix"))
    assert targets(server) == ["/v1/edits", TWICE] * 2


# -- ids in paths --------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("file-1", "/v1/files/file-1/content"),
        ("../models?a=1#b", "/v1/files/..%2Fmodels%3Fa%3D1%23b/content"),
        ("文", "/v1/files/%E6%96%87/content"),
    ],
)
async def test_an_id_is_one_part_of_a_path(transport: Transport, given: str, target: str) -> None:
    async with serving(saying(b"rows"), transport) as (made, server):
        assert (await made.call(FileContentRequest(file_id=given))).content == b"rows"
    assert targets(server) == [target]


@pytest.mark.parametrize("given", ["", ".", ".."])
async def test_an_id_that_leads_elsewhere_is_not_sent(transport: Transport, given: str) -> None:
    async with serving(saying(b"rows"), transport) as (made, server):
        with pytest.raises(RelayError, match="expected an id"):
            await made.call(FileContentRequest(file_id=given))
    assert server.asked == []


async def test_a_relay_may_have_its_calls_elsewhere(transport: Transport) -> None:
    given = {"paths": Paths(chat="/chat")}
    async with serving(saying(CHAT), transport, dialect=given) as (made, server):
        await made.call(ask())
    assert targets(server) == ["/chat"]
