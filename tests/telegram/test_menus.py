"""The lists of commands."""

from bots.sandbox.faults import Status
from tests.telegram.stage import staged, until


async def test_both_languages_have_their_list_under_latin_names():
    async with staged() as stage:
        await until(lambda: len(stage.calls("setMyCommands")) == 2)
        assert stage.telegram.commands["default", ""] == [
            {"command": "help", "description": "what I can do"},
            {"command": "new", "description": "start over"},
        ]
        assert stage.telegram.commands["default", "zh"] == [
            {"command": "help", "description": "我会什么"},
            {"command": "new", "description": "重新开始"},
        ]


async def test_they_are_set_again_only_where_they_changed():
    async with staged() as stage:
        await until(lambda: "menus" in stage.time.kept)
        for _ in range(2):
            await stage.stop()
            stage.start()
            await stage.hear()
        assert len(stage.calls("setMyCommands")) == 2
        stage.time.kept["menus"] = "of another version"
        await stage.stop()
        stage.start()
        await until(lambda: len(stage.calls("setMyCommands")) == 4)


async def test_without_them_the_bot_talks_all_the_same():
    async with staged(started=False) as stage:
        stage.telegram.faults.add(Status(call="setMyCommands", status=500))
        stage.start()
        await stage.hear("hello")
        assert "menus" not in stage.time.kept
