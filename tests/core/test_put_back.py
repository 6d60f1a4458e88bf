"""What was set aside is put back by its operator, and answered like any other message."""

from bots.dead.orders import DeadOrders
from core.people import PeopleRules
from core.ports.sending import Refused
from tests.core.held import Held
from tests.core.house import EVERYBODY, Naps, Site
from tests.core.pictures import asked, one_to_one, shows

BROKEN = (ZeroDivisionError("by nought"),)


async def set_aside(site: Site, text: str = "poison") -> None:
    """A question that fails three times, and works from then on."""
    site.relays.script[text] = BROKEN
    assert await site.person().asks(text) == [site.say("set_aside")]
    del site.relays.script[text]


async def retry(site: Site) -> list[str]:
    ids = [name for (name,) in site.rows("SELECT id FROM inbox WHERE state = 'dead'")]
    done = await orders(site).retry({"ids": ids})
    return done["ids"]


def orders(site: Site) -> DeadOrders:
    return DeadOrders(site.house.store, site.house.gateway)


async def test_it_is_answered_once_and_stands_once_in_the_history(site: Site) -> None:
    await site.open()
    await set_aside(site)
    assert len(await retry(site)) == 1
    await site.house.settled()
    amy = site.person()
    assert amy.reads == [site.say("set_aside"), "re: poison"]
    assert await amy.turns() == [
        ("user", "poison", "complete"),
        ("assistant", "re: poison", "complete"),
    ]
    assert site.rows("SELECT state, attempt FROM inbox") == [("answered", 1)]
    assert site.rows("SELECT count(*) FROM replies") == [(1,)]
    await amy.asks("and now?")
    assert [text for _, text in site.relays.sent] == ["poison", "re: poison", "and now?"]


async def test_the_same_order_again_answers_nothing_again(site: Site) -> None:
    await site.open()
    await set_aside(site)
    (name,) = await retry(site)
    assert await orders(site).retry({"ids": [name]}) == {"ids": []}
    await site.house.settled()
    assert await orders(site).retry({"ids": [name]}) == {"ids": []}
    await site.house.settled()
    assert site.person().reads == [site.say("set_aside"), "re: poison"]


async def test_what_fails_again_is_set_aside_again_after_three_tries(site: Site) -> None:
    await site.open()
    await set_aside(site)
    site.relays.script["poison"] = BROKEN
    await retry(site)
    await site.house.settled()
    assert site.relays.questions == ["poison"] * 6
    assert site.person().reads == [site.say("set_aside")] * 2
    assert site.rows("SELECT state, attempt FROM inbox") == [("dead", 3)]


async def test_it_comes_after_what_its_conversation_is_at_work_on(site: Site) -> None:
    await site.open()
    await set_aside(site)
    amy, held = site.person(), site.relays.hold("slow")
    await amy.says("slow")
    await held.reached()
    await retry(site)
    await amy.says("last")
    held.release()
    await site.house.settled()
    assert amy.reads[1:] == ["re: slow", "re: poison", "re: last"]


async def test_what_others_are_told_meanwhile_is_not_sent_twice(site: Site) -> None:
    await site.open()
    await set_aside(site)
    bob, sending = site.person("bob"), Held()
    site.platform.results.append(sending)
    await bob.says("hello")
    await sending.reached()
    await retry(site)
    sending.release()
    await site.house.settled()
    assert bob.reads == ["re: hello"]
    assert site.person().reads[1:] == ["re: poison"]


async def test_it_counts_once_towards_the_days_messages(site: Site) -> None:
    site.rules = PeopleRules(allow=EVERYBODY.allow, daily_messages=1)
    await site.open()
    await set_aside(site)
    await retry(site)
    await site.house.settled()
    assert site.person().reads[1:] == ["re: poison"]
    assert site.rows("SELECT DISTINCT messages FROM counters") == [(1,)]


async def test_put_back_with_no_bot_running_it_is_answered_at_the_next_start(site: Site) -> None:
    await site.open()
    await set_aside(site)
    site.clock.pass_(days=3)
    (name,) = (name for (name,) in site.rows("SELECT id FROM inbox"))
    assert await site.house.store.put_back([name]) == (name,)
    await site.restart()
    await site.house.settled()
    assert site.person().reads[1:] == ["re: poison"]  # not that it is three days old


async def test_put_back_days_later_it_is_answered_and_not_told_to_be_late(site: Site) -> None:
    await site.open()
    await set_aside(site)
    site.clock.pass_(days=3)
    await retry(site)
    await site.house.settled()
    assert site.person().reads[1:] == ["re: poison"]


async def test_a_kill_after_it_was_put_back_loses_nothing(site: Site) -> None:
    await site.open()
    await set_aside(site)
    held = site.relays.hold("poison")
    await retry(site)
    await held.reached()
    await site.restart()
    held.release()
    del site.relays.script["poison"]
    await site.house.settled()
    assert site.person().reads[1:] == ["re: poison"]


class Gate(Naps):
    """Whoever waits for the platform waits for the test."""

    def __init__(self, held: Held) -> None:
        super().__init__()
        self.held = held

    async def __call__(self, seconds: float) -> None:
        await self.held.wait()


async def test_who_was_not_told_yet_is_told_the_answer_alone(site: Site) -> None:
    platform, down = site.bot(), Held()
    site.naps = Gate(down)
    platform.results.append(Refused("the platform is down", 1.0))
    site.relays.script["poison"] = BROKEN
    await site.open()
    await site.person().says("poison")
    await down.reached()
    del site.relays.script["poison"]
    await retry(site)
    down.release()
    await site.house.settled()
    assert site.person().reads == ["re: poison"]


async def test_an_album_is_put_back_whole_and_asked_about_at_once(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    site.relays.script["what is it?"] = BROKEN
    await shows(amy, "a")
    await amy.asks("what is it?")
    del site.relays.script["what is it?"]
    (last,) = site.rows("SELECT message_id FROM replies")
    assert len((await orders(site).retry({"ids": [last[0]]}))["ids"]) == 2
    await site.house.settled()
    assert amy.reads == [site.say("set_aside"), "re: what is it?"]
    assert asked(site)[-1] == ("what is it?", "a")


async def test_what_is_dropped_is_answered_no_more(site: Site) -> None:
    await site.open()
    await set_aside(site)
    (name,) = (name for (name,) in site.rows("SELECT id FROM inbox"))
    assert await orders(site).drop({"ids": [name]}) == {"ids": [name]}
    assert await retry(site) == []
    await site.restart()
    await site.house.settled()
    assert site.person().reads == [site.say("set_aside")]
    assert site.rows("SELECT state, reason, payload FROM inbox") == [("dead", "dropped", None)]
    assert site.rows("SELECT count(*) FROM replies") == [(0,)]
