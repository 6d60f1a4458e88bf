"""What a relay does not serve is not asked of it, and what it serves is found out."""

import pytest

from core.errors import (
    RelayUnsupported,
)
from core.relay.dialect import Capabilities
from core.relay.transport import Transport
from core.request import (
    SpeechRequest,
)
from tests.relays.calls import saying
from tests.relays.servers import listening
from tests.relays.stage import (
    CHAT,
    entry,
    relay,
)


async def test_a_call_that_the_profile_denies_is_not_sent(transport: Transport) -> None:
    async with listening(saying(CHAT)) as server:
        made = relay(entry(server.base), transport, capabilities=Capabilities(speech="off"))
        with pytest.raises(RelayUnsupported, match="turned off for now"):
            await made.call(SpeechRequest(text="hi"))
    assert server.asked == []
