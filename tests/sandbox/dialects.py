"""The sandbox as one of the relays, asked by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from bots.sandbox.app import utc_now
from bots.sandbox.dialects.dialect import Dialect, dialect_named
from bots.sandbox.progress import Pace
from tests.sandbox.server import sandbox

AT_A_LOOK = Pace(step_s=3_600, polls=1)
"""Jobs go on by being asked about, whatever the clock says."""

HELLO = [{"role": "user", "content": "Say this is a test!"}]


@contextmanager
def standing_for(
    dialect: Dialect | str, key: str = "sk-anyone", now: Callable[[], datetime] = utc_now
) -> Iterator[httpx.Client]:
    """A client of the relay, its paths those of OpenAI's reference."""
    told = dialect_named(dialect) if isinstance(dialect, str) else dialect
    with (
        sandbox(dialect=told, jobs=AT_A_LOOK, now=now) as relay,
        httpx.Client(
            base_url=relay.origin + told.base_path,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            trust_env=False,
        ) as client,
    ):
        yield client


def chat(client: httpx.Client, *messages: dict[str, Any], **more: Any) -> httpx.Response:
    given = {"model": "gpt-3.5-turbo", "messages": list(messages) or HELLO, **more}
    return client.post("/v1/chat/completions", json=given)


def turns(*texts: str) -> list[dict[str, str]]:
    """User and assistant in turn."""
    return [
        {"role": "assistant" if place % 2 else "user", "content": text}
        for place, text in enumerate(texts)
    ]


def data_of(answer: httpx.Response) -> list[str]:
    """What stands behind each `data: `."""
    return [line[6:] for line in answer.text.split("\n\n") if line.startswith("data: ")]
