"""What a relay's profile says of a call's parameters: left out, renamed, bounded. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from core.errors import RelayInvalid, RelayTooLarge
from core.relay.dialect import Call, Dialect, Parameter, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One call's rules for one model: the profile's own, and its model's upon them."""

    relay: str
    call: Call
    forbidden: frozenset[Parameter]
    renames: Mapping[Parameter, str]
    ranges: Mapping[Parameter, Range]
    choices: Mapping[Parameter, Sequence[str]]

    def applied(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as they may be sent. Raises RelayInvalid or RelayTooLarge."""
        kept = {name: value for name, value in fields.items() if name not in self.forbidden}
        for name, bounds in self.ranges.items():
            if name in kept:
                kept[name] = self._within(name, kept[name], bounds)
        for name, choices in self.choices.items():
            if name in kept and kept[name] not in choices:
                self._refuse(name, f"one of {', '.join(choices)}", kept[name])
        return {self.renames.get(name, name): value for name, value in kept.items()}

    def _within(self, name: Parameter, value: Any, bounds: Range) -> Any:
        """`value`, or the nearest bound where the profile says so."""
        many = isinstance(value, Sequence) and not isinstance(value, str)
        got = len(value) if many else value
        low, high = bounds.min, bounds.max
        if high is not None and got > high:
            if not bounds.clamp:
                self._refuse_more(name, got, high, "entries" if many else "")
            return value[: int(high)] if many else _like(value, high)
        if low is not None and got < low:
            if not bounds.clamp or many:
                self._refuse(name, f"at least {low:g}", got)
            return _like(value, low)
        return value

    def _refuse(self, name: Parameter, expected: str, got: object) -> NoReturn:
        raise RelayInvalid(
            f'relay "{self.relay}": {self.call}: {name}: expected {expected}, got {got}. '
            "Change it, or ask another relay."
        )

    def _refuse_more(self, name: Parameter, got: float, limit: float, unit: str) -> NoReturn:
        most = f"{limit:g} {unit}".rstrip()
        raise RelayTooLarge(
            f'relay "{self.relay}": {self.call}: {name}: expected at most {most}, got {got:g}. '
            "Lower it, or ask another relay.",
            got=f"{got:g}",
            limit=f"{limit:g}",
        )


def compile_rules(dialect: Dialect, call: Call, model: str, relay: str) -> Rules | None:
    """None where nothing is to be done: most calls."""
    overlay = dialect.overlay(model)
    forbidden = frozenset((*dialect.forbidden.get(call, ()), *overlay.forbidden))
    renames = dialect.renamed(call, model)
    ranges = {**dialect.ranges.get(call, {}), **overlay.ranges}
    choices = dialect.choices.get(call, {})
    if not (forbidden or renames or ranges or choices):
        return None
    return Rules(
        relay=relay,
        call=call,
        forbidden=forbidden,
        renames=renames,
        ranges=ranges,
        choices=choices,
    )


def _like(value: Any, bound: float) -> Any:
    return int(bound) if isinstance(value, int) else bound
