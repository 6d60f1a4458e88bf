"""Configurations in which a secret is empty, each of which must not start."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from bots.check.check import check

WEB = '[bots.web]\nplatform = "web"\n'
RELAY = (
    '[relays.main]\nprofile = "{profile}"\nkey = "{key}"\n[routes]\nchat = ["main:gpt-4o-mini"]\n'
)
GOOD_RELAY = RELAY.format(profile="burnhair", key="file:full")
BOTS = {
    "bots.t.token": '[bots.t]\nplatform = "telegram"\ntoken = "{}"\n',
    "bots.w.token": '[bots.w]\nplatform = "wechat"\ntoken = "{}"\n',
    "bots.w.aes_key": (
        '[bots.w]\nplatform = "wechat"\nmode = "safe"\ntoken = "file:full"\n'
        'app_id = "wx0011223344556677"\naes_key = "{}"\n'
    ),
    "bots.q.token": '[bots.q]\nplatform = "onebot11"\ntoken = "{}"\n',
    "server.access_code": '[server]\nprivate = "0.0.0.0:8700"\naccess_code = "{}"\n' + WEB,
}
GIVEN_EMPTY = {
    "bots.t.webhook_secret": (
        '[bots.t]\nplatform = "telegram"\ntoken = "file:telegram"\nmode = "webhook"\n'
        'public_url = "https://bot.example.org"\nwebhook_secret = "{}"\n'
    ),
}
"""What may be left out, for then something else stands in; but not be an empty file."""
EMPTY = ("", "file:empty", "file:blank", "env:NOT_THERE", "file:missing")


def configurations() -> Iterator[tuple[str, str, str]]:
    """The setting, what it was given, and the whole configuration."""
    for given in EMPTY:
        relay = RELAY.format(profile="burnhair", key=given)
        yield "relays.main.key", given, relay + WEB
        for setting, bot in BOTS.items():
            yield setting, given, GOOD_RELAY + bot.format(given)
        for setting, bot in GIVEN_EMPTY.items():
            if given:
                yield setting, given, GOOD_RELAY + bot.format(given)


def started(folder: Path) -> Iterator[str]:
    """What `parley check` has nothing against, or says nothing clear about."""
    folder.mkdir()
    for name, text in (("empty", ""), ("blank", " \n\t\n"), ("full", "fullsecret1234567890")):
        (folder / name).write_text(text)
    (folder / "telegram").write_text("7000000001:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc")
    for setting, given, text in configurations():
        file = folder / "config.toml"
        file.write_text(text)
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            status = check(file, offline=True)
        words = told.getvalue()
        if not status:
            yield f"{setting} = {given!r} is taken by parley check"
        elif setting not in words and setting.rpartition(".")[2] not in words:
            yield f"{setting} = {given!r} is refused without its name: {words[:200]}"


def count() -> int:
    return sum(1 for _ in configurations())
