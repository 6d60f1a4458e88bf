"""What is set for a group is laid over the bot's own settings."""

import pytest

from core.bot import Bot
from core.group import in_group, of_talk

BOT = Bot(name="b", platform="p", prefixes=("bot,", "b,"), persona="a pirate")


def test_a_group_where_nothing_is_set_has_the_bot_as_it_is() -> None:
    assert in_group(BOT, {}) is BOT


def test_a_group_has_a_trigger_a_history_and_a_prefix_of_its_own() -> None:
    here = in_group(BOT, {"trigger": "all", "history": "thread", "prefix": "小帕"})
    assert (here.trigger, here.group_history, here.prefixes) == ("all", "thread", ("小帕",))
    assert here.persona == "a pirate"


@pytest.mark.parametrize("settings", [{"trigger": "?"}, {"history": "?"}, {"prefix": ""}])
def test_what_this_version_does_not_know_changes_nothing(settings: dict[str, str]) -> None:
    assert in_group(BOT, settings) == BOT


def test_a_talk_begins_with_persona_model_and_language_alone() -> None:
    settings = {"persona": "p", "model": "m", "language": "zh", "trigger": "all", "prefix": "x"}
    assert of_talk(settings) == {"persona": "p", "model": "m", "language": "zh"}
