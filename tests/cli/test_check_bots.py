"""What `parley check` says of bots, over the simulated platforms."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from bots import platforms
from bots.app import opened
from bots.check import check
from bots.config import load
from bots.listener import Listener, bind
from tests.cli.relay import relay
from tests.cli.stands import APP_ID, APP_SECRET, TELEGRAM_TOKEN, served, telegram, wechat
from tests.cli.test_check import ports

__all__ = ["ports"]

CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
[relays.main]
profile = "openai"
base_url = "{relay}"
key = "env:A_TOKEN"
"""
TELEGRAM = """
[bots.helper]
platform = "telegram"
token = "env:A_TOKEN"
api_base = "{api}"
"""
QQ = """
[bots.penguin]
platform = "onebot11"
token = "env:A_TOKEN"
"""
WECHAT = f"""
[bots.account]
platform = "wechat"
token = "env:A_TOKEN"
app_id = "{APP_ID}"
app_secret = "env:A_SECRET"
api_base = "{{api}}"
"""


@pytest.fixture
def checked(tmp_path: Path, ports, monkeypatch, capsys):
    def run(section: str, token: str, *, offline: bool = False) -> tuple[int, str]:
        """The exit code, and what is said of the bots."""
        monkeypatch.setenv("A_TOKEN", token)
        monkeypatch.setenv("A_SECRET", APP_SECRET)
        with relay() as address:
            head = CONFIG.format(private=ports[0], public=ports[1], relay=address)
            (tmp_path / "config.toml").write_text(head + section)
            code = check(tmp_path / "config.toml", offline=offline)
        lines = capsys.readouterr().out.splitlines()
        return code, "\n".join(line for line in lines if "  bot " in line)

    return run


def test_a_bot_on_telegram_is_told_by_its_name_and_what_it_sees_in_groups(checked):
    with served(telegram) as api:
        code, said = checked(TELEGRAM.format(api=api), TELEGRAM_TOKEN)
    assert code == 0, said
    assert "ok     bot helper" in said
    assert "@parley_sandbox_bot; in groups it sees what is for it alone" in said
    with served(partial(telegram, privacy=False)) as api:
        assert "in groups it sees all" in checked(TELEGRAM.format(api=api), TELEGRAM_TOKEN)[1]


def test_a_webhook_that_is_set_while_one_wants_to_ask_is_noted(checked):
    with served(telegram) as api:
        hook = {"url": "https://elsewhere.example/hook"}
        address = f"{api}/bot{TELEGRAM_TOKEN}/setWebhook"
        httpx.post(address, json=hook, trust_env=False).raise_for_status()
        code, said = checked(TELEGRAM.format(api=api), TELEGRAM_TOKEN)
    assert code == 0, said
    assert "note   bot helper" in said
    assert "a webhook is set" in said
    assert "elsewhere.example" not in said


def test_a_token_that_telegram_does_not_know_is_wrong_and_not_shown(checked):
    wrong = "7000000001:AAH-another-token-than-the-right-one"
    with served(telegram) as api:
        code, said = checked(TELEGRAM.format(api=api), wrong)
    assert code == 1
    assert "WRONG  bot helper" in said
    assert wrong not in said


def test_what_cannot_be_a_token_is_wrong_without_a_call(checked):
    code, said = checked(TELEGRAM.format(api="http://127.0.0.1:9"), "no token", offline=True)
    assert code == 1
    assert "bots.helper.token: expected a token as @BotFather gives it" in said


def test_offline_no_platform_is_called(checked):
    code, said = checked(TELEGRAM.format(api="http://127.0.0.1:9"), TELEGRAM_TOKEN, offline=True)
    assert (code, said.split()[0]) == (0, "ok")


def test_packages_that_are_not_installed_are_wrong_with_their_remedy(checked, monkeypatch):
    absent = {"onebot11": ("qq", ("a_module_that_nobody_has",))}
    monkeypatch.setattr(platforms, "PACKAGES", absent)
    code, said = checked(QQ, "a-token", offline=True)
    assert code == 1
    assert "WRONG" in said
    assert 'pip install "parley[qq]"' in said


def test_an_account_of_wechat_is_tried_by_asking_for_a_token(checked, ports):
    with served(wechat) as api:
        code, said = checked(WECHAT.format(api=api), "atoken")
    assert code == 0, said
    assert f"must lead to http://127.0.0.1:{ports[1]}/wechat/account" in said
    assert "WeChat takes its app_id and app_secret" in said


def test_an_address_that_wechat_does_not_let_in_is_told_with_the_remedy(checked):
    with served(wechat) as api:
        fault = {"kind": "fail_call", "errcode": 40164, "call": "stable_token"}
        httpx.post(f"{api}/sandbox/faults", json=fault, trust_env=False).raise_for_status()
        code, said = checked(WECHAT.format(api=api), "atoken")
    assert code == 1
    assert "40164" in said
    assert "add this machine's address to the account's IP白名单" in said
    assert APP_SECRET not in said


def test_an_account_of_qq_is_told_where_to_dial_in_and_that_nobody_is_there(checked, ports):
    code, said = checked(QQ, "a-token")
    assert code == 0, said
    assert f"ws://127.0.0.1:{ports[1]}/onebot/penguin" in said
    assert "no Parley is running" in said


async def test_the_ports_of_a_parley_that_runs_are_well_and_it_is_asked_for_troubles(
    checked, tmp_path
):
    await asyncio.to_thread(checked, QQ, "a-token", offline=True)  # which writes the file
    async with opened(load(tmp_path / "config.toml")):
        code, said = await asyncio.to_thread(checked, QQ, "a-token")
        assert code == 0, said
        assert "Parley is running and tells of no trouble" in said


def test_another_server_on_the_port_of_parley_is_asked_for_no_troubles(checked, ports):
    @asynccontextmanager
    async def another() -> AsyncIterator[int]:
        page = Route("/{path:path}", lambda _: PlainTextResponse("It works!"))
        listener = Listener(Starlette(routes=[page]), bind("127.0.0.1", ports[0]))
        listener.open()
        yield listener.port
        await listener.close()

    with served(another):
        code, said = checked(QQ, "a-token")
    assert code == 1, said  # for the port
    assert "no Parley is running" in said


def test_a_trouble_that_a_running_parley_tells_is_told(checked, ports):
    trouble = {"ready": False, "penguin": "no QQ account has connected yet"}

    @asynccontextmanager
    async def probed() -> AsyncIterator[int]:
        routes = [
            Route("/livez", lambda _: PlainTextResponse("alive")),
            Route("/readyz", lambda _: JSONResponse(trouble, 503)),
        ]
        listener = Listener(Starlette(routes=routes), bind("127.0.0.1", ports[0]))
        listener.open()
        yield listener.port
        await listener.close()

    with served(probed):
        code, said = checked(QQ, "a-token")
    assert code == 0, said
    assert "note   bot penguin" in said
    assert "no QQ account has connected yet" in said
