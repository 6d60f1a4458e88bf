"""How commands are found."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from bots.commands import GROUP, find_commands
from core.command import Ask, Command, Outcome, Services
from core.errors import ConfigError

BOTH_NAMES = {
    "help": "帮助",
    "new": "新对话",
    "image": "画图",
    "say": "朗读",
    "transcribe": "转写",
    "translate": "翻译",
    "model": "模型",
    "models": "模型列表",
    "persona": "人设",
    "history": "历史",
    "retry": "重答",
    "stop": "停止",
    "quota": "额度",
    "timezone": "时区",
    "why": "为什么",
    "export": "导出",
    "forget": "遗忘",
    "whoami": "我是谁",
    "language": "语言",
    "voice": "语音",
    "group": "群设置",
    "role": "角色",
    "block": "拉黑",
    "unblock": "解除拉黑",
    "limit": "限额",
    "grant": "授权",
    "bind": "绑定",
}


async def _run(ask: Ask, rest: str, services: Services) -> Outcome:
    return Outcome()


DICE = Command(name="Dice", aliases=("骰子",), run=_run)
DRAW = Command(name="draw", run=_run)
NOT_A_COMMAND = "hello"


def plugin(name: str) -> EntryPoint:
    return EntryPoint(name.lower(), f"{__name__}:{name}", GROUP)


def test_the_promised_commands_are_there_and_no_others():
    assert {command.name for command in find_commands(()).values()} == set(BOTH_NAMES)


@pytest.mark.parametrize(("english", "chinese"), BOTH_NAMES.items())
def test_a_command_answers_to_its_english_and_its_chinese_name(english, chinese):
    commands = find_commands(())
    assert commands[english] is commands[chinese]
    assert commands[english].name == english


def test_a_command_calling_a_relay_counts_towards_the_daily_messages():
    commands = find_commands(()).values()
    spending = {"image", "say", "transcribe", "translate", "retry"}
    assert {command.name for command in commands if command.spends} == spending


def test_stop_alone_is_handled_beside_a_running_answer():
    assert {command.name for command in find_commands(()).values() if command.urgent} == {"stop"}


def test_an_installed_command_is_found_by_its_names_in_lower_case():
    commands = find_commands([plugin("DICE")])
    assert commands["dice"] is commands["骰子"] is DICE


def test_two_commands_with_one_name_are_refused_naming_both():
    with pytest.raises(ConfigError, match=r'"draw".*bots\.commands\.image.*test_find:DRAW'):
        find_commands([plugin("DRAW")])


def test_an_entry_that_is_no_command_is_refused_naming_it():
    with pytest.raises(ConfigError, match="test_find:NOT_A_COMMAND, got str"):
        find_commands([plugin("NOT_A_COMMAND")])


@pytest.mark.parametrize("value", [f"{__name__}:GONE", "no.such.module:COMMAND"])
def test_an_entry_that_cannot_be_loaded_is_refused_naming_it(value):
    with pytest.raises(ConfigError, match=f"expected a command at {value}"):
        find_commands([EntryPoint("gone", value, GROUP)])


def test_importing_the_package_imports_no_command():
    code = "import sys, bots.commands; print([m for m in sys.modules if 'bots.commands.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
