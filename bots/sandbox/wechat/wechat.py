"""The simulated official account: what people do goes to the bot, what it says comes back."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Self

import aiohttp

from bots.sandbox.town.town import BOT, Kind, Line, Town, Unspoken, Utterance, cast
from bots.sandbox.wechat import acts
from bots.sandbox.wechat.account import Account, Mode
from bots.sandbox.wechat.allowance import Allowance
from bots.sandbox.wechat.envelope import Envelopes
from bots.sandbox.wechat.faults import Faults, OldKey
from bots.sandbox.wechat.files import File, Files
from bots.sandbox.wechat.journal import Journal
from bots.sandbox.wechat.phone import Phone, Said
from bots.sandbox.wechat.postman import Postman
from bots.sandbox.wechat.push import Push, Try
from bots.sandbox.wechat.refusal import Denied
from bots.sandbox.wechat.reply import Reply
from bots.sandbox.wechat.tokens import Tokens
from bots.sandbox.wechat.xml import Fields

ORIGIN = "http://127.0.0.1:8773"
OPENIDS = (
    "oParley-Ann-0000000000000001",
    "oParley-Ben-0000000000000002",
    "oParley-XiaoMing-00000000003",
    "oParley-LiHua-00000000000004",
)
NOTICE = "该公众号提供的服务出现故障，请稍后再试"
"""What WeChat itself tells a person whose message the account did not answer."""
PLATFORM = "wechat"
"""The sender of notices."""
LINE_KINDS: dict[str, Kind] = {"image": "image", "voice": "voice", "video": "video"}


class WeChat:
    """A `town.Platform`. Lives in one event loop; close it at the end, or use `async with`.

    `url` is where the bot takes pushes; `origin` is where `wechat_app` of this
    account is served, for the addresses of pictures. `try_s` and `tries` are
    WeChat's own. `now` is its clock, UTC and aware. Raises ValueError for a
    mode without its key.
    """

    def __init__(  # noqa: PLR0913 - the account, its bot and its clock come in here
        self,
        *,
        url: str,
        token: str,
        app_id: str,
        app_secret: str,
        aes_key: str = "",
        mode: Mode = "plain",
        verified: bool = False,
        recognition: bool = False,
        allowed_ips: frozenset[str] | None = None,
        town: Town | None = None,
        try_s: float = 5.0,
        tries: int = 3,
        origin: str = ORIGIN,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        journal_size: int = 1000,
    ) -> None:
        self.account = Account(
            token=token,
            app_id=app_id,
            app_secret=app_secret,
            aes_key=aes_key,
            mode=mode,
            verified=verified,
            recognition=recognition,
            allowed_ips=allowed_ips,
        )
        self.town = default_town(now) if town is None else town
        self.origin = origin
        self.now = now
        self.faults = Faults()
        self.journal = Journal(journal_size)
        self.files = Files(now)
        self.tokens = Tokens(now)
        self.menu: Any = None
        self.envelopes = Envelopes(self.account, now)
        self.postman = Postman(
            url=url,
            envelopes=self.envelopes,
            files=self.files,
            faults=self.faults,
            try_s=try_s,
            tries=tries,
        )
        self._phone = Phone(self.files, self.file_url, recognition=recognition)
        self._allowances = {person: Allowance(now) for person in self.town.people}
        self._gone: set[str] = set()
        self._underway: dict[int, asyncio.Task[None]] = {}
        self._msg_ids = count(int(time.time() * 1000) << 12)
        self._places = {
            place.members[0]: place.id for place in self.town.places.values() if not place.group
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Break off what is under way."""
        self.faults.clear()
        for task in list(self._underway.values()):
            task.cancel()
        await asyncio.gather(*self._underway.values(), return_exceptions=True)
        await self.postman.close()

    # -- what people do --------------------------------------------------------

    async def speak(self, said: Utterance) -> Line:
        """As `town.Platform` has it. `text` beside a voice is what WeChat would recognise."""
        place = self.town.places.get(said.place)
        if place is None or place.group or said.person not in place.members:
            raise Unspoken("people talk with an official account alone, each for himself")
        if said.reply_to:
            raise Unspoken("WeChat does not tell accounts what a message replies to")
        lines = [self._do(done) for done in await self._phone.acts_of(said)]
        return lines[0]

    async def act(self, act: acts.AnyAct) -> Line:
        """Anything else that a person does. Raises Unspoken."""
        return self._do(Said(act=act, text=act.told()))

    async def outcome(self, line: Line) -> Push:
        """What became of something said or done: its push, once that has ended.

        Raises KeyError where the journal does not hold it any more.
        """
        await self._ended([line.number])
        return self.journal.push(line.number)

    async def settled(self) -> None:
        """Return when no push is under way."""
        while self._underway:
            await self._ended(list(self._underway))

    async def redeliver(self, push: Push, times: int = 1) -> Sequence[Try]:
        """The same push `times` more at once, newly signed, however long ago it was."""
        before = len(push.tries)
        answered = push.ended
        replies = await asyncio.gather(*(self.postman.attempt(push) for _ in range(times)))
        if not answered:
            self._show_answer(push, next((reply for reply in replies if reply), None))
        return push.tries[before:]

    # -- what stands on mp.weixin.qq.com ---------------------------------------

    async def check(self) -> str:
        """The URL check, as on saving the server's settings: "" or why it failed."""
        echo = str(time.time_ns())
        try:
            status, body = await self.postman.get(self.envelopes.query(echostr=echo))
        except TimeoutError:
            return "no answer in time"
        except aiohttp.ClientError as error:
            return f"no connection: {type(error).__name__}"
        if status != 200:
            return f"status {status}"
        return "" if body == echo.encode() else f"expected {echo} back, got {body[:60]!r}"

    def rotate(self, aes_key: str) -> None:
        """A new EncodingAESKey; answers in the one before are still read."""
        self.envelopes.rotate(aes_key)

    @property
    def answers_s(self) -> Sequence[float]:
        """How long each try took that the bot answered, a reply or `success`."""
        return tuple(self.postman.answers_s)

    # -- what the API's calls need ---------------------------------------------

    def allowance(self, person: str) -> Allowance:
        """Raises Denied for who is no openid of this account."""
        found = self._allowances.get(person)
        if found is None:
            raise Denied(40003)
        return found

    def follows(self, person: str) -> bool:
        return person in self._allowances and person not in self._gone

    def file_url(self, file: File) -> str:
        return f"{self.origin}/mmbiz_pic/{file.media_id}/0"

    def show(self, person: str, *, text: str, file: File | None, status: str, raw: Any) -> Line:
        """Put something from the account before a person's eyes."""
        return self.town.add(
            self._places[person],
            BOT,
            kind=LINE_KINDS[file.kind] if file else "text",
            text=text,
            file=self.town.put(file.content) if file else "",
            name=file.name if file else "",
            mime=file.mime if file else "",
            status=status,
            raw=raw,
        )

    # -- from an act to its push -----------------------------------------------

    def _do(self, done: Said) -> Line:
        act, file = done.act, done.file
        self._check_follower(act)
        msg_id = "" if isinstance(act, acts.Event) else str(next(self._msg_ids))
        fields = self._fields(act, msg_id)
        line = self.town.add(
            self._places[act.person],
            act.person,
            kind=done.kind,
            text=done.text,
            file=self.town.put(file.content) if file else "",
            name=done.name,
            mime=file.mime if file else "",
            raw=fields,
        )
        self._start(self._push(line, act, msg_id, fields))
        return line

    def _check_follower(self, act: acts.AnyAct) -> None:
        """And keep the books of who follows, and of what may be sent to whom. Raises Unspoken."""
        person = act.person
        if person not in self._places:
            raise Unspoken(f"nobody here has the openid {person}")
        if isinstance(act, acts.Subscribe):
            self._gone.discard(person)
        elif person in self._gone:
            raise Unspoken(f"{person} does not follow the account")
        if isinstance(act, acts.Unsubscribe):
            self._gone.add(person)
            self._allowances[person].close()
        ground = act.ground
        if ground:
            self._allowances[person].grant(ground)

    def _fields(self, act: acts.AnyAct, msg_id: str) -> Fields:
        head: Fields = {
            "ToUserName": self.account.original,
            "FromUserName": act.person,
            "CreateTime": int(self.now().timestamp()),
        }
        tail: Fields = {"MsgId": int(msg_id)} if msg_id else {}
        return {**head, **act.fields(), **tail}

    def _push(self, line: Line, act: acts.AnyAct, msg_id: str, fields: Fields) -> Push:
        old_key = self.faults.take(OldKey) is not None
        encrypted, body = self.envelopes.enclose(fields, old_key=old_key)
        return Push(
            number=line.number, at=line.at, act=act, msg_id=msg_id, encrypted=encrypted, body=body
        )

    def _start(self, push: Push) -> None:
        self.journal.begin(push)
        task = asyncio.create_task(self._deliver(push))
        self._underway[push.number] = task
        task.add_done_callback(lambda _: self._underway.pop(push.number, None))

    async def _deliver(self, push: Push) -> None:
        reply = await self.postman.deliver(push)
        if not push.act.answered:
            return
        if push.ended:
            self._show_answer(push, reply)
        else:
            place = self._places[push.act.person]
            notice = self.town.add(place, PLATFORM, kind="notice", text=NOTICE)
            push.shown = notice.number

    def _show_answer(self, push: Push, reply: Reply | None) -> None:
        if reply is None:
            return
        raw = next(done.answer for done in push.tries if done.answer)
        line = self.show(
            push.act.person, text=reply.text, file=reply.file, status="passive", raw=raw
        )
        push.shown = line.number

    async def _ended(self, numbers: Sequence[int]) -> None:
        tasks = [self._underway[number] for number in numbers if number in self._underway]
        if tasks:
            await asyncio.wait(tasks)


def default_town(now: Callable[[], datetime]) -> Town:
    people, places = cast(OPENIDS)
    return Town(name="WeChat", people=people, places=places, now=now)
