"""Menus, names, members."""

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeChat

from tests.sandbox.telegram.conftest import ANN, GARDEN
from tests.sandbox.telegram.peers import strangers

HELP = BotCommand(command="help", description="What I can do")
HILFE = BotCommand(command="help", description="我能做什么")


async def menu(aio, **where):
    return [command.description for command in await aio.get_my_commands(**where)]


async def test_menus_are_kept_by_scope_and_language(stage, aio):
    await aio.set_my_commands([HELP])
    await aio.set_my_commands([HILFE], language_code="zh")
    await aio.set_my_commands([], scope=BotCommandScopeAllGroupChats())
    await aio.set_my_commands([HILFE], scope=BotCommandScopeChat(chat_id=int(ANN)))
    assert await menu(aio) == ["What I can do"]
    assert await menu(aio, language_code="zh") == ["我能做什么"]
    assert await menu(aio, language_code="de") == []
    assert await menu(aio, scope=BotCommandScopeChat(chat_id=int(ANN))) == ["我能做什么"]
    assert stage.telegram.commands["default", "zh"][0]["description"] == "我能做什么"
    await aio.delete_my_commands()
    assert await menu(aio) == []


@pytest.mark.parametrize(
    ("commands", "language", "why"),
    [
        ([BotCommand(command="Help", description="x")], None, "BOT_COMMAND_INVALID"),
        ([BotCommand(command="help", description="")], None, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([HELP] * 101, None, "BOT_COMMANDS_TOO_MUCH"),
        ([HELP], "zh-CN", "invalid language code"),
    ],
)
async def test_a_wrong_menu_is_refused(aio, commands, language, why):
    with pytest.raises(TelegramBadRequest, match=why):
        await aio.set_my_commands(commands, language_code=language)


async def test_names_are_kept_by_language(aio):
    await aio.set_my_short_description("hello", language_code="en")
    assert (await aio.get_my_short_description("en")).short_description == "hello"
    assert (await aio.get_my_short_description()).short_description == ""


async def test_members_are_told_by_what_they_are(stage, aio, ptb):
    me = stage.telegram.me["id"]
    assert (await aio.get_chat_member(GARDEN, int(ANN))).status == "creator"
    assert (await aio.get_chat_member(GARDEN, me)).status == "member"
    stage.telegram.stand(GARDEN, "administrator")
    assert (await aio.get_chat_member(GARDEN, me)).status == "administrator"
    members = await ptb.get_chat_administrators(GARDEN)
    assert [member.status for member in members] == ["creator", "administrator"]
    assert list(strangers(members)) == []
    assert await aio.get_chat_member_count(GARDEN) == 5
    with pytest.raises(TelegramBadRequest, match="user not found"):
        await aio.get_chat_member(GARDEN, 1)


async def test_chats_are_told_in_full(aio, ptb):
    assert (await aio.get_chat(GARDEN)).title == "Garden"
    assert list(strangers(await ptb.get_chat(ANN))) == []
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await aio.get_chat(7)
