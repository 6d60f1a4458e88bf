"""A process that dies while a relay is asked: what it had reserved is spent, once."""

from msgspec import structs

from core.quota.limits import Allowances, Limits
from tests.core.house import EVERYBODY, Site

LIMITED = Limits(all=Allowances(tokens_day=50_000, messages_day=5), answer_tokens=64)


async def test_what_a_dead_attempt_reserved_is_written_off_and_the_message_answered(
    site: Site,
) -> None:
    site.limits = LIMITED
    await site.open()
    held = site.relays.hold("hello")
    amy = site.person()
    await amy.says("hello")
    await held.reached()
    ((reserved,),) = site.rows("SELECT tokens FROM reservations")
    await site.restart()
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: hello"]
    rows = site.rows("SELECT relay, prompt_tokens + completion_tokens, unsure FROM spends")
    assert rows == [("", reserved, 1), ("main", 18, 0)]
    assert site.rows("SELECT messages FROM counters WHERE scope = 'all'") == [(1,)]
    assert site.rows("SELECT 1 FROM reservations") == []


async def test_it_is_written_off_as_well_where_the_person_was_blocked_since(site: Site) -> None:
    site.limits = LIMITED
    await site.open()
    held = site.relays.hold("hello")
    await site.person().says("hello")
    await held.reached()
    ((reserved,),) = site.rows("SELECT tokens FROM reservations")
    site.rules = structs.replace(EVERYBODY, deny=frozenset({"qq:amy"}))
    await site.restart()
    await site.house.settled()
    rows = site.rows("SELECT relay, prompt_tokens + completion_tokens, unsure FROM spends")
    assert rows == [("", reserved, 1)]
    assert site.rows("SELECT 1 FROM reservations") == []


async def test_a_process_that_ends_in_order_gives_back_all_but_what_it_may_have_spent(
    site: Site,
) -> None:
    site.limits = LIMITED
    await site.open()
    held = site.relays.hold("hello")
    await site.person().says("hello")
    await held.reached()
    await site.restart_in_order()
    held.release()
    await site.house.settled()
    rows = site.rows("SELECT relay, completion_tokens, unsure FROM spends")
    assert rows == [("main", 64, 1), ("main", 7, 0)]
    assert site.rows("SELECT attempt FROM inbox") == [(1,)]
    assert site.rows("SELECT 1 FROM reservations") == []
