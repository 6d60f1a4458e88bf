"""To which targets a request may go, in order of preference."""

from collections.abc import Iterable, Mapping, Sequence

from core.errors import AnswerUnbounded, ConfigError, PriceUnknown, RelayTokenGone, RelayUnsupported
from core.ports.ledger import Kind
from core.ports.relays import PLAIN, Errand
from core.relay.client import Relay
from core.relay.dialect import KINDS
from core.relay.encode import RoutedRequest, kind_of
from core.relay.entry import RouteTable, RouteTarget
from core.relay.target import Target
from core.request import ChatRequest


class Chooser:
    """The routes. Raises ConfigError for one to a relay that isn't there."""

    def __init__(self, relays: Mapping[str, Relay], table: RouteTable) -> None:
        self._relays = relays
        self._routes = {kind: tuple(self._route(kind, table)) for kind in KINDS}

    def steps(self, kind: Kind, choice: str = "") -> tuple[RouteTarget, ...]:
        """The route, behind a person's own pick. A pick of a relay that is gone is none."""
        route = self._routes[kind]
        relay, _, model = choice.partition(":")
        if relay not in self._relays:
            return route
        picked = self._filled(kind, RouteTarget(relay, model))
        return (picked, *(step for step in route if step != picked))

    def targets(self, request: RoutedRequest, errand: Errand = PLAIN) -> list[Target]:
        """Each step with all keys of its relay, or with the one that somebody is bound to.

        Raises RelayUnsupported where there is none, PriceUnknown where none's price is known,
        AnswerUnbounded where none takes `max_tokens`,
        RelayTokenGone where somebody is bound to a key that is not there.
        """
        kind = kind_of(request)
        self._check(errand)
        targets = self.open_to(kind, request.model, errand)
        if errand.priced:
            targets = self._priced(kind, targets)
        if errand.bounded and kind == "chat":
            targets = self._bounding(targets)
        if not targets:
            raise RelayUnsupported(
                f"routes.{kind}: no configured relay serves {kind}. Add one that does.", call=kind
            )
        if isinstance(request, ChatRequest) and any(m.pictures for m in request.messages):
            targets = [t for t in targets if self.sees(t.relay, t.model)] or targets
        return list(dict.fromkeys(targets)) if request.model else targets

    def open_to(self, kind: Kind, model: str, errand: Errand) -> list[Target]:
        steps = self.steps(kind, errand.choice)
        bound = self._bound(kind, model, steps, errand.token) if errand.token else []
        if errand.token and not errand.common:
            return bound
        return bound + [
            Target(step.relay, model or step.model, key)
            for step in steps
            for key in range(self._relays[step.relay].keys)
        ]

    def _check(self, errand: Errand) -> None:
        if not errand.token or errand.common:
            return
        name, _, alias = errand.token.partition(":")
        relay = self._relays.get(name)
        if relay is None or relay.key_named(alias) is None:
            raise RelayTokenGone(
                f'relays.{name}.tokens: expected "{alias}", which somebody is bound to, got no '
                "such token. Name its key there, or bind anew: parley quota bind",
                token=errand.token,
            )

    def _bound(
        self, kind: Kind, model: str, steps: Iterable[RouteTarget], token: str
    ) -> list[Target]:
        """The route's steps at the token's relay; its usual model where the route has none."""
        name, _, alias = token.partition(":")
        relay = self._relays.get(name)
        key = relay.key_named(alias) if relay else None
        if relay is None or key is None:
            return []
        there = [step for step in steps if step.relay == name]
        if not there and relay.dialect.serves(kind):
            there = [self._filled(kind, RouteTarget(name))]
        return [Target(name, model or step.model, key) for step in there]

    def _priced(self, kind: Kind, targets: list[Target]) -> list[Target]:
        priced = [t for t in targets if self._relays[t.relay].price(kind, t.model)]
        if targets and not priced:
            first = targets[0]
            raise PriceUnknown(
                f'relays.{first.relay}.prices: expected the price of "{first.model}", since '
                "dollars are limited, got none. Add it: docs/quota.md",
                kind=kind,
                model=first.model,
            )
        return priced

    def _bounding(self, targets: list[Target]) -> list[Target]:
        bounding = [t for t in targets if self._relays[t.relay].bounds(t.model)]
        if targets and not bounding:
            first = targets[0]
            raise AnswerUnbounded(
                f"relays.{first.relay}: expected a model that takes max_tokens, since tokens or "
                f'dollars are limited, got "{first.model}", which is asked without. Route to '
                "another: docs/quota.md",
                model=first.model,
            )
        return bounding

    def sees(self, relay: str, model: str) -> bool:
        return self._relays[relay].sees(model)

    def _route(self, kind: Kind, table: RouteTable) -> Iterable[RouteTarget]:
        steps: Sequence[RouteTarget] = getattr(table, kind)
        for step in steps:
            if step.relay not in self._relays:
                names = ", ".join(self._relays) or "none (no [relays.NAME] is there)"
                raise ConfigError(
                    f'routes.{kind}: expected the name of a relay, {names}; got "{step.relay}".'
                )
        every = [
            RouteTarget(name) for name, relay in self._relays.items() if relay.dialect.serves(kind)
        ]
        return [self._filled(kind, step) for step in steps or every]

    def _filled(self, kind: Kind, step: RouteTarget) -> RouteTarget:
        """With the relay's usual model where it names none."""
        usual = self._relays[step.relay].dialect.default_model(kind)
        return RouteTarget(step.relay, step.model or usual)
