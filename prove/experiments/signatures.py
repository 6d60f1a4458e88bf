"""Requests without a right proof, by the thousand, to every door of a running bot."""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeAlias

from msgspec import structs

from adapters.telegram.webhook import SECRET_HEADER
from adapters.web.session import COOKIE as SESSION
from adapters.wechat.signature import sign
from bots.web.access import COOKIE as ACCESS
from prove.experiment import Experiment, Finding, Scale
from prove.fuzz import doors, empty
from prove.fuzz.doors import Doors, open_doors
from prove.fuzz.forging import Asked, answer, forged, in_header, in_query

Forgery: TypeAlias = tuple[str, Asked]
AT_ONCE = 16
TOLD = 10
GUESSES = 4
"""Of the access code: after five wrong ones no guess is looked at."""

XML = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>o{who}</FromUserName>"
    "<CreateTime>{at}</CreateTime><MsgType>text</MsgType><Content>hello</Content>"
    "<MsgId>{number}</MsgId></xml>"
)


def xml(number: int) -> str:
    return XML.format(who=number, at=int(time.time()), number=10**15 + number)


async def run(scale: Scale) -> Finding:
    chance = random.Random(scale.seed)
    wrong = await asyncio.to_thread(lambda: list(empty.started(scale.folder / "empty")))
    statuses: Counter[int] = Counter()
    async with open_doors(scale.folder) as house:
        wrong += [f"a right request got {told}" async for told in _refused(_right(house))]
        before = _stored(scale.folder)
        forgeries = list(_forgeries(house, chance, scale.pick(2, 24)))
        chance.shuffle(forgeries)
        wrong += await _sent(forgeries, statuses)
        wrong += await _sent(list(_guesses(house, chance)), statuses)
        stored = _stored(scale.folder) - before
        wrong += [f"a right request after all that got {t}" async for t in _refused(_again(house))]
    if stored:
        wrong.append(f"{stored} messages of them were stored")
    return Finding(
        load=f"{sum(statuses.values())} forged requests, {empty.count()} empty secrets",
        faults="each letter of each proof changed, left out, doubled; old, replayed, plain",
        wrong=tuple(wrong[:TOLD]),
        figures="statuses "
        + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())),
    )


def _stored(folder: Path) -> int:
    with sqlite3.connect(f"file:{folder}/data/parley.db?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM inbox").fetchone()[0])


def _right(house: Doors) -> list[Asked]:
    return [
        house.telegram(1),
        house.wechat("plain", xml(1)),
        house.wechat("plain", "", method="GET"),
        house.sealed(xml(2)),
        house.qq(),
        house.page("/history"),
        house.page(f"/media/{house.ticket}"),
        house.upload(house.origin),
    ]


def _again(house: Doors) -> list[Asked]:
    return [house.telegram(2), house.wechat("plain", xml(3)), house.sealed(xml(4)), house.qq()]


async def _refused(asked: list[Asked]) -> AsyncIterator[str]:
    for one in asked:
        status, _ = await answer(one)
        if not (status == 101 if one.upgrade else 200 <= status < 300):
            yield f"{status} from {one.path}"


async def _sent(forgeries: list[Forgery], statuses: Counter[int]) -> list[str]:
    """What was not refused by 4xx, in words."""
    wrong: list[str] = []
    free = asyncio.Semaphore(AT_ONCE)

    async def one(what: str, asked: Asked) -> None:
        async with free:
            status, _ = await answer(asked)
        statuses[status] += 1
        if not 400 <= status < 500:
            wrong.append(f"{what}: {status} from {asked.path}: {asked.wire()[:600]!r}")

    await asyncio.gather(*(one(*forgery) for forgery in forgeries))
    return wrong


# -- what is forged ------------------------------------------------------------------


def _forgeries(house: Doors, chance: random.Random, each: int) -> Iterator[Forgery]:
    yield from _of_telegram(house, chance, each)
    yield from _of_wechat(house, chance, each)
    yield from _of_wechat_sealed(house, chance, each)
    yield from _of_qq(house, chance, each)
    yield from _of_page(house, chance, each)


def _of_telegram(house: Doors, chance: random.Random, each: int) -> Iterator[Forgery]:
    for number, (what, values) in enumerate(forged(doors.SECRET.encode(), chance, each), 1000):
        asked = house.telegram(number)
        yield f"telegram, secret: {what}", in_header(asked, SECRET_HEADER, values)
    in_address = in_header(house.telegram(5000), SECRET_HEADER, [])
    secret = [doors.SECRET.encode()]
    yield "telegram, secret in the address", in_query(in_address, "secret_token", secret)
    yield "telegram, another name", in_header(in_address, f"{SECRET_HEADER}s", secret)


def _of_wechat(house: Doors, chance: random.Random, each: int) -> Iterator[Forgery]:
    for method in ("POST", "GET"):
        right = house.wechat("plain", xml(7), method=method)
        for name in ("signature", "timestamp", "nonce"):
            for what, values in forged(right.query[name][0], chance, each):
                yield f"wechat {method}, {name}: {what}", in_query(right, name, values)
    now = int(time.time())
    for off in (301, 400, 3600, 86_400, 10**9, -360, -400, -3600, -(10**6)):
        yield f"wechat, {off} s ago", house.wechat("plain", xml(8), str(now - off))
    for at in ("", "0", "-1", "1e9", f" {now}", f"{now} ", f"+{now}", f"{now}.0", f"0x{now:x}"):
        yield f"wechat, the time {at!r}", house.wechat("plain", xml(8), at or "soon")
    for at in (f"{now}"[:-1], "9" * 5000, "٣" * 10, str(now).translate(_WIDE), "1_7"):
        yield f"wechat, the time {at[:20]!r}", house.wechat("plain", xml(8), at)
    right = house.wechat("plain", xml(9))
    yield "wechat, aes without a key", in_query(right, "encrypt_type", [b"aes"])
    unsigned = sign(doors.Secret(), str(now), doors.NONCE).encode()
    yield "wechat, signed by nothing", in_query(right, "signature", [unsigned])


_WIDE = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}


def _of_wechat_sealed(house: Doors, chance: random.Random, each: int) -> Iterator[Forgery]:
    right = house.sealed(xml(11))
    for name in ("signature", "timestamp", "nonce", "msg_signature"):
        for what, values in forged(right.query[name][0], chance, each):
            yield f"sealed, {name}: {what}", in_query(right, name, values)
    for what, values in forged(b"aes", chance, 8):
        yield f"sealed, encrypt_type: {what}", in_query(right, "encrypt_type", values)
    begins = right.body.index(b"CDATA[") + len(b"CDATA[")
    places = range(begins, right.body.index(b"]]", begins))
    for place in chance.sample(places, min(len(places), 100 * each)):
        letter = chance.choice([one for one in b"ABCDabcd0123+/" if one != right.body[place]])
        body = right.body[:place] + bytes([letter]) + right.body[place + 1 :]
        yield f"sealed, ciphertext at {place}", structs.replace(right, body=body)
    yield "sealed, a plain push", house.wechat("safe", xml(12))
    yield "sealed, plain called aes", structs.replace(right, body=xml(13).encode())
    yield "sealed by another key", house.sealed(xml(14), key=doors.OTHER_KEY)
    yield "sealed for another account", house.sealed(xml(15), app_id="wx9988776655443322")
    yield "sealed, and to an account in plain", structs.replace(right, path="/wechat/plain")
    other = house.sealed(xml(16))
    yield "sealed, the body of another", structs.replace(right, body=other.body)


def _of_qq(house: Doors, chance: random.Random, each: int) -> Iterator[Forgery]:
    right, token = house.qq(), doors.QQ.encode()
    for what, values in forged(token, chance, each):
        if b" " not in b"".join(values)[:1]:
            yield f"qq, token: {what}", in_header(right, "Authorization", values, b"Bearer ")
            bare = in_header(right, "Authorization", [])
            yield f"qq, token in the address: {what}", in_query(bare, "access_token", values)
    for path in ("/onebot/qq/api", "/onebot/qq/event", "/onebot/qq/ws"):
        yield "qq, another path", in_header(house.qq(path), "Authorization", [])
    for scheme in (b"", b"Basic ", b"Bearer", b"Digest "):
        told = [scheme + token]
        yield f"qq, the scheme {scheme!r}", in_header(right, "Authorization", told)


def _of_page(house: Doors, chance: random.Random, each: int) -> Iterator[Forgery]:
    for name in (ACCESS, SESSION):
        for what, values in forged(house.cookies[name], chance, each):
            if len(values) < 2:  # two cookies of a name are a browser's of two paths
                value = values[0] if values else b""
                yield f"page, {name}: {what}", house.page("/history", **{name: value or b"x"})
    for what, values in forged(house.ticket.encode(), chance, each):
        ticket = _in_path(values)
        if ticket is not None:
            yield f"page, ticket: {what}", house.page(f"/media/{ticket}")
    for what, values in forged(house.origin, chance, each):
        if len(values) == 1:
            yield f"page, origin: {what}", house.upload(values[0])
    yield "page, no origin", in_header(house.upload(b""), "Origin", [])


def _in_path(values: object) -> str | None:
    match values:
        case [bytes(value)] if value.isascii() and not set(value) & set(b"?#%"):
            return value.decode()
    return None


def _guesses(house: Doors, chance: random.Random) -> Iterator[Forgery]:
    right = doors.CODE.encode()
    single = [forgery for forgery in forged(right, chance, 1) if len(forgery[1]) == 1]
    for what, values in chance.sample(single, GUESSES):
        yield f"access code: {what}", house.login(values[0].replace(b"&", b"_"))
    bearer = Asked(port=house.private, path="/metrics")
    for what, values in chance.sample(single, GUESSES):
        yield f"metrics: {what}", in_header(bearer, "Authorization", values, b"Bearer ")


EXPERIMENT = Experiment(
    promises=(19,), title="nothing is admitted without a right signature", run=run
)
