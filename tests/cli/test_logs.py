"""The lines that a log consists of."""

import json
import logging
import subprocess
import sys
from typing import Literal

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bots.listener import Listener, bind
from bots.logs import LineFormatter, set_up
from core.trace import TRACE

FORMS: tuple[Literal["text", "json"], ...] = ("text", "json")


def record(message: str, *args: object, fields: dict[str, object] | None = None, error=None):
    failure = (type(error), error, error.__traceback__) if error else None
    one = logging.LogRecord("x", logging.ERROR, "", 0, message, args, failure)
    if fields:
        one.fields = fields
    return one


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", ['a"b\\c', "two\nlines", "密码🔑", "plain"])
def test_a_secret_is_struck_out_of_message_fields_and_traceback(form, secret):
    formatter = LineFormatter(form, [secret])
    fields = {"why": secret, "n": 3, "deep": {"key": [secret]}}
    line = formatter.format(
        record("with %s", secret, fields=fields, error=ValueError(f"and {secret}"))
    )
    for shown in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert shown not in line
    assert "ValueError" in line
    assert "with …" in line


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shown", ["hun%40ter2", "hun@ter2", "YW5uYTpodW5AdGVyMg=="])
def test_the_login_of_a_proxy_address_is_struck_out_by_itself(form, shown):
    formatter = LineFormatter(form, ["socks5h://anna:hun%40ter2@127.0.0.1:1080"])
    line = formatter.format(record(f"refused: {shown} at 127.0.0.1:1080"))
    assert shown not in line
    assert "127.0.0.1:1080" in line


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_an_address_is_struck_out(form):
    line = LineFormatter(form, ["a/b+c=="]).format(
        record("GET https://x.test/?key=a%2Fb%2Bc%3D%3D")
    )
    assert "a%2Fb" not in line
    assert "x.test" in line


UNCAUGHT = """
import sys, threading, warnings
from bots.logs import log_uncaught, set_up
from core.secret import Secret
SECRET = "c4n4ry-0123456789"
set_up("debug", "text", [Secret(SECRET)])
log_uncaught()
class Leaving:
    def __del__(self):
        raise ValueError(SECRET)
def fail():
    raise OSError(SECRET)
warnings.warn(SECRET)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Leaving()
{end}
"""


@pytest.mark.parametrize(("end", "code"), [("raise KeyError(SECRET)", 1), ("sys.exit(3)", 3)])
def test_what_nobody_caught_is_logged_without_secrets(end, code):
    script = UNCAUGHT.format(end=end)
    ended = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert ended.returncode == code
    assert "c4n4ry" not in ended.stdout + ended.stderr
    errors = ["OSError: …", "ValueError: …", "UserWarning: …", *(["KeyError: '…'"] * (code == 1))]
    for error in errors:
        assert error in ended.stderr


def test_of_two_secrets_the_longer_leaves_no_rest():
    assert "rest" not in LineFormatter("text", ["abc", "abc-rest"]).format(record("abc-rest"))


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\x1b[1A", "\x85"])
def test_a_line_of_text_cannot_be_forged(end):
    formatter = LineFormatter("text", [])
    forged = f"x{end}2026-11-21T00:00:00.000+00:00 ERROR   all is lost"
    line = formatter.format(record(forged, fields={"name": forged}))
    assert line.isprintable()
    assert line.count("all is lost") == 2


def test_a_traceback_stands_indented_below_its_line():
    forged = ValueError("bad\n2026-11-21T00:00:00.000+00:00 ERROR   forged")
    first, *rest = LineFormatter("text", []).format(record("failed", error=forged)).splitlines()
    assert first.endswith("failed")
    assert rest
    assert all(line.startswith("  ") for line in rest)


@pytest.mark.parametrize("form", FORMS)
def test_each_line_about_a_message_has_its_trace_once(form):
    formatter = LineFormatter(form, [])
    assert "trace" not in formatter.format(record("outside"))
    mark = TRACE.set("m1")
    try:
        assert "m1" in formatter.format(record("inside"))
        own = formatter.format(record("own", fields={"trace": "m2"}))
    finally:
        TRACE.reset(mark)
    assert "m2" in own
    assert "m1" not in own


def test_json_keeps_numbers_as_they_are():
    line = LineFormatter("json", []).format(record("x", fields={"n": 3, "yes": True, "none": None}))
    assert json.loads(line) | {"n": 3, "yes": True, "none": None} == json.loads(line)


async def test_a_websocket_that_is_refused_is_told_by_who_refused_it_alone(capsys):
    async def refuse(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("not you", 403))

    root = logging.getLogger()
    before, level = root.handlers, root.level
    set_up("info", "text", [])
    listener = Listener(Starlette(routes=[WebSocketRoute("/", refuse)]), bind("127.0.0.1", 0))
    listener.open()
    try:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://127.0.0.1:{listener.port}/", proxy=None):
                raise AssertionError("not refused")
    finally:
        await listener.close()
        root.handlers = before
        root.setLevel(level)
    assert refused.value.response.status_code == 403
    assert capsys.readouterr().err == ""
