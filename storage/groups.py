"""What admins set for whole groups and decided on people, kept in memory: it is asked for each
message."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from core.model import DECISIONS, Effect, Grant, SetSetting, is_group_key
from core.quota.gift import added

NOTHING: Mapping[str, str] = MappingProxyType({})


def is_common(scope: str) -> bool:
    """Whether what is set there is nobody's own: it holds for a group, or was decided."""
    return scope in DECISIONS or is_group_key(scope)


class GroupSettings:
    """As last committed. Belongs to one event loop."""

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self._known = {scope: dict(settings) for scope, settings in known.items()}

    def of(self, scope: str) -> Mapping[str, str]:
        return self._known.get(scope, NOTHING)

    def apply(self, effects: Iterable[Effect]) -> None:
        """Follow a commit."""
        for effect in effects:
            match effect:
                case SetSetting(scope=scope, name=name, value=value) if is_common(scope):
                    self._set(scope, name, value)
                case Grant(name=name, amount=amount):
                    self._set("grants", name, added(self.of("grants").get(name), amount))
                case _:
                    pass

    def drop(self, scope: str, names: Iterable[str]) -> None:
        """What was swept."""
        gone = frozenset(names)
        self._known[scope] = {n: v for n, v in self.of(scope).items() if n not in gone}

    def _set(self, scope: str, name: str, value: str | None) -> None:
        settings = dict(self._known.get(scope, NOTHING))
        if value is None:
            settings.pop(name, None)
        else:
            settings[name] = value
        self._known[scope] = settings
