"""What relays say of their accounts, and what people spent, for /quota to tell."""

from datetime import UTC, datetime

from core.amounts import Amounts
from core.bot import Bot
from core.model import Spend
from core.people import PeopleRules, Role
from core.ports.ledger import Account
from core.quota.balance import stated
from core.quota.limits import Allowances, Limits, grant_name, limit_name
from core.relay.stat import decode_user_stat
from core.response import UserStat
from tests.commands.talk import Talk
from tests.relays.stage import ORIGIN, payload

AT = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
KEYS = ("sk-YZ1213466d", "sk-bNd123475a")
ALIASES = ("main", "pear")
MICRO = 1000
"""Nano-dollars."""

CHAT = Spend(kind="chat", relay="burn", model="m", at=AT, prompt_tokens=1234, completion_tokens=567)


def recorded(name: str = "burnhair_user_stat.json") -> UserStat:
    """The body that burn.hair's page has, read as the relay's client does."""
    return decode_user_stat(payload(name), KEYS, b"k", ORIGIN, ALIASES)


def somebody(role: Role = Role.MEMBER, *, bound: bool = False, group: bool = False) -> Talk:
    """On QQ, in Shanghai, with limits of each kind; days are counted by UTC."""
    named = frozenset({"qq:amy"})
    rules = PeopleRules(
        admins=named if role is Role.ADMIN else frozenset(),
        allow=named if role is Role.MEMBER else frozenset(),
        guests=True,
        daily_messages=50,
    )
    talk = Talk(platform="qq", bot=Bot(name="b", platform="qq"), rules=rules, at=AT, group=group)
    talk.limits = LIMITS
    talk.balances.told = (stated("burn", recorded(), AT),)
    talk.store.kept[talk.person]["timezone"] = "Asia/Shanghai"
    if bound:
        talk.bindings = {"qq:amy": "burn:pear"}
        talk.relays.bindable = ("burn:pear", "burn:status")
    return talk


LIMITS = Limits(
    member=Allowances(tokens_day=20_000, usd_month=5.0),
    group=Allowances(images_day=10, usd_month=40.0),
    bot=Allowances(usd_day=20.0),
    all=Allowances(usd_month=100.0),
)


def spends(talk: Talk, *rows: Spend, day: str = "2026-11-03", identity: str = "qq:amy") -> None:
    account = Account(
        person=talk.person,
        conversation=talk.conversation,
        identity=identity,
        bot="b",
        day=day,
        place="qq:c1" if talk.address.group else "",
    )
    for row in rows:
        talk.store.accounts.charge("", account, (row,))


def grants(talk: Talk, dollars: str) -> None:
    name = grant_name("person:qq:amy", "usd", "month", "2026-11-01")
    talk.store.kept["grants"][name] = dollars


def limits(talk: Talk, scope: str, value: str) -> None:
    talk.store.kept["limits"][limit_name(scope, "messages", "day")] = value


def counts(talk: Talk, day: str, **used: int) -> None:
    key = ("person:qq:amy", day)
    before = talk.store.accounts.counted.get(key, Amounts())
    talk.store.accounts.counted[key] = before.plus(Amounts(**used))
