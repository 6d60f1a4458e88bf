"""The official client, which judges the relay."""

from openai import AsyncOpenAI

from tests.sandbox.server import Sandbox


def client_of(relay: Sandbox, key: str = "sk-any-key-1234") -> AsyncOpenAI:
    """It retries nothing: a fault must be felt."""
    return AsyncOpenAI(base_url=relay.base_url, api_key=key, max_retries=0, timeout=20)
