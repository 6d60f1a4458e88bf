"""/quota: what I used today and may still use, and what is left of the relay's token."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bots.answer import sentence
from core.command import Ask, Command, Outcome, Services
from core.model import Limit, Text, identity_of
from core.people import Role
from core.ports.store import Spent
from core.response import QUOTA_PER_USD, AccountStat, TokenStat, UserStat


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    lines = [*await _today(ask, services), *await _relays(ask, services)]
    return Outcome(parts=(Text(text="\n".join(lines)),))


async def _today(ask: Ask, services: Services) -> list[str]:
    zone = ZoneInfo(services.rules.timezone)
    now = services.clock.now()
    midnight, renewal = day_around(now, zone)
    minutes = int((renewal - now).total_seconds() // 60)
    cap = _cap(ask, services)
    scope = f"person:{identity_of(ask.message.address)}"
    used = await services.store.used(scope, midnight.date().isoformat())
    messages = sentence(
        ask,
        services,
        "quota_messages_unlimited" if cap == "unlimited" else "quota_messages",
        used=used.messages,
        cap=cap,
        renews=f"00:00 {zone.key}",
        hours=minutes // 60,
        minutes=minutes % 60,
    )
    spent = await services.store.spent(
        identity_of(ask.message.address), midnight.date().isoformat()
    )
    return [messages, *(_spent(ask, services, row) for row in spent)]


def _cap(ask: Ask, services: Services) -> Limit:
    match ask.role:
        case Role.OWNER | Role.ADMIN:
            return "unlimited"
        case Role.GUEST:
            return services.rules.guest_daily_messages
        case _:
            return services.rules.daily_messages


def day_around(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The midnights before and after `now` as clocks in `zone` show them."""
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    return (
        datetime.combine(today, time.min, tzinfo=zone),
        datetime.combine(tomorrow, time.min, tzinfo=zone),
    )


def dollars(quota: int) -> str:
    return f"${Decimal(quota) / QUOTA_PER_USD:.4f}"


def _spent(ask: Ask, services: Services, row: Spent) -> str:
    return sentence(
        ask,
        services,
        f"quota_{row.kind}",
        calls=row.calls,
        prompt=row.prompt_tokens,
        completion=row.completion_tokens,
        about="≈" if row.estimated else "",
        characters=row.characters,
        images=row.images,
        seconds=f"{row.audio_s:.0f}",
    )


async def _relays(ask: Ask, services: Services) -> list[str]:
    """Money is nothing for guests or for a group to read."""
    if ask.role is Role.GUEST or ask.message.address.group:
        return []
    lines: list[str] = []
    for relay, stat in (await services.relays.stat()).items():
        if told := list(_relay(ask, services, stat)):
            lines += ["", f"**{relay}**", *told]
    return lines


def _relay(ask: Ask, services: Services, stat: UserStat | None) -> Iterator[str]:
    if stat is None:
        yield "- " + sentence(ask, services, "quota_relay_unread")
        return
    for token in stat.tokens:
        if token.own:
            yield _token(ask, services, token)
    if ask.role in (Role.OWNER, Role.ADMIN):
        yield _account(ask, services, stat.account)


def _token(ask: Ask, services: Services, token: TokenStat) -> str:
    """A remainder means nothing while the token is unlimited."""
    return sentence(
        ask,
        services,
        "quota_token_unlimited" if token.unlimited else "quota_token",
        left=dollars(token.remain_quota),
        used=dollars(token.used_quota),
    )


def _account(ask: Ask, services: Services, account: AccountStat) -> str:
    return sentence(
        ask,
        services,
        "quota_account",
        total=dollars(account.total_quota),
        free=dollars(account.free_quota),
        bonus=dollars(account.bonus_quota),
        paid=dollars(account.paid_quota),
        used=dollars(account.used_quota),
        calls=account.request_count,
    )


COMMAND = Command(name="quota", aliases=("额度", "usage"), run=run)
