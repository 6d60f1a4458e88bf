"""Looking at what was set aside, and deciding on it."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC

from bots.columns import columns
from bots.config import Config, load
from bots.dead.orders import DROP, RETRY
from bots.loop import run_async
from bots.named import UnknownMessage, message_named
from bots.orders import Payload, give
from bots.printable import printable
from storage.aside import ListAside, SetAside
from storage.media import FileMedia
from storage.reading import reading
from storage.store import SqlStore

WHO_CHARS, REASON_CHARS = 32, 72


def list_dead(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError."""
    kept = run_async(aside(load(options.config)))
    if not kept:
        sys.stdout.write("No message is set aside.\n")
        return 0
    sys.stdout.write("\n".join(columns([HEADS, *map(row, kept)])) + "\n")
    return 0


def show_dead(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError."""
    (one,) = run_async(chosen(load(options.config), [options.id]))
    sys.stdout.write("\n".join(shown(one)) + "\n")
    return 0


def retry_dead(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError, OrderRefused, OrderWaits."""
    return decide(options, RETRY, "put back; a bot that runs answers it now, else the next start")


def drop_dead(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError, OrderRefused, OrderWaits."""
    return decide(options, DROP, "dropped")


def decide(options: argparse.Namespace, order: str, done: str) -> int:
    config = load(options.config)
    ids = run_async(ordered(config, order, [] if options.all else options.ids))
    sys.stdout.write("".join(f"{one}: {done}\n" for one in ids) or "No message is set aside.\n")
    return 0


async def ordered(config: Config, order: str, given: Sequence[str]) -> list[str]:
    """Have it done to these messages, or to all where none is given; to which it was done."""
    those = await (chosen(config, given) if given else aside(config))
    payload = {"ids": [one.message.id for one in those]}
    if not those:
        return []
    done = await give(config.storage.data, order, payload, lambda: alone(config, order, payload))
    return list(done["ids"])


async def alone(config: Config, order: str, payload: Payload) -> Payload:
    """With the data folder to itself. What is put back is answered at the next start."""
    store = await SqlStore.open(config.storage.url.reveal(), FileMedia(config.storage.media))
    try:
        do = store.put_back if order == RETRY else store.drop
        return {"ids": list(await do(payload["ids"]))}
    finally:
        await store.close()


async def aside(config: Config) -> Sequence[SetAside]:
    async with reading(config.storage.url.reveal()) as database:
        return await database.ask(ListAside())


async def chosen(config: Config, given: Sequence[str]) -> list[SetAside]:
    """Raises UnknownMessage."""
    async with reading(config.storage.url.reveal()) as database:
        kept = {one.message.id: one for one in await database.ask(ListAside())}
        ids = dict.fromkeys([await message_named(database, one) for one in given])
    if strange := [one for one in ids if one not in kept]:
        raise UnknownMessage(
            f"expected messages that are set aside, got {', '.join(strange)}. "
            "See parley dead list, or how it went with parley trace"
        )
    return [kept[one] for one in ids]


HEADS = ("id", "set aside (UTC)", "platform", "bot", "who", "tries", "why")


def row(one: SetAside) -> tuple[str, ...]:
    address = one.message.address
    return (
        one.message.id,
        moment(one),
        address.platform,
        address.bot,
        brief(who(one), WHO_CHARS),
        str(one.attempt),
        brief(printable(one.reason), REASON_CHARS),
    )


def shown(one: SetAside) -> Iterator[str]:
    whole = {"who": who(one), "why": printable(one.reason)}
    cells = dict(zip(HEADS, row(one), strict=True)) | whole
    yield from columns(list(cells.items()))
    for media in one.message.media:
        yield f"with {media.kind}, {media.size_bytes} bytes {printable(media.name)}".rstrip()
    yield ""
    yield from (printable(line) for line in one.message.text.splitlines() or ["(no text)"])


def who(one: SetAside) -> str:
    sender = one.message.address.sender
    name = one.message.sender_name
    return printable(f"{name} ({sender})" if name and name != sender else sender)


def brief(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def moment(one: SetAside) -> str:
    return one.at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
