"""What serves a bot's accounts while it runs: all that needs aiocqhttp, wired."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from adapters.onebot11.account import Account
from adapters.onebot11.accounts import Accounts
from adapters.onebot11.delivery import Deliverer
from adapters.onebot11.files import Files
from adapters.onebot11.gap import Gap
from adapters.onebot11.intake import Around, Intake
from adapters.onebot11.lookup import Lookup
from adapters.onebot11.order import Order
from adapters.onebot11.pace import Pace
from adapters.onebot11.parse import Listener
from adapters.onebot11.requests import Requests
from adapters.onebot11.seen import Seen
from adapters.onebot11.sending import Sender
from adapters.onebot11.settings import Settings
from core.bot import Bot
from core.people import PeopleRules
from core.ports import Clock, Emit, MediaStore, NewId, Texts

FORWARD_CHARS = 4000
"""A merged forward's most, where the history would take more."""
FORWARD_SHARE = 0.75
"""Of the room for a new message, so that a question fits beside it."""


class Service:
    def __init__(  # noqa: PLR0913 - one place wires
        self,
        *,
        bot: Bot,
        settings: Settings,
        accounts: Accounts,
        files: Files,
        media: MediaStore,
        seen: Seen,
        texts: Texts,
        people: PeopleRules,
        clock: Clock,
        new_id: NewId,
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
        emit: Emit,
    ) -> None:
        self._open = True
        self._order = Order()
        self.sender = Sender(
            bot=bot,
            settings=settings,
            accounts=accounts,
            media=media,
            texts=texts,
            deliverer=Deliverer(resend=settings.resend, clock=clock, sleep=sleep),
            pace=Pace(sends_per_s=settings.sends_per_s, clock=clock, sleep=sleep, chance=chance),
        )
        names: OrderedDict[str, str] = OrderedDict()
        lookup = Lookup(
            files=files,
            media=media,
            forward_chars=forward_chars(bot),
            hears_all=bot.trigger == "all",
        )
        around = Around(
            emit=emit,
            clock=clock,
            new_id=new_id,
            listener=Listener(
                platform=bot.platform,
                bot=bot.name,
                names=names,
                forward_chars=forward_chars(bot),
                temp_sessions=settings.temp_sessions,
            ),
            lookup=lookup,
            requests=Requests(bot.platform, bot.name, settings, people),
            seen=seen,
            tell=self.sender.tell,
            sleep=sleep,
        )
        self._intake = Intake(around, names, self._order)
        self._gap = Gap(
            intake=self._intake,
            lookup=lookup,
            order=self._order,
            seen=seen,
            clock=clock,
            longest_s=bot.expire_s,
        )

    def take(self, account: Account, payload: Mapping[str, Any]) -> None:
        """After `close` nothing new: it is found in the history at the next start."""
        if self._open:
            self._intake.take(account, payload)

    def joined(self, account: Account) -> None:
        if self._open:
            self._gap.close(account)

    async def close(self) -> None:
        """Take nothing new. What was taken is still answered: `sender` goes on."""
        self._open = False
        await self._order.close()


def forward_chars(bot: Bot) -> int:
    if bot.history_chars == "unlimited":
        return FORWARD_CHARS
    room = max(0, bot.history_chars - len(bot.persona))
    return min(FORWARD_CHARS, int(room * FORWARD_SHARE))
