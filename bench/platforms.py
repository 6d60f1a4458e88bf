"""Parley under load from a platform's side, beside what people would pick instead.

Usage: python -m bench.platforms onebot|telegram|wechat|idle [--users 100] [--seconds 10]
       [--rounds 3] [--judge]

The bot has one core to itself; relay and simulated platform have others. QQ and Telegram:
everybody asks again after each answer. WeChat: 200 pushes a second, the relay held for 7 s.
"idle": how soon the first answer comes, and what an idle process takes, by what is configured.
Run that one in the demo's environment: the tests' has packages that httpx imports, 4 MB.
Rounds are taken in turn, medians printed.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from bench.load import ROOT, cpu_s, free_port, medians, memory_mb, running, wait_until_up
from bots.sandbox.telegram.platform import TOKEN

HELD_S = 7
WECHAT_USERS = 4000
RATE = 200

CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
[storage]
data = "{data}"
[relays.main]
profile = "sandbox"
base_url = "{relay}"
[routes]
chat = ["main:sandbox-chat"]
[people]
guests = true
guest_daily_messages = "unlimited"
[log]
level = "warning"
"""
SECTIONS = {
    "onebot": 'platform = "onebot11"\ntoken = "env:BENCH_TOKEN"\nsends_per_s = "unlimited"\n',
    "telegram": 'platform = "telegram"\ntoken = "env:BENCH_TELEGRAM"\n'
    'api_base = "http://127.0.0.1:{port}"\nsends_per_second = "unlimited"\n'
    'chat_sends_per_second = "unlimited"\n',
    "wechat": 'platform = "wechat"\ntoken = "env:BENCH_TOKEN"\napp_id = "wxsandbox0000000"\n'
    'app_secret = "env:BENCH_SECRET"\napi_base = "http://127.0.0.1:{port}"\n',
}
NAMES = {"onebot": "v11", "telegram": "telegram", "wechat": "bot"}
"""The bots', by which the crowd finds them: the first is in the path where NoneBot listens."""

MARKS = {
    "onebot": {"replies/s": (">=", 700.0)},
    "telegram": {"replies/s": (">=", 700.0)},
    "wechat": {"slowest reply s": ("<=", 4.5), "lost": ("<=", 0.0)},
    "idle": {
        "qq: first answer s": ("<=", 2.0),
        "qq: idle MB": ("<=", 95.0),
        "all: first answer s": ("<=", 3.0),
        "all: idle MB": ("<=", 140.0),
    },
}


class Crowd:
    """The platform and its people, in a process that takes orders."""

    def __init__(self, name: str, users: int, port: int, public: int) -> None:
        words = ("-m", "bench.platform_crowd", name, str(users), str(port), f"127.0.0.1:{public}")
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
        )
        os.sched_setaffinity(self._process.pid, {2 % os.cpu_count(), 3 % os.cpu_count()})
        assert self._process.stdout.readline().strip() == "ready"

    def order(self, *words: object) -> dict[str, float]:
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        if not told:
            raise RuntimeError("the crowd broke off")
        return msgspec.json.decode(told)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(15)


@contextmanager
def crowd(name: str, users: int, port: int, public: int) -> Iterator[Crowd]:
    people = Crowd(name, users, port, public)
    try:
        yield people
    finally:
        people.close()


def set_tokens() -> None:
    """For the process that comes."""
    os.environ |= {
        "BENCH_TOKEN": "sandbox",
        "BENCH_SECRET": "sandbox-secret",
        "BENCH_TELEGRAM": TOKEN,
    }


@contextmanager
def parley(names: Sequence[str], ports: Mapping[str, int], public: int, relay: str) -> Iterator:
    """The process, with these platforms configured."""
    set_tokens()
    private = free_port()
    with tempfile.TemporaryDirectory() as folder:
        text = CONFIG.format(private=private, public=public, data=folder, relay=relay)
        for name in names:
            text += f"[bots.{NAMES[name]}]\n" + SECTIONS[name].format(port=ports.get(name, 1))
        config = Path(folder) / "config.toml"
        config.write_text(text)
        with running(0, "-m", "bench.served", str(config)) as process:
            wait_until_ready(private)
            yield process


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def talked(people: Crowd, pid: int, users: int, seconds: float) -> dict[str, float]:
    people.order("talk", 1.5, 0)  # warm
    before = cpu_s(pid)
    full = people.order("talk", seconds, 0)
    cpu_ms = (cpu_s(pid) - before) * 1000 / full["replies"]
    calm = people.order("talk", seconds, users / 200)  # about 200 replies a second
    return {
        "replies/s": full["per_s"],
        "CPU ms/reply": cpu_ms,
        "p50 ms full": full["p50_ms"],
        "p99 ms full": full["p99_ms"],
        "p50 ms at 200/s": calm["p50_ms"],
        "p99 ms at 200/s": calm["p99_ms"],
        "MB after load": memory_mb(pid),
    }


def pushed(people: Crowd, pid: int, _: int, seconds: float) -> dict[str, float]:
    before = cpu_s(pid)
    told = people.order("push", RATE, seconds)
    return {
        "pushes": told["pushes"],
        "answered": told["answered"],
        "lost": told["pushes"] - told["answered"],
        "p50 reply s": told["p50_s"],
        "p99.9 reply s": told["p999_s"],
        "slowest reply s": told["max_s"],
        "CPU ms/push": (cpu_s(pid) - before) * 1000 / told["pushes"],
        "MB after load": memory_mb(pid),
    }


def one_round(name: str, who: str, relay: str, users: int, seconds: float) -> dict[str, float]:
    port, public = free_port(), free_port()
    measure = pushed if name == "wechat" else talked
    with crowd(name, users, port, public) as people:
        bot = (
            parley([name], {name: port}, public, relay)
            if who == "parley"
            else running(0, "-m", "bench.platform_floor", name, str(public), str(port), relay)
        )
        with bot as process:
            if who != "parley" and name != "telegram":
                wait_for_port(public)
            return measure(people, process.pid, users, seconds)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


def idle_round(relay: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    for label, names in (("qq", ["onebot"]), ("all", ["onebot", "telegram", "wechat"])):
        public = free_port()
        ports = {name: free_port() for name in names}
        with ExitStack() as stack:
            people = {
                name: stack.enter_context(crowd(name, 1, ports[name], public)) for name in names
            }
            started = time.perf_counter()
            process = stack.enter_context(parley(names, ports, public, relay))
            people["onebot"].order("talk", 0, 0)
            figures[f"{label}: first answer s"] = time.perf_counter() - started
            time.sleep(2)
            figures[f"{label}: idle MB"] = memory_mb(process.pid)
    return figures


def hold(relay: str, seconds: float) -> None:
    """Each chat call of the sandbox relay takes so long."""
    body = msgspec.json.encode(
        {"kind": "delay", "call": "chat", "count": "unlimited", "delay_s": seconds}
    )
    request = urllib.request.Request(
        f"{relay}/sandbox/faults", body, {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()


def compare(options: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """(Parley's medians, the others')"""
    port = free_port()
    relay = f"http://127.0.0.1:{port}"
    users = WECHAT_USERS if options.platform == "wechat" else options.users
    ours: list[dict[str, float]] = []
    floor: list[dict[str, float]] = []
    with running(1, "-m", "bots", "sandbox", "--port", str(port), "--pace", "0"):
        wait_until_up(port)
        if options.platform == "wechat":
            hold(relay, HELD_S)
        for _ in range(options.rounds):
            if options.platform == "idle":
                ours.append(idle_round(relay))
                continue
            for who, rounds in (("floor", floor), ("parley", ours)):
                rounds.append(one_round(options.platform, who, relay, users, options.seconds))
    return medians(ours), medians(floor) if floor else {}


def missed(platform: str, figures: Mapping[str, float]) -> list[str]:
    return [
        f"{name}: expected {sign} {mark:g}, got {figures[name]:.2f}"
        for name, (sign, mark) in MARKS[platform].items()
        if (figures[name] < mark if sign == ">=" else figures[name] > mark)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platform", choices=MARKS)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--judge", action="store_true", help="exit 1 where a mark is missed")
    options = parser.parse_args()
    ours, floor = compare(options)
    print(f"{options.platform}, {options.rounds} rounds, medians")
    print(f"{'':22}{'parley':>10}{'floor':>10}{'ratio':>8}")
    for name, figure in ours.items():
        beside = f"{floor[name]:10.2f}" if name in floor else ""
        ratio = f"{figure / floor[name]:8.2f}" if floor.get(name) else ""
        print(f"{name:22}{figure:10.2f}{beside}{ratio}")
    wrong = missed(options.platform, ours) if options.judge else []
    print("".join(f"missed: {words}\n" for words in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
