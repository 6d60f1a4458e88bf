"""What is said of each bot once it is at work."""

from pathlib import Path

import pytest

from bots.announcement import announce
from bots.config import parse

CONFIG = """
[server]
private = "127.0.0.1:8800"
public = "0.0.0.0:8801"
[relays.main]
profile = "sandbox"
[bots.page]
platform = "web"
[bots.asks]
platform = "telegram"
[bots.waits]
platform = "telegram"
mode = "webhook"
[bots.penguin]
platform = "onebot11"
[bots.account]
platform = "wechat"
token = "env:A_TOKEN"
[bots.here]
platform = "console"
"""


@pytest.mark.parametrize(
    ("locale", "last"), [("en_US.UTF-8", "Ctrl-C stops it."), ("zh_CN.UTF-8", "按 Ctrl-C 停止。")]
)
def test_each_bot_has_a_line_that_says_where_it_is_to_be_found(
    locale, last, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setenv("LC_ALL", locale)
    announce(parse(CONFIG, tmp_path, environ={"A_TOKEN": "atoken"}))
    told = capsys.readouterr()
    *lines, stop = told.err.splitlines()
    found = [
        "http://127.0.0.1:8800/",
        "api.telegram.org",
        "http://0.0.0.0:8801/telegram/waits",
        "ws://0.0.0.0:8801/onebot/penguin",
        "http://0.0.0.0:8801/wechat/account",
    ]
    assert len(lines) == len(found)
    assert [place for place, line in zip(found, lines, strict=True) if place not in line] == []
    assert stop == last
    assert told.out == ""


def test_a_terminal_alone_needs_no_line(tmp_path: Path, capsys):
    text = '[relays.main]\nprofile = "sandbox"\n[bots.here]\nplatform = "console"\n'
    announce(parse(text, tmp_path))
    assert capsys.readouterr().err == ""
