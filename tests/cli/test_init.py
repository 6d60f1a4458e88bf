import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bots.config import load
from bots.init.trial import neighbours
from bots.loop import run_async
from tests.cli.relay import KEY, relay
from tests.cli.terminal import Terminal

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-P", "-m", "bots", "init")
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


KNOWN_EVERYWHERE = {
    *("Parley", "parley", "init", "check", "config", "example", "toml", "routes", "bots", "whoami"),
    *("Telegram", "NapCat", "LLBot", "OneBot"),
    *("tiny", "chat", "hello", "from", "http", "guests", "true", "unlimited", "venv", "main"),
}
"""Names and things to type, which no language translates."""


def init(folder: Path, *options: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options],
        cwd=folder,
        env=ENVIRON,
        input=typed,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def at_terminal(folder: Path, *options: str) -> Terminal:
    return Terminal(*COMMAND, *options, cwd=folder, env=ENVIRON)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_talk_in_chinese_ends_with_a_configuration_that_works(tmp_path):
    with relay(KEY) as address:
        terminal = at_terminal(tmp_path, "--key", "-", "--relay", address)
        terminal.answer("中文", "2")
        terminal.answer("你的密钥（输入或粘贴时不会显示）：", KEY)
        terminal.expect("连接成功，模型数：3。")
        terminal.expect("可用于聊天：tiny-chat")
        terminal.answer("用哪个模型回答？ [tiny-chat]", "")
        terminal.answer("打个招呼吗？", "是")
        terminal.expect("它说：hello from tiny-chat")
        terminal.expect("大家从哪里找机器人？")
        terminal.answer("> [1]", "")
        terminal.answer("所有人，每人每天限定条数", "3")
        terminal.answer("每人每天多少条：", "7")
        terminal.expect("已写入 config.toml。")
        assert terminal.wait() == 0
    config = load(tmp_path / "config.toml", {})
    assert config.relays[0].key.reveal() == KEY
    assert str(config.routes.chat[0]) == "main:tiny-chat"
    assert config.people.guests is True
    assert config.people.guest_daily_messages == 7
    assert config.bots[0].bot.language == "zh"
    assert KEY not in terminal.seen
    written = (tmp_path / "config.toml").read_text()
    assert "# 由谁来回答。" in written
    comments = "\n".join(line for line in written.splitlines() if line.startswith("#"))
    said = terminal.seen.partition("中文")[2].replace(sys.prefix, "")
    english = set(re.findall("[A-Za-z]{4,}", said + comments))
    assert english <= KNOWN_EVERYWHERE


def test_a_wrong_key_can_be_typed_again_and_never_shows(tmp_path):
    with relay(KEY) as address:
        terminal = Terminal(
            *COMMAND, "--language", "en", "--relay", address, "--key", "env:WRONG",
            cwd=tmp_path, env=ENVIRON | {"WRONG": "sk-wr0ng-key"},
        )  # fmt: skip
        terminal.expect("does not accept this key")
        terminal.answer("> [1]", "1")
        terminal.answer("Your key", KEY)
        terminal.expect("It answers. Models: 3.")
        terminal.answer("Which model", "")
        terminal.answer("say hello now?", "n")
        terminal.answer("> [1]", "")
        terminal.answer("> [1]", "2")
        terminal.answer("Their ids", "telegram:1, onebot11:2")
        assert terminal.wait() == 0
    assert KEY not in terminal.seen
    assert "sk-wr0ng-key" not in terminal.seen
    config = load(tmp_path / "config.toml", {})
    assert config.relays[0].key.reveal() == KEY
    assert config.people.allow == {"telegram:1", "onebot11:2"}
    assert config.people.guests is False


def test_an_interview_that_is_broken_off_writes_nothing(tmp_path):
    terminal = at_terminal(tmp_path, "--language", "en")
    terminal.expect("> [1]")
    terminal.end_of_input()
    terminal.expect("Nothing was written.")
    assert terminal.wait() == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_options_are_enough(tmp_path):
    with relay(KEY) as address:
        done = init(tmp_path, "--relay", address, "--key", "-", "--who", "me", typed=KEY)
    assert (done.returncode, done.stdout) == (0, "")
    assert load(tmp_path / "config.toml", {}).people.guests is False
    assert mode(tmp_path / "config.toml") == 0o600
    assert mode(tmp_path / "secrets") == 0o700
    assert mode(tmp_path / "secrets" / "main.key") == 0o600
    assert KEY not in (tmp_path / "config.toml").read_text() + done.stderr


def test_without_a_terminal_what_is_missing_is_named(tmp_path):
    done = init(tmp_path)
    assert done.returncode == 1
    assert "the option --relay" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ids_that_are_none_are_named_by_their_option_and_nothing_is_written(tmp_path):
    done = init(tmp_path, "--relay", "http://127.0.0.1:9", "--no-try", "--who", "nobody")
    assert done.returncode == 1
    assert "--who: expected me, everyone, or ids" in done.stderr
    assert not (tmp_path / "config.toml").exists()


def test_the_path_of_a_call_is_no_part_of_an_address(tmp_path):
    with relay(KEY) as address:
        pasted = f"{address}/v1/chat/completions"
        done = init(tmp_path, "--relay", pasted, "--key", "-", "--who", "me", typed=KEY)
    assert done.returncode == 0
    assert load(tmp_path / "config.toml", {}).relays[0].base_url == address


def test_a_model_that_is_not_listed_is_mentioned(tmp_path):
    with relay(KEY) as address:
        options = ("--relay", address, "--key", "-", "--who", "me", "--model", "gpt-4p")
        done = init(tmp_path, *options, typed=KEY)
    assert done.returncode == 0
    assert "does not list gpt-4p" in done.stderr


def test_a_key_that_the_relay_refuses_is_not_written_down(tmp_path):
    with relay(KEY) as address:
        done = init(tmp_path, "--relay", address, "--key", "-", typed="sk-wrong\n")
    assert done.returncode == 1
    assert "401" in done.stderr
    assert "sk-wrong" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_called_where_that_is_wished(tmp_path):
    done = init(tmp_path, "--relay", "openai", "--key", "-", "--no-try", typed=KEY)
    assert done.returncode == 0
    assert load(tmp_path / "config.toml", {}).relays[0].key.reveal() == KEY


@pytest.mark.parametrize("options", [[], ["--language", "zh"]])
def test_a_configuration_that_is_there_is_not_replaced_unasked(options, tmp_path):
    (tmp_path / "config.toml").write_text("mine")
    done = init(tmp_path, "--relay", "openai", "--key", "-", "--no-try", *options, typed=KEY)
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert (tmp_path / "config.toml").read_text() == "mine"


def test_a_key_that_is_there_is_kept_beside_the_new_one(tmp_path):
    for key in ("first", "second"):
        init(tmp_path, "--relay", "openai", "--key", "-", "--no-try", "--force", typed=key)
    assert (tmp_path / "secrets" / "main.key").read_text() == "first\n"
    assert load(tmp_path / "config.toml", {}).relays[0].key.reveal() == "second"


def test_a_key_that_is_named_stays_where_it_is(tmp_path):
    (tmp_path / "elsewhere").write_text(KEY)
    init(tmp_path, "--relay", "openai", "--key", "file:elsewhere", "--no-try")
    assert 'key = "file:elsewhere"' in (tmp_path / "config.toml").read_text()
    assert not (tmp_path / "secrets").exists()


def test_servers_on_this_machine_are_noticed_and_others_are_not():
    with relay() as open_one, relay(KEY) as locked:
        ports = {"Ollama": port_of(open_one), "llama.cpp": port_of(locked), "LM Studio": 1}
        (found,) = run_async(neighbours(ports))
    assert (found.name, found.base_url) == ("Ollama", open_one)
    assert "tiny-chat" in found.models


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_a_wrong_option_for_wechat_ends_it_also_at_a_terminal(tmp_path):
    """Asking once more would come to the same."""
    terminal = Terminal(
        *COMMAND, "--language", "en", "--relay", "http://127.0.0.1:9", "--no-try",
        "--model", "m", "--who", "me", "--wechat", "--wechat-app-id", "wx0123456789abcdef",
        "--wechat-secret", "env:SECRET", "--wechat-aes-key", "env:SECRET",
        cwd=tmp_path, env=ENVIRON | {"SECRET": "too-short"},
    )  # fmt: skip
    terminal.expect("aes_key: expected the 43 characters")
    assert terminal.wait() == 1
    assert "Traceback" not in terminal.seen
    assert list(tmp_path.iterdir()) == []
