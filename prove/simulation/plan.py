"""What a seed decides before a history begins: who is there, what is said, what fails."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal, TypeAlias

from core.bot import Bot
from core.model import Address, HistoryPolicy

Kind: TypeAlias = Literal["queue", "push", "socket", "keeping", "page", "passive"]
"""How a platform brings messages and shows answers.

queue: one message at a time, until it is acknowledged, as Telegram's polling. push: each for
itself, again until acknowledged, as its webhook. socket: once and unacknowledged, with a history
at the next connection, as QQ. keeping: the same, and what the bot said can be looked up. page:
each until acknowledged, with drafts; a part's key is shown once. passive: answers only where it
asks, as WeChat.
"""

PLATFORMS: dict[Kind, str] = {
    "queue": "telegram",
    "push": "telegram",
    "socket": "qq",
    "keeping": "qq",
    "page": "web",
    "passive": "wechat",
}

Saying: TypeAlias = Literal["talk", "picture", "command", "stop", "aside"]
"""What a person sends; an aside is not for the bot."""

Means: TypeAlias = Literal["steps", "things", "seconds", "stop"]

HEAL_S = 90.0
"""When all that fails has stopped failing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a process ends: at its so-manieth step, or thing done, or second; or asked to."""

    by: Means
    count: float
    down_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The database takes nothing from `at_s` on for `long_s`."""

    kind: str
    at_s: float
    long_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a person sends. `mark` is its canary; `owner` the conversation that it belongs to."""

    at_s: float
    key: str
    address: Address
    owner: str
    mark: str
    kind: Saying = "talk"
    text: str = ""

    @property
    def where(self) -> str:
        return f"{self.address.bot} {self.address.chat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often things fail, each of its own."""

    ack_lost: float
    twice: float
    send: float
    relay: float
    surprise: float
    slow: float


@dataclass(slots=True, kw_only=True)
class Plan:
    bots: dict[str, Bot] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    text_limits: dict[str, int] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    jumps: list[tuple[float, float]] = field(default_factory=list)
    rates: Rates
    sweeps: list[float] = field(default_factory=list)
    """When what is older than `keep_days` is erased."""
    keep_days: int = 1
    per_conversation: int = 20


def plan(seed: int) -> Plan:
    chance = Random(f"plan {seed}")
    made = Plan(rates=_rates(chance))
    _cast(made, chance)
    made.posts.extend(_talk(made, chance))
    made.posts.sort(key=lambda post: post.at_s)
    many = chance.choices((0, 1, 2, 3, 5), (1, 5, 5, 3, 1))[0]
    made.deaths.extend(_death(chance) for _ in range(many))
    if chance.random() < 0.04:
        made.deaths[:] = [_stop(chance) for _ in range(5)]
        made.rates = replace(made.rates, slow=0.5)
    if chance.random() < 0.3:
        made.troubles.extend(_trouble(chance) for _ in range(chance.randint(1, 2)))
    if chance.random() < 0.15:
        spans = (-86_400.0, -3600.0, -30.0, 30.0, 3600.0, 86_400.0)
        made.jumps.extend((chance.uniform(0, 30), chance.choice(spans)) for _ in range(2))
    if chance.random() < 0.25 and "passive" not in made.kinds.values():
        # what nobody asks for in time is erased: where answers wait for that, nothing is swept
        made.sweeps.extend(chance.uniform(0, 40) for _ in range(6))
        made.keep_days = chance.choice((0, 1))
    if chance.random() < 0.1:
        made.per_conversation = chance.randint(1, 3)
    return made


def _rates(chance: Random) -> Rates:
    def often(rate: float) -> float:
        return chance.choice((0.0, 0.0, rate, rate * 3))

    return Rates(
        ack_lost=often(0.08),
        twice=often(0.1),
        send=often(0.08),
        relay=often(0.06),
        surprise=often(0.02),
        slow=often(0.05),
    )


def _cast(made: Plan, chance: Random) -> None:
    """Two or three bots, often two of one platform; their people have equal ids."""
    kinds, often = tuple(PLATFORMS), (4, 4, 3, 2, 3, 2)
    for number, kind in enumerate(chance.choices(kinds, often, k=chance.randint(2, 3))):
        name = f"bot{number}"
        made.kinds[name] = kind
        policy: HistoryPolicy = chance.choice(("member", "group"))
        made.bots[name] = Bot(
            name=name, platform=PLATFORMS[kind], persona=f"P:{name};", group_history=policy
        )
        made.text_limits[name] = chance.choice((60, 60, 4000))


def _talk(made: Plan, chance: Random) -> Iterator[Post]:
    names, at_s = list(made.bots), 0.0
    keys = dict.fromkeys(names, 0)
    hasty = chance.random() < 0.6
    for number in range(chance.randint(3, 9)):
        at_s += chance.uniform(0, 0.4) if hasty and chance.random() < 0.7 else chance.uniform(0, 6)
        name = chance.choice(names)
        address = _place(made, name, chance)
        kind = _kind(made, address, chance)
        follows: list[Saying] = (
            [kind, "talk"] if kind == "picture" and chance.random() < 0.8 else [kind]
        )
        for step, one in enumerate(follows):
            keys[name] += 1
            mark = f"Q{number}{'b' * step};"
            yield Post(
                at_s=at_s + step * chance.uniform(0, 1.2),
                key=str(keys[name]),
                address=address,
                owner=_owner(address, made.bots[name].group_history),
                mark=mark,
                kind=one,
                text=_text(one, mark, chance),
            )


def _owner(address: Address, policy: HistoryPolicy) -> str:
    """Whose conversation it is. On purpose not the product's own word for it."""
    place = f"{address.platform} {address.bot} {address.chat}"
    alone = address.group and policy == "member"
    return f"{place} {address.sender}" if alone else place


def _text(kind: str, mark: str, chance: Random) -> str:
    match kind:
        case "picture":
            return ""
        case "stop":
            return "/stop"
        case "command":
            return chance.choice(("/new", "/whoami"))
        case _:
            return f"what of {mark}"


def _place(made: Plan, name: str, chance: Random) -> Address:
    sender = chance.choice(("1", "2"))
    grouped = made.kinds[name] not in ("page", "passive") and chance.random() < 0.3
    return Address(
        platform=made.bots[name].platform,
        bot=name,
        chat="9" if grouped else sender,
        sender=sender,
        group=grouped,
    )


def _kind(made: Plan, address: Address, chance: Random) -> Saying:
    if address.group and chance.random() < 0.15:
        return "aside"
    if made.bots[address.bot].platform == "qq" and chance.random() < 0.3:
        return "picture"
    spoken: tuple[Saying, ...] = ("talk", "command", "stop")
    return chance.choices(spoken, (30, 2, 1))[0]


def _death(chance: Random) -> Death:
    most: dict[Means, int] = {"steps": 400, "things": 60, "seconds": 12, "stop": 8}
    by = chance.choices(tuple(most), (4, 6, 1, 2))[0]
    count = chance.random() ** 1.5 * most[by]
    down_s = 700.0 if chance.random() < 0.05 else chance.choice((0.5, 1.0, 8.0))
    return Death(by=by, count=count if by in ("seconds", "stop") else 1 + int(count), down_s=down_s)


def _stop(chance: Random) -> Death:
    """One of several in a row, each in the middle of a slow answer."""
    return Death(by="stop", count=chance.uniform(0.2, 4), down_s=1.0)


def _trouble(chance: Random) -> Trouble:
    kind = chance.choice(("locked", "full"))
    return Trouble(kind=kind, at_s=chance.uniform(0, 20), long_s=chance.choice((0.1, 2.0, 20.0)))
