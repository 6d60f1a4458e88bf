"""What a call can be given to, and what of it can be at fault."""

from typing import Literal, NamedTuple, TypeAlias

from core.relay.dialect import Call

Part: TypeAlias = Literal["address", "key", "rate", "model", "call"]
"""The base URL; a key whole; a key for one model; a model of a relay; a kind of call of it."""


class Target(NamedTuple):
    """A relay, a model and which of the relay's keys, counted from 0."""

    relay: str
    model: str
    key: int = 0


class Scope(NamedTuple):
    """A part that may be at fault. `name` tells it apart, without any secret."""

    part: Part
    name: str


class Scopes(NamedTuple):
    """Every part that a call of a target hangs on."""

    address: Scope
    key: Scope
    rate: Scope
    model: Scope
    call: Scope

    def of(self, part: Part) -> Scope:
        scope: Scope = getattr(self, part)
        return scope


def scopes_of(target: Target, address: str, call: Call) -> Scopes:
    """Two entries with the same `address` share that part alone."""
    key = f"{target.relay}, key {target.key + 1}"
    model = f"{target.relay}:{target.model}"
    return Scopes(
        address=Scope("address", address),
        key=Scope("key", key),
        rate=Scope("rate", f"{model}, key {target.key + 1}"),
        model=Scope("model", model),
        call=Scope("call", f"{model}, {call}"),
    )
