"""What admins set for a whole group, as it reaches the gateway and the worker."""

from core.model import SetSetting, group_key
from core.people import PeopleRules
from core.ports.adapter import Receipt
from tests.core.house import Person, Site

RULES = PeopleRules(admins=frozenset({"qq:boss"}), allow=frozenset({"qq:*"}))


async def opened(site: Site, **settings: object) -> tuple[Person, Person]:
    """A boss and a member of one group."""
    site.bot(**settings)
    site.rules = RULES
    await site.open()
    return (
        site.person("boss", chat="family", group=True),
        site.person("amy", chat="family", group=True),
    )


async def test_who_is_heard_changes_with_the_next_message(site: Site) -> None:
    boss, amy = await opened(site)
    assert await amy.says("anybody?", addressed=False) is Receipt.IGNORED
    await boss.asks("/group set trigger all")
    await amy.asks("anybody?", addressed=False)
    await boss.asks("/group set prefix bot,")
    await boss.asks("/group set trigger prefix")
    assert await amy.says("hello", addressed=True) is Receipt.IGNORED
    await amy.asks("bot, hello", addressed=False)
    await site.person(chat="work", group=True).asks("still here?")
    assert site.relays.questions == ["anybody?", "hello", "still here?"]


async def test_what_is_set_is_there_after_a_restart(site: Site) -> None:
    boss, amy = await opened(site)
    await boss.asks("/group set trigger all")
    await site.restart()
    assert await amy.says("anybody?", addressed=False) is Receipt.STORED
    await site.house.settled()


async def test_why_tells_what_the_group_is_set_to(site: Site) -> None:
    boss, amy = await opened(site, prefixes=("bot,",))
    await boss.asks("/group set trigger prefix")
    await amy.says("hello")
    (told,) = await amy.asks("/why")
    assert site.say("why_no_prefix") in told


async def test_a_talk_begins_with_the_groups_persona(site: Site) -> None:
    boss, amy = await opened(site, persona="You are a pirate.")
    await boss.asks("/group set persona You are our librarian.")
    await amy.asks("hello")
    assert site.relays.sent[0] == ("system", "You are our librarian.")
    await amy.asks("/persona You are a poet.")
    await amy.asks("hello")
    assert site.relays.sent[0] == ("system", "You are a poet.")


async def test_what_is_chosen_alone_with_the_bot_stays_there(site: Site) -> None:
    """On Telegram a talk alone with the bot has its person's number."""
    _, amy = await opened(site)
    alone = site.person("amy", chat="amy")
    await alone.asks("/persona You know my secret.")
    await alone.asks("hello")
    assert site.relays.sent[0] == ("system", "You know my secret.")
    await amy.asks("hello")
    assert ("system", "You know my secret.") not in site.relays.sent


async def test_the_groups_language_stands_between_a_persons_choice_and_a_guess(site: Site) -> None:
    boss, amy = await opened(site)
    await boss.asks("/group set language zh")
    assert await amy.asks("/stop", language="en") == [site.say("nothing_running", "zh")]
    await amy.asks("/language en")
    assert await amy.asks("/stop") == [site.say("nothing_running", "en")]


async def test_a_history_is_shared_from_the_next_message_on(site: Site) -> None:
    boss, amy = await opened(site)
    await boss.asks("the word is plum")
    await boss.asks("/group set history group")
    await boss.asks("the word is pear")
    await amy.asks("which word?")
    assert site.relays.sent == [
        ("user", "the word is pear"),
        ("assistant", "re: the word is pear"),
        ("user", "which word?"),
    ]
    assert await amy.asks("/persona a poet") == [site.say("admins_only")]


async def test_a_message_keeps_the_conversation_that_it_was_stored_with(site: Site) -> None:
    _, amy = await opened(site)
    held = site.relays.hold("hello")
    await amy.says("hello")
    await held.reached()
    site.write("INSERT INTO settings VALUES (?, 'history', 'group', '')", group_key(amy.address))
    await site.restart()
    held.release()
    await site.house.settled()
    assert [text for _, text, _ in await amy.turns()] == ["hello", "re: hello"]


async def test_forgetting_the_admin_forgets_no_groups_settings(site: Site) -> None:
    boss, amy = await opened(site)
    await boss.asks("/group set trigger all")
    await boss.asks("/forget yes")
    for _ in range(2):
        assert await amy.says("anybody?", addressed=False) is Receipt.STORED
        await site.house.settled()
        await site.restart()


async def test_a_setting_of_a_group_is_no_ones_elsewhere(site: Site) -> None:
    await opened(site)
    private = site.person("amy")
    scope = group_key(private.address)
    site.house.store._groups.apply([SetSetting(scope=scope, name="persona", value="a pirate")])
    await private.asks("hello")
    assert site.relays.sent == [("user", "hello")]
