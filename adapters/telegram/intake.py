"""From an update's JSON to the message that the core is given, and what becomes of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from adapters.telegram import wire
from adapters.telegram.edits import Edits
from adapters.telegram.parse import Reader
from adapters.telegram.places import Languages, Moves
from core.model import Message
from core.ports.adapter import Emit, Receipt
from core.ports.clock import NewId

log = logging.getLogger(__name__)

TOLD = {Receipt.BUSY: "busy", Receipt.BROKEN: "set_aside"}
"""The sentences for a message that was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Reads updates and hands them on. `tell` says a sentence to a person, `taken` is told of
    what was stored; neither may wait."""

    reader: Reader
    edits: Edits
    moves: Moves
    languages: Languages
    new_id: NewId
    tell: Callable[[Message, str], None]
    taken: Callable[[Message], None] = lambda _: None

    def read(self, data: bytes) -> tuple[int, Message | None]:
        """The update's number, 0 if it has none, and its message. Never raises.

        None is what is not to be answered.
        """
        update = wire.decode_update(data)
        try:
            return update.update_id, self._read(update, data)
        except Exception:  # it would come again without end
            log.exception("update %d is passed over: it cannot be read", update.update_id)
            return update.update_id, None

    def _read(self, update: wire.Update, data: bytes) -> Message | None:
        message = update.message or update.edited_message
        if message is None:
            return None
        if message.migrate_to_chat_id:
            self.moves.note(str(message.chat.id), str(message.migrate_to_chat_id))
        read = self.reader.read(message, update.update_id, self.new_id(), data)
        return read if read and self._is_news(update, message, read) else None

    async def hand_on(self, message: Message, emit: Emit) -> Receipt:
        """Raises StoreError: then it is not to be acknowledged."""
        self.languages.note(message)
        return await emit(message)

    def note(self, message: Message, receipt: Receipt) -> None:
        """What became of a message, after those that came before it."""
        if told := TOLD.get(receipt):
            self.tell(message, told)
        elif receipt is Receipt.STORED:
            self.taken(message)

    def _is_news(self, update: wire.Update, message: wire.Message, read: Message) -> bool:
        """Of edits only those for the bot whose words have changed."""
        if update.message:
            self.edits.note(message, update.update_id)
            return True
        for_bot = read.addressed or not read.address.group
        return self.edits.is_news(message, update.update_id) and for_bot
