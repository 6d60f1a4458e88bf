"""`parley init` for Telegram, QQ and WeChat, over the simulated platforms."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from adapters.wechat.settings import TOKEN as WECHAT_TOKEN
from bots.config import Config, load
from tests.cli.relay import relay
from tests.cli.stands import APP_ID, APP_SECRET, TELEGRAM_TOKEN, served, telegram, wechat
from tests.cli.terminal import Terminal
from tests.cli.test_init import COMMAND, ENVIRON, KNOWN_EVERYWHERE, init, mode

WORDS = {
    *("BotFather", "setprivacy", "AppID", "AppSecret"),
    *("EncodingAESKey", "Token", "secrets", "token", "onebot", "wechat", "docs", "people"),
    *("owners", "allow", "https", "oAbc", "telegram", "parley_sandbox_bot", "WebSocket", "Parley"),
}
"""Names and things to type besides those of every talk."""


def settings(config: Config, name: str):
    return next(entry.settings for entry in config.bots if entry.bot.name == name)


def names(config: Config) -> list[str]:
    return [entry.bot.name for entry in config.bots]


@pytest.fixture
def address() -> Iterator[str]:
    with relay() as one:
        yield one


def told(done: subprocess.CompletedProcess[str]) -> str:
    return f"{done.returncode} {done.stdout} {done.stderr}"


def test_a_token_of_telegram_is_tried_and_stays_where_it_is(tmp_path, address, monkeypatch):
    monkeypatch.setitem(ENVIRON, "TELEGRAM_TOKEN", TELEGRAM_TOKEN)
    with served(telegram) as api:
        options = ("--telegram", "env:TELEGRAM_TOKEN", "--telegram-api", api, "--language", "en")
        done = init(tmp_path, "--relay", address, *options)
    assert done.returncode == 0, told(done)
    assert "It is @parley_sandbox_bot." in done.stderr
    assert "write to @parley_sandbox_bot" in done.stderr
    assert "it answers with your id" in done.stderr
    assert TELEGRAM_TOKEN not in done.stderr
    config = load(tmp_path / "config.toml", {"TELEGRAM_TOKEN": TELEGRAM_TOKEN})
    assert names(config) == ["web", "telegram"]
    assert settings(config, "telegram").token.reveal() == TELEGRAM_TOKEN
    assert not (tmp_path / "secrets").exists()


def test_a_token_on_standard_input_is_kept_for_its_owner_alone(tmp_path, address):
    with served(telegram) as api:
        options = ("--telegram", "-", "--telegram-api", api)
        done = init(tmp_path, "--relay", address, *options, typed=f"{TELEGRAM_TOKEN}\n")
    assert done.returncode == 0, told(done)
    kept = tmp_path / "secrets" / "telegram.token"
    assert (kept.read_text(), mode(kept)) == (f"{TELEGRAM_TOKEN}\n", 0o600)
    assert TELEGRAM_TOKEN not in (tmp_path / "config.toml").read_text() + done.stderr


@pytest.mark.parametrize("wrong", ["7000000001:AAH-another-token-than-the-right-one", "no token"])
def test_a_token_that_telegram_does_not_know_is_not_written_down(wrong, tmp_path, address):
    with served(telegram) as api:
        options = ("--telegram", "-", "--telegram-api", api)
        done = init(tmp_path, "--relay", address, *options, typed=f"{wrong}\n")
    assert done.returncode == 1
    assert "bots.telegram.token: expected" in done.stderr
    assert wrong not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_telegram_that_cannot_be_reached_is_told_and_can_be_left_untried(tmp_path, address):
    options = ("--relay", address, "--telegram", "-", "--telegram-api", "http://127.0.0.1:9")
    done = init(tmp_path, *options, typed=f"{TELEGRAM_TOKEN}\n")
    assert (done.returncode, "a proxy is needed" in done.stderr) == (1, True), told(done)
    done = init(tmp_path, *options, "--no-try", typed=f"{TELEGRAM_TOKEN}\n")
    assert done.returncode == 0, told(done)
    assert settings(load(tmp_path / "config.toml"), "telegram").api_base == "http://127.0.0.1:9"


def test_a_token_for_qq_is_made_and_where_to_enter_it_is_told(tmp_path, address):
    done = init(tmp_path, "--relay", address, "--qq", "--language", "en")
    assert done.returncode == 0, told(done)
    kept = tmp_path / "secrets" / "qq.token"
    assert re.fullmatch(r"[0-9a-f]{32}\n", kept.read_text())
    assert mode(kept) == 0o600
    assert "ws://127.0.0.1:8701/onebot/qq" in done.stderr
    assert "secrets/qq.token" in done.stderr
    assert kept.read_text().strip() not in done.stderr
    config = load(tmp_path / "config.toml")
    assert settings(config, "qq").token.reveal() == kept.read_text().strip()
    assert str(config.server.public) == "127.0.0.1:8701"


def test_an_account_of_wechat_is_tried_with_its_secret(tmp_path, address):
    with served(wechat) as api:
        options = ("--wechat", "--wechat-app-id", APP_ID, "--wechat-api", api, "--language", "en")
        done = init(
            tmp_path, "--relay", address, *options, "--wechat-secret", "-", typed=f"{APP_SECRET}\n"
        )
    assert done.returncode == 0, told(done)
    assert "/wechat/wechat" in done.stderr
    own = settings(load(tmp_path / "config.toml"), "wechat")
    assert WECHAT_TOKEN.fullmatch(own.token.reveal())
    assert (own.app_id, own.app_secret.reveal(), own.way) == (APP_ID, APP_SECRET, "plain")
    assert APP_SECRET not in (tmp_path / "config.toml").read_text() + done.stderr


def test_a_secret_that_wechat_refuses_is_told_in_its_words_and_not_written_down(tmp_path, address):
    with served(partial(wechat, secret="another")) as api:
        options = ("--wechat", "--wechat-app-id", APP_ID, "--wechat-api", api)
        done = init(
            tmp_path, "--relay", address, *options, "--wechat-secret", "-", typed=APP_SECRET
        )
    assert done.returncode == 1
    assert "40125" in done.stderr
    assert "app_secret is wrong" in done.stderr
    assert APP_SECRET not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_key_for_safe_mode_is_taken_together_with_the_app_id_alone(tmp_path, address):
    options = ("--relay", address, "--wechat", "--wechat-aes-key", "-")
    key = "a" * 43
    done = init(tmp_path, *options, typed=f"{key}\n")
    assert (done.returncode, "expected aes_key and app_id" in done.stderr) == (1, True)
    done = init(tmp_path, *options, "--wechat-app-id", APP_ID, typed=f"{key}\n")
    assert done.returncode == 0, told(done)
    assert settings(load(tmp_path / "config.toml"), "wechat").way == "safe"


def test_several_places_are_picked_at_the_prompt_and_a_token_can_be_mended(tmp_path, address):
    with served(telegram) as api:
        terminal = Terminal(
            *COMMAND, "--relay", address, "--language", "zh", "--telegram-api", api,
            cwd=tmp_path, env=ENVIRON,
        )  # fmt: skip
        terminal.answer("用哪个模型回答？", "")
        terminal.answer("打个招呼吗？可能产生极少的费用。（是/否） [是]", "否")
        terminal.expect("大家从哪里找机器人？")
        terminal.answer("> [1]", "2 5")
        terminal.expect("请填 1 到 4 的编号")
        terminal.answer("> [1]", "2、3，4")
        terminal.answer("@BotFather 给你的令牌", "7000000001:wrong")
        terminal.expect("Telegram 不认识这个令牌。")
        terminal.answer("> [1]", "1")
        terminal.answer("@BotFather 给你的令牌", TELEGRAM_TOKEN)
        terminal.expect("它是 @parley_sandbox_bot。")
        terminal.answer("AppID", "")
        terminal.expect("/whoami")
        terminal.answer("> [1]", "2")
        terminal.answer("他们的编号", "telegram:5000001，onebot11:10001，wechat:oAbc")
        terminal.expect("QQ：在 NapCat 或 LLBot 的网络配置里")
        terminal.expect("https://你的域名/wechat/wechat")
        assert terminal.wait() == 0
    config = load(tmp_path / "config.toml")
    assert names(config) == ["telegram", "qq", "wechat"]
    assert config.people.allow == {"telegram:5000001", "onebot11:10001", "wechat:oAbc"}
    assert settings(config, "telegram").token.reveal() == TELEGRAM_TOKEN
    assert {entry.bot.language for entry in config.bots} == {"zh"}
    assert TELEGRAM_TOKEN not in terminal.seen
    written = (tmp_path / "config.toml").read_text()
    comments = "\n".join(line for line in written.splitlines() if line.startswith("#"))
    said = terminal.seen.partition("大家")[2].replace(sys.prefix, "")
    english = set(re.findall("[A-Za-z_]{4,}", said + comments))
    assert english <= KNOWN_EVERYWHERE | WORDS, english - KNOWN_EVERYWHERE - WORDS


def test_a_proxy_serves_everything_that_leaves_this_machine(tmp_path):
    options = ("--relay", "openai", "--key", "-", "--telegram", "-", "--wechat", "--no-try")
    typed = f"sk-key\n{TELEGRAM_TOKEN}\n"
    done = init(tmp_path, *options, "--proxy", "socks5h://127.0.0.1:1080", typed=typed)
    assert done.returncode == 0, told(done)
    config = load(tmp_path / "config.toml")
    assert config.proxy.url.reveal() == "socks5h://127.0.0.1:1080"
    assert config.relays[0].proxy.reveal() == "socks5h://127.0.0.1:1080"
