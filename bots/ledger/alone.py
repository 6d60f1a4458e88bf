"""Writing into the ledger with the data folder to oneself."""

from bots.config import Config
from bots.ledger.orders import LedgerOrders
from bots.orders import Payload
from storage.media import FileMedia
from storage.store import SqlStore


async def enter_alone(config: Config, payload: Payload) -> Payload:
    """The database is made where there is none yet. Raises ConfigError, StoreError."""
    store = await SqlStore.open(config.storage.url.reveal(), FileMedia(config.storage.media))
    try:
        return await LedgerOrders(store).enter(payload)
    finally:
        await store.close()
