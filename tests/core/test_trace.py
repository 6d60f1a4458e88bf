"""What runs for a message knows its id."""

from core.trace import TRACE
from tests.core.house import Site


async def test_a_relay_call_knows_which_message_it_is_for(site: Site) -> None:
    seen: list[str] = []
    site.relays.watch = lambda _: seen.append(TRACE.get())
    await site.open()
    for text in ("one", "two"):
        await site.person().asks(text)
    assert seen == [done.message.id for done in site.house.seen.ended]
    assert TRACE.get() == ""
