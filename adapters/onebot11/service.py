"""What serves a bot's accounts while it runs: all that needs aiocqhttp, wired."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from adapters.onebot11.account import Account
from adapters.onebot11.delivery import Deliverer
from adapters.onebot11.gap import Gap
from adapters.onebot11.intake import Around, Intake
from adapters.onebot11.kit import Kit
from adapters.onebot11.lookup import Lookup
from adapters.onebot11.order import Order
from adapters.onebot11.pace import Pace
from adapters.onebot11.parse import Listener
from adapters.onebot11.requests import Requests
from adapters.onebot11.search import Search
from adapters.onebot11.sending import Sender
from core.bot import Bot
from core.ports.adapter import Emit

FORWARD_CHARS = 4000
"""A merged forward's most, where the history would take more."""
FORWARD_SHARE = 0.75
"""Of the room for a new message, so that a question fits beside it."""


class Service:
    """Takes events in, and has the `sender` of answers."""

    def __init__(self, kit: Kit, emit: Emit) -> None:
        self._open = True
        self._order = Order()
        self.sender = _sender(kit)
        lookup = Lookup(
            files=kit.files,
            media=kit.media,
            forward_chars=forward_chars(kit.bot),
            hears_all=kit.bot.trigger == "all",
        )
        names: OrderedDict[str, str] = OrderedDict()
        around = _around(kit, emit, lookup, self.sender, names)
        self._intake = Intake(around, names, self._order)
        self._gap = Gap(
            intake=self._intake,
            lookup=lookup,
            order=self._order,
            seen=kit.seen,
            clock=kit.clock,
            longest_s=kit.bot.expire_s,
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
        self._gap.end()
        await self._order.close()


def _sender(kit: Kit) -> Sender:
    search = Search(bot=kit.bot.name, shelf=kit.shelf, clock=kit.clock, sleep=kit.sleep)
    return Sender(
        bot=kit.bot,
        settings=kit.settings,
        accounts=kit.accounts,
        media=kit.media,
        texts=kit.texts,
        deliverer=Deliverer(resend=kit.settings.resend, search=search),
        pace=Pace(
            sends_per_s=kit.settings.sends_per_s,
            clock=kit.clock,
            sleep=kit.sleep,
            chance=kit.chance,
        ),
    )


def _around(
    kit: Kit, emit: Emit, lookup: Lookup, sender: Sender, names: Mapping[str, str]
) -> Around:
    bot = kit.bot
    return Around(
        emit=emit,
        clock=kit.clock,
        new_id=kit.new_id,
        listener=Listener(
            platform=bot.platform,
            bot=bot.name,
            names=names,
            forward_chars=forward_chars(bot),
            accounts=kit.accounts,
            temp_sessions=kit.settings.temp_sessions,
        ),
        lookup=lookup,
        requests=Requests(bot.platform, bot.name, kit.settings, kit.people),
        seen=kit.seen,
        tell=sender.tell,
        sleep=kit.sleep,
    )


def forward_chars(bot: Bot) -> int:
    if bot.history_chars == "unlimited":
        return FORWARD_CHARS
    room = max(0, bot.history_chars - len(bot.persona))
    return min(FORWARD_CHARS, int(room * FORWARD_SHARE))
