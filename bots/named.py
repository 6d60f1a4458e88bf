"""Which message an operator means."""

from core.errors import ConfigError
from storage.reading import Asked
from storage.trail import SHORTEST_PREFIX, Find


class UnknownMessage(ConfigError):
    """No message has this id, or several have."""


async def message_named(database: Asked, given: str) -> str:
    """The id behind an id, a beginning of one, or a platform's key. Raises UnknownMessage."""
    found = await database.ask(Find(given=given))
    match list(found):
        case [one]:
            return one
        case []:
            raise UnknownMessage(
                f"expected the id of a message, {SHORTEST_PREFIX} or more of its first digits, or "
                f'its platform\'s own key, got "{given}", which no stored message has. Ids stand '
                "in the log as trace="
            )
        case several if given in several:
            return given
        case several:
            raise UnknownMessage(
                f'expected one message, got "{given}", which several have: {", ".join(several)}. '
                "Name one by its whole id"
            )
