"""Addresses that others chose lead nowhere but to the open internet, straight or by proxies.

All the ways by which the bot fetches are shown every spelling of a forbidden address, and
redirects to each. A server on every address of this machine counts who is reached; the
proxies note what they are asked for. One address of this machine plays the open internet:
behind a proxy by a public number, else by one more address that the guard lets in.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext
from random import Random

from adapters.onebot11.download import Download
from adapters.wechat.api import Api
from adapters.wechat.settings import Settings
from bots.clock import SystemClock
from core.errors import MediaError, ParleyError
from core.picture import check_picture
from core.relay.address import is_public
from core.relay.fetch import Fetcher
from core.relay.transport import Transport
from core.secret import Secret
from prove.experiment import Experiment, Finding, Scale
from prove.internet.addresses import BOOK, GOOD, STAND_IN, hostile, led_to
from prove.internet.drawing import KEY, drawing
from prove.internet.names import Names, naming
from prove.internet.servers import Proxy, Reached, proxying, serving
from prove.internet.site import SMALL, site

LIMIT_BYTES = 1 << 20
WHOLE_S = 1.0
PROXIES = ("http", "socks5", "socks5h")
TURNS = 20

Get = Callable[[str], Awaitable[bytes]]


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    told = Counter[str]()
    wrong: list[str] = []
    with naming(BOOK) as names:
        async with serving(site) as trap, ways(trap) as (closed, open_, proxies):
            forbidden = [*hostile(trap.port, chance, scale.pick(30, 3000))]
            for name, get in closed.items():
                await show(get, forbidden, told)
                wrong += [f"{name} reached {at}" for at in set(trap.at)]
                trap.at.clear()
            for name, (get, door) in open_.items():
                await show(get, forbidden, told)
                await show(get, [led_to(address, door) for address in forbidden], told)
                wrong += [f"{name}: {problem}" for problem in await behaves(get, door)]
            wrong += await turns(open_, names, trap.port)
            wrong += await drawing(trap, forbidden, told)
            leaked = strayed(trap, proxies)
            keys = sum(KEY in head for head in trap.heard)
    return Finding(
        load=f"{sum(told.values())} addresses on {len(closed) + len(open_) + 1} ways",
        faults="private, mapped, decimal and redirecting addresses, rebinding names, bombs",
        leaked=len(leaked) + keys,
        wrong=(*wrong, *sorted(f"reached {at}" for at in set(leaked))),
        figures=f"{told['fetched']} fetched where they may be, {told['refused']} refused",
    )


@asynccontextmanager
async def ways(
    trap: Reached,
) -> AsyncIterator[tuple[dict[str, Get], dict[str, tuple[Get, str]], list[Proxy]]]:
    """Those that reach nothing of this internet, those that reach it with a door of it, and
    the proxies of these."""
    straight, wechat = Download((), LIMIT_BYTES), wechat_api("direct")
    let_in = Transport(public=lambda address: is_public(address) or address == STAND_IN)
    closed: dict[str, Get] = {"qq": straight.get, "wechat": wechat.get}
    opened = Fetcher(lambda _: nullcontext(let_in), LIMIT_BYTES, whole_s=WHOLE_S)
    open_: dict[str, tuple[Get, str]] = {"straight": (opened.get, f"let-in.test:{trap.port}")}
    leads = {GOOD: STAND_IN}
    async with proxying("http", leads) as http, proxying("socks5", leads) as socks:
        made: list[Download | Api] = [straight, wechat]
        for kind in PROXIES:
            proxy = f"{kind}://127.0.0.1:{(http if kind == 'http' else socks).reached.port}"
            made += (qq := Download((), LIMIT_BYTES, proxy), api := wechat_api(proxy))
            open_ |= {
                f"qq by {kind}": (qq.get, f"good.test:{trap.port}"),
                f"wechat by {kind}": (api.get, f"good.test:{trap.port}"),
            }
        yield closed, open_, [http, socks]
        for one in made:
            await (one.aclose() if isinstance(one, Download) else one.close())
        await let_in.aclose()


def wechat_api(proxy: str) -> Api:
    return Api(Settings(token=Secret("token"), proxy=Secret(proxy)), _NoMemo(), SystemClock())


class _NoMemo:
    async def recall(self, name: str) -> str:
        del name
        return ""

    async def keep(self, name: str, value: str) -> None:
        del name, value


async def show(get: Get, addresses: Iterable[str], told: Counter[str]) -> None:
    """Whatever comes of each, a content or an error of the bot's own."""
    for address in addresses:
        try:
            await get(address)
            told["fetched"] += 1
        except MediaError:
            told["refused"] += 1


async def behaves(get: Get, door: str) -> list[str]:
    """What may be fetched is fetched, and nothing is waited for or taken in without end."""
    problems = []
    for address in (f"http://{door}/a.png", led_to(f"http://{door}/a.png", door)):
        try:
            if await get(address) != SMALL:
                problems.append(f"{address} came otherwise than it is")
        except MediaError as error:
            problems.append(f"{address} is public, and was not fetched: {error}")
    endless = ("/endless", "/bomb", "/round", *(("/slow",) if "let-in" in door else ()))
    for path in (*endless, "/page.png", "/huge.png"):
        began = time.monotonic()
        try:
            check_picture(await get(f"http://{door}{path}"))
            problems.append(f"{path} was taken for a picture")
        except MediaError:
            took_s = time.monotonic() - began
            if took_s > WHOLE_S + 2:
                problems.append(f"{path} took {took_s:.1f} s to be refused")
    return problems


async def turns(open_: dict[str, tuple[Get, str]], names: Names, port: int) -> Sequence[str]:
    """A name that turns is asked for once a fetch: what was judged is what is reached."""
    wrong = []
    for way, (get, door) in open_.items():
        name = "turning.test" if "let-in" in door else "rebinding.test"
        before = names.asked[name]
        fetches = [
            asyncio.ensure_future(_quiet(get, f"http://{name}:{port}/x")) for _ in range(TURNS)
        ]
        await asyncio.gather(*fetches)
        if (asked := names.asked[name] - before) > TURNS:
            wrong.append(f"{way}: {TURNS} fetches asked {asked} times for one name")
    return wrong


async def _quiet(get: Get, address: str) -> None:
    try:
        await get(address)
    except ParleyError:
        return


def strayed(trap: Reached, proxies: Iterable[Proxy]) -> list[str]:
    """Connections to where nobody may go: made straight, or asked of a proxy."""
    straight = [at for at in trap.at if at != STAND_IN]
    return straight + [host for proxy in proxies for host in proxy.asked if host != GOOD]


EXPERIMENT = Experiment(
    promises=(21,),
    title="Fetching reaches no private network, a relay's key its own host alone",
    run=run,
)
