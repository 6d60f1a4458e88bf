"""What durability costs: the same process with its database, and with a store of dicts.

Usage: python -m bench.durability [--on web,onebot] [--users 100] [--seconds 5] [--rounds 3]
       [--judge]

Each server has one core to itself; relay and crowd have others. Rounds are taken in turn,
medians printed, and the share of the replies a second that is lost to durability. Asserts
that the database runs with synchronous=FULL.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import load, platforms
from bench.load import cpu_s, free_port, running, wait_until_up

MARK = 0.35
"""The most that durability may cost of the replies a second."""

STORES = {"dicts": ("--memory",), "database": ()}
PLACES = ("web", "onebot", "telegram")


@contextmanager
def served(store: str, text: str) -> Iterator[int]:
    """The process with a configuration; its id."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(text.replace("DATA", folder))
        with running(0, "-m", "bench.served", *STORES[store], str(config)) as process:
            yield process.pid


def web_round(store: str, relay: str, users: int, seconds: float) -> dict[str, float]:
    port = free_port()
    with served(store, load.CONFIG.format(port=port, data="DATA", relay=relay)) as pid:
        wait_until_up(port)
        load.crowd(port, users, 1.5, 0)  # warm
        before = cpu_s(pid)
        return figures(load.crowd(port, users, seconds, 0), cpu_s(pid) - before)


def platform_round(
    name: str, store: str, relay: str, users: int, seconds: float
) -> dict[str, float]:
    port, public, private = free_port(), free_port(), free_port()
    text = platforms.CONFIG.format(private=private, public=public, data="DATA", relay=relay)
    text += f"[bots.{platforms.NAMES[name]}]\n{platforms.SECTIONS[name].format(port=port)}"
    platforms.set_tokens()
    with platforms.crowd(name, users, port, public) as people, served(store, text) as pid:
        platforms.wait_until_ready(private)
        people.order("talk", 1.5, 0)  # warm
        before = cpu_s(pid)
        return figures(people.order("talk", seconds, 0), cpu_s(pid) - before)


def figures(told: dict[str, float], used_s: float) -> dict[str, float]:
    return {
        "replies/s": told["per_s"],
        "CPU ms/reply": used_s * 1000 / told["replies"],
        "p50 ms": told["p50_ms"],
        "p99 ms": told["p99_ms"],
    }


def one_round(place: str, store: str, relay: str, users: int, seconds: float) -> dict[str, float]:
    if place == "web":
        return web_round(store, relay, users, seconds)
    return platform_round(place, store, relay, users, seconds)


def compare(place: str, relay: str, options: argparse.Namespace) -> float:
    """Prints the medians; the price as a share of the replies a second.

    The price is the median of the rounds' own prices: what slows both of a round is in
    neither.
    """
    rounds: dict[str, list[dict[str, float]]] = {store: [] for store in STORES}
    for number in range(options.rounds):
        for store in sorted(STORES, reverse=number % 2 == 1):
            told = one_round(place, store, relay, options.users, options.seconds)
            rounds[store].append(told)
    dicts, database = (load.medians(rounds[store]) for store in STORES)
    print(f"\n{place}: {options.users} users, {options.rounds} rounds of {options.seconds:g} s")
    print(f"{'':16}{'database':>10}{'dicts':>10}{'ratio':>8}")
    for name, figure in database.items():
        print(f"{name:16}{figure:10.2f}{dicts[name]:10.2f}{figure / dicts[name]:8.2f}")
    pairs = zip(rounds["dicts"], rounds["database"], strict=True)
    prices = [1 - kept["replies/s"] / free["replies/s"] for free, kept in pairs]
    told = ", ".join(f"{price:.1%}" for price in prices)
    price = statistics.median(prices)
    print(f"price of durability: {price:.1%} (rounds: {told})")
    return price


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", default="web,onebot", help=f"out of {','.join(PLACES)}")
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--judge", action="store_true", help="exit 1 where it costs over 35 %%")
    options = parser.parse_args()
    port = free_port()
    relay = f"http://127.0.0.1:{port}"
    with running(1, "-m", "bots", "sandbox", "--port", str(port), "--pace", "0"):
        wait_until_up(port)
        prices = {place: compare(place, relay, options) for place in options.on.split(",")}
    missed = [f"{place}: {price:.1%}" for place, price in prices.items() if price > MARK]
    if options.judge and missed:
        print(f"missed: expected a price of at most {MARK:.0%}, got {', '.join(missed)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
