"""Parley under load through a socket, beside a floor without a store.

Usage: python -m bench.load [--users 100] [--seconds 10] [--rounds 3] [--judge]

Each server has one core to itself; relay and crowd have others. Rounds are
taken in turn, medians printed. Asserts that the store runs with synchronous=FULL.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """
[server]
private = "127.0.0.1:{port}"
[storage]
data = "{data}"
[relays.main]
profile = "sandbox"
base_url = "{relay}"
[routes]
chat = ["main:sandbox-chat"]
[people]
daily_messages = "unlimited"
[bots.web]
platform = "web"
[log]
level = "warning"
"""

MARKS = {
    "replies/s": (">=", 800.0),
    "CPU ms/reply": ("<=", 1.0),
    "first answer after s": ("<=", 2.0),
    "idle MB": ("<=", 90.0),
}
"""The first marks: 100 users on one core, a relay of 0 ms."""


def missed(medians: Mapping[str, float]) -> list[str]:
    """Which marks these figures miss, in words."""
    return [
        f"{name}: expected {sign} {mark:g}, got {medians[name]:.2f}"
        for name, (sign, mark) in MARKS.items()
        if (medians[name] < mark if sign == ">=" else medians[name] > mark)
    ]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def running(core: int, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process on one core, ended by its own id."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT)
    os.sched_setaffinity(process.pid, {core % os.cpu_count()})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def wait_until_up(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def crowd(port: int, users: int, seconds: float, pause_s: float) -> dict[str, float]:
    words = ("-m", "bench.crowd", str(port), str(users), str(seconds), str(pause_s))
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE)
    os.sched_setaffinity(process.pid, {2 % os.cpu_count(), 3 % os.cpu_count()})
    result, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the crowd ended with {process.returncode}")
    return msgspec.json.decode(result)


def measure(pid: int, port: int, users: int, seconds: float) -> dict[str, float]:
    crowd(port, users, 1.5, 0)  # warm
    before = cpu_s(pid)
    full = crowd(port, users, seconds, 0)
    cpu_ms = (cpu_s(pid) - before) * 1000 / full["replies"]
    calm = crowd(port, users, seconds, users / 200)  # about 200 replies a second
    return {
        "replies/s": full["per_s"],
        "CPU ms/reply": cpu_ms,
        "p50 ms full": full["p50_ms"],
        "p99 ms full": full["p99_ms"],
        "p50 ms at 200/s": calm["p50_ms"],
        "p99 ms at 200/s": calm["p99_ms"],
    }


def floor_round(relay: str, users: int, seconds: float) -> dict[str, float]:
    port = free_port()
    with running(0, "-m", "bench.floor", str(port), relay) as process:
        wait_until_up(port)
        return measure(process.pid, port, users, seconds)


def parley_round(relay: str, users: int, seconds: float) -> dict[str, float]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(CONFIG.format(port=port, data=folder, relay=relay))
        started = time.perf_counter()
        with running(0, "-m", "bench.served", str(config)) as process:
            wait_until_up(port)
            up_s = time.perf_counter() - started
            first_s = crowd(port, 1, 0, 0)["p50_ms"] / 1000
            time.sleep(2)
            idle = memory_mb(process.pid)
            figures = measure(process.pid, port, users, seconds)
            loaded = memory_mb(process.pid)
    return {
        **figures,
        "listening after s": up_s,
        "first answer after s": up_s + first_s,
        "idle MB": idle,
        "MB after load": loaded,
    }


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def compare(options: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """(Parley's medians, the floor's)"""
    port = free_port()
    relay = f"http://127.0.0.1:{port}"
    ours: list[dict[str, float]] = []
    floor: list[dict[str, float]] = []
    with running(1, "-m", "bots", "sandbox", "--port", str(port), "--pace", "0"):
        wait_until_up(port)
        for _ in range(options.rounds):
            floor.append(floor_round(relay, options.users, options.seconds))
            ours.append(parley_round(relay, options.users, options.seconds))
    return medians(ours), medians(floor)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--judge", action="store_true", help="exit 1 where a mark is missed")
    options = parser.parse_args()
    ours, floor = compare(options)
    print(f"{options.users} users, {options.rounds} rounds of {options.seconds:.0f} s, medians")
    print(f"{'':22}{'parley':>10}{'floor':>10}{'ratio':>8}")
    for name, figure in ours.items():
        beside = f"{floor[name]:10.2f}{figure / floor[name]:8.2f}" if name in floor else ""
        print(f"{name:22}{figure:10.2f}{beside}")
    wrong = missed(ours) if options.judge else []
    print("".join(f"missed: {words}\n" for words in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
