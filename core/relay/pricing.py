"""What a relay's models cost. Pure."""

from fnmatch import fnmatchcase

from core.price import Price
from core.relay.dialect import Call, Dialect
from core.relay.entry import RelayEntry


def price_of(entry: RelayEntry, dialect: Dialect, call: Call, model: str) -> Price | None:
    """What the configuration or the profile says a model costs, the call's usual one where none
    is named; None if neither says."""
    named = model or dialect.default_model(call)
    own = entry.prices
    fitting = (price for glob, price in own.items() if fnmatchcase(named, glob))
    return own.get(named) or next(fitting, None) or dialect.overlay(named).price
