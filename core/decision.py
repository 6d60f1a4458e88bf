"""What admins decided, as it is logged: who, what, from what, to what."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from core.model import DECISIONS, Effect, SetSetting
from core.ports.store import Groups

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
    return tuple(
        Decision(
            scope=effect.scope,
            name=effect.name,
            before=kept.decided(effect.scope).get(effect.name),
            after=effect.value,
        )
        for effect in effects
        if isinstance(effect, SetSetting) and effect.scope in DECISIONS
    )


def tell(by: str, made: Iterable[Decision]) -> None:
    """Once it is kept. `by` is an identity, or a word for the terminal."""
    for one in made:
        if one.before != one.after:
            what = {"what": one.scope, "on": one.name, "before": one.before, "after": one.after}
            log.info("decided", extra={"fields": {"by": by, **what}})
