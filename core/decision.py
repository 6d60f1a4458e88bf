"""What admins decided, as it is logged: who, what, from what, to what."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.model import DECISIONS, Effect, Grant, SetSetting
from core.ports.store import Groups
from core.quota.gift import added

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """None: nothing was, or is, decided."""

    scope: str
    name: str
    before: str | None
    after: str | None


def decisions(effects: Iterable[Effect], kept: Groups) -> tuple[Decision, ...]:
    """What `effects` will change, to be asked before they are kept."""
    return tuple(_decisions(effects, kept))


def _decisions(effects: Iterable[Effect], kept: Groups) -> Iterator[Decision]:
    for effect in effects:
        match effect:
            case SetSetting(scope=scope, name=name, value=after) if scope in DECISIONS:
                before = kept.decided(scope).get(name)
                yield Decision(scope=scope, name=name, before=before, after=after)
            case Grant(name=name, amount=amount):
                before = kept.decided("grants").get(name)
                after = added(before, amount)
                yield Decision(scope="grants", name=name, before=before, after=after)
            case _:
                pass


def tell(by: str, made: Iterable[Decision]) -> None:
    """Once it is kept. `by` is an identity, or a word for the terminal."""
    for one in made:
        if one.before != one.after:
            what = {"what": one.scope, "on": one.name, "before": one.before, "after": one.after}
            log.info("decided", extra={"fields": {"by": by, **what}})
