"""The calls that tell of the relay itself: models, and each key's quota."""

from starlette.types import ASGIApp

from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.call import Call, Desk
from bots.sandbox.failure import Refusal, json_response
from bots.sandbox.models import Catalog


class Own:
    def __init__(self, desk: Desk, catalog: Catalog) -> None:
        self._desk = desk
        self._catalog = catalog
        self._started = int(desk.now().timestamp())

    async def models(self, call: Call) -> ASGIApp:
        del call
        return json_response(self._catalog.listing(self._started))

    async def stat(self, call: Call) -> ASGIApp:
        """Raises Refusal (401) for any other token than STAT_TOKEN."""
        if call.key != STAT_TOKEN:
            raise Refusal(
                401,
                f"Expected the system access token '{STAT_TOKEN}' in the Authorization header.",
                code="invalid_api_key",
            )
        return json_response(self._desk.accounts.stat())
