"""Recordings by a route: each relay gets them as it takes them."""

from contextlib import AsyncExitStack

import pytest

from core import sound
from core.errors import MediaError, RelayUnavailable
from core.ports.relays import Served
from core.relay.dialect import Limits
from core.relay.entry import RouteTable
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.request import TranscriptionRequest, TranslationRequest
from tests.relays.hearing.ears import Say, Sent, hearing, refused, said
from tests.relays.hearing.recordings import clip, wav
from tests.relays.stage import FakeClock

THREE = ("garden.ogg", "letter.ogg", "market.ogg")


class Stage:
    """Routes over relays `main`, which cuts at five seconds, and `spare`, which does not."""

    def __init__(self, transport: Transport, **say: Say) -> None:
        self.transport = transport
        self.say = say
        self.sent: dict[str, list[Sent]] = {}
        self.clock = FakeClock()
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> RelayRoutes:
        relays = []
        for name, say in self.say.items():
            limits = Limits(audio_s=5) if name == "main" else Limits()
            hears = hearing(self.transport, say, name=name, limits=limits)
            relay, self.sent[name] = await self.stack.enter_async_context(hears)
            relays.append(relay)
        return RelayRoutes(relays, RouteTable(), clock=self.clock, sleep=self.clock.sleep)

    async def __aexit__(self, *error: object) -> None:
        await self.stack.aclose()


def failing_from(piece: int) -> Say:
    count = 0

    def say(sent: Sent) -> tuple[int, bytes]:
        nonlocal count
        count += 1
        return refused("no channel", 503) if count >= piece else said("heard")

    return say


@pytest.mark.parametrize("request_type", [TranscriptionRequest, TranslationRequest])
async def test_each_relay_gets_a_recording_as_it_takes_it(
    transport: Transport, request_type: type[TranscriptionRequest | TranslationRequest]
) -> None:
    stage = Stage(transport, main=failing_from(2), spare=lambda _: said("all of it"))
    async with stage as routes:
        asked = request_type(audio=wav(*THREE), filename="a.wav")
        ask = routes.transcription if request_type is TranscriptionRequest else routes.translation
        heard, served = await ask(asked)  # type: ignore[operator]
    assert heard.text == "all of it"
    assert [one.filename for one in stage.sent["main"]] == ["audio.mp3"] * 2
    assert [one.audio for one in stage.sent["spare"]] == [asked.audio]
    assert served == Served(
        relay="spare", model="whisper-1", key="key", lost=(("main", "whisper-1", "key"),)
    )


@pytest.mark.parametrize(("failing", "asked"), [(1, 3), (2, 2)])
async def test_what_was_half_billed_is_not_asked_of_the_same_relay_again(
    transport: Transport, failing: int, asked: int
) -> None:
    stage = Stage(transport, main=failing_from(failing))
    async with stage as routes:
        with pytest.raises(RelayUnavailable):
            await routes.transcription(TranscriptionRequest(audio=wav(*THREE), filename="a.wav"))
    assert len(stage.sent["main"]) == asked


async def test_what_cannot_be_read_is_sent_to_nobody(transport: Transport) -> None:
    stage = Stage(transport, main=lambda _: said("?"), spare=lambda _: said("?"))
    async with stage as routes:
        with pytest.raises(MediaError):
            await routes.transcription(TranscriptionRequest(audio=b"no sound", filename="a.ogg"))
    assert stage.sent == {"main": [], "spare": []}


async def test_the_length_of_what_was_decoded_is_told_for_the_ledger(
    transport: Transport,
) -> None:
    audio = sound.to_amr(clip())
    async with Stage(transport, spare=lambda _: said("heard")) as routes:
        heard, _ = await routes.transcription(TranscriptionRequest(audio=audio, filename="a"))
    assert heard.duration_s == pytest.approx(sound.duration_s(audio), abs=0.01)
