"""A process ends anywhere; the next one goes on from what is stored."""

from core.ports.adapter import Receipt
from core.ports.sending import Sent
from tests.core.held import Held
from tests.core.house import Site
from tests.core.platform import Platform, capabilities

LONG = "one\n\ntwo\n\nthree\n\nfour\n\nfive"
PIECES = ["one", "two", "three", "four", "five"]


async def test_what_was_not_answered_is_answered_after_a_restart_in_order(site: Site) -> None:
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    held = site.relays.hold("q0")
    for number in range(3):
        await amy.says(f"q{number}")
    await bob.says("hello")
    await held.reached()
    await site.restart()
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: q0", "re: q1", "re: q2"]
    assert bob.reads == ["re: hello"]


async def test_what_comes_in_after_a_restart_is_answered_after_what_was_left(site: Site) -> None:
    await site.open()
    amy = site.person()
    held = site.relays.hold("old")
    await amy.says("old")
    await held.reached()
    await site.restart()
    await amy.says("new")
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: old", "re: new"]


async def test_more_than_a_lane_holds_is_resumed(site: Site) -> None:
    await site.open()
    amy = site.person()
    held = site.relays.hold("q0")
    for number in range(3):
        await amy.says(f"q{number}")
    site.per_conversation = 2
    await site.restart()
    assert await amy.says("q3") is Receipt.BUSY
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: q0", "re: q1", "re: q2"]


async def test_a_stored_reply_goes_on_at_its_first_unsent_part(site: Site) -> None:
    platform = await _one_part_a_line(site, repeatable=True)
    held = Held()
    platform.results.extend([*_sent(2), held])
    site.relays.script["tell"] = (LONG,)
    await site.person().says("tell")
    await held.reached()
    before = list(platform.tries)
    await site.restart()
    await site.house.settled()
    assert site.person().reads == PIECES
    assert site.relays.questions == ["tell"]
    again = platform.tries[len(before) :]
    assert again[0] == before[2]
    assert [send.index for send in again] == [2, 3, 4]


async def test_a_part_that_was_on_its_way_is_sent_again_and_says_so(site: Site) -> None:
    platform = await _one_part_a_line(site)
    held = Held()
    platform.results.extend([*_sent(2), held])
    site.relays.script["tell"] = (LONG,)
    await site.person().says("tell")
    await held.reached()
    await site.restart()
    await site.house.settled()
    again = platform.tries[3:]
    assert [(send.index, send.repeated) for send in again] == [(2, True), (3, False), (4, False)]
    assert again[0].key == platform.tries[2].key
    assert again[0].part == platform.tries[2].part
    assert site.relays.questions == ["tell"]


async def test_a_part_that_was_on_its_way_is_held_where_that_is_the_policy(site: Site) -> None:
    platform = await _one_part_a_line(site, on_unknown="hold")
    held = Held()
    platform.results.extend([*_sent(2), held])
    site.relays.script["tell"] = (LONG,)
    await site.person().says("tell")
    await held.reached()
    await site.restart()
    await site.house.settled()
    assert [send.index for send in platform.tries] == [0, 1, 2, 3, 4]
    assert _states(site) == ["sent", "sent", "unknown", "sent", "sent"]


async def test_a_held_part_is_settled_and_not_looked_at_again(site: Site) -> None:
    platform = await _one_part_a_line(site, on_unknown="hold")
    held = Held()
    platform.results.append(held)
    await site.person().says("hi")
    await held.reached()
    await site.restart()
    await site.house.settled()
    await site.restart()
    await site.house.settled()
    assert len(platform.tries) == 1


async def test_what_was_delivered_is_left_alone(site: Site) -> None:
    await site.open()
    amy = site.person()
    await amy.asks("hello")
    await site.restart()
    await site.house.settled()
    assert amy.reads == ["re: hello"]
    assert site.house.lanes.depth == 0


async def test_a_reply_found_unsent_goes_out_before_the_next_answer(site: Site) -> None:
    platform = site.bot()
    await site.open()
    amy = site.person()
    held = Held()
    platform.results.append(held)
    await amy.says("first")
    await amy.says("second")
    await held.reached()
    await site.restart()
    await site.house.settled()
    assert amy.reads == ["re: first", "re: second"]


async def test_what_is_too_old_is_told_so_and_asks_no_relay(site: Site) -> None:
    site.bot(expire_s=60.0)
    amy = site.person()
    await _killed_while_answering(site, "old")
    site.clock.pass_(seconds=61)
    await site.restart()
    await site.house.settled()
    assert amy.reads == [site.say("expired")]
    assert site.relays.questions == ["old"]
    assert await amy.turns() == []


async def test_what_is_just_young_enough_is_answered(site: Site) -> None:
    site.bot(expire_s=60.0)
    await _killed_while_answering(site, "old")
    site.relays.script.clear()
    site.clock.pass_(seconds=60)
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["re: old"]


async def test_what_only_waited_long_for_its_turn_is_answered_whatever_its_age(site: Site) -> None:
    site.bot(expire_s=60.0)
    await site.open()
    amy = site.person()
    held = site.relays.hold("slow")
    await amy.says("slow")
    await amy.says("patient")
    await held.reached()
    site.clock.pass_(hours=1)
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: slow", "re: patient"]


async def test_a_message_that_ended_the_process_three_times_is_set_aside(site: Site) -> None:
    amy, bob = site.person("amy"), site.person("bob")
    await _killed_while_answering(site, "poison")
    await amy.says("next")
    for _ in range(2):
        await _killed_again(site, "poison")
    await bob.says("hello")
    await site.restart()
    await site.house.settled()
    assert amy.reads == [site.say("set_aside"), "re: next"]
    assert bob.reads == ["re: hello"]
    assert site.relays.questions.count("poison") == 3
    assert site.rows("SELECT reason FROM inbox WHERE state = 'dead'") == [
        ("ended the process 3 times",)
    ]


async def test_a_message_set_aside_stays_aside(site: Site) -> None:
    await _killed_while_answering(site, "poison")
    for _ in range(2):
        await _killed_again(site, "poison")
    for _ in range(2):
        await site.restart()
        await site.house.settled()
    assert site.person().reads == [site.say("set_aside")]


async def test_a_message_is_counted_once_however_often_it_is_tried(site: Site) -> None:
    await _killed_while_answering(site, "again")
    await _killed_again(site, "again")
    site.relays.script.clear()
    await site.restart()
    await site.house.settled()
    amy = site.person()
    assert amy.reads == ["re: again"]
    assert (await site.house.store.used(f"person:{amy.identity}", "2026-11-03")).messages == 1


async def test_a_message_whose_bot_is_gone_waits_for_it(site: Site) -> None:
    site.bot("kept")
    site.bot("gone")
    amy = site.person(bot="gone")
    await _killed_while_answering(site, "hello", bot="gone")
    site.relays.script.clear()
    gone = site.bots.pop("gone")
    await site.restart()
    await site.house.settled()
    assert site.relays.questions == ["hello"]
    site.bots["gone"] = gone
    await site.restart()
    await site.house.settled()
    assert amy.reads == ["re: hello"]


async def _killed_while_answering(site: Site, text: str, *, bot: str = "") -> None:
    """Amy says something, and the process is about to be ended by it."""
    await site.open()
    held = site.relays.hold(text)
    await site.person(bot=bot).says(text)
    await held.reached()


async def _killed_again(site: Site, text: str) -> None:
    held = site.relays.hold(text)
    await site.restart()
    await held.reached()


async def _one_part_a_line(site: Site, **limits: object) -> Platform:
    platform = site.bot()
    platform.caps = capabilities(text_limit=7, **limits)
    await site.open()
    return platform


def _sent(count: int) -> list[Sent]:
    return [Sent()] * count


def _states(site: Site) -> list[object]:
    return [state for (state,) in site.rows("SELECT state FROM parts ORDER BY position")]
