"""`parley demo` and `parley sandbox` as processes, reached over real sockets."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from bots.demo import how_to_join
from bots.sandbox.stand import Stand
from prove.world.ports import free_port

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-P", "-m", "bots")
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
START_S = 20.0
T = TypeVar("T")


class Started:
    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=cwd, env=ENVIRON,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.said = ""

    def until(self, pattern: str) -> str:
        """Read what it says up to the pattern; the answer is its first group."""
        assert self.process.stdout
        ends = time.monotonic() + START_S
        while not (found := re.search(pattern, self.said)):
            ready = select.select([self.process.stdout], [], [], max(ends - time.monotonic(), 0))[0]
            came = os.read(self.process.stdout.fileno(), 65536).decode() if ready else ""
            assert came, f"expected {pattern!r}, got {self.said!r}"
            self.said += came
        return found[1]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


@contextmanager
def started(*arguments: str, cwd: Path) -> Iterator[Started]:
    one = Started(*arguments, cwd=cwd)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def say(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "demo", "--data", "kept", "--say", text, *options],
        cwd=folder,
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def get(address: str) -> str:
    with build_opener(ProxyHandler({})).open(address, timeout=10) as answer:
        return str(answer.read().decode())


def test_messages_are_answered_on_standard_output_alone_from_one_store(tmp_path):
    first = say(tmp_path, "I am called Wenling")
    assert (first.returncode, first.stderr) == (0, "")
    assert "“I am called Wenling”" in first.stdout
    assert "I was given 3 turns of our talk" in say(tmp_path, "who am I").stdout
    assert (tmp_path / "kept" / "parley.db").exists()


@pytest.mark.parametrize("text", ["ends with a backslash\\", "two\nlines\\\nand a rest"])
def test_a_message_is_sent_as_it_is(text, tmp_path):
    assert f"“{text}”" in say(tmp_path, text).stdout


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_message_without_words_is_refused(text, tmp_path):
    done = say(tmp_path, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("error: argument --say: expected a message, got no words\n")
    assert not (tmp_path / "kept").exists()


def test_the_page_is_served_and_meanwhile_a_message_answered_and_the_port_refused(tmp_path):
    port = free_port()
    with started("demo", "--data", "kept", "--port", str(port), cwd=tmp_path) as demo:
        address = demo.until(r"(http://127\.0\.0\.1:\d+/)")
        assert address == f"http://127.0.0.1:{port}/"
        assert "<html" in get(address)
        demo.until("(按 Ctrl-C 停止)")
        done = say(tmp_path, "hello")
        assert (done.returncode, "“hello”" in done.stdout) == (0, True)
        assert "kept apart" in done.stderr
        with started("demo", "--data", "other", "--port", str(port), cwd=tmp_path) as second:
            assert second.process.wait(START_S) == 1
            second.until(f"^(port {port} on 127.0.0.1 is taken)")
        assert demo.end(signal.SIGINT) == 0
    assert "Traceback" not in demo.said + second.said


def test_where_the_usual_port_is_taken_the_next_free_one_is_told(tmp_path):
    try:
        usual = socket.create_server(("127.0.0.1", 8700))
    except OSError:  # somebody has it already, which serves as well
        usual = socket.socket()
    with usual, started("demo", "--data", "kept", cwd=tmp_path) as demo:
        port = demo.until(r"http://127\.0\.0\.1:(\d+)/")
        assert int(port) > 8700
        assert f"Port 8700 is taken; the page is on port {port}." in demo.said
        assert demo.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_relay_serves_until_it_is_stopped(end, tmp_path):
    with started("sandbox", "--port", str(free_port()), cwd=tmp_path) as sandbox:
        address = sandbox.until(r"(http://127\.0\.0\.1:\d+)")
        models = json.loads(get(f"{address}/v1/models"))
        assert "sandbox-chat" in {model["id"] for model in models["data"]}
        assert sandbox.end(end) == 0


@pytest.mark.parametrize(
    ("bot", "public"), [("127.0.0.1:8701", None), ("127.0.0.1:9001", "127.0.0.1:9001")]
)
def test_the_configuration_that_the_sandbox_prints_listens_where_it_looks_for_the_bot(bot, public):
    stand = Stand(name="WeChat", page="", section='[bots.wechat]\nplatform = "wechat"', environ={})
    told = how_to_join("http://127.0.0.1:8765", (stand,), bot).partition("sandbox.toml:\n")[2]
    config = tomllib.loads(told)
    assert config.get("server", {}).get("public") == public
    assert config["relays"]["main"]["base_url"] == "http://127.0.0.1:8765"
    assert list(config["bots"]) == ["wechat"]


def test_simulated_platforms_are_answered_beside_the_page_wherever_ports_are_free(tmp_path):
    try:
        usual = socket.create_server(("127.0.0.1", 8771))
    except OSError:  # somebody has it already, which serves as well
        usual = socket.socket()
    options = ("--telegram", "--onebot", "--wechat")
    with usual, started("demo", "--data", "kept", *options, cwd=tmp_path) as demo:
        demo.until(r"WeChat: (http\S+)/\n")
        pages = re.findall(r"(?:Telegram|QQ|WeChat): (http\S+)/\n", demo.said)
        assert len(set(pages)) == 3
        assert "http://127.0.0.1:8771" not in pages
        until(lambda: json.loads(get(f"{pages[1]}/sandbox/account"))["connected"])
        for page in pages:
            assert "hello" in answer(page)
        assert demo.end(signal.SIGTERM) == 0
    assert "Traceback" not in demo.said


def answer(page: str) -> str:
    """What the bot says to the first person's hello, in their own chat."""
    place = json.loads(get(f"{page}/town"))["places"][0]
    said = {"place": place["id"], "person": place["id"], "text": "hello"}
    address = f"{page}/town/say?{urlencode(said)}"
    request = Request(address, b"", {"Origin": page})  # noqa: S310 - http, as printed
    with build_opener(ProxyHandler({})).open(request, timeout=10):
        pass

    def heard() -> str:
        lines = json.loads(get(f"{page}/town"))["lines"]
        return next((line["text"] for line in lines if line["sender"] == "bot"), "")

    return until(heard)


def until(ready: Callable[[], T]) -> T:
    ends = time.monotonic() + START_S
    while not (found := ready()):
        assert time.monotonic() < ends, f"not within {START_S:.0f} s"
        time.sleep(0.05)
    return found
