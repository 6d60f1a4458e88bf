"""What a bot on QQ works with, from its start on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.onebot11.accounts import Accounts
from adapters.onebot11.files import Files
from adapters.onebot11.seen import Seen
from adapters.onebot11.settings import Settings
from core.bot import Bot
from core.people import PeopleRules
from core.ports.clock import Clock, NewId
from core.ports.store import MediaStore, Shelf
from core.ports.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """`chance` gives numbers from 0 to 1. `people` tells who the owners are."""

    bot: Bot
    settings: Settings
    accounts: Accounts
    files: Files
    seen: Seen
    media: MediaStore
    shelf: Shelf
    texts: Texts
    people: PeopleRules
    clock: Clock
    new_id: NewId
    sleep: Callable[[float], Awaitable[None]]
    chance: Callable[[], float]
