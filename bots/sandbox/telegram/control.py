"""What happens on the platform, over HTTP: for people and for tests in other languages.

POST /sandbox/say    an Utterance; the content in base64
POST /sandbox/act    an act by its "do": {"do": "block", "person": "5000001"}
GET  /sandbox/lines  ?place=, ?sender=, ?after=
GET  /sandbox/files/{name}
"""

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.telegram.chats import Standing
from bots.sandbox.telegram.floods import Floods, Policy
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import Unspoken, Utterance

Asked = TypeVar("Asked")


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """Something that happens beside talk."""

    async def happen(self, telegram: Telegram) -> None:
        """Raises Unspoken, KeyError."""
        raise NotImplementedError


class Block(Act, frozen=True, kw_only=True, tag="block"):
    person: str
    blocked: bool = True

    async def happen(self, telegram: Telegram) -> None:
        telegram.block(self.person, blocked=self.blocked)


class RefuseVoice(Act, frozen=True, kw_only=True, tag="refuse_voice"):
    person: str
    refuses: bool = True

    async def happen(self, telegram: Telegram) -> None:
        telegram.refuse_voice(self.person, refuses=self.refuses)


class Stand(Act, frozen=True, kw_only=True, tag="stand"):
    place: str
    standing: Standing

    async def happen(self, telegram: Telegram) -> None:
        telegram.stand(self.place, self.standing)


class Migrate(Act, frozen=True, kw_only=True, tag="migrate"):
    place: str
    to: int

    async def happen(self, telegram: Telegram) -> None:
        telegram.migrate(self.place, self.to)


class Edit(Act, frozen=True, kw_only=True, tag="edit"):
    number: int
    text: str

    async def happen(self, telegram: Telegram) -> None:
        await telegram.edit(self.number, self.text)


class Press(Act, frozen=True, kw_only=True, tag="press"):
    place: str
    person: str
    number: int
    data: str

    async def happen(self, telegram: Telegram) -> None:
        await telegram.press(self.place, self.person, self.number, self.data)


class Privacy(Act, frozen=True, kw_only=True, tag="privacy"):
    on: bool

    async def happen(self, telegram: Telegram) -> None:
        telegram.rules = replace(telegram.rules, privacy=self.on)


class Flood(Act, frozen=True, kw_only=True, tag="flood"):
    policy: Policy

    async def happen(self, telegram: Telegram) -> None:
        telegram.floods = Floods(self.policy, telegram.now)


class ExpireFiles(Act, frozen=True, kw_only=True, tag="expire_files"):
    """All links, and with `ids` the file ids too."""

    ids: bool = False

    async def happen(self, telegram: Telegram) -> None:
        if self.ids:
            telegram.files.expire()
        telegram.files.expire_links()


class LogIn(Act, frozen=True, kw_only=True, tag="log_in"):
    """After logOut."""

    async def happen(self, telegram: Telegram) -> None:
        telegram.logged_out = False


AnyAct: TypeAlias = (
    Block | RefuseVoice | Stand | Migrate | Edit | Press | Privacy | Flood | ExpireFiles | LogIn
)


class Acts:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._acts: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)
        self._said = msgspec.json.Decoder(Utterance)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/sandbox/say", self.say, methods=["POST"]),
            Route("/sandbox/act", self.act, methods=["POST"]),
            Route("/sandbox/lines", self.lines),
            Route("/sandbox/files/{name}", self.file),
        ]

    async def say(self, request: Request) -> Response:
        """Raises Refusal."""
        said = await _asked(request, self._said)
        try:
            line = await self._telegram.speak(said)
        except Unspoken as error:
            raise Refusal(400, str(error)) from error
        return json_response({"line": line}, 201)

    async def act(self, request: Request) -> Response:
        """Raises Refusal."""
        act = await _asked(request, self._acts)
        try:
            await act.happen(self._telegram)
        except (Unspoken, KeyError, ValueError) as error:
            raise Refusal(400, f"This cannot be done: {error}") from error
        return Response(status_code=204)

    async def lines(self, request: Request) -> Response:
        query = request.query_params
        after = query.get("after", "0")
        lines = self._telegram.town.lines(query.get("place", ""), query.get("sender", ""))
        first = int(after) if after.isdecimal() else 0
        return json_response({"lines": [line for line in lines if line.number > first]})

    async def file(self, request: Request) -> Response:
        content = self._telegram.town.file(request.path_params["name"])
        if content is None:
            raise Refusal(404, "There is no such file.")
        return Response(content, media_type="application/octet-stream")


async def _asked(request: Request, decoder: "msgspec.json.Decoder[Asked]") -> Asked:
    """The JSON body. Raises Refusal."""
    # A web page elsewhere can post forms and plain text here, but not this type.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "Expected a body of type application/json.")
    return decode(await request.body(), decoder)
