"""Relays whose calls are written down, whatever becomes of the answer, and held to a budget."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from msgspec import structs

from core.amounts import Amounts, total
from core.errors import AnswerUnbounded, Lost, MediaError, PriceUnknown, RelayError
from core.model import Spend
from core.ports.clock import Clock
from core.ports.ledger import Kind, amounts_of, kind_of
from core.ports.relays import PLAIN, Errand, Quote, Relays, Served
from core.price import Price
from core.quota.budget import Budget
from core.quota.estimate import amounts, longest_s, most_of
from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import Chat, Chunk, Images, Model, Speech, Transcription, Usage
from core.tokens import estimated_usage

HEARD = ("transcription", "translation")


@dataclass(slots=True, kw_only=True)
class Call:
    """One call's line in the ledger: as it was asked, until it is known how it was served.

    `most` is the most that it can be: what is written where nobody tells what came of it.
    `need` was reserved for each time that it is made, `taken` in all. `lost` are the calls that
    a route had made before, to an unknown end.
    """

    asked: Spend
    most: Spend
    need: Amounts = field(default_factory=Amounts)
    taken: Amounts = field(default_factory=Amounts)
    spend: Spend | None = None
    lost: tuple[Lost, ...] = ()

    def serve(self, served: Served, *, estimated: bool = False, **figures: float) -> None:
        self.spend = structs.replace(_by(self.asked, served), estimated=estimated, **figures)
        self.lost = served.lost

    def serve_chat(self, served: Served, usage: Usage) -> None:
        self.serve(served, **structs.asdict(usage))

    def break_off(self, served: Served) -> None:
        """A part of it was served."""
        self.spend = structs.replace(_by(self.most, served), unsure=True)
        self.lost = served.lost


def _by(spend: Spend, served: Served) -> Spend:
    return structs.replace(spend, relay=served.relay, model=served.model, key=served.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredRelays:
    """Relays for one message: each call that was, or may have been, billed is in `spends`.

    Where the outcome is unknown, or the call was given up, it is what was asked; held to a
    `budget`, the most that it can be. `errand` has the key that the person is bound to.
    Raises LimitReached besides.
    """

    relays: Relays
    clock: Clock
    spends: list[Spend]
    errand: Errand = PLAIN
    budget: Budget | None = None

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        request = self._bounded(request)
        async with self._calling(self._chat(request, errand), request, errand) as (call, on):
            answer, served = await self.relays.chat(request, on)
            call.serve_chat(served, answer.usage)
        return answer, served

    async def stream(
        self, request: ChatRequest, errand: Errand = PLAIN
    ) -> AsyncIterator[tuple[Chunk, Served]]:
        """What was said until a stream broke off was billed; held to a budget, all that the
        relay may have said is."""
        said: list[str] = []
        whole = False
        request = self._bounded(request)
        async with self._calling(self._chat(request, errand), request, errand) as (call, on):
            try:
                async for chunk, served in self.relays.stream(request, on):
                    said.append(chunk.text)
                    last, by = chunk, served
                    yield chunk, served
                whole = True
            finally:
                if said and self.budget and not (whole or last.usage):
                    call.break_off(by)
                elif said:
                    call.serve_chat(by, last.usage or estimated_usage(request, "".join(said)))

    async def images(self, request: ImageRequest, errand: Errand = PLAIN) -> tuple[Images, Served]:
        asked = self._asked("image", request.model, images=request.n)
        async with self._calling(asked, None, errand) as (call, on):
            drawn, served = await self.relays.images(request, on)
            call.serve(served, images=len(drawn.images))
        return drawn, served

    async def speech(self, request: SpeechRequest, errand: Errand = PLAIN) -> tuple[Speech, Served]:
        asked = self._asked("speech", request.model, characters=len(request.text))
        async with self._calling(asked, None, errand) as (call, on):
            spoken, served = await self.relays.speech(request, on)
            call.serve(served)
        return spoken, served

    async def transcription(
        self, request: TranscriptionRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        length_s = await self._length(request)
        asked = self._asked("transcription", request.model, audio_s=length_s)
        async with self._calling(asked, None, errand) as (call, on):
            heard, served = await self.relays.transcription(request, on)
            call.serve(served, audio_s=heard.duration_s or length_s)
        return heard, served

    async def translation(
        self, request: TranslationRequest, errand: Errand = PLAIN
    ) -> tuple[Transcription, Served]:
        length_s = await self._length(request)
        asked = self._asked("translation", request.model, audio_s=length_s)
        async with self._calling(asked, None, errand) as (call, on):
            heard, served = await self.relays.translation(request, on)
            call.serve(served, audio_s=heard.duration_s or length_s)
        return heard, served

    async def models(self) -> Mapping[str, Sequence[Model]]:
        return await self.relays.models()

    def quote(self, kind: Kind, model: str = "", errand: Errand = PLAIN) -> Quote:
        return self.relays.quote(kind, model, errand)

    def price(self, kind: Kind, relay: str, model: str) -> Price | None:
        return self.relays.price(kind, relay, model)

    def choices(self) -> Sequence[str]:
        return self.relays.choices()

    def tokens(self) -> Sequence[str]:
        return self.relays.tokens()

    def sees(self, choice: str = "") -> bool:
        return self.relays.sees(choice)

    def folds_persona(self, choice: str = "") -> bool:
        return self.relays.folds_persona(choice)

    # -- as it is asked ----------------------------------------------------------

    def _chat(self, request: ChatRequest, errand: Errand) -> Spend:
        target = errand.choice or next(iter(self.relays.choices()), "")
        relay, _, model = target.partition(":")
        asked = self._asked("chat", request.model or model)
        return structs.replace(asked, relay=relay)

    def _asked(self, kind: Kind, model: str, **figures: float) -> Spend:
        asked = Spend(kind=kind, relay="", model=model, at=self.clock.now(), estimated=True)
        return structs.replace(asked, **figures)

    def _bounded(self, request: ChatRequest) -> ChatRequest:
        """With an answer no longer than what is reserved for it."""
        if self.budget is None or not self.budget.bounds_answers:
            return request
        most = self.budget.answer_tokens
        return structs.replace(
            request, max_tokens=min(request.max_tokens or most, most), lower=True
        )

    async def _length(self, request: TranscriptionRequest | TranslationRequest) -> float:
        """0.0 if unknown; where it is held to a budget, the longest that it can be then."""
        known = await recording_s(request.audio, request.duration_s)
        return known or (longest_s(request.audio) if self.budget else 0.0)

    # -- the budget --------------------------------------------------------------

    async def _reserve(
        self, asked: Spend, prompt: ChatRequest | None, errand: Errand
    ) -> tuple[Call, Errand]:
        """The call, allowed. Raises LimitReached."""
        on = structs.replace(errand, token=self.errand.token, common=self.errand.common)
        if self.budget is None:
            return Call(asked=asked, most=asked), on
        most = most_of(asked, prompt)
        price = None
        if self.budget.counts_usd:
            named = prompt.model if prompt else ""
            price = self.relays.quote(kind_of(asked), named, on).dearest
        need = amounts(most, price)
        await self.budget.take(need)
        call = Call(asked=asked, most=most, need=need, taken=need)
        again = partial(self._again, call, self.budget)
        bounded, priced = self.budget.bounds_answers, self.budget.counts_usd
        return call, structs.replace(on, priced=priced, bounded=bounded, again=again)

    @staticmethod
    async def _again(call: Call, budget: Budget) -> bool:
        given = await budget.takes(call.need)
        if given:
            call.taken = call.taken.plus(call.need)
        return given

    @asynccontextmanager
    async def _calling(
        self, asked: Spend, prompt: ChatRequest | None, errand: Errand
    ) -> AsyncIterator[tuple[Call, Errand]]:
        """Note the call, unless it is certain that it did not come about, and all it lost."""
        call, on = await self._reserve(asked, prompt, errand)
        certain = False
        try:
            yield call, on
        except RelayError as error:
            call.lost = call.lost or error.lost
            certain = error.certain or bool(error.lost)
            raise
        except (PriceUnknown, AnswerUnbounded):
            certain = True
            raise
        finally:
            self._note(call, prompt, certain=certain)

    def _note(self, call: Call, prompt: ChatRequest | None, *, certain: bool) -> None:
        made = [call.spend] if call.spend else []
        if call.lost or not (made or certain):
            unknown = self._unknown(call, prompt)
            made = [
                *(structs.replace(unknown, relay=r, model=m, key=k) for r, m, k in call.lost),
                *(made or ([] if certain else [unknown])),
            ]
        priced = [self._priced(spend, call) for spend in made]
        self.spends.extend(priced)
        if self.budget:
            self.budget.give_back(call.taken, total(map(amounts_of, priced)))

    def _unknown(self, call: Call, prompt: ChatRequest | None) -> Spend:
        """A call of which nobody tells what came: a prompt's tokens are estimated where no
        budget has counted them before."""
        unknown = structs.replace(call.most, unsure=True)
        if prompt is None or self.budget:
            return unknown
        return structs.replace(unknown, prompt_tokens=estimated_usage(prompt, "").prompt_tokens)

    def _priced(self, spend: Spend, call: Call) -> Spend:
        price = self.relays.price(kind_of(spend), spend.relay, spend.model)
        return structs.replace(
            spend,
            at=self.clock.now(),
            nano_usd=price.nano_usd(spend) if price and _told(spend) else None,
            reserved_nano_usd=call.need.nano_usd if self.budget else None,
        )


def _told(spend: Spend) -> bool:
    """What a recording costs whose length nobody told is unknown, not nothing."""
    return spend.kind not in HEARD or spend.audio_s > 0


async def recording_s(audio: bytes, told_s: float) -> float:
    """How long a recording is: by its own packets, else as the platform told; 0.0 if unknown."""
    from core.sound.pcm import quick_duration_s  # noqa: PLC0415 - for recordings alone

    try:
        return await asyncio.to_thread(quick_duration_s, audio) or told_s
    except MediaError:
        return told_s
