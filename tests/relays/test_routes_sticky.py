"""Routes: a conversation stays where it was answered, for a while and while that is well."""

from core.ports.relays import Errand
from core.relay.routes import RelayRoutes
from core.relay.sticky import Sticky
from tests.relays.routing import Stage, refuses, says, table
from tests.relays.stage import ask


async def said(routes: RelayRoutes, conversation: str = "amy", choice: str = "") -> str:
    return (await routes.chat(ask(conversation=conversation), Errand(choice=choice)))[0].text


async def failed_over(stage: Stage) -> RelayRoutes:
    """Amy was answered by the spare relay, and the first is well again."""
    routes = stage.routes(table("main", "spare"))
    stage.answers["main"] = refuses(429, retry_after="5")
    assert await said(routes) == "spare"
    stage.answers["main"] = says("main")
    stage.clock.pass_(5.0)
    assert await said(routes, "bob") == "main"
    return routes


async def test_a_conversation_stays_with_the_relay_that_stepped_in(stage: Stage) -> None:
    routes = await failed_over(stage)
    for _ in range(3):
        stage.clock.pass_(590.0)
        assert await said(routes) == "spare"
        assert await said(routes, "bob") == "main"


async def test_it_returns_to_the_first_after_ten_minutes_of_silence(stage: Stage) -> None:
    routes = await failed_over(stage)
    stage.clock.pass_(600.0)
    assert await said(routes) == "main"


async def test_it_returns_at_once_when_the_one_that_stepped_in_fails(stage: Stage) -> None:
    routes = await failed_over(stage)
    stage.answers["spare"] = refuses(500)
    assert await said(routes) == "main"
    stage.answers["spare"] = says("spare")
    stage.clock.pass_(60.0)
    await said(routes, "bob")
    await stage.settled()
    assert await said(routes) == "main"


async def test_a_persons_own_pick_goes_before(stage: Stage) -> None:
    routes = await failed_over(stage)
    assert await said(routes, choice="main:gpt-4") == "main"
    assert await said(routes) == "spare"


async def test_streams_stay_as_well(stage: Stage) -> None:
    routes = await failed_over(stage)
    served = [by async for _, by in routes.stream(ask(conversation="amy"))]
    assert {by.relay for by in served} == {"spare"}


async def test_a_conversations_name_is_not_sent(stage: Stage) -> None:
    routes = stage.routes()
    await said(routes, "conversation-canary")
    (asked,) = stage.servers["main"].asked
    assert "canary-" not in str(asked.headers).replace("sk-canary-", "")
    assert b"canary" not in asked.body


async def test_who_names_no_conversation_goes_to_the_first(stage: Stage) -> None:
    routes = await failed_over(stage)
    assert await said(routes, "") == "main"


def test_the_longest_silent_conversation_is_forgotten_first() -> None:
    sticky = Sticky(lambda: 0.0, most=2)
    for conversation in ("amy", "bob", "amy", "cat"):
        sticky.note(conversation, "spare", "m")
    assert sticky.of("bob") is None
    assert sticky.of("amy") == sticky.of("cat") == ("spare", "m")
